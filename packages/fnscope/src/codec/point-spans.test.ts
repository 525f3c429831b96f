import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import type { Span } from '../span/span.ts'
import { decodePoints, type PointsContext } from './decode-points.ts'
import { parsePointId } from './point-ids.ts'
import { GUESSED } from './point-time.ts'
import type { Taken } from './taken.ts'

const TIME = 1_795_248_000_123_456_789n
const CONTEXT: PointsContext = {
  receivedNanos: TIME,
  bounds: { minNanos: TIME - 86_400_000_000_000n, maxNanos: TIME + 86_400_000_000_000n },
  category: 'tracing',
  format: 'line',
  precision: GUESSED,
  extraTags: [],
  strict: false,
}

function spansOf(
  body: string | Uint8Array,
  context: Partial<PointsContext> = {},
): { spans: readonly Span[]; taken: Taken } {
  const batch = newBatch()
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const taken = decodePoints(bytes, batch, { ...CONTEXT, ...context })
  batch.spans.checkRows()
  return { spans: readSpans(batch.spans), taken }
}

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../../test/fixtures/dataway/dataway-tracing.${name}`, import.meta.url))

test('spans of the fixture come back with their ids, times, names and status', () => {
  for (const [body, format] of [
    [fixture('pb'), 'protobuf'],
    [fixture('lp'), 'line'],
  ] as const) {
    const { spans, taken } = spansOf(body, { format })
    assert.deepEqual([taken.rows, taken.rejected], [3, 0])
    const [entry, query, old] = spans
    assert.deepEqual(
      [entry!.traceId, entry!.spanId, entry!.parentId],
      ['6b014f6c0000000066ecd308242c8e61', BigInt('17085744093234785180').toString(16), undefined],
    )
    assert.deepEqual(
      [entry!.startNanos, entry!.endNanos! - entry!.startNanos],
      [1_795_248_000_123_456_000n, 13_750_000n],
    )
    assert.deepEqual(
      [entry!.name, entry!.service, entry!.source, entry!.kind, entry!.segment, entry!.rootRank, entry!.fault],
      ['aws.lambda', 'aws.lambda', 'dataway', 2, true, 0, false],
    )
    assert.equal(entry!.attributes['resource'], 'hello-py')
    assert.equal(entry!.attributes['resource.name'], 'hello-py')
    assert.equal(entry!.attributes['source'], 'ddtrace')
    assert.equal(entry!.attributes['faas.invocation_id'], 'req-1')
    assert.equal(entry!.coldStart, true)
    assert.deepEqual(
      [entry!.resource['faas.name'], entry!.resource['cloud.region'], entry!.accountId, entry!.origin],
      ['hello-py', 'us-east-1', '123456789012', 'AWS::Lambda::Function'],
    )
    assert.deepEqual(
      [query!.parentId, query!.name, query!.kind, query!.fault, query!.statusCode],
      [entry!.spanId, 'db.query', 3, true, 2],
    )
    assert.equal(query!.attributes['db.query.text'], 'SELECT 1')
    assert.equal(old!.traceId, `0000000000000000${BigInt('2684756524522091840').toString(16).padStart(16, '0')}`)
    assert.equal(old!.endNanos! - old!.startNanos, 42_000n)
    const sent = JSON.parse(fixture('points.json').toString()) as { readonly tags: object; readonly fields: object }[]
    for (const [index, { tags, fields }] of sent.entries())
      for (const key of Object.keys({ ...tags, ...fields }))
        if (!['service', 'operation', 'trace_id', 'span_id', 'parent_id', 'start', 'duration'].includes(key))
          assert.ok(key in spans[index]!.attributes, key)
  }
})

test('ids in decimal and in hex are read, sixteen digits as their make has them', () => {
  assert.equal(parsePointId('1234567890123456', false), 1_234_567_890_123_456n)
  assert.equal(parsePointId('1234567890123456', true), 0x1234567890123456n)
  assert.equal(parsePointId('18446744073709551615', true), 2n ** 64n - 1n)
  assert.equal(parsePointId('18446744073709551616', true), undefined)
  assert.equal(parsePointId('00F067AA0ba902b7', false), 0x00f067aa0ba902b7n)
  assert.equal(parsePointId('f'.repeat(32), false), 2n ** 128n - 1n)
  assert.equal(parsePointId('1'.repeat(32), false), BigInt(`0x${'1'.repeat(32)}`))
  for (const text of ['', 'xyz', '-1', '0x12', ' 1', 'f'.repeat(33), '1.5'])
    assert.equal(parsePointId(text, true), undefined, text)
  const { spans } = spansOf(
    'opentelemetry,source=opentelemetry,service=s trace_id="12345678901234561234567890123456",span_id="1234567890123456" 1795248000',
  )
  assert.deepEqual([spans[0]!.traceId, spans[0]!.spanId], ['12345678901234561234567890123456', '1234567890123456'])
})

test("a span's own tags are indexed, DataKit's are kept under OpenTelemetry's names too", () => {
  const { spans } = spansOf(
    'ddtrace,service=shop,operation=web.request,span_type=entry,source_type=web,status=error,http_method=GET,http_status_code=503,http_url=http://h/p,customer=c-1,error_type=E,error_message=kaputt,error_stack=at\\ x trace_id="1",span_id="2",start=1795248000123456i,duration=5i,amount=9007199254740993i,share=0.5,ok=t 1795248000123456789',
  )
  const [span] = spans
  assert.deepEqual(span!.annotations, { customer: 'c-1', amount: 9_007_199_254_740_993n, share: 0.5, ok: true })
  assert.deepEqual(
    [span!.http?.method, span!.http?.url, span!.http?.status, span!.fault, span!.statusMessage],
    ['GET', 'http://h/p', 503, true, 'kaputt'],
  )
  assert.equal(span!.attributes['http.request.method'], 'GET')
  assert.equal(span!.attributes['http_method'], 'GET')
  assert.deepEqual(
    span!.events.map(({ name, attributes }) => [name, attributes]),
    [['exception', { 'exception.type': 'E', 'exception.message': 'kaputt', 'exception.stacktrace': 'at x' }]],
  )
  // The point's time is finer than its start.
  assert.equal(span!.startNanos, 1_795_248_000_123_456_789n)
  assert.equal(span!.endNanos, 1_795_248_000_123_461_789n)
})

test('a span without an id or out of bounds is refused alone', () => {
  const ids = 'trace_id="1",span_id="2"'
  const lines = [
    'd f=1i 1795248000',
    'd trace_id="0",span_id="2" 1795248000',
    'd trace_id="1",span_id="0" 1795248000',
    `d trace_id="1",span_id="${'f'.repeat(32)}" 1795248000`,
    'd trace_id="1",span_id="2",parent_id="??" 1795248000',
    `d ${ids},start=1i 1795248000`,
    `d ${ids},start=9223372036854775807i 1795248000`,
    `d ${ids},start=-9223372036854775808i 1795248000`,
    `d ${ids} 1795248000`,
    'not a point',
  ]
  const { spans, taken } = spansOf(lines.join('\n'))
  assert.equal(spans.length, 1)
  assert.deepEqual(Object.fromEntries(taken.reasons), {
    bad_point: 1,
    bad_trace_id: 2,
    bad_span_id: 2,
    bad_parent_id: 1,
    too_old: 2,
    too_new: 1,
  })
  assert.match(taken.message, /not a point|point 10/)
})

test('what nests deep or is no JSON in a message is text and nothing more', () => {
  for (const message of [
    '{',
    '{"meta":7}',
    `${'{"meta":'.repeat(5000)}1${'}'.repeat(5000)}`,
    '{"meta":{"request_id":5}}',
  ]) {
    const text = message.replaceAll('"', '\\"')
    const { spans } = spansOf(`d trace_id="1",span_id="2",message="${text}" 1795248000`)
    assert.equal(spans[0]!.attributes['message'], message)
    assert.equal(spans[0]!.attributes['faas.invocation_id'], undefined)
  }
})
