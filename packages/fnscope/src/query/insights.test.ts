import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { secondsToNanos } from '../span/time.ts'
import { findInsights, type Insight } from './insights.ts'
import { MemoryStore } from './memory-store.ts'
import { segmentAt, spanAt } from './sample-traces.ts'
import { minuteRows } from './service-series.ts'

const START = 1_700_000_040
const HOURS = 6

let traces = 0

/** A request to `web` that calls `orders`, whose segment and the call may be faults. */
function request(minute: number, faults: { readonly web?: boolean; readonly orders?: boolean }): Span[] {
  const traceId = (++traces).toString(16).padStart(32, '0')
  const start = START + minute * 60 + (traces % 50)
  const times = { traceId, start, end: start + 1 }
  return [
    segmentAt({ ...times, id: '1', name: 'web', fault: faults.web ?? false }),
    spanAt({
      ...times,
      id: '2',
      parentId: '1',
      name: 'orders',
      namespace: 'remote',
      peer: { name: 'orders', type: 'remote' },
    }),
    segmentAt({ ...times, id: '3', parentId: '2', name: 'orders', fault: faults.orders ?? false }),
  ]
}

/** `calls` requests in each of the minutes, the first `faults` of them faults of both. */
function minutes(from: number, to: number, calls: number, faults: number): Span[] {
  return Array.from({ length: (to - from) * calls }, (_, i) => {
    const bad = i % calls < faults
    return request(from + Math.floor(i / calls), { web: bad, orders: bad })
  }).flat()
}

async function insightsOf(spans: readonly Span[], from = 0): Promise<readonly Insight[]> {
  const range = { startNanos: secondsToNanos(START), endNanos: secondsToNanos(START + HOURS * 3600) }
  const { rows } = await minuteRows(new MemoryStore(spans), range)
  return findInsights(rows, { ...range, startNanos: secondsToNanos(START + from * 60) })
}

const minuteOf = (nanos: bigint): number => Number(nanos / 1_000_000_000n - BigInt(START)) / 60

test('faults after a quiet time are one insight, of the service from which they came', async () => {
  const spans = [...minutes(0, 30, 10, 0), ...minutes(30, 34, 10, 5), ...minutes(34, 40, 10, 0)]
  const [insight, ...others] = await insightsOf(spans)
  assert.deepEqual(others, [])
  assert.equal(insight!.root.name, 'orders')
  assert.deepEqual([insight!.startNanos, insight!.endNanos].map(minuteOf), [30, 34])
  assert.deepEqual(insight!.rootImpact, { fault: 20, ok: 20, total: 40 })
  assert.deepEqual(insight!.clients, { fault: 20, ok: 20, total: 40 })
  assert.deepEqual(insight!.anomalous.map(({ name }) => name).sort(), ['orders', 'web'])
  assert.equal(insight!.minutes.length, 4)
})

test('faults five minutes apart are one insight, six minutes apart two, the newest first', async () => {
  const quiet = minutes(0, 20, 4, 0)
  const at = async (minute: number): Promise<number[]> => {
    const insights = await insightsOf([...quiet, ...minutes(20, 21, 4, 4), ...minutes(minute, minute + 1, 4, 4)])
    return insights.map(({ startNanos }) => minuteOf(startNanos))
  }
  assert.deepEqual(await at(25), [20])
  assert.deepEqual(await at(26), [26, 20])
})

test('what is usual, rare or few is no insight', async () => {
  const cases: readonly (readonly [why: string, spans: readonly Span[]])[] = [
    ['half of the requests have always been faults', minutes(0, 60, 10, 5)],
    ['two faults', [...minutes(0, 30, 4, 0), ...minutes(30, 31, 4, 2)]],
    ['less than one in twenty', [...minutes(0, 10, 100, 0), ...minutes(10, 11, 100, 4)]],
  ]
  for (const [why, spans] of cases) assert.deepEqual(await insightsOf(spans, why.startsWith('half') ? 10 : 0), [], why)
})

test('faults that the caller did not pass on are an insight of the callee alone', async () => {
  const bad = Array.from({ length: 4 }, () => request(30, { orders: true })).flat()
  const [insight] = await insightsOf([...minutes(0, 30, 4, 0), ...bad])
  assert.deepEqual(
    insight!.anomalous.map(({ name }) => name),
    ['orders'],
  )
  assert.deepEqual(insight!.clients, { fault: 0, ok: 4, total: 4 })
  assert.deepEqual(insight!.rootImpact, { fault: 4, ok: 0, total: 4 })
})

test('an insight of a range is the same whatever lies beyond', async () => {
  const spans = [...minutes(0, 30, 4, 0), ...minutes(30, 33, 4, 4), ...minutes(33, 60, 4, 0), ...minutes(60, 62, 4, 3)]
  const all = await insightsOf(spans)
  assert.deepEqual(await insightsOf(spans, 50), all.slice(0, 1))
  assert.equal(all.length, 2)
})
