// Spans and documents of given traces: every field, copies, spans in progress, ids of every kind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSpanId } from '../../span/id.ts'
import { NANOS_PER_DAY, NANOS_PER_SECOND } from '../../span/time.ts'
import { document, fullSpan, now, openSpan, put, randomTraceId, span, traceId, type Subject } from './samples.ts'

export function spansConformance(subject: Subject): void {
  test('every field of a span comes back as it went in', async () => {
    const full = fullSpan()
    const bare = span({ traceId: full.traceId, startNanos: now - NANOS_PER_SECOND, endNanos: now })
    await put(subject.store, [full, bare])
    const read = await subject.store.readSpans([full.traceId])
    assert.deepEqual(read, [bare, full])
  })

  test('an id with an unlikely time is found, and so are spans far from a likely one', async () => {
    const random = span({ traceId: randomTraceId(), startNanos: now - 3n * NANOS_PER_DAY })
    const far = span({ startNanos: now - 4n * NANOS_PER_DAY })
    const near = { ...span({}), traceId: far.traceId }
    await put(subject.store, [random, far, near])
    assert.deepEqual(await subject.store.readSpans([random.traceId]), [random])
    assert.deepEqual(await subject.store.readSpans([far.traceId]), [far, near])
    assert.equal((await subject.store.readSpans([far.traceId, random.traceId])).length, 3)
  })

  test('two hundred traces are read at once', async () => {
    const spans = Array.from({ length: 200 }, () => span({}))
    await put(subject.store, spans)
    const read = await subject.store.readSpans(spans.map((one) => one.traceId))
    assert.deepEqual(new Set(read.map((one) => one.spanId)), new Set(spans.map((one) => one.spanId)))
  })

  test('of copies of one span the newest received counts, once', async () => {
    const first = span({ name: 'first', receivedNanos: now })
    const second = { ...first, name: 'second', receivedNanos: now + 1n }
    await put(subject.store, [second, second])
    await put(subject.store, [first])
    assert.deepEqual(await subject.store.readSpans([first.traceId]), [second])
  })

  test("only Zipkin's two sides of a call may share an id", async () => {
    const client = span({ source: 'zipkin', kind: 3, traceId: traceId() })
    const server = { ...client, kind: 2, receivedNanos: now + 1n }
    await put(subject.store, [client, server, client])
    assert.equal((await subject.store.readSpans([client.traceId])).length, 2)
    const other = span({ source: 'otlp', kind: 3 })
    await put(subject.store, [other, { ...other, kind: 2, receivedNanos: now + 1n }])
    assert.deepEqual(
      (await subject.store.readSpans([other.traceId])).map((one) => one.kind),
      [2],
    )
  })

  test('a span in progress is read until its completion is there, whichever came last', async () => {
    const open = openSpan({ name: 'open', receivedNanos: now + 10n })
    await put(subject.store, [open])
    assert.deepEqual(await subject.store.readSpans([open.traceId]), [open])
    const done = span({ traceId: open.traceId, spanId: open.spanId, name: 'done', receivedNanos: now })
    await put(subject.store, [done])
    assert.deepEqual(await subject.store.readSpans([open.traceId]), [done])
    const range = { startNanos: done.startNanos, endNanos: done.startNanos + 1n }
    assert.deepEqual(
      (await subject.store.traceIdsStarting(range, 1000)).filter((id) => id === done.traceId),
      [done.traceId],
    )
  })

  test('documents come back once per (trace, id), completed before in progress, newest first of these', async () => {
    const early = document({ text: '{"in_progress":true}', inProgress: true, receivedNanos: now + 5n })
    const key = { traceId: early.traceId, spanId: early.spanId }
    const done = document({ ...key, text: '{"é":"\\u0000 ☕"}', receivedNanos: now, parentId: newSpanId() })
    const again = { ...done, text: '{"again":1}', receivedNanos: now + 1n }
    const detached = document({ traceId: early.traceId, segment: false, startNanos: now + 1n })
    await put(subject.store, [], { documents: [early, detached] })
    assert.deepEqual(await subject.store.readDocuments([early.traceId]), [early, detached])
    await put(subject.store, [], { documents: [done] })
    assert.deepEqual(await subject.store.readDocuments([early.traceId]), [done, detached])
    await put(subject.store, [], { documents: [again, done] })
    assert.deepEqual(await subject.store.readDocuments([early.traceId]), [again, detached])
  })
}
