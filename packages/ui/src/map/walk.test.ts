import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleMapEdge } from '../../../fnscope/src/api/console-types.ts'
import { walk } from './walk.ts'

const points = [
  { x: 0, y: 50 },
  { x: 200, y: 0 },
  { x: 200, y: 60 },
  { x: 200, y: 200 },
]
const edges = [
  { from: 0, to: 1 },
  { from: 0, to: 2 },
  { from: 3, to: 3 },
] as unknown as readonly ConsoleMapEdge[]

test('right and left follow edges to the nearest, up and down stay in the rank', () => {
  assert.equal(walk(0, 'ArrowRight', { points, edges }), 2)
  assert.equal(walk(1, 'ArrowLeft', { points, edges }), 0)
  assert.equal(walk(2, 'ArrowDown', { points, edges }), 3)
  assert.equal(walk(2, 'ArrowUp', { points, edges }), 1)
})

test('where there is nothing that way, one stays', () => {
  assert.equal(walk(3, 'ArrowRight', { points, edges }), 3)
  assert.equal(walk(0, 'ArrowUp', { points, edges }), 0)
  assert.equal(walk(9, 'ArrowUp', { points, edges }), 9)
})
