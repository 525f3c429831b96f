import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secondsToNanos } from '../span/time.ts'
import type { Span } from '../span/span.ts'
import { guideTrace, segmentAt, spanAt } from './sample-traces.ts'
import { summarizeTrace, type TraceSummary } from './trace-summary.ts'

function summaryOf(spans: readonly Span[]): TraceSummary {
  return summarizeTrace(spans)!
}

const TABLE = {
  namespace: 'aws',
  kind: 3,
  name: 'DynamoDB',
  peer: { name: 'orders', type: 'AWS::DynamoDB::Table' },
} as const

test("the guide's Lambda trace is complete, 0.924 s long, in revision 1", () => {
  const summary = summaryOf(guideTrace())
  assert.equal(summary.durationNanos, 924_000_000n)
  assert.equal(summary.responseNanos, 924_000_000n)
  assert.equal(summary.partial, false)
  assert.equal(summary.revision, 1)
  assert.equal(summary.root?.http?.status, 200)
  assert.deepEqual(
    summary.nodes.map((node) => node.type),
    ['AWS::Lambda', 'AWS::Lambda::Function'],
  )
  assert.equal(summary.entryPoint?.type, 'AWS::Lambda')
  assert.deepEqual(summary.annotations.get('ColdStart')?.[0]?.value, true)
  assert.equal(summary.annotations.get('ColdStart')?.[0]?.nodes[0]?.type, 'AWS::Lambda::Function')
  assert.deepEqual(summary.resourceArns, ['arn:aws:lambda:us-east-1:000000000000:function:hello'])
})

test('the revision grows when something comes later, and not with what was streamed before the segment', () => {
  const received = (seconds: number): { receivedNanos: bigint } => ({ receivedNanos: secondsToNanos(seconds) })
  const root = segmentAt({ id: '1', start: 100, end: 160, ...received(161) })
  const streamed = spanAt({ id: '2', parentId: '1', start: 101, end: 102, ...received(102) })
  const late = segmentAt({ id: '3', parentId: '1', start: 161, end: 164, ...received(164.5) })
  assert.equal(summaryOf([root, streamed]).revision, 1)
  assert.equal(summaryOf([root, streamed, late]).revision, 4)
})

test('a subsegment without its parent, one in progress, and an unanswered traced call make a trace partial', () => {
  const root = segmentAt({ id: '1', start: 100, end: 101 })
  const call = spanAt({ id: '2', parentId: '1', start: 100, end: 101, http: { traced: true } })
  const callee = segmentAt({ id: '3', parentId: '2', start: 100, end: 101 })
  assert.equal(summaryOf([root, spanAt({ id: '9', parentId: '8', start: 100, end: 101 })]).partial, true)
  assert.equal(summaryOf([root, spanAt({ id: '9', parentId: '1', start: 100 })]).partial, true)
  assert.equal(summaryOf([root, call]).partial, true)
  assert.equal(summaryOf([root, call, callee]).partial, false)
  assert.equal(summaryOf([segmentAt({ id: '1', parentId: '8', start: 100, end: 101 })]).partial, false)
})

test('only the root segment makes a trace faulty or erroneous; any span throttles it', () => {
  const root = segmentAt({ id: '1', start: 100, end: 101 })
  const failing = spanAt({ ...TABLE, id: '2', parentId: '1', start: 100, end: 100.1, fault: true, throttle: true })
  const summary = summaryOf([root, failing])
  assert.deepEqual([summary.hasFault, summary.hasError, summary.hasThrottle], [false, false, true])
})

test('a fault’s root cause leads from the root to the inferred service, and an id stands for its exception', () => {
  const exceptions = [{ id: 'e1', type: 'Throttled', message: 'too fast' }]
  const [cause] = summaryOf([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101, fault: true, cause: 'e1' }),
    spanAt({ id: '2', parentId: '1', start: 100, end: 101, name: '## handler', fault: true, cause: 'e1' }),
    spanAt({ ...TABLE, id: '3', parentId: '2', start: 100, end: 100.1, fault: true, cause: { exceptions } }),
  ]).faultRootCauses
  const thrown = [{ name: 'Throttled', message: 'too fast' }]
  assert.equal(cause?.clientImpacting, true)
  assert.deepEqual(
    cause?.services.map((one) => [one.node.name, one.inferred, one.entityPath.map((entity) => entity.name)]),
    [
      ['web', false, ['web', '## handler', 'DynamoDB']],
      ['orders', true, ['orders']],
    ],
  )
  assert.deepEqual(cause?.services[0]?.entityPath[0]?.exceptions, thrown)
})

test('a cause of any shape breaks nothing', () => {
  const odd = { exceptions: [null, 7, { id: 3, type: {} }] } as unknown as NonNullable<Span['cause']>
  const summary = summaryOf([segmentAt({ id: '1', start: 100, end: 101, fault: true, cause: odd })])
  assert.deepEqual(summary.faultRootCauses[0]?.services[0]?.entityPath[0]?.exceptions, [{ name: '', message: '' }])
})

test('the response time is followed to who took most of it', () => {
  const [cause] = summaryOf([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101 }),
    spanAt({ id: '2', parentId: '1', start: 100, end: 100.1, name: 'quick' }),
    spanAt({ id: '3', parentId: '1', start: 100, end: 100.8, name: 'slow' }),
  ]).responseTimeRootCauses
  const entities = cause?.services[0]?.entityPath.map(({ name, coverage }) => [name, coverage])
  assert.deepEqual(entities, [
    ['web', 1],
    ['slow', 0.8],
  ])
})

test('users, instances and zones come from every segment, each once', () => {
  const ec2 = { 'aws.ec2': { instance_id: 'i-1', availability_zone: 'us-east-1a' } }
  const summary = summaryOf([
    segmentAt({ id: '1', name: 'web', start: 100, end: 101, user: 'ann', attributes: ec2 }),
    segmentAt({ id: '2', parentId: '1', name: 'api', start: 100, end: 101, user: 'ann', attributes: ec2 }),
  ])
  assert.deepEqual(summary.instanceIds, ['i-1'])
  assert.deepEqual(summary.availabilityZones, ['us-east-1a'])
  assert.deepEqual(
    summary.users.map((user) => [user.name, user.nodes.map((node) => node.name)]),
    [['ann', ['web', 'api']]],
  )
})

test('a trace of streamed subsegments alone is partial and has their time', () => {
  const summary = summaryOf([spanAt({ id: '2', parentId: '1', start: 100, end: 100.5 })])
  assert.equal(summary.partial, true)
  assert.equal(summary.durationNanos, 500_000_000n)
  assert.equal(summary.responseNanos, undefined)
})
