import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleCalls, ConsoleMapEdge, ConsoleMapNode } from '../../../fnscope/src/api/console-types.ts'
import { grouped } from './grouped.ts'

const calls = (count: number, ms: number): ConsoleCalls => ({
  count,
  perSecond: count,
  ok: count,
  error: 0,
  throttle: 0,
  fault: 0,
  averageMs: ms,
  p50Ms: ms,
  p90Ms: ms,
  p99Ms: ms,
  histogram: [{ fromMs: ms, toMs: ms * 2, calls: count }],
})
const node = (id: number, name: string, type: string, accountId: string): ConsoleMapNode => ({
  id,
  name,
  type,
  accountId,
  root: id === 0,
  inferred: false,
  client: type === 'client',
  firstMs: id,
  lastMs: id + 10,
  calls: calls(10, 10 ** id),
})
const edge = (from: number, to: number): ConsoleMapEdge => ({ from, to, ...calls(5, 1) })
const MAP = {
  nodes: [
    node(0, 'web', 'AWS::EC2::Instance', '1'),
    node(1, 'orders', 'AWS::Lambda', '1'),
    node(2, 'orders', 'AWS::Lambda::Function', '1'),
    node(3, 'bank', 'remote', '2'),
  ],
  edges: [edge(0, 1), edge(1, 2), edge(2, 3), edge(0, 2)],
}

test('a Lambda service and its function are one service, whose calls count once', () => {
  const { nodes, edges } = grouped(MAP, 'service')
  assert.deepEqual(
    nodes.map(({ name, type, members, calls: { count } = calls(0, 0) }) => [name, type, members, count]),
    [
      ['web', 'AWS::EC2::Instance', 1, 10],
      ['orders', 'AWS::Lambda::Function', 2, 10],
      ['bank', 'remote', 1, 10],
    ],
  )
  assert.deepEqual(
    edges.map(({ from, to, count }) => [from, to, count]),
    [
      [0, 1, 10],
      [1, 2, 5],
    ],
  )
})

test('an account adds up what its members answered; quantiles are of all calls', () => {
  const { nodes, edges } = grouped(MAP, 'account')
  assert.deepEqual(
    nodes.map(({ name, members }) => [name, members]),
    [
      ['1', 3],
      ['2', 1],
    ],
  )
  assert.deepEqual([nodes[0]!.calls!.count, nodes[0]!.calls!.averageMs, nodes[0]!.calls!.p50Ms], [20, 50.5, 2])
  assert.equal(edges.length, 1)
})

test('without a grouping every node stays, and keys do not depend on the order', () => {
  const { nodes } = grouped(MAP, 'none')
  assert.equal(nodes.length, 4)
  const turned = grouped({ nodes: MAP.nodes.toReversed().map((one, id) => ({ ...one, id })), edges: [] }, 'none')
  assert.deepEqual(turned.nodes.map(({ key }) => key).sort(), nodes.map(({ key }) => key).sort())
})
