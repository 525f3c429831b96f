import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue, isSliced, type Memory, type Unit } from './graph-plan.ts'

const SECOND = 1_000_000_000n
const START = 1_700_000_040n * SECOND
const at = (seconds: number): bigint => START + BigInt(seconds) * SECOND

const unitOf = (spans: number, stored?: { readonly spans: number; readonly version: bigint }): Unit => ({
  seconds: 60,
  startNanos: START,
  spans,
  marks: 0,
  ...(stored && { stored: { marks: 0, ...stored } }),
})
const seen = (spans: number, seconds: number): Memory => ({
  waitingNanos: at(seconds),
  seenSpans: spans,
  seenNanos: at(seconds),
})

test('a busy minute is computed once, five seconds after its end', () => {
  const unit = unitOf(1_000_000)
  assert.deepEqual(
    [59, 64, 65].map((seconds) => isDue(unit, at(seconds), undefined)),
    [false, false, true],
  )
  const minute = { startNanos: START, spans: 1_000_000, marks: 0, slices: [] }
  assert.deepEqual(
    [
      isSliced(minute, at(30)),
      isSliced({ ...minute, spans: 6000 }, at(30)),
      isSliced({ ...minute, spans: 6000 }, at(200)),
    ],
    [false, true, false],
  )
})

test('what comes for long ago is waited for until it is quiet or half a minute has gone', () => {
  const unit = unitOf(20_000)
  assert.equal(isDue(unit, at(3600), undefined), false)
  assert.equal(isDue(unit, at(3605), seen(15_000, 3600)), false)
  assert.equal(isDue(unit, at(3605), seen(20_000, 3600)), true)
  assert.equal(isDue(unit, at(3635), { ...seen(15_000, 3630), waitingNanos: at(3600) }), true)
  assert.equal(isDue(unitOf(900), at(3600), undefined), true)
})

test('a stretch that has a graph is computed again when it has grown by a quarter, not for every span', () => {
  const stored = { spans: 20_000, version: at(3600) }
  const growing = seen(1, 3600)
  assert.equal(isDue(unitOf(25_000, stored), at(3620), growing), false)
  assert.equal(isDue(unitOf(25_000, stored), at(3630), growing), true)
  assert.equal(isDue(unitOf(20_001, stored), at(3630), growing), false)
  assert.equal(isDue(unitOf(20_001, stored), at(3600 + 3541), growing), true)
})
