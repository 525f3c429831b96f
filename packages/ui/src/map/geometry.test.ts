import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edgePath, edgeWidth, ringParts } from './geometry.ts'

test('a ring is whole, in the order ok, error, throttle, fault', () => {
  const parts = ringParts({ ok: 50, error: 25, throttle: 0, fault: 25 })
  assert.deepEqual(parts, [
    { status: 'ok', from: 0, to: 0.5 },
    { status: 'error', from: 0.5, to: 0.75 },
    { status: 'fault', from: 0.75, to: 1 },
  ])
})

test('one fault of a million calls is seen', () => {
  const [ok, fault] = ringParts({ ok: 999_999, error: 0, throttle: 0, fault: 1 })
  assert.ok(fault!.to - fault!.from > 0.025 && ok!.to === fault!.from && Math.abs(fault!.to - 1) < 1e-9)
})

test('a node without calls has no ring', () => {
  assert.deepEqual(ringParts(undefined), [])
  assert.deepEqual(ringParts({ ok: 0, error: 0, throttle: 0, fault: 0 }), [])
})

test('an edge is wider the more calls it has, within bounds', () => {
  const widths = [0, 0.01, 1, 100, 1e9].map(edgeWidth)
  assert.deepEqual(
    widths,
    widths.toSorted((a, b) => a - b),
  )
  assert.equal(widths.at(-1), 7)
})

test('a path goes through every bend, and a call of oneself is a loop', () => {
  const path = edgePath({ x: 0, y: 0 }, { x: 400, y: 50 }, [{ x: 200, y: 10 }])
  assert.equal(path.match(/C/g)!.length, 2)
  assert.match(path, /, 200 10 C/)
  assert.match(edgePath({ x: 5, y: 5 }, { x: 5, y: 5 }, []), /^M -3 /)
  assert.doesNotMatch(edgePath({ x: 0, y: 0 }, { x: 0, y: 300 }, []), /NaN/)
})
