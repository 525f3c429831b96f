// Documents in over HTTP, by unmodified boto3: what is taken, what is refused and in which words.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  epochSeconds,
  hex,
  readTrace,
  runXray,
  segmentAt,
  sendDatagrams,
  traceIdAt,
  visible,
  type Document,
} from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

type Unprocessed = readonly { readonly Id?: string; readonly ErrorCode: string; readonly Message: string }[]

async function put(texts: readonly string[]): Promise<Unprocessed> {
  return await runXray(
    fnscope,
    `answer(xray.put_trace_segments(TraceSegmentDocuments=request)['UnprocessedTraceSegments'])`,
    texts,
  )
}

test('a bad document is named with its id and code, and the good one beside it is stored', async () => {
  const now = epochSeconds()
  const good = segmentAt(now - 5)
  const bad = (change: Document, id = hex(8)): Document => ({ ...segmentAt(now - 5), id, ...change })
  const without = (name: string): Document =>
    Object.fromEntries(Object.entries(bad({})).filter(([key]) => key !== name))
  const cases: readonly (readonly [code: string, word: 'segment' | 'subsegment', document: Document | string])[] = [
    ['ParseError', 'segment', '{"id":"0123456789abcdef","name":'],
    ['ParseError', 'segment', 'null'],
    ['ParseError', 'segment', '"text"'],
    ['MissingId', 'segment', '[]'],
    ['MissingId', 'segment', without('id')],
    ['InvalidId', 'segment', bad({}, 'not-an-id')],
    ['InvalidId', 'segment', bad({}, '0000000000000000')],
    ['MissingName', 'segment', without('name')],
    ['InvalidName', 'segment', bad({ name: '' })],
    ['InvalidName', 'subsegment', bad({ name: 7, type: 'subsegment', parent_id: hex(8) })],
    ['MissingTraceId', 'segment', without('trace_id')],
    ['InvalidTraceId', 'segment', bad({ trace_id: '1-xyz' })],
    ['InvalidTraceId', 'segment', bad({ trace_id: hex(16) })],
    ['InvalidParentId', 'subsegment', bad({ type: 'subsegment' })],
    ['InvalidParentId', 'segment', bad({ parent_id: 'x' })],
    ['MissingStartTime', 'segment', without('start_time')],
    ['InvalidStartTime', 'segment', bad({ start_time: 'now' })],
    ['InvalidStartTime', 'segment', bad({ start_time: -1 })],
    ['MissingEndTime', 'segment', without('end_time')],
    ['InvalidEndTime', 'segment', bad({ end_time: 'later' })],
    ['InvalidId', 'subsegment', bad({ subsegments: [{ id: 'x', name: 'inner', start_time: now, end_time: now }] })],
    ['SegmentTooLarge', 'segment', bad({ metadata: { default: { text: 'x'.repeat(65_536) } } })],
  ]
  const texts = cases.map(([, , document]) => (typeof document === 'string' ? document : JSON.stringify(document)))
  const answer = await put([JSON.stringify(good), ...texts])
  assert.deepEqual(
    answer.map((one) => one.ErrorCode),
    cases.map(([code]) => code),
  )
  for (const [i, [code, word, document]] of cases.entries()) {
    const { Id, Message } = answer[i]!
    assert.ok(Message.startsWith(`Invalid ${word}. ErrorCode: ${code}`), Message)
    const id = typeof document === 'string' ? undefined : document['id']
    assert.equal(Id, code === 'SegmentTooLarge' || code === 'ParseError' ? undefined : id, `${code}: ${Message}`)
  }
  await visible(fnscope, [good])
})

test('a time past retention or more than a day ahead is refused with the times that are kept', async () => {
  const now = epochSeconds()
  const day = 86_400
  const [old, ahead, endless] = await put(
    [
      segmentAt(now - 31 * day),
      segmentAt(now + day + 60),
      segmentAt(now - 5, { end_time: now + day + 60 }),
      segmentAt(now + day - 600),
    ].map((document) => JSON.stringify(document)),
  )
  assert.equal(old!.ErrorCode, 'InvalidStartTime')
  assert.match(old!.Message, /start_time [\d.]+ is outside of what is kept, \d{4}-\d\d-\d\dT.* to \d{4}-\d\d-\d\dT/)
  assert.equal(ahead!.ErrorCode, 'InvalidStartTime')
  assert.equal(endless!.ErrorCode, 'InvalidEndTime')
})

test('a document of exactly 64 kB of UTF-8 is taken, one byte more is not', async () => {
  const base = segmentAt(epochSeconds() - 5, { metadata: { default: { text: '' } } })
  const room = 65_536 - Buffer.byteLength(JSON.stringify(base))
  const text = 'ж'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2)
  const full = { ...base, metadata: { default: { text } } }
  assert.equal(Buffer.byteLength(JSON.stringify(full)), 65_536)
  assert.deepEqual(await put([JSON.stringify(full)]), [])
  const over = { ...full, metadata: { default: { text: `${text}x` } } }
  assert.equal((await put([JSON.stringify(over)]))[0]!.ErrorCode, 'SegmentTooLarge')
  await visible(fnscope, [base])
  const trace = await readTrace(fnscope, base.trace_id)
  assert.deepEqual(JSON.parse(trace!.Segments[0]!.Document), full)
})

test('in_progress false beside an end_time is a completed segment; in_progress true completes later', async () => {
  const start = epochSeconds() - 5
  const python = segmentAt(start, { in_progress: false })
  const traceId = traceIdAt(start)
  const open = { trace_id: traceId, id: hex(8), name: 'slow', start_time: start, in_progress: true }
  const partial = `
ids = [one['trace_id'] for one in request]
texts = [json.dumps(one) for one in request]
end = time.time() + 30
xray.put_trace_segments(TraceSegmentDocuments=texts)
while True:
    found = xray.get_trace_summaries(StartTime=request[0]['start_time'] - 60, EndTime=time.time() + 60)['TraceSummaries']
    found = {one['Id']: one['IsPartial'] for one in found if one['Id'] in ids}
    if len(found) == len(ids) or time.time() > end: break
    time.sleep(0.1)
answer([found.get(id) for id in ids])`
  assert.deepEqual(await runXray(fnscope, partial, [python]), [false])
  // Of a trace of which nothing has ended there is no summary yet: only its id finds it.
  await put([JSON.stringify(open)])
  await visible(fnscope, [open])
  assert.deepEqual(await runXray(fnscope, partial, [{ ...open, in_progress: undefined, end_time: start + 2 }]), [false])
  const after = segmentAt(start)
  await put([JSON.stringify(open), JSON.stringify(after)])
  await visible(fnscope, [after])
  const trace = await readTrace(fnscope, traceId)
  assert.equal((JSON.parse(trace!.Segments[0]!.Document) as Document)['end_time'], start + 2)
})

test('telemetry records are checked and counted', async () => {
  const answers = await runXray<unknown[]>(
    fnscope,
    `
record = {'Timestamp': time.time(), 'SegmentsReceivedCount': 3, 'SegmentsSentCount': 3, 'SegmentsSpilloverCount': 0,
  'SegmentsRejectedCount': 0, 'BackendConnectionErrors': {'TimeoutCount': 0, 'OtherCount': 1}}
good = xray.put_telemetry_records(TelemetryRecords=[record, record], Hostname='host')
answer([{k: v for k, v in good.items() if k != 'ResponseMetadata'}])`,
  )
  assert.deepEqual(answers, [{}])
  const bad = await fetch(`${fnscope.url}/TelemetryRecords`, { method: 'POST', body: '{"TelemetryRecords":[{}]}' })
  assert.equal(bad.status, 400)
  assert.equal(bad.headers.get('x-amzn-errortype'), 'InvalidRequestException')
})

test('a datagram that cannot be kept is counted by its reason, and the next one is taken', async () => {
  const now = epochSeconds()
  const good = segmentAt(now - 5)
  await sendDatagrams(fnscope, [
    segmentAt(now + 2 * 86_400),
    segmentAt(now - 40 * 86_400),
    '{"half":',
    { ...segmentAt(now), trace_id: 'x' },
    good,
  ])
  await visible(fnscope, [good])
  await eventually(async () => {
    const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
    const dropped = (reason: string): string | undefined =>
      new RegExp(`^fnscope_dropped_total\\{door="xray-daemon",reason="${reason}"\\} (\\d+)$`, 'm').exec(metrics)?.[1]
    const counts = ['invalid_start_time', 'parse_error', 'invalid_trace_id'].map(dropped)
    return counts.join() === '2,1,1' ? true : undefined
  })
})
