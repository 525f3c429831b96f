// Which traces a time range of GetTraceSummaries has: kinds of range, borders, ids that are no times.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, runXray, segmentAt, traceIdAt, visible } from './xray-client.ts'

// Each test has hours of its own before this one.
const FROM = Math.floor(epochSeconds()) - 3600
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('a time range is of starts, of activity or of ends', async () => {
  const base = FROM - 10_000
  const root = segmentAt(base, { end_time: base + 100 })
  const late = segmentAt(base + 200, {
    trace_id: root.trace_id,
    parent_id: root.id,
    name: 'worker',
    end_time: base + 250,
  })
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
  assert.deepEqual(found['TraceId'], [
    [1, null],
    [0, null],
    [0, null],
    [0, null],
    [0, null],
    [0, null],
    [0, null],
  ])
  assert.deepEqual(found['Service'], [
    [0, null],
    [0, null],
    [1, null],
    [0, null],
    [0, null],
    [1, null],
    [0, null],
  ])
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
  const ahead = segmentAt(midnight + 1.5, {
    trace_id: root.trace_id,
    parent_id: callee.id,
    type: 'subsegment',
    name: 'inner',
  })
  await putDocuments(fnscope, [ahead, callee, root])
  await visible(fnscope, [ahead, callee, root])
  const answer = await runXray<{
    readonly summaries: [string, number][]
    readonly segments: string[]
    readonly after: number
  }>(
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
