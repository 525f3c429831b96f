// Inserts: exact for their token, all or nothing, by rows; and what is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NANOS_PER_DAY } from '../../span/time.ts'
import { StoreError } from '../store.ts'
import { batchOf, now, quietTime, span, token, type Subject } from './samples.ts'

export function insertsConformance(subject: Subject): void {
  test('one token stores once: from this connection, from another, blocks joined, in views too', async () => {
    const startNanos = quietTime()
    const parts = Array.from({ length: 3 }, (_, part) =>
      Array.from({ length: 40 }, (__, i) =>
        span({ startNanos, rootRank: 0, service: `s${part}`, name: `n${i}`, annotations: { user: `${part}.${i}` } }),
      ),
    )
    const blocks = parts.flatMap((part) => subject.store.encode(batchOf(part))).map((block) => block.bytes)
    const shared = token()
    await subject.store.insert('spans', blocks, shared)
    await subject.store.insert('spans', blocks, shared)
    const other = await subject.open()
    try {
      await other.store.insert('spans', blocks, shared)
      const count = await other.store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 1000)
      assert.equal(count.length, 120)
      const one = parts[1]![7]!
      assert.deepEqual(await other.store.readSpans([one.traceId]), [one])
      const list = { startNanos, endNanos: startNanos + 1n, by: 'start', limit: 1000 } as const
      assert.equal((await other.store.listTraces(list)).length, 120)
    } finally {
      await other.close()
    }
  })

  test('an insert of some rows stores just those, once for its token', async () => {
    const startNanos = quietTime()
    const spans = Array.from({ length: 10 }, () => span({ startNanos }))
    const blocks = [spans.slice(0, 4), spans.slice(4)].map((part) => subject.store.encode(batchOf(part))[0]!.bytes)
    const shared = token()
    await subject.store.insert('spans', blocks, shared, { from: 3, to: 6 })
    await subject.store.insert('spans', blocks, shared, { from: 3, to: 6 })
    await subject.store.insert('spans', blocks, token(), { from: 6, to: 6 })
    const stored = await subject.store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 100)
    assert.deepEqual(new Set(stored), new Set(spans.slice(3, 6).map((one) => one.traceId)))
  })

  test('rows that can never go in are refused for good, and nothing of them is stored', async () => {
    const refused = { name: 'StoreError', retryable: false }
    const block = subject.store.encode(batchOf([span({})]))[0]!.bytes
    await assert.rejects(subject.store.insert('spans', [block.subarray(0, 200)], token()), refused)
    await assert.rejects(subject.store.insert('spans', [Uint8Array.of(1, 2, 3)], token()), refused)
    await assert.rejects(subject.store.insert('spans; DROP TABLE spans', [block], token()), refused)
    const wide = Array.from({ length: 300 }, (_, day) => span({ startNanos: now - BigInt(day) * NANOS_PER_DAY }))
    const bytes = subject.store.encode(batchOf(wide))[0]!.bytes
    await assert.rejects(subject.store.insert('spans', [bytes], token()), refused)
    assert.deepEqual(await subject.store.readSpans([wide[0]!.traceId]), [])
    await subject.store.insert('spans', [bytes], token(), { from: 0, to: 1 })
    assert.deepEqual(await subject.store.readSpans([wide[0]!.traceId]), [wide[0]])
  })

  test('inserts of the same blocks from many sides at once leave each span once', async () => {
    const startNanos = quietTime()
    const block = subject.store.encode(batchOf([span({ startNanos }), span({ startNanos })]))[0]!
    const shared = token()
    await Promise.all(Array.from({ length: 6 }, () => subject.store.insert('spans', [block.bytes], shared)))
    assert.equal((await subject.store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 100)).length, 2)
  })

  test('a table that is none of the store takes no rows', async () => {
    await assert.rejects(subject.store.insert('system.users', [Uint8Array.of(0)], token()), StoreError)
  })
}
