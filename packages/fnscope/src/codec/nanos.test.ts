import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Nanos } from './nanos.ts'

const nanos = new Nanos()
const halves = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
]
const valueOf = ({ low, high }: Nanos): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0)
const LAST = (0x7fff_ffffn << 32n) | 0xffff_ffffn

test('microseconds are exact, of either sign', () => {
  for (const micros of [
    0n,
    1n,
    -1n,
    4_294_967_295n,
    4_294_967_296n,
    1_795_248_398_461_823n,
    -1_795_248_398_461_823n,
    9_223_372_036_854_000n,
  ]) {
    nanos.setMicros(...halves(micros))
    assert.equal(valueOf(nanos), micros * 1000n)
    assert.equal(nanos.digits(), String(micros * 1000n))
  }
})

test('seconds and nanoseconds are exact', () => {
  for (const [seconds, rest] of [
    [0n, 0],
    [0n, 5],
    [1n, 999_999_999],
    [1_795_248_811n, 351_162_672],
    [-3n, 0],
  ] as const) {
    nanos.setSeconds(...halves(seconds), rest)
    assert.equal(valueOf(nanos), seconds * 1_000_000_000n + BigInt(rest))
    assert.equal(nanos.digits(), String(seconds * 1_000_000_000n + BigInt(rest)))
  }
})

test('what has no nanoseconds in 64 bits is the last that has', () => {
  nanos.setMicros(...halves((1n << 63n) - 1n))
  assert.deepEqual([valueOf(nanos), nanos.digits()], [LAST, String(LAST)])
  nanos.setSeconds(...halves(1n << 40n), 0)
  assert.equal(valueOf(nanos), LAST)
  for (const set of [
    () => nanos.setMicros(...halves(-(1n << 63n))),
    () => nanos.setSeconds(...halves(-(1n << 40n)), 0),
  ]) {
    set()
    assert.equal(valueOf(nanos), -(0x7fff_ffffn << 32n))
  }
})
