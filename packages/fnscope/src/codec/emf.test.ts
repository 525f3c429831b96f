import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLines } from '../../../../test/captures.ts'
import { decodeEmf, isEmf, type EmfResult } from './emf.ts'

const TIME = 1_795_249_022_889
const CONTEXT = { service: 'orders-fn', receivedNanos: BigInt(TIME) * 1_000_000n }
const decode = (value: unknown): EmfResult =>
  decodeEmf(typeof value === 'string' ? value : JSON.stringify(value), CONTEXT)

interface Directive {
  readonly Namespace?: unknown
  readonly Dimensions?: unknown
  readonly Metrics?: unknown
}
const DIRECTIVE: Directive = { Namespace: 'Shop', Dimensions: [['stage']], Metrics: [{ Name: 'N', Unit: 'Count' }] }
const line = (directive: Directive = {}, root: object = {}): object => ({
  _aws: { Timestamp: TIME, CloudWatchMetrics: [{ ...DIRECTIVE, ...directive }] },
  stage: 'test',
  N: 2,
  ...root,
})

test('the lines Powertools prints give the samples it recorded', () => {
  const results = readLines('emf/powertools-metrics.jsonl').map(decode)
  assert.deepEqual(
    results.flatMap((result) => result.refused),
    [],
  )
  const points = results.flatMap((result) => result.points)
  assert.deepEqual([...new Set(points.map((point) => point.namespace))], ['Other', 'Shop'])
  const total = (name: string): readonly number[] => {
    const of = points.filter((point) => point.name === name)
    return [of.reduce((sum, one) => sum + one.count, 0), of.reduce((sum, one) => sum + one.value, 0)]
  }
  assert.deepEqual(['Orders', 'Latency', 'Hot', 'ColdStart', 'One'].map(total), [
    [2, 2],
    [4, 65],
    [2, 2],
    [1, 1],
    [2, 1024],
  ])
  const latency = points.find((point) => point.name === 'Latency')!
  assert.deepEqual([latency.min, latency.max, latency.unit], [12.5, 20, 'Milliseconds'])
  assert.deepEqual(latency.dimensions, { stage: 'test', service: 'orders' })
  assert.deepEqual(latency.attributes, { order_id: 'A-1' })
  assert.equal(latency.timeNanos, CONTEXT.receivedNanos)
  assert.equal(points.find((point) => point.name === 'Hot')!.resolutionSeconds, 1)
  assert.equal(latency.resolutionSeconds, 60)
})

test('each dimension set makes a point of each metric, and no set makes one without dimensions', () => {
  const { points } = decode(line({ Dimensions: [['stage'], ['stage', 'user'], []] }, { user: 'u' }))
  assert.deepEqual(
    points.map((point) => point.dimensions),
    [{ stage: 'test' }, { stage: 'test', user: 'u' }, {}],
  )
  assert.deepEqual(decode(line({ Dimensions: [] })).points[0]!.dimensions, {})
})

test('statistics objects are read with and without values', () => {
  const [given] = decode(line({}, { N: { Count: 4, Sum: 10, Min: 1, Max: 4 } })).points
  assert.deepEqual([given!.count, given!.value, given!.min, given!.max], [4, 10, 1, 4])
  const [listed] = decode(line({}, { N: { Values: [1, 5], Counts: [3, 1] } })).points
  assert.deepEqual([listed!.count, listed!.value, listed!.min, listed!.max], [4, 8, 1, 5])
})

test('request and trace id of the line are on its points', () => {
  const [point] = decodeEmf(JSON.stringify(line()), { ...CONTEXT, requestId: 'r', traceId: 'a'.repeat(32) }).points
  assert.deepEqual([point!.requestId, point!.traceId, point!.service], ['r', 'a'.repeat(32), 'orders-fn'])
})

test('what the Node runtime puts before the JSON does not hide it', () => {
  const text = `2026-11-21T08:03:35.790Z\tr-1\tINFO\t${JSON.stringify(line())}`
  assert.equal(isEmf(text), true)
  assert.equal(decode(text).points.length, 1)
})

test('lines that only mention the member are no metrics', () => {
  assert.equal(isEmf('hello'), false)
  assert.equal(isEmf('the "_aws" member of {}'), false)
  assert.equal(isEmf('{"message":"plain"}'), false)
})

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `k${index}`)
const members = (keys: readonly string[], value: unknown): object => Object.fromEntries(keys.map((key) => [key, value]))
const metrics = (count: number): object[] => many(count).map((Name) => ({ Name }))

test('100 metrics and 30 dimensions are taken, one more of either is refused', () => {
  assert.equal(decode(line({ Metrics: metrics(100) }, members(many(100), 1))).points.length, 100)
  assert.equal(decode(line({ Dimensions: [many(30)] }, members(many(30), 'v'))).points.length, 1)
  for (const bad of [
    line({ Metrics: metrics(101) }, members(many(101), 1)),
    line({ Dimensions: [many(31)] }, members(many(31), 'v')),
  ]) {
    const { points, refused } = decode(bad)
    assert.equal(points.length, 0)
    assert.match(refused[0]!, /at most (100|30)/)
  }
})

const BAD: readonly (readonly [what: string, value: unknown])[] = [
  ['text that is no JSON', '{"_aws":'],
  ['a line without _aws', { stage: 'x' }],
  ['no timestamp', { ...line(), _aws: { CloudWatchMetrics: [DIRECTIVE] } }],
  ['a timestamp of 15 days ago', { ...line(), _aws: { Timestamp: TIME - 15 * 86_400_000, CloudWatchMetrics: [] } }],
  ['a timestamp of 3 hours ahead', { ...line(), _aws: { Timestamp: TIME + 3 * 3_600_000, CloudWatchMetrics: [] } }],
  ['no directives', { _aws: { Timestamp: TIME } }],
  ['a directive that is no object', { _aws: { Timestamp: TIME, CloudWatchMetrics: [null] } }],
  ['an empty namespace', line({ Namespace: '' })],
  ['no dimensions member', line({ Dimensions: null })],
  ['a dimension without value', line({ Dimensions: [['absent']] })],
  ['a dimension named like a member of every object', line({ Dimensions: [['constructor']] })],
  ['a dimension that is a number', line({}, { stage: 5 })],
  ['a metric without value', line({ Metrics: [{ Name: 'absent' }] })],
  ['a metric that is text', line({}, { N: '2' })],
  ['a metric without values', line({}, { N: [] })],
  ['a metric of 101 values', line({}, { N: Array.from({ length: 101 }, () => 1) })],
  ['an unknown unit', line({ Metrics: [{ Name: 'N', Unit: 'Parsecs' }] })],
  ['a resolution of 5', line({ Metrics: [{ Name: 'N', StorageResolution: 5 }] })],
  ['counts that do not fit the values', line({}, { N: { Values: [1, 2], Counts: [1] } })],
]

for (const [what, value] of BAD)
  test(`${what} makes no metric and says why`, () => {
    const { points, refused } = decode(value)
    assert.deepEqual(points, [])
    assert.equal(refused.length, 1)
  })

test('one bad metric does not take the others with it', () => {
  const { points, refused } = decode(line({ Metrics: [{ Name: 'N' }, { Name: 'bad' }] }, { bad: 'x' }))
  assert.deepEqual([points.length, refused.length], [1, 1])
  assert.equal(points[0]!.unit, 'None')
})
