import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from './histogram.ts'
import { quantileSeconds } from './quantile.ts'

const MS = 1_000_000

function histogram(...pairs: readonly (readonly [ms: number, count: number])[]) {
  return {
    codes: Uint16Array.from(pairs, ([ms]) => codeOf(ms * MS)),
    counts: Float64Array.from(pairs, ([, count]) => count),
  }
}

test('a quantile is the response time of the call at its rank', () => {
  const calls = histogram([10, 50], [20, 40], [300, 9], [2000, 1])
  assert.equal(quantileSeconds(calls, 0.5), 0.01)
  assert.equal(quantileSeconds(calls, 0.51), 0.02)
  assert.equal(quantileSeconds(calls, 0.9), 0.02)
  assert.equal(quantileSeconds(calls, 0.99), 0.3)
  assert.equal(quantileSeconds(calls, 1), 2)
})

test('one call is every quantile, and of no calls there is none', () => {
  assert.equal(quantileSeconds(histogram([7, 1]), 0), 0.007)
  assert.equal(quantileSeconds(histogram([7, 1]), 0.99), 0.007)
  assert.equal(quantileSeconds(histogram(), 0.5), undefined)
})
