// The list of traces that meet a filter, where the store alone cannot tell: documents that were sent again with other
// content, traces in progress and traces in parts are told by their spans.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, eventuallyHolds, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { hexId, sendDocuments, sendSpans, xrayTraceId } from './telemetry.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
})

interface Row {
  readonly id: string
  readonly partial: boolean
}

async function found(filter: string): Promise<readonly Row[]> {
  const response = await fetch(`${fnscope.url}/api/traces?${new URLSearchParams({ filter, limit: '100' }).toString()}`)
  assert.equal(response.status, 200)
  return ((await response.json()) as { readonly traces: readonly Row[] }).traces
}

const idsOf = async (filter: string): Promise<string[]> => (await found(filter)).map(({ id }) => id)
const now = (): number => Date.now() / 1000

test('a document that came again counts as it came last, whatever the first one said', async () => {
  const first = {
    id: hexId(8),
    trace_id: xrayTraceId(now()),
    name: 'twice',
    start_time: now() - 2,
    end_time: now() - 1,
    fault: true,
    http: { request: { method: 'POST', url: 'https://twice.test/' }, response: { status: 500 } },
    annotations: { try: 1 },
  }
  await sendDocuments(fnscope, [first])
  for (const filter of ['fault AND service("twice")', 'annotation.try = 1'])
    await eventuallyHolds(async () => assert.deepEqual(await idsOf(filter), [first.trace_id], filter))
  const again = {
    ...first,
    fault: false,
    end_time: now() + 1,
    http: { request: { method: 'POST', url: 'https://twice.test/' }, response: { status: 200 } },
    annotations: { try: 2 },
  }
  await sendDocuments(fnscope, [again])
  await eventually(async () => (await idsOf('annotation.try = 2')).length === 1 || undefined)
  for (const filter of ['fault', 'http.status = 500', 'annotation.try = 1', 'service("twice") { fault }'])
    await eventuallyHolds(async () => assert.deepEqual(await idsOf(filter), [], filter))
  for (const filter of [
    'ok',
    'http.status = 200',
    'http.method = "POST"',
    'service("twice") { ok }',
    'service("twice")',
  ])
    await eventuallyHolds(async () => assert.deepEqual(await idsOf(filter), [first.trace_id], filter))
})

test('a trace of which a segment is in progress is partial in a list that a filter made', async () => {
  const open = { id: hexId(8), trace_id: xrayTraceId(now()), name: 'slow', start_time: now(), in_progress: true }
  const done = { id: hexId(8), trace_id: open.trace_id, name: 'quick', start_time: now() - 1, end_time: now() }
  await sendDocuments(fnscope, [open, done])
  const row = await eventually(async () => (await found('service("quick") AND root')).at(0))
  assert.deepEqual([row.id, row.partial], [open.trace_id, true])
  await eventuallyHolds(async () => assert.ok((await idsOf('partial')).includes(open.trace_id)))
})

test('a call whose caller came in another request is no partial trace; one whose caller never came is', async () => {
  const start = BigInt(Math.floor(now())) * 1_000_000_000n
  const times = { startTimeUnixNano: String(start), endTimeUnixNano: String(start + 1_000_000n) }
  const [whole, torn] = [hexId(16), hexId(16)]
  const [root, other] = [hexId(8), hexId(8)]
  const call = (traceId: string, parentSpanId: string) => ({
    traceId,
    spanId: hexId(8),
    parentSpanId,
    name: 'call',
    kind: 3,
  })
  await sendSpans(fnscope, 'parts', [
    { ...call(whole, root), ...times },
    { ...call(torn, hexId(8)), ...times },
  ])
  await sendSpans(fnscope, 'parts', [
    { traceId: whole, spanId: root, name: 'whole', kind: 2, ...times },
    { traceId: torn, spanId: other, name: 'torn', kind: 2, ...times },
  ])
  const xrayId = (id: string): string => `1-${id.slice(0, 8)}-${id.slice(8)}`
  const ofParts = async (filter: string): Promise<string[]> => await idsOf(`service("parts") AND ${filter}`)
  await eventually(async () => (await ofParts('root')).length === 2 || undefined)
  await eventuallyHolds(async () => {
    assert.deepEqual(await ofParts('partial'), [xrayId(torn)])
    assert.deepEqual(await ofParts('!partial'), [xrayId(whole)])
  })
})
