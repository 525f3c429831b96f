// Traces counted by where they were deployed, and by when and how long.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSpanId } from '../../span/id.ts'
import { put, quietTime, span, traceId, type Subject } from './samples.ts'

export function traceFacetsConformance(subject: Subject): void {
  test('traces are counted by the values of their entries, once each, whatever copies came', async () => {
    const at = quietTime()
    const shared = traceId()
    const front = span({
      traceId: shared,
      startNanos: at,
      rootRank: 0,
      segment: true,
      service: '注文',
      resource: { 'deployment.environment.name': 'prod', 'cloud.region': 'eu-west-1' },
      accountId: '111122223333',
    })
    const back = span({
      traceId: shared,
      parentId: front.spanId,
      startNanos: at + 5n,
      rootRank: 1,
      segment: true,
      service: 'back',
      fault: true,
    })
    const inner = span({ traceId: shared, startNanos: at + 6n, service: 'inner', error: true })
    const other = span({ startNanos: at + 7n, rootRank: 0, segment: true, service: '注文', spanId: newSpanId() })
    await put(subject.store, [front, back, inner, other])
    await put(subject.store, [front])
    const range = { startNanos: at, endNanos: at + 100n }
    const counts = await subject.store.countTraces({ range, limit: 10 })
    assert.deepEqual(
      [counts.traces, counts.ok, counts.error, counts.throttle, counts.fault],
      [2, 1, 0, 0, 1],
      'what is inside of a service is not counted',
    )
    const values = Object.fromEntries(
      [...counts.facets].map(([name, list]) => [name, list.map(({ value, traces, fault }) => [value, traces, fault])]),
    )
    assert.deepEqual(values, {
      service: [
        ['注文', 2, 0],
        ['back', 1, 1],
      ],
      environment: [['prod', 1, 0]],
      version: [],
      account: [['111122223333', 1, 0]],
      region: [['eu-west-1', 1, 0]],
      function: [],
    })
    const inBack = { is: 'span', where: { is: 'text', field: 'service', op: '=', value: 'back' } } as const
    const some = await subject.store.countTraces({ range, limit: 1, where: inBack })
    assert.deepEqual([some.traces, some.facets.get('service')!.length], [1, 1])
  })

  test('the latency grid has a root at its column and its step of time', async () => {
    const at = quietTime()
    const root = (offset: bigint, nanos: bigint, fault = false) =>
      span({ startNanos: at + offset, endNanos: at + offset + nanos, rootRank: 0, segment: true, fault })
    await put(subject.store, [
      root(0n, 1_000_000n),
      root(1n, 1_000_001n, true),
      root(50n, 1_000_000_000n),
      root(51n, 0n),
      span({ startNanos: at, rootRank: 1 }),
    ])
    const range = { startNanos: at, endNanos: at + 100n }
    assert.deepEqual(await subject.store.latencyGrid({ range, columnNanos: 50n }), [
      { column: 0, step: 36, traces: 2, failed: 1 },
      { column: 1, step: 0, traces: 1, failed: 0 },
      { column: 1, step: 54, traces: 1, failed: 0 },
    ])
  })

  test('keys of annotations and their texts are listed, of the range alone', async () => {
    const at = quietTime()
    await put(subject.store, [
      span({ startNanos: at, annotations: { 고객: 'b', turn: 7 } }),
      span({ startNanos: at + 1n, annotations: { 고객: 'a', vip: true } }),
      span({ startNanos: at + 100n, annotations: { later: 'x', 고객: 'c' } }),
    ])
    const range = { startNanos: at, endNanos: at + 50n }
    assert.deepEqual(await subject.store.annotationKeys(range, 10), ['turn', 'vip', '고객'])
    assert.equal((await subject.store.annotationKeys(range, 2)).length, 2)
    assert.deepEqual(await subject.store.annotationValues(range, '고객', 10), ['a', 'b'])
    assert.deepEqual(await subject.store.annotationValues(range, "'", 10), [])
  })
}
