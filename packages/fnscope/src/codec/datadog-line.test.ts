import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { decodeDatadogLine } from './datadog-line.ts'

const CONTEXT = {
  functionName: 'f',
  requestId: undefined,
  receivedNanos: 1_795_248_400_000_000_000n,
  bounds: { minNanos: 1_000n, maxNanos: 2_000_000_000_000_000_000n },
}
const metric = (v: string, e: string): string => `{"m":"orders","v":${v},"e":${e},"t":["region:eu"]}`

test('a metric that a library printed is a point at its second', () => {
  const batch = newBatch()
  assert.equal(decodeDatadogLine(metric('1.5', '1795248399'), batch, CONTEXT)?.rows, 1)
  const [{ name, value, timeNanos, dimensions }] = batch.metrics as [(typeof batch.metrics)[0]]
  assert.deepEqual([name, value, timeNanos, dimensions], ['orders', 1.5, 1_795_248_399_000_000_000n, { region: 'eu' }])
})

for (const [v, e] of [
  ['1', '1e999'],
  ['1', '-1e999'],
  ['1e999', '1795248399'],
  ['1', '1e300'],
  ['1', '0'],
] as const) {
  test(`a line with value ${v} at ${e} is a log line`, () => {
    const batch = newBatch()
    assert.equal(decodeDatadogLine(metric(v, e), batch, CONTEXT), undefined)
    assert.equal(batch.metrics.length, 0)
  })
}
