import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { pinned, rangeName, rangeParameters, readTime, timeMs } from './range.ts'

test('a time is an age, epoch milliseconds or ISO 8601, anything else is none', () => {
  assert.deepEqual(
    ['15m', 'now-15m', '1700000000000', '2026-05-01T12:00:00Z', '', 'soon', '15', undefined].map(readTime),
    ['15m', '15m', '1700000000000', '1777636800000', undefined, undefined, undefined, undefined],
  )
})

test('a relative range stays relative for the API and is pinned for a link', () => {
  assert.deepEqual(rangeParameters({}), { since: '1h' })
  assert.deepEqual(rangeParameters({ from: '15m', to: '5m' }), { since: '15m', until: '5m' })
  assert.deepEqual(pinned({ from: '15m' }, 1_000_000_000), { from: '999100000', to: '1000000000' })
  assert.equal(timeMs('1700000000000', 5), 1_700_000_000_000)
})

test('a range has a name', () => {
  assert.equal(rangeName({}, String), 'Last hour')
  assert.equal(rangeName({ from: '1700000000000', to: '1700000001000' }, String), '1700000000000 – 1700000001000')
})
