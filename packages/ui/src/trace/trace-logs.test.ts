import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { buildTree, FLAG } from './rows.ts'
import { sampleColumns } from './sample-columns.ts'
import { logsByRow, reportOf } from './trace-logs.ts'

const line = (fn: string, timeMs: number): ConsoleLogLine => ({
  time: '',
  timeMs,
  received: '1',
  kind: 'function',
  function: fn,
  logGroup: '',
  logStream: '',
  severity: 'INFO',
  level: 'info',
  body: 'hello',
})

test('a line belongs to the segment of its function that was running', () => {
  const flags = FLAG.segment
  const tree = buildTree(
    sampleColumns([
      { startUs: 0, durationUs: 9000, service: 'front', flags },
      { parent: 0, startUs: 0, durationUs: 4000, service: 'pay', flags },
      { parent: 0, startUs: 5000, durationUs: 4000, service: 'pay', flags },
    ]),
  )
  const start = tree.columns.startMs
  const found = logsByRow(tree, [
    line('pay', start + 2),
    line('pay', start + 6),
    line('front', start + 1),
    line('x', start),
  ])
  assert.deepEqual(
    [...found].map(([row, lines]) => [row, lines.length]),
    [
      [1, 1],
      [2, 1],
      [0, 2],
    ],
  )
})

test('a REPORT line tells its numbers, as text and as JSON', () => {
  const text =
    'REPORT RequestId: a\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 101.5 ms\t'
  const numbers = { durationMs: 12.34, billedMs: 13, memoryMb: 128, usedMb: 40, initMs: 101.5 }
  assert.deepEqual(reportOf(text), numbers)
  const json =
    '{"type":"platform.report","record":{"metrics":{"durationMs":12.34,"billedDurationMs":13,"memorySizeMB":128,"maxMemoryUsedMB":40,"initDurationMs":101.5}}}'
  assert.deepEqual(reportOf(json), numbers)
  assert.equal(reportOf('a REPORT of mine'), undefined)
})
