// GetTraceSummaries as boto3 pages through it: every trace once, whatever the kind of time range, also over a restart.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, runXray, segmentAt, traceIdAt, visible } from './xray-client.ts'

const TRACES = 350
const dataDir = temporaryDir('summaries')
// An hour ago, in a window of its own; three traces share each start.
const FROM = Math.floor(epochSeconds()) - 3600
const traces = Array.from({ length: TRACES }, (_, i) => segmentAt(FROM + Math.floor(i / 3) * 0.5))
const newestFirst = traces.toSorted((a, b) => startOf(b) - startOf(a)).map((one) => one.trace_id)

function startOf(document: object): number {
  return (document as { readonly start_time: number }).start_time
}

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ dataDir })
  await putDocuments(fnscope, traces)
  await visible(fnscope, traces)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const RANGE = { StartTime: FROM, EndTime: FROM + 600 }

test('the paginator gives several hundred traces newest first, without a gap or a repetition', async () => {
  const { ids, processed, pages, approximate } = await runXray<{
    readonly ids: string[]
    readonly processed: number
    readonly pages: number
    readonly approximate: number[]
  }>(
    fnscope,
    `
pages = list(xray.get_paginator('get_trace_summaries').paginate(**request))
answer({'ids': [one['Id'] for page in pages for one in page['TraceSummaries']], 'pages': len(pages),
  'processed': sum(page['TracesProcessedCount'] for page in pages),
  'approximate': [page['ApproximateTime'] for page in pages]})`,
    RANGE,
  )
  assert.equal(ids.length, TRACES)
  assert.equal(new Set(ids).size, TRACES)
  assert.deepEqual(
    ids.map((id) => startOf(traces.find((one) => one.trace_id === id)!)),
    newestFirst.map((id) => startOf(traces.find((one) => one.trace_id === id)!)),
  )
  assert.equal(processed, TRACES)
  assert.ok(pages > 1, 'one page proves nothing')
  assert.deepEqual(
    approximate,
    approximate.toSorted((a, b) => b - a),
  )
  assert.equal(approximate.at(-1), FROM)
})

test('a token continues after a restart on the same data, and belongs to its question alone', async () => {
  interface Page {
    readonly ids: string[]
    readonly token: string | null
  }
  const page = `
page = xray.get_trace_summaries(**request)
answer({'ids': [one['Id'] for one in page['TraceSummaries']], 'token': page.get('NextToken')})`
  const first = await runXray<Page>(fnscope, page, RANGE)
  assert.ok(first.token)
  assert.equal(await fnscope.stop(), 0)
  fnscope = await startFnscope({ dataDir })
  const ids = [...first.ids]
  for (let token: string | null = first.token; token !== null;) {
    const next: Page = await runXray<Page>(fnscope, page, { ...RANGE, NextToken: token })
    ids.push(...next.ids)
    token = next.token
  }
  assert.equal(ids.length, TRACES)
  assert.deepEqual(new Set(ids), new Set(newestFirst))
  const refusals = await runXray<(readonly [string, string])[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([refused(xray.get_trace_summaries, **one) for one in request])`,
    [
      { ...RANGE, EndTime: RANGE.EndTime + 1, NextToken: first.token },
      { ...RANGE, TimeRangeType: 'Event', NextToken: first.token },
      { ...RANGE, NextToken: 'garbage' },
    ],
  )
  for (const refusal of refusals) {
    assert.equal(refusal[0], 'InvalidRequestException')
    assert.match(refusal[1], /NextToken is not valid/)
  }
})

test('a time range is of starts, of activity or of ends', async () => {
  const base = FROM - 10_000
  const root = segmentAt(base, { end_time: base + 100 })
  const late = segmentAt(base + 200, { trace_id: root.trace_id, parent_id: root.id, name: 'worker', end_time: base + 250 })
  await putDocuments(fnscope, [root, late])
  await visible(fnscope, [root, late])
  const found = await runXray<Record<string, [count: number, matched: number | null][]>>(
    fnscope,
    `
base = request
def ask(kind, start, end):
    found = xray.get_trace_summaries(StartTime=base + start, EndTime=base + end, TimeRangeType=kind)['TraceSummaries']
    return [len(found), found[0].get('MatchedEventTime') if found else None]
windows = [(-50, 10), (10, 90), (90, 150), (110, 190), (190, 220), (240, 260), (251, 300)]
answer({kind: [ask(kind, *window) for window in windows] for kind in ('TraceId', 'Event', 'Service')})`,
    base,
  )
  assert.deepEqual(found['TraceId'], [[1, null], [0, null], [0, null], [0, null], [0, null], [0, null], [0, null]])
  assert.deepEqual(found['Service'], [[0, null], [0, null], [1, null], [0, null], [0, null], [1, null], [0, null]])
  assert.deepEqual(found['Event'], [
    [1, base],
    [1, base + 10],
    [1, base + 100],
    [0, null],
    [1, base + 200],
    [1, base + 250],
    [0, null],
  ])
})

test('the window has its start and not its end', async () => {
  const base = FROM - 20_000
  const [first, second] = [segmentAt(base), segmentAt(base + 60)]
  await putDocuments(fnscope, [first, second])
  await visible(fnscope, [first, second])
  const ids = await runXray<string[]>(
    fnscope,
    `answer([one['Id'] for one in xray.get_trace_summaries(StartTime=request, EndTime=request + 60)['TraceSummaries']])`,
    base,
  )
  assert.deepEqual(ids, [first.trace_id])
})

test('FixedRate answers a stable share, other sampling everything', async () => {
  const answer = await runXray<{ readonly half: string[][]; readonly counts: number[]; readonly processed: number }>(
    fnscope,
    `
def every(**more):
    pages = list(xray.get_paginator('get_trace_summaries').paginate(**request, **more))
    return [one['Id'] for page in pages for one in page['TraceSummaries']], sum(page['TracesProcessedCount'] for page in pages)
half = dict(Sampling=True, SamplingStrategy={'Name': 'FixedRate', 'Value': 0.5})
everything = [dict(Sampling=True), dict(Sampling=False), dict(Sampling=True, SamplingStrategy={'Name': 'PartialScan'}),
  dict(Sampling=True, SamplingStrategy={'Name': 'FixedRate', 'Value': 1.0})]
answer({'half': [every(**half)[0], every(**half)[0]], 'processed': every(**half)[1],
  'counts': [len(every(**one)[0]) for one in everything]})`,
    RANGE,
  )
  assert.deepEqual(answer.half[0], answer.half[1])
  assert.ok(answer.half[0]!.length > TRACES * 0.3 && answer.half[0]!.length < TRACES * 0.7, `${answer.half[0]!.length}`)
  assert.deepEqual(answer.counts, [TRACES, TRACES, TRACES, TRACES])
  assert.equal(answer.processed, TRACES)
})

test('what cannot be answered is refused with the reason: a filter, a group, times the wrong way round', async () => {
  const refusals = await runXray<([string, string] | null)[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([
  refused(xray.get_trace_summaries, **request, FilterExpression='service("orders")'),
  refused(xray.get_trace_summaries, StartTime=request['EndTime'], EndTime=request['StartTime']),
  refused(xray.get_trace_summaries, **request, SamplingStrategy={'Name': 'FixedRate', 'Value': 3.0}),
  refused(xray.get_service_graph, **request, GroupName='mine'),
  refused(xray.get_groups),
])`,
    RANGE,
  )
  for (const refusal of refusals) assert.equal(refusal?.[0], 'InvalidRequestException')
  assert.match(refusals[0]![1], /[Ff]ilter expressions? /)
})

test('a W3C trace id, whose first digits are no time, is found by id and by the time of its spans', async () => {
  const base = FROM - 30_000
  const past = segmentAt(base, { trace_id: `1-00000007-${hex(12)}` })
  const future = segmentAt(base + 1, { trace_id: `1-fffffff0-${hex(12)}` })
  // Plausible as a time, but not this trace's.
  const wrong = segmentAt(base + 2, { trace_id: traceIdAt(base - 20 * 86_400) })
  const documents = [past, future, wrong] as const
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
  const { listed, read } = await runXray<{ readonly listed: string[]; readonly read: [string, number][] }>(
    fnscope,
    `
listed = [one['Id'] for one in xray.get_trace_summaries(StartTime=request[1], EndTime=request[1] + 30)['TraceSummaries']]
traces = xray.batch_get_traces(TraceIds=request[0])['Traces']
answer({'listed': listed, 'read': [[one['Id'], len(one['Segments'])] for one in traces]})`,
    [documents.map((one) => one.trace_id), base],
  )
  const ids = documents.map((one) => one.trace_id)
  assert.deepEqual(listed, ids.toReversed())
  assert.deepEqual(
    read,
    ids.map((id) => [id, 1]),
  )
})

test('a trace over midnight, the border of partitions, is one trace', async () => {
  const midnight = Math.floor((FROM - 86_400) / 86_400) * 86_400
  const root = segmentAt(midnight - 2, { end_time: midnight + 3 })
  const callee = segmentAt(midnight + 1, { trace_id: root.trace_id, parent_id: root.id, name: 'after' })
  const ahead = segmentAt(midnight + 1.5, { trace_id: root.trace_id, parent_id: callee.id, type: 'subsegment', name: 'inner' })
  await putDocuments(fnscope, [ahead, callee, root])
  await visible(fnscope, [ahead, callee, root])
  const answer = await runXray<{ readonly summaries: [string, number][]; readonly segments: string[]; readonly after: number }>(
    fnscope,
    `
id, midnight = request
found = xray.get_trace_summaries(StartTime=midnight - 60, EndTime=midnight + 60)['TraceSummaries']
trace = xray.batch_get_traces(TraceIds=[id])['Traces'][0]
after = xray.get_trace_summaries(StartTime=midnight, EndTime=midnight + 60)['TraceSummaries']
answer({'summaries': [[one['Id'], one['Duration']] for one in found],
  'segments': [json.loads(one['Document'])['name'] for one in trace['Segments']], 'after': len(after)})`,
    [root.trace_id, midnight],
  )
  assert.deepEqual(answer.summaries, [[root.trace_id, 5]])
  assert.deepEqual(answer.segments, ['orders', 'after'])
  assert.equal(answer.after, 0, 'it began before midnight')
})
