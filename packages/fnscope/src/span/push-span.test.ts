import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushSpan } from './push-span.ts'
import { readSpans } from './read-span.ts'
import { SpanBatch } from './span-batch.ts'
import { completeSpan, type Span } from './span.ts'

const FULL: Span = {
  traceId: '5759e988bd862e3fe1be46a994272793',
  spanId: '03995c3f42cd8ad8',
  parentId: '00000000000000ff',
  startNanos: 1_795_248_362_547_794_123n,
  endNanos: 1_795_248_363_000_000_000n,
  inProgress: false,
  kind: 3,
  segment: true,
  rootRank: 1,
  source: 'otlp',
  service: 'shop',
  name: 'GET /\u00fc',
  origin: 'AWS::Lambda',
  namespace: 'aws',
  accountId: '000000000000',
  resourceArn: 'arn:x',
  error: true,
  fault: false,
  throttle: true,
  coldStart: true,
  statusCode: 2,
  statusMessage: 'no',
  http: { method: 'GET', url: 'http://h', status: 429, userAgent: 'u', clientIp: '::1', traced: true },
  user: 'alice',
  requestId: 'r-1',
  peer: { name: 'orders', type: 'AWS::DynamoDB::Table' },
  resource: { 'service.version': '1', pid: 7n },
  attributes: {
    text: 'x',
    list: [1, 'a'],
    whole: 2,
    int: 2n,
    yes: true,
    none: null,
    bytes: Uint8Array.of(1),
    nan: Number.NaN,
  },
  scope: { name: 'lib', version: '1.2', attributes: { a: 'b' }, droppedAttributes: 4, schemaUrl: 'https://s' },
  schemaUrl: 'https://r',
  traceFlags: 257,
  traceState: 'k=v',
  dropped: { attributes: 1, events: 2, links: 3, resourceAttributes: 5 },
  annotations: { s: 'x', n: 1.5, b: false, int: 7n },
  metadata: { default: { a: [null] } },
  cause: { exceptions: [{ id: '1111111111111111', message: 'm' }] },
  events: [
    { timeNanos: 5n, name: 'one', attributes: { a: 1.5 } },
    { timeNanos: 6n, name: 'two', attributes: {}, droppedAttributes: 1 },
  ],
  links: [
    { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceState: 's', flags: 1, attributes: { k: 2n ** 60n } },
    { traceId: 'c'.repeat(32), attributes: {} },
  ],
  receivedNanos: 9n,
}

test('every field of a span is in the columns', () => {
  const batch = new SpanBatch()
  pushSpan(batch, FULL)
  batch.checkRows()
  assert.deepEqual(readSpans(batch), [FULL])
})

test('rows do not run into each other', () => {
  const bare = completeSpan({
    traceId: 'f'.repeat(32),
    spanId: '1'.repeat(16),
    startNanos: 1n,
    endNanos: 2n,
    name: 'n',
    source: 'xray',
    service: '',
    receivedNanos: 1n,
  })
  const batch = new SpanBatch()
  const spans = [bare, FULL, bare, FULL, bare]
  for (const span of spans) pushSpan(batch, span)
  batch.checkRows()
  assert.deepEqual(readSpans(batch), spans)
})

test('a span in progress has no end and no duration', () => {
  const { endNanos: _end, ...open } = FULL
  const batch = new SpanBatch()
  pushSpan(batch, { ...open, inProgress: true })
  assert.equal(batch.durationNanos.i64(0), 0n)
  assert.deepEqual(readSpans(batch, { open: true }), [{ ...open, inProgress: true }])
})

test('an id that is no id is the maker’s bug and is thrown', () => {
  assert.throws(() => pushSpan(new SpanBatch(), { ...FULL, spanId: 'x' }), /not an id of 8 bytes: x/)
})

test('a column that was forgotten is named', () => {
  const batch = new SpanBatch()
  pushSpan(batch, FULL)
  batch.user.push('again')
  assert.throws(() => batch.checkRows(), /SpanBatch\.user has 2 rows where the batch has 1/)
})
