import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushSpan } from './push-span.ts'
import { readRoots } from './read-roots.ts'
import { SpanBatch } from './span-batch.ts'
import { completeSpan, type SpanInput } from './span.ts'

function span(digit: string, more: Partial<SpanInput>) {
  return completeSpan({
    traceId: digit.repeat(32),
    spanId: digit.repeat(16),
    startNanos: 5n,
    endNanos: 12n,
    name: 'GET /',
    source: 'otlp',
    service: '주문',
    receivedNanos: 1n,
    ...more,
  })
}

test('roots alone are read, in order, and only as many as wanted', () => {
  const batch = new SpanBatch()
  pushSpan(batch, span('a', { rootRank: 1 }))
  pushSpan(batch, span('b', { rootRank: 0, fault: true, http: { method: 'GET', status: 502 } }))
  pushSpan(batch, span('c', { rootRank: 0, unsampled: true }))
  pushSpan(batch, span('d', { rootRank: 0, service: '' }))
  const { roots, more } = readRoots(batch, 10)
  const [first, second] = roots
  assert.deepEqual(first, {
    traceId: 'b'.repeat(32),
    startNanos: 5n,
    durationNanos: 7n,
    service: '주문',
    name: 'GET /',
    source: 'otlp',
    httpMethod: 'GET',
    httpStatus: 502,
    error: false,
    fault: true,
    throttle: false,
  })
  assert.deepEqual([second?.traceId, second?.service, second?.httpStatus], ['d'.repeat(32), '', 0])
  assert.deepEqual([roots.length, more], [2, 0])
  const cut = readRoots(batch, 1)
  assert.deepEqual([cut.roots.length, cut.more], [1, 1])
  assert.deepEqual(readRoots(new SpanBatch(), 1), { roots: [], more: 0 })
})
