import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layout, NODE_PX, RANK_PX, type LayoutEdge } from './layout.ts'

const edges = (...pairs: readonly (readonly [number, number])[]): LayoutEdge[] =>
  pairs.map(([from, to]) => ({ from, to }))

test('a callee stands right of its callers, by the longest way to it', () => {
  const { points } = layout({ nodes: 4, edges: edges([0, 1], [1, 2], [0, 2], [2, 3]) })
  assert.deepEqual(
    points.map(({ x }) => (x - points[0]!.x) / RANK_PX),
    [0, 1, 2, 3],
  )
})

test('nodes of a rank do not overlap', () => {
  const { points } = layout({ nodes: 9, edges: edges(...[1, 2, 3, 4, 5, 6, 7, 8].map((to) => [0, to] as const)) })
  const heights = points
    .slice(1)
    .map(({ y }) => y)
    .sort((a, b) => a - b)
  for (const [at, y] of heights.entries()) if (at > 0) assert.ok(y - heights[at - 1]! >= NODE_PX - 1)
})

test('two callers crossed over are put in the order of what they call', () => {
  // 0 calls 3, 1 calls 2: drawn as given they would cross.
  const { points } = layout({ nodes: 4, edges: edges([0, 3], [1, 2]) })
  assert.equal(Math.sign(points[0]!.y - points[1]!.y), Math.sign(points[3]!.y - points[2]!.y))
})

test('calls in a circle, of oneself, and of nobody are laid out all the same', () => {
  const { points, bends } = layout({ nodes: 4, edges: edges([0, 1], [1, 2], [2, 0], [1, 1]) })
  assert.equal(points.length, 4)
  assert.ok(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)))
  assert.deepEqual(
    bends.map((one) => one.length),
    [0, 0, 1, 0],
  )
})

test('a long edge bends once in each rank that it passes, from its caller on', () => {
  const { bends, points } = layout({ nodes: 4, edges: edges([0, 1], [1, 2], [2, 3], [0, 3]) })
  assert.deepEqual(
    bends[3]!.map(({ x }) => x),
    [points[1]!.x, points[2]!.x],
  )
})

test('a chain of 20 000 is no recursion, and nothing has no size', () => {
  const chain = Array.from({ length: 20_000 }, (_, from) => ({ from, to: from + 1 }))
  assert.equal(layout({ nodes: 20_001, edges: chain }).points.at(-1)!.x - 90, 20_000 * RANK_PX)
  assert.deepEqual(layout({ nodes: 0, edges: [] }), { points: [], bends: [], width: 0, height: 0 })
})

test('parts that no call joins do not overlap, and the whole is about as wide as a screen', () => {
  const pairs = Array.from({ length: 30 }, (_, at) => ({ from: 2 * at, to: 2 * at + 1 }))
  const { points, width, height } = layout({ nodes: 61, edges: pairs })
  assert.equal(new Set(points.map(({ x, y }) => `${x} ${y}`)).size, 61)
  assert.ok(width / height > 1 && width / height < 3, `${width} x ${height}`)
})
