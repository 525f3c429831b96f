import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guideTrace, segmentAt, spanAt } from './sample-traces.ts'
import { assembleTrace, walkTrace } from './trace.ts'
import { indexTrace } from './trace-index.ts'

test('subsegments stand under their parents by start, also those outside their parent’s time', () => {
  const tree = assembleTrace(guideTrace().reverse())!
  const lines = [...walkTrace(tree)].map(({ depth, span }) => `${'  '.repeat(depth)}${span.name.split('-')[0]!}`)
  assert.deepEqual(lines, [
    'sam',
    '  sam',
    '    Initialization',
    '    Invocation',
    '      ## lambda_handler',
    '        ## app.hello',
    '    Overhead',
  ])
  assert.equal(tree.durationNanos, 924_000_000n)
})

test('what lost its parent stands at the top and is marked', () => {
  const tree = assembleTrace([
    segmentAt({ id: '1', start: 100, end: 101 }),
    spanAt({ id: '3', parentId: '2', start: 100.5, end: 101 }),
  ])!
  assert.deepEqual(
    tree.roots.map((node) => node.orphan),
    [false, true],
  )
})

test('every span of a ring of parents is in the tree once', () => {
  const tree = assembleTrace([
    spanAt({ id: '1', parentId: '2', start: 100, end: 101 }),
    spanAt({ id: '2', parentId: '1', start: 100, end: 101 }),
    spanAt({ id: '3', parentId: '3', start: 100, end: 101 }),
  ])!
  assert.equal([...walkTrace(tree)].length, 3)
})

test('no spans are no trace', () => {
  assert.equal(assembleTrace([]), undefined)
})

test('an SDK’s span of an invocation that the platform tells of is no segment of its own', () => {
  const one = { start: 10, end: 20, name: 'pay', service: 'pay', origin: 'AWS::Lambda::Function', kind: 2 }
  const platform = segmentAt({ ...one, id: '2', source: 'lambda' })
  const invocation = spanAt({ id: '3', parentId: '2', start: 11, end: 19, name: 'Invocation', source: 'lambda' })
  const adot = segmentAt({ ...one, id: 'a', parentId: '3', source: 'otlp' })
  const call = spanAt({ id: 'b', parentId: 'a', start: 12, end: 13, kind: 3, source: 'otlp' })
  const called = segmentAt({ ...one, id: 'c', parentId: 'b', source: 'otlp' })
  const { spans } = indexTrace([platform, invocation, adot, call, called])
  const segments = spans.filter(({ segment }) => segment).map(({ spanId }) => spanId.at(-1))
  assert.deepEqual(segments, ['2', 'c'])
})
