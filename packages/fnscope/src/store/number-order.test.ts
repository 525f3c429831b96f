import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberOrder } from './number-order.ts'

test('integers sort as the numbers they stand for', () => {
  const numbers = [
    Number.NEGATIVE_INFINITY,
    -1e300,
    -2,
    -1.5,
    -5e-324,
    0,
    5e-324,
    0.1,
    1,
    2 ** 53,
    Number.POSITIVE_INFINITY,
  ]
  const orders = numbers.map(numberOrder)
  assert.deepEqual(
    orders.toSorted((a, b) => (a < b ? -1 : 1)),
    orders,
  )
  assert.equal(new Set(orders).size, numbers.length)
})

test('there is one zero, and NaN is beyond the infinities', () => {
  assert.equal(numberOrder(-0), 0n)
  assert.equal(numberOrder(0), 0n)
  assert.ok(numberOrder(Number.NaN) > numberOrder(Number.POSITIVE_INFINITY))
})
