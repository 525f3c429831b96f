import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reservoir } from './reservoir.ts'

test('takes one a second and exactly the fixed share of the rest', () => {
  let now = 1_795_000_000_000_000_000n
  let asked = 0
  // Chance in even steps over [0, 1): of every hundred asked, five are below 0.05.
  const reservoir = new Reservoir({ nowNanos: () => now, chance: () => (asked++ % 100) / 100 })
  let taken = 0
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < 101; i++) if (reservoir.take()) taken += 1
    now += 1_000_000_000n
  }
  assert.equal(asked, 1000)
  assert.equal(taken, 10 + 50)
})

test('a second that passes without requests saves nothing for the next', () => {
  let now = 1_795_000_000_900_000_000n
  const reservoir = new Reservoir({ nowNanos: () => now, perSecond: 2, fixedRate: 0 })
  const takes = (): boolean[] => [reservoir.take(), reservoir.take(), reservoir.take()]
  assert.deepEqual(takes(), [true, true, false])
  now += 5_100_000_000n
  assert.deepEqual(takes(), [true, true, false])
})
