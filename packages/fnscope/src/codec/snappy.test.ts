import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSnappy } from './snappy.ts'
import { MalformedError } from './taken.ts'

const MAX = 1_000_000
const text = (value: string): number[] => [...Buffer.from(value)]

function decode(...bytes: readonly number[]): string {
  return Buffer.from(decodeSnappy(Uint8Array.from(bytes), MAX)).toString('latin1')
}

test('an empty block is nothing', () => {
  assert.equal(decode(0), '')
})

test('literals of each size of length are copied', () => {
  assert.equal(decode(3, 2 << 2, ...text('abc')), 'abc')
  for (const [size, ...head] of [
    [60, 59 << 2],
    [61, 60 << 2, 60],
    [300, 61 << 2, 299 & 255, 299 >> 8],
    [70_000, 62 << 2, 69_999 & 255, (69_999 >> 8) & 255, 69_999 >> 16],
    [70_000, 63 << 2, 69_999 & 255, (69_999 >> 8) & 255, 69_999 >> 16, 0],
  ] as const) {
    const literal = Array.from({ length: size }, (_, index) => index & 255)
    const announced = [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14]
    const plain = decodeSnappy(Uint8Array.from([...announced, ...head, ...literal]), MAX)
    assert.deepEqual([...plain], literal)
  }
})

test('copies with offsets of one, two and four bytes repeat what was before, and what they write', () => {
  assert.equal(decode(7, 2 << 2, ...text('abc'), 1, 3), 'abcabca')
  assert.equal(decode(7, 2 << 2, ...text('abc'), (3 << 2) | 2, 3, 0), 'abcabca')
  assert.equal(decode(5, 2 << 2, ...text('abc'), (1 << 2) | 3, 2, 0, 0, 0), 'abcbc')
  assert.equal(decode(65, 0, ...text('x'), (63 << 2) | 2, 1, 0), 'x'.repeat(65))
})

const BAD: readonly (readonly [string, readonly number[]])[] = [
  ['nothing at all', []],
  ['a length that does not end', [128, 128]],
  ['a length of more than 32 bits', [255, 255, 255, 255, 255, 1]],
  ['less than announced', [4, 2 << 2, ...text('abc')]],
  ['more than announced', [2, 2 << 2, ...text('abc')]],
  ['a copy that makes more than announced', [4, 2 << 2, ...text('abc'), 1, 3]],
  ['a literal beyond the end', [9, 8 << 2, ...text('abc')]],
  ['the length of a literal cut off', [99, 61 << 2, 1]],
  ['an offset cut off', [7, 2 << 2, ...text('abc'), (3 << 2) | 2, 3]],
  ['an offset of 0', [7, 2 << 2, ...text('abc'), 1, 0]],
  ['an offset before the beginning', [7, 2 << 2, ...text('abc'), 1, 4]],
  ['a length that its bytes cannot hold', [255, 255, 3, 0, 0]],
]

for (const [what, bytes] of BAD)
  test(`${what} is no block`, () => {
    assert.throws(() => decode(...bytes), MalformedError)
  })

test('a block that would be larger than allowed is refused before it is inflated', () => {
  const block = Uint8Array.from([255, 255, 255, 255, 15, ...new Uint8Array(100)])
  assert.throws(() => decodeSnappy(block, 20_000_000), /4294967295 bytes when inflated/)
})

test('random bytes are a block or none, never anything else', () => {
  let state = 5
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: next(60) }, () => next(256))
    bytes[0] = next(100)
    try {
      decodeSnappy(bytes, 1000)
    } catch (error) {
      assert.ok(error instanceof MalformedError)
    }
  }
})
