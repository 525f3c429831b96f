import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLiteral, parseLiteral, type AttributeValue } from './attribute-value.ts'

const VALUES: readonly Exclude<AttributeValue, string>[] = [
  0n,
  -42n,
  9_223_372_036_854_775_807n,
  0,
  42,
  -1.5,
  1e21,
  1e-7,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  true,
  false,
  null,
  ['a', 1, null],
  { k: { n: 1.5 } },
]

for (const value of VALUES)
  test(`the literal ${formatLiteral(value)} comes back as the ${typeof value} it was`, () => {
    assert.deepEqual(parseLiteral(formatLiteral(value)), value)
  })

test('a double that is whole is told from an int64', () => {
  assert.equal(formatLiteral(42n), '42')
  assert.equal(formatLiteral(42), '42.0')
})

test('text that is no literal stays text', () => {
  assert.equal(parseLiteral('plain'), 'plain')
})
