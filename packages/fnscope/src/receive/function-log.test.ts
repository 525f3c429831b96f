import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLines } from '../../../../test/captures.ts'
import { metricsOfLine } from './function-log.ts'

const timeNanos = 1_795_249_022_900_000_000n

test('an embedded metric line becomes points of its function and request', () => {
  const points = readLines('emf/powertools-metrics.jsonl').flatMap((text) =>
    metricsOfLine({ text, service: 'orders-fn', timeNanos, requestId: 'r-1' }),
  )
  assert.equal(points.length, 9)
  assert.deepEqual([...new Set(points.map((point) => `${point.service} ${point.requestId}`))], ['orders-fn r-1'])
})

test('any other line, and a broken one, make none', () => {
  for (const text of ['', 'hello', '{"level":"INFO"}', '{"_aws": 1}', '{"_aws": {'])
    assert.deepEqual(metricsOfLine({ text, service: 'fn', timeNanos }), [])
})
