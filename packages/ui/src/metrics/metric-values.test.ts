import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statisticOf, usualStatistic, valueIn, valuesOf } from './metric-values.ts'

const CELL = { column: 2, count: 4, sum: 10, min: 1, max: 6 }

test('a statistic of a column', () => {
  assert.deepEqual(
    (['average', 'sum', 'min', 'max', 'count'] as const).map((one) => statisticOf(CELL, one)),
    [2.5, 10, 1, 6, 4],
  )
  assert.deepEqual(valuesOf([CELL], 4, 'max'), [undefined, undefined, 6, undefined])
})

test('counters are summed, all else is averaged', () => {
  assert.deepEqual(
    [usualStatistic('sum', ''), usualStatistic('statistics', 'Count'), usualStatistic('gauge', 'Bytes')],
    ['sum', 'sum', 'average'],
  )
})

test('values read in their unit', () => {
  assert.deepEqual(
    [
      valueIn('Seconds', 1.5),
      valueIn('Megabytes', 17),
      valueIn('Count', 1234),
      valueIn('Percent', 12.3456),
      valueIn('', NaN),
    ],
    ['1.50 s', '17.0 MB', '1,234', '12.35 Percent', ''],
  )
})
