import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { ago, bytes, count, duration, percent } from './format.ts'

test('a duration has the unit that its size asks for', () => {
  const said = [0, 0.0042, 0.31, 12.44, 124.4, 1240, 200_000, 7_200_000, 864_000_000].map(duration)
  assert.deepEqual(said, ['0 ms', '4.2 µs', '0.31 ms', '12.4 ms', '124 ms', '1.24 s', '3 min 20 s', '2.0 h', '10 d'])
})

test('an age is short until it is a day', () => {
  assert.deepEqual(
    [500, 12_000, 200_000, 7_300_000].map((ms) => ago(1e12 - ms, 1e12)),
    ['just now', '12 s ago', '3 min ago', '2 h ago'],
  )
  assert.match(ago(1e12 - 90_000_000, 1e12), /^\d{4}-\d\d-\d\d /)
})

test('counts, sizes and shares', () => {
  assert.deepEqual(
    [count(31_204), bytes(999), bytes(12_345), percent(1, 32), percent(0, 0)],
    ['31,204', '999 B', '12.3 kB', '3.1 %', '–'],
  )
})
