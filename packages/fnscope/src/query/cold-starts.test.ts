import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import { coldStartsOf } from './cold-starts.ts'

const TRACE = '63dd2166434a12c22e1307ff2114f299'
const START = 1_800_000_000_000_000_000n

function span(
  id: number,
  parent: number | undefined,
  name: string,
  ms: readonly [from: number, to: number],
  more: Partial<SpanInput> = {},
): Span {
  const idOf = (number: number): string => number.toString(16).padStart(16, '0')
  return completeSpan({
    traceId: TRACE,
    spanId: idOf(id),
    ...(parent === undefined ? {} : { parentId: idOf(parent) }),
    name,
    service: 'orders',
    source: 'lambda',
    startNanos: START + BigInt(ms[0]) * 1_000_000n,
    endNanos: START + BigInt(ms[1]) * 1_000_000n,
    receivedNanos: START,
    ...more,
  })
}

const segment = (ms: readonly [number, number]): Span =>
  span(1, undefined, 'orders', ms, { segment: true, coldStart: true })

test('phases are what lies below the initialization, and what no part accounts for', () => {
  const spans = [
    segment([100, 130]),
    span(2, 1, 'Init', [0, 100]),
    span(3, 2, 'Extensions', [0, 20]),
    span(4, 2, 'Imports', [20, 90]),
    span(5, 4, 'boto3', [20, 80]),
    span(6, 5, 'botocore', [30, 70]),
    span(7, 1, 'Overhead', [128, 130]),
  ]
  const [cold] = coldStartsOf(spans, 'orders')
  assert.deepEqual(cold!.phases, [
    { name: 'Extensions', ms: 20 },
    { name: 'Imports', ms: 70 },
    { name: 'Runtime and code', ms: 10 },
  ])
  assert.deepEqual([cold!.initMs, cold!.callMs, cold!.startNanos], [100, 30, START])
  const imports = cold!.parts[1]!
  assert.deepEqual([imports.selfMs, imports.children[0]!.name, imports.children[0]!.selfMs], [10, 'boto3', 20])
})

test('an initialization within the first call is no part of the call, and a failed one is said', () => {
  const inits = [span(2, 1, 'Init', [0, 10], { fault: true }), span(3, 1, 'Init', [10, 40])]
  const [cold] = coldStartsOf([segment([10, 60]), ...inits], 'orders')
  assert.deepEqual([cold!.initMs, cold!.callMs, cold!.failed], [40, 20, true])
})

test('a segment of another function, and one that tells no initialization, is no cold start here', () => {
  assert.deepEqual(coldStartsOf([segment([0, 10])], 'orders'), [])
  assert.deepEqual(coldStartsOf([segment([0, 10]), span(2, 1, 'Init', [0, 5])], 'payments'), [])
})

test('spans that name each other as parents end', () => {
  const [cold] = coldStartsOf([segment([0, 10]), span(2, 1, 'Init', [0, 5]), span(3, 3, 'a', [0, 1])], 'orders')
  assert.deepEqual(cold!.parts, [])
})

test('the version is what the span says, else the qualifier of its ARN', () => {
  const versionOf = (more: Partial<SpanInput>): string =>
    coldStartsOf(
      [span(1, undefined, 'orders', [0, 9], { segment: true, coldStart: true, ...more }), span(2, 1, 'Init', [0, 5])],
      'orders',
    )[0]!.version
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:orders'
  assert.equal(versionOf({ resourceArn: arn }), '$LATEST')
  assert.equal(versionOf({ resourceArn: `${arn}:7` }), '7')
  assert.equal(versionOf({ resourceArn: `${arn}:7`, resource: { 'faas.version': '8' } }), '8')
})
