import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { csvCell, rowsToCsv } from './export-rows.ts'

test('a cell is quoted where it must be, and never a formula', () => {
  assert.deepEqual(['a', 'a,b', 'say "hi"', '=1+1', 5, true, undefined].map(csvCell), [
    'a',
    '"a,b"',
    '"say ""hi"""',
    "'=1+1",
    '5',
    'true',
    '',
  ])
})

test('a list has a head and a line each', () => {
  const row = {
    id: '1-a',
    name: 'x',
    startMs: 1,
    durationMs: 2,
    error: false,
    fault: true,
    throttle: false,
    partial: false,
  }
  assert.equal(rowsToCsv([row]).split('\r\n')[1], '1-a,x,1,2,,,,false,true,false,false')
})
