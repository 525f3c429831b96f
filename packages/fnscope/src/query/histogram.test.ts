import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, COARSE, HistogramSum, secondsOfCode, type Histogram } from './histogram.ts'

function read(sum: HistogramSum): Histogram {
  const codes = new Uint16Array(sum.room)
  const counts = new Float64Array(sum.room)
  const size = sum.readInto(codes, counts, 0)
  return { codes: codes.subarray(0, size), counts: counts.subarray(0, size) }
}

test('the order and the parts in which times are counted change nothing', () => {
  for (const different of [1, 5, 31, 32, 33, 64, 300]) {
    const codes = Array.from({ length: 900 }, (_, i) => codeOf(1_000_000 * ((i * 7919) % different) + 3_000_000))
    const whole = new HistogramSum()
    for (const code of codes) whole.add(code, 1)
    const parts = [0, 1, 2].map((part) => {
      const sum = new HistogramSum()
      const own = Uint16Array.from(codes.filter((_, i) => i % 3 === part)).reverse()
      sum.addCodes(own, 0, own.length)
      return read(sum)
    })
    const together = new HistogramSum()
    for (const { codes: own, counts } of parts) together.addRange(own, counts, 0, own.length)
    assert.deepEqual(read(together), read(whole), `${different} different times`)
    const { codes: found, counts } = read(whole)
    assert.ok(found.every((code, i) => i === 0 || code > found[i - 1]!))
    assert.equal(
      [...counts].reduce((sum, count) => sum + count, 0),
      900,
    )
    assert.equal(found[0]! >= COARSE, new Set(codes).size > 32)
  }
})

test('a time in a class is told 5 % off at most', () => {
  const sum = new HistogramSum()
  for (let i = 0; i < 40; i++) sum.add(codeOf(1e9 + i * 1e7), 1)
  const [first] = read(sum).codes
  assert.ok(Math.abs(secondsOfCode(first!) - 1) <= 0.05)
})
