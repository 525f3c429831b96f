import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Span } from '../../span/span.ts'
import { guideTrace, segmentAt, spanAt } from '../sample-traces.ts'
import { indexTrace } from '../trace-index.ts'
import { FilterError, traceFilter, type ParseOptions } from './filter.ts'
import { nanosTestOf } from './measures.ts'
import { parseFilter } from './parse.ts'

function isMet(text: string, spans: readonly Span[], options?: ParseOptions): boolean {
  return traceFilter(text, options)?.isMet(indexTrace(spans)) ?? true
}

function refusal(text: string, options?: ParseOptions): FilterError {
  try {
    parseFilter(text, options)
  } catch (error) {
    if (error instanceof FilterError) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

test("the guide's Lambda trace is found by its nodes, their types and what connects them", () => {
  const spans = guideTrace()
  const name = 'sam-app-HelloWorldFunction-YBg8yfYtOc9j'
  assert.ok(isMet(`edge("${name}", id(type: "AWS::Lambda::Function"))`, spans))
  assert.ok(!isMet(`edge(id(type: "AWS::Lambda::Function"), "${name}")`, spans))
  assert.ok(
    isMet('service(id(type: "AWS::Lambda::Function")) { annotation.ColdStart AND responsetime = 0.016 }', spans),
  )
  assert.ok(isMet('ok AND duration = 0.924 AND http.status = 200', spans))
})

test('a condition on the root does not see what failed downstream, service() does', () => {
  const spans = [
    segmentAt({ id: '1', start: 100, end: 101, name: 'a' }),
    spanAt({ id: '2', parentId: '1', start: 100, end: 101, namespace: 'remote', peer: { name: 'b', type: 'remote' } }),
    segmentAt({ id: '3', parentId: '2', start: 100, end: 101, name: 'b', fault: true }),
  ]
  assert.deepEqual(
    ['fault', 'service() { fault }', 'service("a") { fault }', 'edge("a", "b")', 'service("b") { inferred }'].map(
      (text) => isMet(text, spans),
    ),
    [false, true, false, true, false],
  )
})

test("a group's expression stands where its name does, and a group that asks for itself is refused", () => {
  const groups: Readonly<Record<string, string>> = {
    slow: 'responsetime > 0.5 OR fault',
    all: '',
    self: 'group.name = "self"',
    wrong: 'ok AND',
  }
  const options: ParseOptions = { groupFilter: (by, value) => (by === 'name' ? groups[value] : undefined) }
  assert.ok(isMet('group.name = "slow" AND ok', guideTrace(), options))
  assert.ok(!isMet('group.name != "slow"', guideTrace(), options))
  assert.ok(isMet('group.name = "all"', guideTrace(), options))
  assert.match(refusal('group.name = "self"', options).message, /asks for itself/)
  assert.match(
    refusal('ok group.name = "wrong"', options).message,
    /character 17 .*character 7 .*a condition is missing/,
  )
  assert.match(refusal('group.arn = "slow"', options).message, /there is no group/)
})

test('positions count characters, whatever they take in memory', () => {
  assert.equal(refusal('annotation.🛒 = "🍎🍎" AND nope').position, 24)
  assert.match(refusal('"' + 'x'.repeat(200)).message, /^.{0,200}$/)
})

test('OpenTelemetry exceptions are messages and root causes', () => {
  const attributes = { 'exception.type': 'ValueError', 'exception.message': 'no such cart' }
  const spans = [
    segmentAt({
      id: '1',
      start: 100,
      end: 101,
      fault: true,
      source: 'otlp',
      events: [{ timeNanos: 0n, name: 'exception', attributes }],
    }),
  ]
  assert.ok(isMet('message CONTAINS "cart"', spans))
  assert.ok(isMet('rootcause.fault.exception { name = "ValueError" }', spans))
})

test('seconds become whole nanoseconds that the same numbers meet', () => {
  assert.deepEqual(nanosTestOf({ op: '=', value: 0.29 }), { op: '=', nanos: 290_000_000n })
  assert.deepEqual(nanosTestOf({ op: '<', value: 1.5e-9 }), { op: '<', nanos: 2n })
  assert.deepEqual(nanosTestOf({ op: '>', value: 1.5e-9 }), { op: '>', nanos: 1n })
  assert.equal(nanosTestOf({ op: '=', value: 1.5e-9 }), 'never')
  assert.deepEqual(nanosTestOf({ op: '<', value: 1e300 }), { op: '<', nanos: 9_000_000_000_000_000_000n })
})

test('the store is asked what its tables can tell', () => {
  assert.deepEqual(traceFilter('annotation.user = "ann" AND duration > 1')!.candidates, {
    is: 'and',
    of: [
      { is: 'span', where: { is: 'annotation', key: 'user', op: '=', value: 'ann' } },
      { is: 'duration', op: '>', nanos: 1_000_000_000n },
    ],
  })
  // Whether a call was answered only the trace says: its negation may be any trace.
  assert.equal(traceFilter('!edge("a", "b")')!.candidates, undefined)
})
