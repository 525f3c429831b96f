// Zipkin's spans in protobuf and in JSON of both versions, from hand-made and captured bytes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { CONTEXT, decoded, type Decoded } from './jaeger-samples.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { MalformedError } from './taken.ts'
import { addressBytes, addressText } from './zipkin-address.ts'
import { decodeZipkinJson, writeZipkinSpan, type ZipkinSpan } from './zipkin-json.ts'
import { decodeZipkinSpans } from './zipkin-proto.ts'
import { writeBinary, type ThriftValue } from './thrift-samples.ts'
import { decodeZipkinThrift } from './zipkin-thrift.ts'
import { decodeZipkinV1Json } from './zipkin-v1.ts'

const FIXTURES = new URL('../../../../test/fixtures/zipkin/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES))
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

const BASE = { traceId: '4da815340a374c25', id: '1', timestamp: 1_795_248_395_486_859, duration: 28 } as const
const bodyOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document))

function decodeAll(...spans: readonly ZipkinSpan[]): Decoded {
  return decoded(decodeZipkinJson, bodyOf(spans))
}

function decodeOne(span: ZipkinSpan): Span {
  const { spans, taken } = decodeAll({ ...BASE, ...span })
  assert.equal(spans.length, 1, taken.message)
  return spans[0]!
}

test('ids of any number of digits are padded', () => {
  const span = decodeOne({ traceId: 'ABC', id: 'F', parentId: '10' })
  assert.deepEqual(
    [span.traceId, span.spanId, span.parentId],
    ['abc'.padStart(32, '0'), 'f'.padStart(16, '0'), '10'.padStart(16, '0')],
  )
  assert.equal(decodeOne({ traceId: '4da815340a374c25100343cb14ef3dea' }).traceId, '4da815340a374c25100343cb14ef3dea')
})

test('times are microseconds, wherever a sender puts the point', () => {
  const span = decodeOne({ timestamp: 1_795_248_395_486_859.5 })
  assert.deepEqual([span.startNanos, span.endNanos], [1_795_248_395_486_859_000n, 1_795_248_395_486_887_000n])
  assert.equal(decodeOne({ timestamp: '1795248395486859' }).startNanos, 1_795_248_395_486_859_000n)
})

test('a span without a time has that of its first annotation, else that of its arrival', () => {
  const annotations = [{ timestamp: BASE.timestamp + 5, value: 'flush' }]
  assert.equal(decodeOne({ timestamp: null, annotations }).startNanos, 1_795_248_395_486_864_000n)
  assert.equal(decodeOne({ timestamp: 0 }).startNanos, CONTEXT.receivedNanos)
})

test('kinds are OpenTelemetry’s', () => {
  const kinds = { CLIENT: 3, SERVER: 2, PRODUCER: 4, CONSUMER: 5, odd: 0 }
  for (const [kind, expected] of Object.entries(kinds)) assert.equal(decodeOne({ kind }).kind, expected)
  assert.equal(decodeOne({ kind: null }).kind, 0)
})

test('the local endpoint is the resource, the remote one the peer', () => {
  const span = decodeOne({
    kind: 'CLIENT',
    parentId: '2',
    localEndpoint: { serviceName: 'web', ipv4: '10.0.0.1', port: 8080 },
    remoteEndpoint: { serviceName: 'billing', ipv6: '2001:db8::1', port: 443 },
  })
  assert.equal(span.service, 'web')
  assert.deepEqual(span.resource, { 'service.name': 'web', 'net.host.ip': '10.0.0.1', 'net.host.port': 8080n })
  assert.deepEqual(span.peer, { name: 'billing', type: 'remote' })
  assert.deepEqual(span.attributes, {
    'peer.service': 'billing',
    'network.peer.address': '2001:db8::1',
    'network.peer.port': 443n,
  })
  const tagged = decodeOne({ tags: { 'peer.service': 'own' }, remoteEndpoint: { serviceName: 'billing' } })
  assert.deepEqual(tagged.attributes, { 'peer.service': 'own' })
})

test('addresses read as they are written', () => {
  for (const text of ['0.0.0.0', '255.1.2.3', '::', '::1', '2001:db8::1', 'fe80::1:2:3:4', '1:2:3:4:5:6:7:8'])
    assert.equal(addressText(addressBytes(text)), text)
  assert.equal(addressText(addressBytes('::ffff:1.2.3.4')), '::ffff:102:304')
  for (const text of ['', 'x', '1.2.3', '1.2.3.256', 'fe80::1%eth0', '1::2::3', 'ab:cd'])
    assert.equal(addressText(addressBytes(text)), '')
})

test('tags are texts, the user’s own are indexed, and known ones fill columns', () => {
  const span = decodeOne({
    kind: 'SERVER',
    tags: { 'http.method': 'GET', 'http.path': '/a', 'http.status_code': '404', customer: 'c1', count: 5, none: null },
  })
  assert.deepEqual(span.attributes, { 'http.method': 'GET', 'http.path': '/a', 'http.status_code': '404' })
  assert.deepEqual(span.annotations, { customer: 'c1', count: '5', none: '' })
  assert.deepEqual([span.http?.method, span.http?.url, span.http?.status, span.error], ['GET', '/a', 404, true])
})

test('the tag error is an error whatever it holds but false', () => {
  const status = (error: string): readonly unknown[] => {
    const { statusCode, statusMessage } = decodeOne({ tags: { error } })
    return [statusCode, statusMessage]
  }
  assert.deepEqual(status(''), [2, undefined])
  assert.deepEqual(status('true'), [2, undefined])
  assert.deepEqual(status('no disk'), [2, 'no disk'])
  assert.deepEqual(status('false'), [0, undefined])
})

test('annotations are events, and what exporters put into their text is taken out', () => {
  const value = (text: string): unknown => {
    const [event] = decodeOne({ annotations: [{ timestamp: 5, value: text }] }).events
    return event && [event.name, event.attributes, event.droppedAttributes]
  }
  assert.deepEqual(value('wire send'), ['wire send', {}, undefined])
  assert.deepEqual(value('{"retry":{"attempt":2,"rate":0.5,"tags":["a"]}}'), [
    'retry',
    { attempt: 2n, rate: 0.5, tags: ['a'] },
    undefined,
  ])
  assert.deepEqual(value('ev|{"k":"v"}|3'), ['ev', { k: 'v' }, 3])
  for (const text of [
    '{',
    '{}',
    '{"a":1}',
    '{"a":{},"b":{}}',
    'a|b|c',
    'a|{|1',
    '{"a":' + '['.repeat(100) + ']'.repeat(100) + '}',
  ])
    assert.deepEqual(value(text), [text, {}, undefined])
})

test('debug and shared are kept', () => {
  const span = decodeOne({ debug: true, shared: true, kind: 'SERVER' })
  assert.deepEqual([span.traceFlags, span.attributes], [3, { 'zipkin.shared': true }])
  assert.equal(decodeOne({}).traceFlags, 1)
})

test('a span with an id that is none is refused alone', () => {
  const { taken, spans } = decodeAll(
    { ...BASE, traceId: 'xyz' },
    { ...BASE, traceId: '0'.repeat(32) },
    { ...BASE, traceId: '1'.repeat(33) },
    { ...BASE, id: '' },
    { ...BASE, id: undefined },
    { ...BASE, parentId: 'no' },
    { ...BASE, timestamp: -5 },
    BASE,
  )
  assert.deepEqual(Object.fromEntries(taken.reasons), { bad_trace_id: 3, bad_span_id: 2, bad_parent_id: 1, too_new: 1 })
  assert.equal(spans.length, 1)
})

const MALFORMED = ['', '{}', 'null', '[1]', '[[]]', '[{"name":5}]', '[{"tags":[]}]', '[{"annotations":{}}]',
  '[{"timestamp":"now"}]', '[{"localEndpoint":"x"}]', '['.repeat(5000), '[{"tags":' + '['.repeat(5000) + ']'.repeat(5000) + '}]'] // prettier-ignore

test('a body that is no list of spans is refused whole', () => {
  for (const text of MALFORMED) {
    assert.throws(() => decoded(decodeZipkinJson, Buffer.from(text)), MalformedError, text.slice(0, 50))
    assert.throws(
      () =>
        decoded(
          decodeZipkinV1Json,
          Buffer.from(
            text === '[{"annotations":{}}]' || text === '[{"tags":[]}]' || text === '[{"localEndpoint":"x"}]'
              ? '{'
              : text,
          ),
        ),
      MalformedError,
      text.slice(0, 50),
    )
  }
  assert.deepEqual(decodeAll().spans, [])
})

const PYTHON_RESOURCE = {
  'service.name': 'cap-svc',
  'telemetry.sdk.language': 'python',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '1.45.1',
  'service.instance.id': 'c751c0e8-1c96-4d10-bd9d-878d53d9f460',
  'cloud.provider': 'aws',
  'cloud.platform': 'aws_lambda',
  'faas.name': 'orders-fn',
  'faas.version': '3',
}

test('every field of python-v2.json comes back', () => {
  const { spans } = decoded(decodeZipkinJson, fixture('python-v2.json'))
  const [call, validate, server] = spans
  assert.equal(spans.length, 3)
  assert.deepEqual(call!.resource, PYTHON_RESOURCE)
  assert.deepEqual(call!.scope, { name: 'cap.lib', version: '1.2.3', attributes: {} })
  assert.deepEqual(
    [call!.name, call!.kind, call!.parentId, call!.traceFlags],
    ['DynamoDB.GetItem', 3, server!.spanId, 3],
  )
  assert.deepEqual(
    { ...call!.attributes, ...call!.annotations },
    {
      'rpc.system': 'aws-api',
      'rpc.service': 'DynamoDB',
      'rpc.method': 'GetItem',
      'db.system': 'dynamodb',
      'aws.region': 'eu-west-1',
      'http.response.status_code': '200',
      ratio: '0.25',
      big: '9007199254740993',
      'list.s': '["a","b"]',
      'list.i': '["1","2"]',
      'list.d': '["1.5"]',
      'list.b': '["true","false"]',
      uni: 'naïve ☃ 漢字',
    },
  )
  assert.deepEqual(call!.peer, { name: 'DynamoDB', type: 'AWS::DynamoDB' })
  assert.deepEqual(call!.events, [
    { timeNanos: 1_795_248_395_486_875_000n, name: 'retry', attributes: { attempt: 2n } },
  ])
  assert.deepEqual([validate!.statusCode, validate!.statusMessage], [2, 'ValueError: bad order'])
  assert.equal(validate!.events[0]!.name, 'exception')
  assert.equal(validate!.events[0]!.attributes['exception.type'], 'ValueError')
  assert.deepEqual([server!.kind, server!.segment, server!.origin], [2, true, 'AWS::Lambda::Function'])
  assert.equal(server!.attributes['faas.invocation_id'], 'req-1')
})

test('every field of node-v2.json comes back', () => {
  const { spans } = decoded(decodeZipkinJson, fixture('node-v2.json'))
  const [child, root] = spans
  assert.deepEqual([child!.parentId, child!.statusCode, child!.statusMessage], [root!.spanId, 2, 'bad'])
  assert.deepEqual(
    child!.events.map(({ name }) => name),
    ['ev', 'exception'],
  )
  assert.deepEqual(root!.annotations, { s: 'x', i: '7', f: '1.5', b: 'true', arr: 'a,b', big: '9007199254740991' })
  assert.deepEqual(root!.resource, { 'service.name': 'node-svc', 'faas.name': 'fn' })
})

test('every field of python112-v2.pb comes back', () => {
  const { spans, taken } = decoded(decodeZipkinSpans, fixture('python112-v2.pb'))
  assert.deepEqual([taken.rejected, spans.length > 0], [0, true])
  for (const span of spans) {
    assert.equal(span.service, 'cap-svc')
    assert.equal(span.scope?.name, 'cap.lib')
    assert.equal(span.resource['telemetry.sdk.version'], '1.12.0')
    assert.ok(span.endNanos! > span.startNanos)
  }
  assert.ok(spans.some(({ events }) => events.some(({ name }) => name === 'exception')))
})

const ENDPOINT = { serviceName: 'web', ipv4: '10.0.0.1' }
const OTHER = { serviceName: 'db', ipv4: '10.0.0.2', port: 5432 }
const V1 = { traceId: 'a', id: 'b', name: 'get' }

const decodeV1 = (...spans: readonly object[]): readonly Span[] => decoded(decodeZipkinV1Json, bodyOf(spans)).spans

test('version 1: a client’s span', () => {
  const [span] = decodeV1({
    ...V1,
    timestamp: 1000,
    duration: 500,
    annotations: [
      { timestamp: 1000, value: 'cs', endpoint: ENDPOINT },
      { timestamp: 1200, value: 'retry', endpoint: ENDPOINT },
      { timestamp: 1500, value: 'cr', endpoint: ENDPOINT },
    ],
    binaryAnnotations: [
      { key: 'http.path', value: '/a', endpoint: ENDPOINT },
      { key: 'ok', value: true, endpoint: ENDPOINT },
      { key: 'sa', value: true, endpoint: OTHER },
    ],
  })
  assert.deepEqual([span!.kind, span!.service, span!.startNanos, span!.endNanos], [3, 'web', 1_000_000n, 1_500_000n])
  assert.deepEqual(span!.peer, { name: 'db', type: 'remote' })
  assert.deepEqual([span!.events.map(({ name }) => name), span!.annotations], [['retry'], { ok: 'true' }])
  assert.equal(span!.attributes['http.path'], '/a')
  assert.equal('zipkin.shared' in span!.attributes, false)
})

test('version 1: both sides in one span are two', () => {
  const [client, server] = decodeV1({
    ...V1,
    timestamp: 1000,
    duration: 500,
    annotations: [
      { timestamp: 1000, value: 'cs', endpoint: ENDPOINT },
      { timestamp: 1100, value: 'sr', endpoint: OTHER },
      { timestamp: 1300, value: 'ss', endpoint: OTHER },
      { timestamp: 1500, value: 'cr', endpoint: ENDPOINT },
    ],
    binaryAnnotations: [
      { key: 'a', value: '1', endpoint: ENDPOINT },
      { key: 'b', value: '2', endpoint: OTHER },
    ],
  })
  assert.deepEqual([client!.kind, client!.service, client!.annotations], [3, 'web', { a: '1' }])
  assert.deepEqual([server!.kind, server!.service, server!.annotations], [2, 'db', { b: '2' }])
  assert.deepEqual([client!.startNanos, client!.endNanos], [1_000_000n, 1_500_000n])
  assert.deepEqual([server!.startNanos, server!.endNanos], [1_100_000n, 1_300_000n])
  assert.deepEqual([client!.spanId, server!.attributes['zipkin.shared']], [server!.spanId, true])
})

test('version 1: a server without a time of its own shares its client’s id', () => {
  const annotations = [
    { timestamp: 1100, value: 'sr', endpoint: OTHER },
    { timestamp: 1300, value: 'ss', endpoint: OTHER },
  ]
  const [span] = decodeV1({ ...V1, annotations })
  assert.deepEqual(
    [span!.kind, span!.startNanos, span!.endNanos, span!.attributes['zipkin.shared']],
    [2, 1_100_000n, 1_300_000n, true],
  )
})

test('version 1: a local component, and a call known by its address alone', () => {
  const [local] = decodeV1({
    ...V1,
    timestamp: 1,
    duration: 1,
    binaryAnnotations: [{ key: 'lc', value: 'jdbc', endpoint: ENDPOINT }],
  })
  assert.deepEqual([local!.kind, local!.service, local!.attributes['lc']], [0, 'web', 'jdbc'])
  const [call] = decodeV1({ ...V1, timestamp: 1, binaryAnnotations: [{ key: 'sa', value: true, endpoint: OTHER }] })
  assert.deepEqual([call!.kind, call!.peer?.name], [3, 'db'])
})

const thriftEndpoint = (service: string): ThriftValue => ({
  struct: { 1: { i32: 0x0a000001 }, 2: { i16: -1 }, 3: { text: service } },
})

/** A bare list, as it stands within a struct. */
function thriftList(...spans: readonly ThriftValue[]): Buffer {
  return writeBinary({ 1: { list: spans } }).subarray(3, -1)
}

const bytes = (size: number, write: (view: DataView) => void): Uint8Array => {
  const view = new DataView(new ArrayBuffer(size))
  write(view)
  return new Uint8Array(view.buffer)
}

const THRIFT_SPAN: ThriftValue = {
  struct: {
    1: { i64: -1n },
    3: { text: 'get' },
    4: { i64: 5n },
    5: { i64: 4n },
    6: {
      list: [
        { struct: { 1: { i64: 1000n }, 2: { text: 'cs' }, 3: thriftEndpoint('web') } },
        { struct: { 1: { i64: 1200n }, 2: { text: 'cr' }, 3: thriftEndpoint('web') } },
      ],
    },
    8: {
      list: (
        [
          ['sa', 0, Uint8Array.of(1)],
          ['off', 0, Uint8Array.of(0)],
          ['raw', 1, Uint8Array.of(1, 2)],
          ['short', 2, bytes(2, (view) => view.setInt16(0, -2))],
          ['int', 3, bytes(4, (view) => view.setInt32(0, -3))],
          ['long', 4, bytes(8, (view) => view.setBigInt64(0, 1n << 60n))],
          ['double', 5, bytes(8, (view) => view.setFloat64(0, 0.5))],
          ['text', 6, Buffer.from('ä')],
        ] as const
      ).map(([key, type, value]) => ({
        struct: {
          1: { text: key },
          2: { text: value },
          3: { i32: type },
          4: thriftEndpoint(key === 'sa' ? 'db' : 'web'),
        },
      })),
    },
    9: { bool: true },
    12: { i64: 1n },
  },
}

test('version 1 in thrift says the same as in JSON', () => {
  const { spans } = decoded(decodeZipkinThrift, thriftList(THRIFT_SPAN))
  const [span] = spans
  assert.deepEqual(
    [span!.traceId, span!.spanId, span!.parentId],
    [`${'1'.padStart(16, '0')}${'f'.repeat(16)}`, '5'.padStart(16, '0'), '4'.padStart(16, '0')],
  )
  assert.deepEqual(
    [span!.kind, span!.name, span!.startNanos, span!.endNanos, span!.traceFlags],
    [3, 'get', 1_000_000n, 1_200_000n, 3],
  )
  assert.deepEqual(span!.resource, { 'service.name': 'web', 'net.host.ip': '10.0.0.1', 'net.host.port': 65_535n })
  assert.equal(span!.peer?.name, 'db')
  assert.deepEqual(span!.annotations, {
    off: 'false', raw: 'AQI=', short: '-2', int: '-3', long: '1152921504606846976', double: '0.5', text: 'ä',
  }) // prettier-ignore
})

test('version 1 in thrift that is cut anywhere is refused whole', () => {
  const body = thriftList(THRIFT_SPAN)
  for (let size = 0; size < body.length; size++)
    assert.throws(() => decoded(decodeZipkinThrift, body.subarray(0, size)), MalformedError, `cut at ${size}`)
  assert.throws(() => decoded(decodeZipkinThrift, Buffer.from([10, 0, 0, 0, 0])), MalformedError)
})

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('protobuf that is cut anywhere is refused whole, or ends between two spans', () => {
  const body = fixture('python112-v2.pb')
  let whole = 0
  for (let size = 0; size < body.length; size++) {
    try {
      decoded(decodeZipkinSpans, body.subarray(0, size))
      whole += 1
    } catch (error) {
      assert.ok(error instanceof MalformedError)
    }
  }
  assert.ok(whole <= 3, `${whole}`)
})

test('whatever bytes come, they are decoded or refused', () => {
  const next = random(5)
  const writer = new ProtobufWriter()
  writeZipkinSpan(writer, {
    ...BASE,
    kind: 'CLIENT',
    localEndpoint: OTHER,
    remoteEndpoint: ENDPOINT,
    tags: { error: 'x' },
    debug: true,
  })
  const bodies = [
    [decodeZipkinSpans, fixture('python112-v2.pb')],
    [decodeZipkinSpans, writer.written().slice()],
    [decodeZipkinJson, fixture('node-v2.json')],
    [decodeZipkinThrift, thriftList(THRIFT_SPAN)],
    [decodeZipkinV1Json, bodyOf([{ ...V1, annotations: [{ timestamp: 1, value: 'cs', endpoint: OTHER }] }])],
  ] as const
  for (const [decode, body] of bodies)
    for (let round = 0; round < 400 * ROUNDS; round++) {
      const changed = Buffer.from(body)
      for (let i = next(6); i >= 0; i--) changed[next(changed.length)] = next(256)
      try {
        decoded(decode, next(4) === 0 ? changed.subarray(0, next(changed.length)) : changed)
      } catch (error) {
        assert.ok(error instanceof MalformedError, `${changed.toString('hex')}: ${String(error)}`)
      }
    }
})
