import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionsOf } from './cold-start-versions.ts'
import type { ColdStart, ColdStartPart } from './cold-starts.ts'

const part = (name: string, ms: number, children: readonly ColdStartPart[] = []): ColdStartPart => ({
  name,
  offsetMs: 0,
  ms,
  selfMs: ms - children.reduce((sum, child) => sum + child.ms, 0),
  children,
})

function coldStart(version: string, initMs: number, parts: readonly ColdStartPart[], failed = false): ColdStart {
  return {
    traceId: '63dd2166434a12c22e1307ff2114f299',
    spanId: '0000000000000001',
    version,
    startNanos: 0n,
    initMs,
    callMs: 1,
    failed,
    phases: parts.map(({ name, ms }) => ({ name, ms })),
    parts,
  }
}

test('each version has its times, its phases and its imports, the longest on their own first', () => {
  const parts = (scale: number): ColdStartPart[] => [
    part('Sandbox', 10 * scale),
    part('Function', 90 * scale, [part('import a', 80 * scale, [part('import b', 60 * scale)])]),
  ]
  const [newest, older] = versionsOf([
    coldStart('2', 100, parts(1)),
    coldStart('2', 200, parts(2), true),
    coldStart('1', 50, [part('Sandbox', 50)]),
    coldStart('2', 300, parts(3)),
  ])
  assert.deepEqual(newest, {
    version: '2',
    coldStarts: 3,
    failed: 1,
    initMs: { p50: 200, p90: 300, most: 300 },
    phases: [
      { name: 'Sandbox', ms: 20 },
      { name: 'Function', ms: 180 },
    ],
    imports: [
      { module: 'b', coldStarts: 3, selfMs: 120, cumulativeMs: 120 },
      { module: 'a', coldStarts: 3, selfMs: 40, cumulativeMs: 160 },
    ],
  })
  assert.deepEqual([older?.version, older?.imports], ['1', []])
})

test('no cold starts are no versions', () => {
  assert.deepEqual(versionsOf([]), [])
})
