import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secondsToNanos } from '../span/time.ts'
import type { Span } from '../span/span.ts'
import { MemoryStore } from './memory-store.ts'
import { guideTrace, segmentAt, spanAt } from './sample-traces.ts'
import { graphOfSpans, readServiceGraph, type ServiceGraph } from './service-graph.ts'

const NAME = 'sam-app-HelloWorldFunction-YBg8yfYtOc9j'

/** `0 Root AWS::Lambda name ok/error/throttle/fault seconds -> targets` */
function lines(graph: ServiceGraph): string[] {
  return graph.nodes.map(({ key, root, inferred, statistics: s, edges }, i) => {
    const counts = s ? `${s.ok}/${s.error}/${s.throttle}/${s.fault} ${s.totalSeconds.toFixed(3)}` : 'none'
    const flags = `${root ? ' root' : ''}${inferred ? ' inferred' : ''}`
    return `${i} ${key.type || '-'} ${key.name}${flags} ${counts} -> ${edges.map((edge) => edge.target).join(',')}`
  })
}

const REMOTE = { namespace: 'remote', kind: 3, peer: { name: 'api.example', type: 'remote' } }

test("a Lambda trace is the guide's three nodes: service, function, client", () => {
  const graph = graphOfSpans(guideTrace())
  assert.deepEqual(lines(graph), [
    `0 AWS::Lambda ${NAME} root 1/0/0/0 0.924 -> 1`,
    `1 AWS::Lambda::Function ${NAME} 1/0/0/0 0.016 -> `,
    `2 client ${NAME} none -> 0`,
  ])
})

test('the order in which spans arrive changes nothing', () => {
  const expected = graphOfSpans(guideTrace())
  assert.deepEqual(graphOfSpans(guideTrace().reverse()), expected)
})

test('a call without a reporting callee makes an inferred node with the caller’s view', () => {
  const graph = graphOfSpans([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101 }),
    spanAt({ id: '2', parentId: '1', start: 100.1, end: 100.2, name: 'local work' }),
    spanAt({ ...REMOTE, id: '3', parentId: '2', start: 100.1, end: 100.2, error: true, fault: true, throttle: true }),
  ])
  assert.deepEqual(lines(graph), [
    '0 - web root 1/0/0/0 1.000 -> 1',
    '1 remote api.example inferred 0/0/0/1 0.100 -> ',
    '2 client web none -> 0',
  ])
})

test('a reporting callee has its own statistics, and the edge to it the call’s', () => {
  const graph = graphOfSpans([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101 }),
    spanAt({ ...REMOTE, id: '2', parentId: '1', start: 100.1, end: 100.6, throttle: true, error: true }),
    segmentAt({ id: '3', parentId: '2', name: 'api', start: 100.2, end: 100.3 }),
  ])
  assert.deepEqual(lines(graph), [
    '0 - web root 1/0/0/0 1.000 -> 1',
    '1 - api 1/0/0/0 0.100 -> ',
    '2 client web none -> 0',
  ])
  const { edge } = graph.nodes[0]!.edges[0]!
  assert.deepEqual([edge.throttle, edge.error, edge.ok, edge.totalSeconds], [1, 0, 0, 0.5])
})

test('a call inside a call is counted once, by the inner one', () => {
  const graph = graphOfSpans([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101 }),
    spanAt({ ...REMOTE, id: '2', parentId: '1', start: 100.1, end: 100.6 }),
    spanAt({ ...REMOTE, id: '3', parentId: '2', start: 100.2, end: 100.5 }),
  ])
  assert.equal(lines(graph)[1], '1 remote api.example inferred 1/0/0/0 0.300 -> ')
})

test('a segment whose parent never came is a root with a client', () => {
  const graph = graphOfSpans([segmentAt({ id: '1', parentId: 'dead', name: 'web', start: 100, end: 101 })])
  assert.deepEqual(lines(graph), ['0 - web root 1/0/0/0 1.000 -> ', '1 client web none -> 0'])
})

test('what is in progress is not counted, and still ties callee to caller', () => {
  const graph = graphOfSpans([
    segmentAt({ id: '1', name: 'web', start: 100 }),
    segmentAt({ id: '2', parentId: '1', name: 'api', start: 100.2, end: 100.3 }),
  ])
  assert.deepEqual(lines(graph), ['0 - web none -> 1', '1 - api 1/0/0/0 0.100 -> '])
})

test('copies of one segment are counted once and the completed one wins', () => {
  const done = segmentAt({ id: '1', name: 'web', start: 100, end: 101 })
  const open = segmentAt({ id: '1', name: 'web', start: 100, receivedNanos: secondsToNanos(999) })
  assert.equal(lines(graphOfSpans([done, open, done]))[0], '0 - web root 1/0/0/0 1.000 -> ')
})

test('a ring of parents ends, whatever the order', () => {
  const ring = [
    segmentAt({ id: '1', parentId: '2', name: 'a', start: 100, end: 101 }),
    segmentAt({ id: '2', parentId: '3', name: 'b', start: 100.1, end: 101 }),
    segmentAt({ id: '3', parentId: '1', name: 'c', start: 100.2, end: 101 }),
  ]
  assert.deepEqual(graphOfSpans(ring), graphOfSpans(ring.toReversed()))
  assert.equal(graphOfSpans(ring).nodes[0]!.key.name, 'a')
})

test('a subsegment ten thousand levels deep overflows nothing', () => {
  const spans: Span[] = [segmentAt({ id: '0', name: 'web', start: 100, end: 101 })]
  for (let i = 1; i < 10_000; i++) {
    spans.push(spanAt({ id: i.toString(16), parentId: (i - 1).toString(16), start: 100, end: 101 }))
  }
  assert.equal(graphOfSpans(spans).nodes.length, 2)
})

test('nodes stand roots first, then breadth first, clients last', () => {
  const graph = graphOfSpans([
    segmentAt({ id: '1', name: 'z-first', start: 100, end: 101 }),
    segmentAt({ id: '2', parentId: '1', name: 'deep', start: 100.1, end: 101 }),
    segmentAt({ id: '3', parentId: '2', name: 'deeper', start: 100.2, end: 101 }),
    segmentAt({ id: '4', parentId: '1', name: 'beside', start: 100.3, end: 101 }),
    segmentAt({ id: '5', traceId: 'a'.repeat(32), name: 'a-second', start: 100.5, end: 101 }),
  ])
  const names = graph.nodes.map(({ key }) => (key.type === 'client' ? `client ${key.name}` : key.name))
  assert.deepEqual(names, ['z-first', 'a-second', 'deep', 'beside', 'deeper', 'client z-first', 'client a-second'])
})

test('a range inside one minute counts what starts in it alone', async () => {
  const store = new MemoryStore(guideTrace(120))
  const at = (seconds: number): bigint => secondsToNanos(seconds)
  const graph = await readServiceGraph(store, { startNanos: at(120.5), endNanos: at(121) })
  assert.deepEqual(lines(graph), [
    `0 AWS::Lambda ${NAME} none -> 1`,
    `1 AWS::Lambda::Function ${NAME} 1/0/0/0 0.016 -> `,
  ])
})
