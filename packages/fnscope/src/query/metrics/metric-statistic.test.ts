import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statisticOf } from './metric-statistic.ts'

/** 1 to 10, of which 10 came eleven times: 20 samples, 1 … 9 and eleven times 100. */
const VALUES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((value) => [value, value === 100 ? 11 : 1] as const)
const PERIOD = { startNanos: 0n, unit: '', count: 20, sum: 1145, min: 1, max: 100, values: VALUES }

const CASES: readonly (readonly [string, number | undefined])[] = [
  ['Average', 57.25],
  ['SampleCount', 20],
  ['p0', 1],
  ['p25', 5],
  ['p99.9', 100],
  // The highest 55 % are eleven samples.
  ['tm45', 5],
  ['TM(:45%)', 5],
  ['TM(10%:90%)', (3 + 4 + 5 + 6 + 7 + 8 + 9 + 900) / 16],
  ['TM(2:9)', 6],
  ['TM(200:)', undefined],
  ['TS(45%:)', 1100],
  ['ts45', 45],
  ['TC(0:4)', 4],
  ['tc45', 9],
  ['IQM', (6 + 7 + 8 + 9 + 600) / 10],
  ['PR(:9)', 45],
  ['PR(8:)', 60],
  ['wm45', (45 + 9 * 11) / 20],
  ['WM(5%:95%)', (2 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 1100) / 20],
  ['WM(3:50)', (3 * 3 + 4 + 5 + 6 + 7 + 8 + 9 + 550) / 20],
]

for (const [name, expected] of CASES)
  test(`${name} is what one calculates`, () => {
    const value = statisticOf(name)!.of(PERIOD)
    assert.equal(
      value === undefined ? undefined : Math.round(value * 1e9) / 1e9,
      expected === undefined ? undefined : Math.round(expected * 1e9) / 1e9,
    )
  })

test('a period without known values has none of these figures', () => {
  for (const name of ['p50', 'tm90', 'wm90', 'TC(0:1)', 'PR(:1)'])
    assert.equal(statisticOf(name)!.of({ ...PERIOD, values: [] }), undefined, name)
})

for (const name of [
  '',
  'average',
  'p101',
  'p',
  'tm101',
  'TM()',
  'TM(:)',
  'TM(1:5%)',
  'PR(1%:5%)',
  'TM(1:2:3)',
  'TM(a:b)',
  'TM(-1:2)',
  'XX(1:2)',
  'toString',
])
  test(`${name || 'nothing'} is no statistic`, () => {
    assert.equal(statisticOf(name), undefined)
  })
