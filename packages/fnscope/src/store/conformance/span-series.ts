// Spans counted over time by what they are and how long they took.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { put, quietTime, span, traceId, type Subject } from './samples.ts'

export function spanSeriesConformance(subject: Subject): void {
  test('spans are counted by column, group and step of duration, a copy once', async () => {
    const at = quietTime()
    const paid = span({
      traceId: traceId(),
      startNanos: at,
      endNanos: at + 1000n,
      service: '주문',
      name: 'pay',
      kind: 2,
    })
    const failed = span({
      startNanos: at + 60n,
      endNanos: at + 160n,
      service: '주문',
      name: 'pay',
      kind: 2,
      error: true,
    })
    const listed = span({ startNanos: at + 70n, endNanos: at + 170n, service: '주문', name: 'list', kind: 2 })
    const inner = span({ startNanos: at + 70n, endNanos: at + 170n, service: '주문', name: 'inner', kind: 3 })
    const later = span({ startNanos: at + 100n, endNanos: at + 200n, service: '주문', name: 'pay', kind: 2 })
    await put(subject.store, [paid, failed, listed, inner, later])
    await put(subject.store, [paid])
    const cells = await subject.store.spanSeries({
      range: { startNanos: at, endNanos: at + 100n },
      columnNanos: 50n,
      where: { is: 'number', field: 'kind', op: '=', value: 2 },
      failed: { is: 'flag', flag: 'error' },
      by: ['service', 'name'],
    })
    // A hundred steps a decade: 1000 ns are step 300, 100 ns step 200.
    assert.deepEqual(cells, [
      { group: ['주문', 'list'], column: 1, step: 200, spans: 1, failed: 0 },
      { group: ['주문', 'pay'], column: 0, step: 300, spans: 1, failed: 0 },
      { group: ['주문', 'pay'], column: 1, step: 200, spans: 1, failed: 1 },
    ])
  })
}
