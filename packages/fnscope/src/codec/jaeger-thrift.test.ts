// jaeger.thrift in both protocols against a writer that shares nothing with the readers, and against captured bytes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { CONTEXT, decoded, START_MICROS, thriftBatch, thriftSpan, type SampleSpan } from './jaeger-samples.ts'
import {
  decodeJaegerBatch,
  decodeJaegerBinaryDatagram,
  decodeJaegerCompactDatagram,
  UnwantedMessageError,
} from './jaeger-thrift.ts'
import { MalformedError } from './taken.ts'
import { binaryMessage, compactMessage, writeBinary, type ThriftStruct, type ThriftValue } from './thrift-samples.ts'

const FIXTURES = new URL('../../../../test/fixtures/jaeger/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES))
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

/** The same batch by all three ways, which must give the same. */
function decodeSpans(batch: ThriftStruct): readonly Span[] {
  const body = decoded(decodeJaegerBatch, writeBinary(batch))
  const args: ThriftStruct = { 1: { struct: batch } }
  assert.deepEqual(decoded(decodeJaegerBinaryDatagram, binaryMessage('emitBatch', args)), body)
  assert.deepEqual(decoded(decodeJaegerCompactDatagram, compactMessage('emitBatch', args)), body)
  return body.spans
}

function decodeOne(span: SampleSpan): Span {
  const [one, ...others] = decodeSpans(thriftBatch([span]))
  assert.equal(others.length, 0)
  return one!
}

test('ids, times and flags are exact', () => {
  const span = decodeOne({
    traceHigh: -2n,
    traceLow: 0x8000_0000_0000_0001n,
    spanId: -1n,
    parentId: 0x00ff_0000_0000_0000n,
    name: 'größe',
    flags: 3,
    durationMicros: 9_007_199_254_740n,
  })
  assert.equal(span.traceId, 'fffffffffffffffe8000000000000001')
  assert.equal(span.spanId, 'ffffffffffffffff')
  assert.equal(span.parentId, '00ff000000000000')
  assert.equal(span.name, 'größe')
  assert.equal(span.traceFlags, 3)
  assert.equal(span.startNanos, START_MICROS * 1000n)
  assert.equal(span.endNanos, (START_MICROS + 9_007_199_254_740n) * 1000n)
  assert.equal(span.source, 'jaeger')
  assert.equal(span.receivedNanos, CONTEXT.receivedNanos)
})

test('a trace id of 64 bits has a high half of zero', () => {
  assert.equal(decodeOne({ traceLow: 0x124ed43254b54966n }).traceId, '0000000000000000124ed43254b54966')
})

test('tags of every type come back exactly', () => {
  const tags = {
    'db.user': 'ä\u{1f600}"\\\n',
    'net.long': -9_223_372_036_854_775_808n,
    'net.max': 9_223_372_036_854_775_807n,
    'net.small': 5n,
    'net.double': 0.1,
    'net.negativeZero': -0,
    'net.nan': Number.NaN,
    'net.yes': true,
    'net.no': false,
    'net.binary': new Uint8Array([0, 255, 128]),
    'net.empty': '',
  }
  assert.deepEqual(decodeOne({ tags }).attributes, tags)
  const own = { customer: 'c1', count: 7n, ratio: 1.5, vip: true }
  assert.deepEqual(decodeOne({ tags: own }).annotations, own)
})

test('a value stands in the field that the type names, and is empty without it', () => {
  const tag = (fields: ThriftStruct): ThriftValue => ({ struct: { 1: { text: 'net.x' }, ...fields } })
  const span = thriftSpan({}) as { readonly struct: ThriftStruct }
  const decodeTag = (fields: ThriftStruct): unknown =>
    decodeSpans({ 2: { list: [{ struct: { ...span.struct, 10: { list: [tag(fields)] } } }] } })[0]!.attributes['net.x']
  assert.equal(decodeTag({ 2: { i32: 3 }, 3: { text: 'text' }, 6: { i64: 5n } }), 5n)
  assert.equal(decodeTag({ 2: { i32: 0 }, 6: { i64: 5n } }), '')
  assert.equal(decodeTag({ 2: { i32: 2 } }), false)
  assert.equal(decodeTag({ 2: { i32: 1 } }), 0)
  assert.equal(decodeTag({ 2: { i32: 99 }, 3: { text: 'text' } }), 'text')
})

test('the process is the resource, its host by OpenTelemetry’s name', () => {
  const tags = { hostname: 'h1', ip: '10.0.0.1', 'jaeger.version': 'Python-4.8', pid: 12n, ok: true }
  const [span] = decodeSpans(thriftBatch([{}], { serviceName: 'orders', tags }))
  assert.equal(span!.service, 'orders')
  const { hostname, ...others } = tags
  assert.deepEqual(span!.resource, { 'service.name': 'orders', 'host.name': hostname, ...others })
})

test('spans before their process, and without one', () => {
  const { 1: process, 2: spans } = thriftBatch([{ spanId: 1n }, { spanId: 2n }])
  const turned = Buffer.concat([writeBinary({ 2: spans }).subarray(0, -1), writeBinary({ 1: process })])
  assert.deepEqual(
    decoded(decodeJaegerBatch, turned).spans.map(({ spanId, service }) => `${spanId} ${service}`),
    ['0000000000000001 svc', '0000000000000002 svc'],
  )
  assert.deepEqual(
    decodeSpans({ 2: spans }).map(({ service }) => service),
    ['unknown_service', 'unknown_service'],
  )
  assert.deepEqual(decodeSpans({ 1: process }), [])
})

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5, SERVER: 2 }

test('span.kind is the kind', () => {
  for (const [word, kind] of Object.entries(KINDS)) {
    const span = decodeOne({ tags: { 'span.kind': word } })
    assert.equal(span.kind, kind)
    assert.deepEqual(span.attributes, {})
  }
  const odd = decodeOne({ tags: { 'span.kind': 'odd' } })
  assert.deepEqual([odd.kind, odd.attributes], [0, { 'span.kind': 'odd' }])
})

test('error and otel.status_code are the status', () => {
  const status = (tags: SampleSpan['tags'] & object): readonly unknown[] => {
    const { statusCode, statusMessage, attributes } = decodeOne({ tags })
    return [statusCode, statusMessage, attributes]
  }
  assert.deepEqual(status({ error: true }), [2, undefined, {}])
  assert.deepEqual(status({ error: 'true' }), [2, undefined, {}])
  assert.deepEqual(status({ error: false }), [0, undefined, { error: false }])
  assert.deepEqual(status({ error: 'false' }), [0, undefined, { error: 'false' }])
  assert.deepEqual(status({ error: 'no disk' }), [2, 'no disk', {}])
  assert.deepEqual(status({ 'otel.status_code': 'OK' }), [1, undefined, {}])
  assert.deepEqual(status({ error: true, 'otel.status_code': 'OK' }), [2, undefined, {}])
  assert.deepEqual(status({ 'otel.status_code': 'ERROR', 'otel.status_description': 'nope' }), [2, 'nope', {}])
})

test('scope and trace state have places of their own', () => {
  const tags = { 'otel.scope.name': 'lib', 'otel.scope.version': '1.2', 'w3c.tracestate': 'a=1' }
  const spans = decodeSpans(thriftBatch([{ tags }, { spanId: 2n }, { spanId: 3n, tags }]))
  assert.deepEqual(
    spans.map(({ scope }) => scope?.name),
    ['lib', undefined, 'lib'],
  )
  assert.deepEqual(spans[0]!.scope, { name: 'lib', version: '1.2', attributes: {} })
  assert.deepEqual([spans[0]!.traceState, spans[0]!.traceFlags, spans[1]!.traceState], ['a=1', 1, undefined])
  assert.deepEqual(spans[0]!.attributes, {})
})

test('logs are events, named by their field event', () => {
  const { events } = decodeOne({
    logs: [
      {
        micros: START_MICROS,
        fields: { event: 'cache miss', size: 5n, ratio: 2, $odd: 'x', raw: new Uint8Array([1]) },
      },
      { micros: START_MICROS + 1n, fields: { message: 'plain' } },
      { micros: START_MICROS + 2n, fields: {} },
    ],
  })
  assert.deepEqual(events, [
    {
      timeNanos: START_MICROS * 1000n,
      name: 'cache miss',
      attributes: { size: 5n, ratio: 2, $odd: 'x', raw: new Uint8Array([1]) },
    },
    { timeNanos: (START_MICROS + 1n) * 1000n, name: '', attributes: { message: 'plain' } },
    { timeNanos: (START_MICROS + 2n) * 1000n, name: '', attributes: {} },
  ])
})

test('an error that OpenTracing logged is an exception', () => {
  const fields = {
    event: 'error',
    message: 'boom',
    'error.object': 'ValueError(boom)',
    'error.kind': 'ValueError',
    stack: 'at x',
  }
  assert.deepEqual(decodeOne({ logs: [{ micros: 1n, fields }] }).events, [
    {
      timeNanos: 1000n,
      name: 'exception',
      attributes: {
        'exception.message': 'boom',
        'error.object': 'ValueError(boom)',
        'exception.type': 'ValueError',
        'exception.stacktrace': 'at x',
      },
    },
  ])
  const { message, ...short } = fields
  assert.equal(message, 'boom')
  assert.deepEqual(decodeOne({ logs: [{ micros: 1n, fields: short }] }).events[0]!.attributes, {
    'exception.message': 'ValueError(boom)',
    'exception.type': 'ValueError',
    'exception.stacktrace': 'at x',
  })
})

test('a log of very many fields keeps the first and counts the rest', () => {
  const fields = Object.fromEntries(Array.from({ length: 1030 }, (_, index) => [`k${index}`, '']))
  const [event] = decodeOne({ logs: [{ micros: 1n, fields }] }).events
  assert.deepEqual([Object.keys(event!.attributes).length, event!.droppedAttributes], [1024, 6])
})

test('references other than the parent are links', () => {
  const own = { traceLow: 7n }
  const span = decodeOne({
    parentId: 3n,
    references: [
      { type: 0, ...own, spanId: 3n },
      { type: 1, ...own, spanId: 3n },
      { type: 0, ...own, spanId: 4n },
      { type: 1, traceLow: 8n, traceHigh: 1n, spanId: -1n },
    ],
  })
  assert.equal(span.parentId, '0000000000000003')
  assert.deepEqual(
    span.links.map(({ traceId, spanId, attributes }) => [traceId, spanId, attributes['opentracing.ref_type']]),
    [
      ['00000000000000000000000000000007', '0000000000000003', 'follows_from'],
      ['00000000000000000000000000000007', '0000000000000004', 'child_of'],
      ['00000000000000010000000000000008', 'ffffffffffffffff', 'follows_from'],
    ],
  )
})

test('without a parent the first reference within the trace is it, child of before follows from', () => {
  const other = { type: 0, traceLow: 8n, spanId: 1n }
  const follows = { type: 1, traceLow: 7n, spanId: 2n }
  const child = { type: 0, traceLow: 7n, spanId: 3n }
  const parentOf = (references: SampleSpan['references'] & object): string | undefined =>
    decodeOne({ references }).parentId
  assert.equal(parentOf([other, follows, child]), '0000000000000003')
  assert.equal(parentOf([other, follows]), '0000000000000002')
  assert.equal(parentOf([other]), undefined)
  assert.equal(decodeOne({ references: [follows] }).links.length, 1)
})

test('OpenTracing’s tags fill the columns of a call', () => {
  const call = { 'span.kind': 'client', 'db.type': 'postgresql', 'db.instance': 'shop', 'peer.hostname': 'pg' }
  assert.deepEqual(decodeOne({ tags: call, parentId: 1n }).peer, { name: 'shop@pg', type: 'Database::SQL' })
  const http = { 'span.kind': 'server', 'http.method': 'GET', 'http.url': 'http://x/a', 'http.status_code': 503n }
  const span = decodeOne({ tags: http })
  assert.deepEqual([span.http?.method, span.http?.url, span.http?.status, span.fault], ['GET', 'http://x/a', 503, true])
})

test('what has no id or lies out of bounds is refused alone', () => {
  const context = { ...CONTEXT, bounds: { minNanos: START_MICROS * 1000n, maxNanos: (START_MICROS + 10n) * 1000n } }
  const spans: SampleSpan[] = [
    { traceLow: 0n },
    { spanId: 0n },
    { startMicros: START_MICROS - 1n, tags: { lost: 'x' }, logs: [{ micros: 1n, fields: { event: 'lost' } }] },
    { startMicros: START_MICROS + 11n },
    { startMicros: -1n },
    { startMicros: 1n << 62n },
    { name: 'kept' },
  ]
  const { taken, spans: kept } = decoded(decodeJaegerBatch, writeBinary(thriftBatch(spans)), context)
  assert.deepEqual(Object.fromEntries(taken.reasons), { bad_trace_id: 1, bad_span_id: 1, too_old: 2, too_new: 2 })
  assert.deepEqual([taken.rows, taken.rejected], [1, 6])
  assert.deepEqual(
    kept.map(({ name, events, annotations }) => [name, events, annotations]),
    [['kept', [], {}]],
  )
})

test('fields that nobody knows, of every type, are stepped over', () => {
  const all: ThriftStruct = {
    30: { bool: true },
    31: { byte: -1 },
    32: { i16: -300 },
    33: { i32: 7 },
    34: { i64: -7n },
    35: { double: 1.5 },
    36: { text: 'x' },
    37: { struct: { 1: { bool: false }, 2: { list: [{ bool: true }, { bool: false }] } } },
    38: { list: [{ i16: 1 }, { i16: 2 }] },
    39: { set: Array.from({ length: 20 }, (_, index) => ({ text: String(index) })) },
    40: { map: [[{ text: 'a' }, { struct: { 5: { i64: 1n } } }]] },
    41: { map: [] },
    300: { text: 'far' },
  }
  const { 1: process, 2: spans } = thriftBatch([{}])
  const [span] = (spans as { readonly list: readonly { readonly struct: ThriftStruct }[] }).list
  const plain = decodeSpans(thriftBatch([{}]))
  const batch: ThriftStruct = {
    1: process,
    2: { list: [{ struct: { ...span!.struct, ...all } }] },
    3: { i64: 5n },
    ...all,
  }
  assert.deepEqual(decodeSpans(batch), plain)
})

test('a list of anything but structs holds no spans', () => {
  assert.deepEqual(decodeSpans({ 2: { list: [{ i64: 1n }, { i64: 2n }] } }), [])
  assert.deepEqual(decodeSpans({ 2: { i64: 2n } }), [])
})

const FIXTURE_SPANS = [
  ['python112-http-1.thrift', decodeJaegerBatch],
  ['python112-http-2.thrift', decodeJaegerBatch],
  ['python112-udp6831-1.compact', decodeJaegerCompactDatagram],
  ['python112-udp6831-2.compact', decodeJaegerCompactDatagram],
] as const

// It puts the resource on every span.
const EXPORTER_RESOURCE = {
  'telemetry.sdk.language': 'python',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '1.12.0',
  'service.name': 'my-helloworld-service',
}

for (const [name, decode] of FIXTURE_SPANS)
  test(`every field of ${name} comes back`, () => {
    const { taken, spans } = decoded(decode, fixture(name))
    assert.deepEqual([taken.rows, taken.rejected], [1, 0])
    const [span] = spans
    assert.equal(span!.service, 'my-helloworld-service')
    assert.deepEqual(span!.resource, EXPORTER_RESOURCE)
    assert.equal(span!.traceId, '5f4b3c2a1234567890abcdef12345678')
    assert.equal(span!.traceFlags, 1)
    assert.deepEqual(span!.scope, { name: '__main__', version: '', attributes: {} })
    assert.deepEqual(span!.links, [])
    if (name.includes('-1')) {
      assert.deepEqual([span!.name, span!.kind, span!.statusCode, span!.statusMessage], ['child', 1, 2, 'nope'])
      assert.deepEqual([span!.attributes, span!.annotations], [{}, {}])
      assert.deepEqual(span!.events, [])
    } else {
      assert.deepEqual([span!.name, span!.kind, span!.statusCode], ['fc-operation', 3, 0])
      assert.equal(span!.parentId, '00f067aa0ba902b7')
      assert.deepEqual(span!.attributes, {})
      assert.deepEqual(span!.annotations, { s: 'x', i: 7n, f: 1.25, b: true, l: "('a', 'b')" })
      const [event] = span!.events
      assert.deepEqual([span!.events.length, event!.name], [1, 'ev'])
      assert.deepEqual(event!.attributes, { k: 1n })
    }
  })

test('every field of node-http.thrift comes back', () => {
  const { spans } = decoded(decodeJaegerBatch, fixture('node-http.thrift'))
  const [child, root] = spans
  assert.equal(spans.length, 2)
  assert.deepEqual(
    [child!.name, root!.name, child!.parentId, root!.parentId],
    ['child', 'handler', root!.spanId, undefined],
  )
  assert.deepEqual([child!.kind, child!.statusCode, child!.statusMessage, root!.kind], [3, 2, 'bad', 2])
  assert.deepEqual(
    child!.events.map(({ name }) => name),
    ['ev', 'exception'],
  )
  assert.deepEqual(Object.keys(child!.events[1]!.attributes), [
    'exception.type',
    'exception.message',
    'exception.stacktrace',
  ])
  assert.equal(child!.links.length, 1)
  assert.deepEqual(root!.annotations, { s: 'x', i: 7, f: 1.5, b: true, arr: 'a,b', big: 9007199254740991 })
  assert.deepEqual(root!.scope, { name: 'nlib', version: '2.0', attributes: {} })
})

const BODIES = [
  ['an HTTP body', decodeJaegerBatch, fixture('node-http.thrift')],
  ['a compact datagram', decodeJaegerCompactDatagram, fixture('python112-udp6831-2.compact')],
  ['a binary datagram', decodeJaegerBinaryDatagram, binaryMessage('emitBatch', { 1: { struct: thriftBatch([{ tags: { a: 1n } }]) } })],
] as const // prettier-ignore

for (const [title, decode, body] of BODIES)
  test(`${title} that is cut anywhere is refused whole`, () => {
    // Cut behind the last field of a message only the arguments' own end is missing, which nobody needs.
    const last = decode === decodeJaegerBatch ? body.length : body.length - 1
    for (let size = 0; size < last; size++)
      assert.throws(() => decoded(decode, body.subarray(0, size)), MalformedError, `cut at ${size}`)
  })

test('lengths and counts that lie are refused before anything is made of them', () => {
  const lies = [
    Buffer.from([15, 0, 2, 12, 0x7f, 0xff, 0xff, 0xff, 0]),
    Buffer.from([15, 0, 2, 12, 0xff, 0xff, 0xff, 0xff, 0]),
    Buffer.from([12, 0, 1, 11, 0, 1, 0x7f, 0xff, 0xff, 0xff, 65, 0, 0]),
    Buffer.from([12, 0, 1, 11, 0, 1, 0xff, 0xff, 0xff, 0xff, 65, 0, 0]),
    Buffer.from([13, 0, 9, 8, 8, 0x7f, 0xff, 0xff, 0xff, 0]),
    Buffer.from([99, 0, 9, 0]),
  ]
  for (const body of lies) assert.throws(() => decoded(decodeJaegerBatch, body), MalformedError, body.toString('hex'))
})

test('values nested 5000 deep are refused', () => {
  const deep = Buffer.concat([...Array.from({ length: 5000 }, () => Buffer.from([12, 0, 9])), Buffer.alloc(5001)])
  assert.throws(() => decoded(decodeJaegerBatch, deep), /nested deeper/)
  const lists = Buffer.concat([
    Buffer.from([15, 0, 9]),
    ...Array.from({ length: 5000 }, () => Buffer.from([15, 0, 0, 0, 1])),
  ])
  assert.throws(() => decoded(decodeJaegerBatch, lists), /nested deeper/)
  const compact = Buffer.concat([compactMessage('emitBatch', {}).subarray(0, -1), Buffer.alloc(5000, 0x1c)])
  assert.throws(() => decoded(decodeJaegerCompactDatagram, compact), /nested deeper/)
})

test('a long process whose spans each add to it is refused before it fills the memory', () => {
  const tags = { long: 'x'.repeat(1024 * 1024) }
  const spans = (key: string): SampleSpan[] =>
    Array.from({ length: 200 }, (_, index) => ({ spanId: BigInt(index + 1), tags: { [key]: `v${index}` } }))
  const decodeWith = (key: string): number =>
    decoded(decodeJaegerBatch, writeBinary(thriftBatch(spans(key), { serviceName: 's', tags }))).spans.length
  assert.throws(() => decodeWith('service.version'), MalformedError)
  assert.equal(decodeWith('otel.scope.version'), 200)
})

test('text that is no UTF-8 has the replacement character', () => {
  const batch = writeBinary(thriftBatch([{ name: 'XYZ', tags: { 'db.user': 'ABC' } }]))
  for (const text of ['XYZ', 'ABC']) batch[batch.indexOf(text)] = 0xff
  const [span] = decoded(decodeJaegerBatch, batch).spans
  assert.deepEqual([span!.name, span!.attributes], ['\ufffdYZ', { 'db.user': '\ufffdBC' }])
})

test('other messages than emitBatch are told from what is torn', () => {
  const args: ThriftStruct = { 1: { list: [{ struct: { 1: { i64: 1n } } }] } }
  const zipkin = /the message "emitZipkinBatch"/
  assert.throws(() => decoded(decodeJaegerCompactDatagram, compactMessage('emitZipkinBatch', args)), zipkin)
  assert.throws(() => decoded(decodeJaegerBinaryDatagram, binaryMessage('emitZipkinBatch', args)), UnwantedMessageError)
  assert.throws(
    () => decoded(decodeJaegerCompactDatagram, binaryMessage('emitBatch', args)),
    /no message of the compact/,
  )
  assert.throws(
    () => decoded(decodeJaegerBinaryDatagram, compactMessage('emitBatch', args)),
    /no message of the binary/,
  )
})

test('a message of the binary protocol may come without its version', () => {
  const strict = binaryMessage('emitBatch', { 1: { struct: thriftBatch([{}]) } })
  const old = Buffer.concat([strict.subarray(4, 17), Buffer.of(4), strict.subarray(17)])
  assert.equal(decoded(decodeJaegerBinaryDatagram, old).spans.length, 1)
})

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('whatever bytes come, they are decoded or refused', () => {
  const next = random(11)
  for (const [, decode, body] of BODIES)
    for (let round = 0; round < 400 * ROUNDS; round++) {
      const changed = Buffer.from(body)
      for (let i = next(6); i >= 0; i--) changed[next(changed.length)] = next(256)
      const cut = next(4) === 0 ? changed.subarray(0, next(changed.length)) : changed
      try {
        decoded(decode, cut)
      } catch (error) {
        assert.ok(error instanceof MalformedError, `${cut.toString('hex')}: ${String(error)}`)
      }
    }
})
