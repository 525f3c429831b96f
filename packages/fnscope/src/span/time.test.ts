import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIsoMillis, millisToNanos, nanosToMillis, nanosToSeconds, secondsToNanos } from './time.ts'

test('float seconds are kept to the microsecond, also in exponent spelling', () => {
  assert.equal(secondsToNanos(1_795_248_362.5477943), 1_795_248_362_547_794_000n)
  assert.equal(secondsToNanos(1.478293361271e9), 1_478_293_361_271_000_000n)
  assert.equal(secondsToNanos(0), 0n)
})

test('microseconds survive the way to seconds and back', () => {
  for (let micros = 1_795_248_362_000_001n; micros < 1_795_248_362_001_000n; micros += 7n)
    assert.equal(secondsToNanos(nanosToSeconds(micros * 1000n)), micros * 1000n)
})

test('milliseconds with a fraction are kept to the microsecond', () => {
  assert.equal(millisToNanos(1.5), 1_500_000n)
  assert.equal(millisToNanos(1_795_249_022_889), 1_795_249_022_889_000_000n)
  assert.equal(nanosToMillis(1_500_999n), 1.5)
})

test('the system log’s time has milliseconds and a Z', () => {
  assert.equal(formatIsoMillis(1_795_248_215_790_999_999n), new Date(1_795_248_215_790).toISOString())
})
