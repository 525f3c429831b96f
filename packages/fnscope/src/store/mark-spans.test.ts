import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import { SPAN_FLAG, type SpanBatch } from '../span/span-batch.ts'
import { completeSpan, type SpanInput } from '../span/span.ts'
import { markSpans } from './mark-spans.ts'

const TRACE = 'a'.repeat(32)
const id = (number: number): string => number.toString(16).padStart(16, '0')

function batchOf(spans: readonly Partial<SpanInput>[]): SpanBatch {
  const { spans: batch } = newBatch()
  for (const [i, span] of spans.entries())
    pushSpan(
      batch,
      completeSpan({
        traceId: TRACE,
        spanId: id(i + 1),
        startNanos: 1n,
        endNanos: 2n,
        receivedNanos: 3n,
        name: 'work',
        source: 'otlp',
        service: 'shop',
        ...span,
      }),
    )
  return batch
}

function marked(spans: readonly Partial<SpanInput>[]): number[] {
  const batch = batchOf(spans)
  markSpans(batch)
  const bytes = batch.flags.bytes()
  return spans.map((_, row) => bytes[row * 2]! | (bytes[row * 2 + 1]! << 8))
}

test('a span whose parent is not in its batch and its trace is apart; a segment is not', () => {
  const marks = marked([
    { segment: true },
    { parentId: id(1) },
    { parentId: id(77) },
    { parentId: id(77), segment: true },
    { parentId: id(1), traceId: 'b'.repeat(32) },
    // Whichever comes first.
    { parentId: id(7) },
    { parentId: id(6) },
  ])
  assert.deepEqual(
    marks.map((flags) => (flags & SPAN_FLAG.apart) !== 0),
    [false, false, true, false, true, false, false],
  )
})

test('what may be sent again with more in it is revisable, by its source', () => {
  const marks = marked(['otlp', 'xray', 'lambda', 'zipkin', 'datadog'].map((source) => ({ source, error: true })))
  assert.deepEqual(
    marks.map((flags) => (flags & SPAN_FLAG.revisable) !== 0),
    [false, true, true, true, false],
  )
  assert.ok(marks.every((flags) => (flags & SPAN_FLAG.error) !== 0))
})

test('a span with a cause or events is told of, however long they are', () => {
  const events = (length: number): Partial<SpanInput> => ({
    events: [{ timeNanos: 1n, name: 'e'.repeat(length), attributes: {} }],
  })
  const marks = marked([{}, events(3), {}, events(200), events(20_000), {}, events(1)])
  assert.deepEqual(
    marks.map((flags) => (flags & SPAN_FLAG.told) !== 0),
    [false, true, false, true, true, false, true],
  )
})

test('thousands of rows find their parents among them', () => {
  const spans = Array.from({ length: 5000 }, (_, i) => (i === 0 ? {} : { parentId: id(Math.ceil(i / 2)) }))
  assert.ok(marked(spans).every((flags) => flags === 0))
})
