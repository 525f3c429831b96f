import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleColdStartPart, ConsoleColdStarts } from '../api/console-types.ts'
import { drawColdStarts } from './cold-tree.ts'

const part = (
  name: string,
  [offsetMs, ms]: readonly [number, number],
  children: readonly ConsoleColdStartPart[] = [],
): ConsoleColdStartPart => ({
  name,
  offsetMs,
  ms,
  selfMs: ms - children.reduce((sum, child) => sum + child.ms, 0),
  children,
})

const FOUND: ConsoleColdStarts = {
  function: 'orders',
  more: false,
  versions: [
    {
      version: '$LATEST',
      coldStarts: 2,
      failed: 1,
      initMs: { p50: 200, p90: 400, most: 400 },
      phases: [
        { name: 'Sandbox', ms: 50 },
        { name: 'Function', ms: 150 },
      ],
      imports: [{ module: 'boto3', coldStarts: 2, selfMs: 90, cumulativeMs: 120 }],
    },
  ],
  coldStarts: [
    {
      traceId: '1-63dd2166-434a12c22e1307ff2114f299',
      spanId: '0000000000000001',
      version: '$LATEST',
      startMs: 0,
      initMs: 200,
      callMs: 1,
      failed: false,
      phases: [],
      parts: [
        part('Sandbox', [0, 50]),
        part('Function', [50, 150], [part('import boto3', [50, 120], [part('import tiny', [60, 1])])]),
      ],
    },
  ],
}

const painter = (columns: number): Parameters<typeof drawColdStarts>[1] => ({
  paint: (_, text) => text,
  columns,
  isTerminal: false,
})

test('versions have their figures, the newest cold start is a tree in time', () => {
  assert.deepEqual(
    drawColdStarts(FOUND, painter(Infinity)).map((line) => line.trimEnd()),
    [
      '$LATEST  2 cold starts, 1 failed  p50 200 ms  p90 400 ms  longest 400 ms',
      '  Sandbox 50 ms  ·  Function 150 ms',
      '     self  with its own  import',
      '    90 ms        120 ms  boto3',
      '',
      '1-63dd2166-434a12c22e1307ff2114f299  1970-01-01T00:00:00.000Z  200 ms',
      '    50 ms  ██████                    ├─ Sandbox',
      '   150 ms        ██████████████████  └─ Function  (self 30 ms)',
      '   120 ms        ██████████████         └─ import boto3  (self 119 ms)',
      '           and 1 shorter: --all shows them',
    ],
  )
  assert.match(drawColdStarts(FOUND, painter(Infinity), { all: true }).at(-1)!, /└─ import tiny$/)
})

test('no line is wider than the terminal', () => {
  for (const line of drawColdStarts(FOUND, painter(50))) assert.ok(line.length <= 50, line)
})
