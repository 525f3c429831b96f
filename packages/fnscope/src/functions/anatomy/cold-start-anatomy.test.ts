import assert from 'node:assert/strict'
import test from 'node:test'
import { importParts, initParts, type AnatomyPart } from './cold-start-anatomy.ts'
import type { ImportLine } from './import-lines.ts'

const MS = 1_000_000n

function line(name: string, depth: number, tookMs: number, atMs: number, selfMs = tookMs): ImportLine {
  return {
    name,
    depth,
    selfMicros: Math.round(selfMs * 1000),
    cumulativeMicros: Math.round(tookMs * 1000),
    atNanos: BigInt(Math.round(atMs * 1000)) * 1000n,
  }
}

const shape = (parts: readonly AnatomyPart[]): unknown[] =>
  parts.map(({ name, startNanos, endNanos, children }) => [
    name,
    Number(startNanos / MS),
    Number(endNanos / MS),
    ...(children.length > 0 ? [shape(children)] : []),
  ])

// In the order in which they are written: what lies within before what it lies in.
const IMPORTS = [
  line('site', 0, 4, 14),
  line('logging', 1, 5, 22),
  line('awslambdaric.bootstrap', 0, 10, 26, 5),
  line('botocore', 1, 20, 55),
  line('boto3', 0, 30, 60, 10),
  line('tiny', 0, 0.1, 61),
]

test('an initialization falls into sandbox, extensions, runtime and function, with their imports', () => {
  const anatomy = { spawnNanos: 2n * MS, runtimeNanos: 8n * MS, hasExtensions: true, imports: IMPORTS }
  const parts = initParts({ startNanos: 0n, endNanos: 70n * MS, anatomy })
  assert.deepEqual(shape(parts), [
    ['Sandbox', 0, 2],
    ['Extensions', 2, 10],
    [
      'Runtime',
      10,
      26,
      [
        ['import site', 10, 14],
        ['import awslambdaric.bootstrap', 16, 26, [['import logging', 17, 22]]],
      ],
    ],
    ['Function', 26, 70, [['import boto3', 30, 60, [['import botocore', 35, 55]]]]],
  ])
  const [, , , code] = parts
  assert.deepEqual(code!.attributes, { 'fnscope.imports': 3 })
  assert.equal(code!.children[0]!.attributes['fnscope.import.self_ms'], 10)
})

test('a runtime that tells of no imports has its part until the end', () => {
  const anatomy = { spawnNanos: 2n * MS, runtimeNanos: 2n * MS, hasExtensions: false, imports: [] }
  assert.deepEqual(shape(initParts({ startNanos: 0n, endNanos: 9n * MS, anatomy })), [
    ['Sandbox', 0, 2],
    ['Runtime', 2, 9],
  ])
})

test('an initialization that ended before the runtime was started is sandbox and extensions', () => {
  const anatomy = { spawnNanos: 2n * MS, runtimeNanos: undefined, hasExtensions: true, imports: [] }
  assert.deepEqual(shape(initParts({ startNanos: 0n, endNanos: 9n * MS, anatomy })), [
    ['Sandbox', 0, 2],
    ['Extensions', 2, 9],
  ])
})

test('lines that were read late are moved so that nothing overlaps and all lies within', () => {
  const late = [line('a', 0, 10, 90), line('b', 0, 10, 90), line('c', 0, 500, 90)]
  assert.deepEqual(shape(importParts(late, { startNanos: 0n, endNanos: 80n * MS })), [['import c', 0, 80]])
  const two = late.slice(0, 2)
  assert.deepEqual(shape(importParts(two, { startNanos: 0n, endNanos: 80n * MS })), [
    ['import a', 60, 70],
    ['import b', 70, 80],
  ])
})

test('of very many imports the longest are shown, each with those that it lies in', () => {
  const many = Array.from({ length: 1000 }, (_, index) => [
    line(`inner${index}`, 1, 1 + index / 1000, index * 10 + 5),
    line(`outer${index}`, 0, 2 + index / 1000, index * 10 + 6),
  ]).flat()
  const parts = importParts(many, { startNanos: 0n, endNanos: 100_000n * MS })
  const count = parts.reduce((sum, part) => sum + 1 + part.children.length, 0)
  assert.equal(count, 300)
  assert.ok(parts.some(({ name }) => name === 'import outer999'))
})
