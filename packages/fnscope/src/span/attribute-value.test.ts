import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attributeJson,
  attributeOf,
  attributeText,
  parseAttributeJson,
  parseAttributes,
  typeOf,
  type AttributeValue,
} from './attribute-value.ts'

const VALUES: readonly AttributeValue[] = [
  '',
  '42',
  'null',
  0n,
  -42n,
  9_223_372_036_854_775_807n,
  0,
  -0,
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
  Uint8Array.of(0, 255, 7),
  [],
  ['a', 1, 1n, null, [Number.NaN]],
  { k: { n: 1.5, big: 2n ** 62n } },
  { $double: 'x' },
  { $bytes: 'AA==', $$: 1n },
]

for (const value of VALUES) {
  test(`${attributeJson(value)} comes back from its letter and text, and from JSON`, () => {
    if (!Object.is(value, -0)) assert.deepEqual(attributeOf(typeOf(value), attributeText(value)), value)
    assert.deepEqual(parseAttributeJson(attributeJson(value)), value)
  })
}

test('a value reads as a person would write it', () => {
  assert.deepEqual([42n, 42, 0.5, true, 'x', null].map(attributeText), ['42', '42', '0.5', 'true', 'x', ''])
})

test('the JSON is valid for every reader', () => {
  for (const value of VALUES) JSON.parse(attributeJson(value))
})

test('what is no object of attributes is an empty one', () => {
  for (const text of ['', '{', '[1]', '3', 'null']) assert.deepEqual(parseAttributes(text), {})
  assert.deepEqual(parseAttributes('{"a":1}'), { a: 1n })
})
