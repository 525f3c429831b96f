import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleColdStart, ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'
import { byVersion, packageOf, phaseNames, topPackages } from './cold-start-sums.ts'

const part = (name: string, ms: number, children: readonly ConsoleColdStartPart[] = []): ConsoleColdStartPart => ({
  name,
  offsetMs: 0,
  ms,
  selfMs: ms - children.reduce((sum, child) => sum + child.ms, 0),
  children,
})
const start = (version: string, startMs: number, parts: readonly ConsoleColdStartPart[]): ConsoleColdStart => ({
  traceId: '1-63dd2166-434a12c22e1307ff2114f299',
  spanId: String(startMs),
  version,
  startMs,
  initMs: parts.reduce((sum, { ms }) => sum + ms, 0),
  callMs: 1,
  failed: false,
  phases: parts.map(({ name, ms }) => ({ name, ms })),
  parts,
})
const STARTS = [
  start('1', 1, [
    part('Extensions', 10),
    part('Imports', 100, [part('boto3', 80, [part('boto3.session', 30), part('botocore', 20)])]),
  ]),
  start('2', 2, [part('Imports', 50, [part('botocore.client', 40)])]),
]

test('packages are what lies below the phases; one within itself counts once', () => {
  assert.deepEqual(topPackages(STARTS, 5), [
    { name: 'boto3', selfMs: 60, ms: 80, starts: 1 },
    { name: 'botocore', selfMs: 30, ms: 30, starts: 2 },
  ])
  assert.equal(topPackages(STARTS, 1).length, 1)
})

test('modules are of their package', () => {
  const names = ['import numpy.core', 'require @aws-sdk/client-s3/dist', 'lodash/fp', 'json']
  assert.deepEqual(names.map(packageOf), ['numpy', '@aws-sdk/client-s3', 'lodash', 'json'])
})

test('phases by what they take, versions by their newest start', () => {
  assert.deepEqual(phaseNames(STARTS), ['Imports', 'Extensions'])
  assert.deepEqual(byVersion([...STARTS, start('1', 0, [part('Imports', 90)])]), [
    { version: '2', starts: 1, averageMs: 50, leastMs: 50, mostMs: 50 },
    { version: '1', starts: 2, averageMs: 100, leastMs: 90, mostMs: 110 },
  ])
})
