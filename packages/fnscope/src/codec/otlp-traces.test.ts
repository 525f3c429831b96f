import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { pushSpan } from '../span/push-span.ts'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { OPTIONS, readRequest, bodyOf } from './otlp-samples.ts'
import { MalformedError, type Taken } from './taken.ts'
import { decodeOtlpTracesJson } from './otlp-traces-json.ts'
import { decodeOtlpTraces } from './otlp-traces.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

const FOLDER = new URL('../../../../test/fixtures/otel/', import.meta.url)

function capture(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, FOLDER))
  return new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}

const CAPTURES = [
  'python-http-traces.pb',
  'python-http-traces-xrayid.pb',
  'python-grpc-traces.pb',
  'node-http-traces.pb.gz',
  'node-grpc-traces.pb',
]

/** How many times as many random requests are tried: FNSCOPE_TEST_ROUNDS=20 takes a minute. */
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

function decode(body: Uint8Array): { spans: Span[]; taken: Taken; batch: SpanBatch } {
  const batch = new SpanBatch()
  const taken = decodeOtlpTraces(body, batch, OPTIONS)
  batch.checkRows()
  return { spans: readSpans(batch), taken, batch }
}

for (const name of CAPTURES)
  test(`${name} reads the same in protobuf and as the JSON that another reader makes of it`, () => {
    const { spans, taken } = decode(capture(name))
    const batch = new SpanBatch()
    const json = decodeOtlpTracesJson(bodyOf(readRequest(capture(name))), batch, OPTIONS)
    assert.deepEqual(readSpans(batch), spans)
    assert.deepEqual(json, taken)
    assert.ok(spans.length > 0)
  })

test('the texts in the columns are those that pushSpan writes of the same spans', () => {
  for (const name of CAPTURES) {
    const { spans, batch } = decode(capture(name))
    const other = new SpanBatch()
    for (const span of spans) pushSpan(other, span)
    for (const column of ['resource', 'scope', 'details', 'attributeTypes', 'annotationTypes'] as const)
      assert.deepEqual(new Set(batch[column].words), new Set(other[column].words), column)
    for (const column of ['events', 'links', 'statusMessage'] as const)
      assert.deepEqual(batch[column].bytes(), other[column].bytes(), column)
    for (const column of ['attributes', 'annotations'] as const)
      assert.deepEqual(batch[column].values.bytes(), other[column].values.bytes(), column)
    for (const column of ['traceId', 'spanId', 'parentId', 'startNanos', 'durationNanos', 'flags', 'kind'] as const)
      assert.deepEqual(batch[column].bytes(), other[column].bytes(), column)
  }
})

test('the Python SDK’s spans are what the program did', () => {
  const { spans } = decode(capture('python-http-traces.pb'))
  assert.deepEqual(
    spans.map((span) => [span.name, span.kind, span.segment, span.rootRank]),
    [
      ['DynamoDB.GetItem', 3, false, 255],
      ['validate', 1, false, 255],
      ['orders-fn', 2, true, 0],
    ],
  )
  const [call, validate, server] = spans as [Span, Span, Span]
  assert.equal(call.traceFlags, 0x100)
  assert.equal(call.startNanos, 1795248394481432086n)
  assert.equal(call.endNanos, 1795248394481461610n)
  assert.deepEqual(call.annotations, { ratio: 0.25, big: 9007199254740993n, uni: 'naïve ☃ 漢字' })
  assert.deepEqual(call.attributes['list.s'], ['a', 'b'])
  assert.deepEqual(call.attributes['list.i'], [1n, 2n])
  assert.deepEqual(call.attributes['list.d'], [1.5])
  assert.deepEqual(call.attributes['list.b'], [true, false])
  assert.equal(call.attributes['http.response.status_code'], 200n)
  assert.deepEqual(call.events, [{ timeNanos: 1795248394481448500n, name: 'retry', attributes: { attempt: 2n } }])
  assert.equal(call.scope?.schemaUrl, 'https://opentelemetry.io/schemas/1.30.0')
  assert.equal(validate.statusCode, 2)
  assert.equal(validate.fault, true)
  assert.deepEqual(validate.links, [
    {
      traceId: '0123456789abcdef0123456789abcdef',
      spanId: '1122334455667788',
      flags: 768,
      attributes: { why: 'batch' },
    },
  ])
  assert.equal(server.requestId, 'req-1')
  assert.equal(server.coldStart, true)
  assert.equal(server.origin, 'AWS::Lambda::Function')
})

test('the Node SDK says the same in protobuf and in its own JSON', () => {
  const { spans } = decode(capture('node-http-traces.pb.gz'))
  const batch = new SpanBatch()
  decodeOtlpTracesJson(capture('node-http-traces.json'), batch, OPTIONS)
  const json = readSpans(batch)
  const shape = (span: Span): unknown => [span.name, span.kind, Object.keys(span.attributes), span.annotations]
  assert.deepEqual(json.map(shape), spans.map(shape))
})

test('a batch that was filled before is filled again after clear', () => {
  const batch = new SpanBatch()
  decodeOtlpTraces(capture('node-grpc-traces.pb'), batch, OPTIONS)
  batch.clear()
  decodeOtlpTraces(capture('python-http-traces.pb'), batch, OPTIONS)
  batch.checkRows()
  assert.deepEqual(readSpans(batch), decode(capture('python-http-traces.pb')).spans)
})

test('two requests into one batch are the spans of both', () => {
  const batch = new SpanBatch()
  decodeOtlpTraces(capture('node-grpc-traces.pb'), batch, OPTIONS)
  const taken = decodeOtlpTraces(capture('python-http-traces.pb'), batch, OPTIONS)
  batch.checkRows()
  assert.equal(taken.rows, 3)
  assert.deepEqual(readSpans(batch), [
    ...decode(capture('node-grpc-traces.pb')).spans,
    ...decode(capture('python-http-traces.pb')).spans,
  ])
})

test('an empty request has no spans', () => {
  assert.deepEqual(decode(new Uint8Array(0)).taken, { rows: 0, rejected: 0, reasons: new Map(), message: '' })
})

// ------------------------------------------------------------------------------------------ by hand, on the wire

const TRACE_ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
const SPAN_ID = Uint8Array.from({ length: 8 }, (_, i) => i + 1)

interface WireSpan {
  readonly traceId?: Uint8Array
  readonly spanId?: Uint8Array
  readonly parentId?: Uint8Array
  readonly startNanos?: bigint
  readonly endNanos?: bigint
  write?(writer: ProtobufWriter): void
}

function requestOf(spans: readonly WireSpan[], around: { resourceUrl?: string; unknown?: boolean } = {}): Uint8Array {
  const writer = new ProtobufWriter()
  const resourceSpans = writer.open(1)
  const scopeSpans = writer.open(2)
  for (const span of spans) {
    const mark = writer.open(2)
    writer.bytes(1, span.traceId ?? TRACE_ID)
    writer.bytes(2, span.spanId ?? SPAN_ID)
    if (span.parentId) writer.bytes(4, span.parentId)
    writer.fixed64(7, span.startNanos ?? 1000n)
    writer.fixed64(8, span.endNanos ?? 3000n)
    span.write?.(writer)
    writer.close(mark)
  }
  writer.close(scopeSpans)
  if (around.resourceUrl !== undefined) writer.string(3, around.resourceUrl)
  if (around.unknown) writer.string(500, 'from a later version')
  writer.close(resourceSpans)
  return writer.written().slice()
}

function attribute(writer: ProtobufWriter, key: string, value: (writer: ProtobufWriter) => void): void {
  const mark = writer.open(9)
  writer.string(1, key)
  const valueMark = writer.open(2)
  value(writer)
  writer.close(valueMark)
  writer.close(mark)
}

test('spans are refused one by one, each for its reason', () => {
  const batch = new SpanBatch()
  const body = requestOf([
    {},
    { traceId: new Uint8Array(16) },
    { traceId: TRACE_ID.subarray(1) },
    { traceId: new Uint8Array(0) },
    { spanId: new Uint8Array(8) },
    { spanId: TRACE_ID },
    { parentId: SPAN_ID.subarray(1) },
    { startNanos: 999n, write: (writer) => attribute(writer, 'gone', (to) => to.string(1, 'with its span')) },
    { startNanos: 2001n },
    { startNanos: 2n ** 63n },
    { startNanos: 2000n, parentId: new Uint8Array(8) },
  ])
  const taken = decodeOtlpTraces(body, batch, { receivedNanos: 5n, bounds: { minNanos: 1000n, maxNanos: 2000n } })
  batch.checkRows()
  const spans = readSpans(batch)
  assert.equal(taken.rows, 2)
  assert.equal(taken.rejected, 9)
  assert.deepEqual(
    taken.reasons,
    new Map([
      ['bad_trace_id', 3],
      ['bad_span_id', 2],
      ['bad_parent_id', 1],
      ['too_old', 1],
      ['too_new', 2],
    ]),
  )
  assert.match(taken.message, /^Rejected: 3 bad_trace_id \(.+\); 2 bad_span_id \(.+\); .*2 too_new \(.+\)\.$/)
  assert.deepEqual(
    spans.map((span) => [span.startNanos, span.parentId, span.rootRank, span.annotations]),
    [
      [1000n, undefined, 0, {}],
      [2000n, undefined, 0, {}],
    ],
  )
})

test('bounds beyond 32 bits are met to the nanosecond', () => {
  const minNanos = 0x1234_5678_ffff_fff0n
  const maxNanos = 0x1234_5679_0000_0010n
  for (const [startNanos, rejected] of [
    [minNanos - 1n, 1],
    [minNanos, 0],
    [maxNanos, 0],
    [maxNanos + 1n, 1],
  ] as const) {
    const options = { receivedNanos: 5n, bounds: { minNanos, maxNanos } }
    assert.equal(decodeOtlpTraces(requestOf([{ startNanos }]), new SpanBatch(), options).rejected, rejected)
  }
})

test('a span that ends before it starts keeps both times', () => {
  for (const [startNanos, endNanos] of [
    [0x1_0000_0000n, 0xffff_ffffn],
    [5n, 3n],
    [0x1_ffff_ffffn, 0x2_0000_0000n],
    [7n, 0n],
  ] as const) {
    const { spans } = decode(requestOf([{ startNanos, endNanos }]))
    assert.equal(spans[0]!.startNanos, startNanos)
    assert.equal(spans[0]!.endNanos, endNanos)
  }
})

test('every type of value is kept to the bit, in a column of its own kind', () => {
  const { spans, batch } = decode(
    requestOf([
      {
        write(writer) {
          attribute(writer, 's', (to) => to.string(1, ''))
          attribute(writer, 'b', (to) => to.varint(2, 0))
          attribute(writer, 'i', (to) => to.varint64(3, -(2n ** 63n)))
          attribute(writer, 'small', (to) => to.varint64(3, -1n))
          attribute(writer, 'largest', (to) => to.varint64(3, 2n ** 63n - 1n))
          attribute(writer, 'nan', (to) => to.double(4, Number.NaN))
          attribute(writer, 'infinite', (to) => to.double(4, Number.NEGATIVE_INFINITY))
          attribute(writer, 'zero', (to) => to.double(4, -0))
          attribute(writer, 'one', (to) => to.double(4, 1))
          attribute(writer, 'bytes', (to) => to.bytes(7, Uint8Array.of(0, 255)))
          attribute(writer, 'none', () => {})
          attribute(writer, 'list', (to) => to.close(to.open(5)))
          attribute(writer, 'map', (to) => to.close(to.open(6)))
          attribute(writer, '', (to) => to.string(1, 'empty key'))
        },
      },
    ]),
  )
  assert.deepEqual(spans[0]!.annotations, {
    s: '',
    b: false,
    i: -(2n ** 63n),
    small: -1n,
    largest: 2n ** 63n - 1n,
    nan: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
    zero: -0,
    one: 1,
    '': 'empty key',
  })
  assert.deepEqual(spans[0]!.attributes, { bytes: Uint8Array.of(0, 255), none: null, list: [], map: {} })
  assert.deepEqual(batch.annotationTypes.words.slice(1), ['sbiiidddds'])
  assert.deepEqual(batch.attributeTypes.words.slice(1), ['xnjj'])
})

test('nested values keep their types, a key that looks like the JSON’s own included', () => {
  const { spans } = decode(
    requestOf([
      {
        write(writer) {
          attribute(writer, 'aws.nested', (to) => {
            const map = to.open(6)
            for (const [key, write] of [
              ['$double', (value: ProtobufWriter) => value.string(1, 'NaN')],
              ['nan', (value: ProtobufWriter) => value.double(4, Number.NaN)],
              ['int', (value: ProtobufWriter) => value.varint64(3, 2n ** 60n + 1n)],
              ['double', (value: ProtobufWriter) => value.double(4, 5)],
              ['bytes', (value: ProtobufWriter) => value.bytes(7, Uint8Array.of(1, 2))],
              ['none', () => {}],
              ['"\n', (value: ProtobufWriter) => value.varint(2, 1)],
            ] as const) {
              const entry = to.open(1)
              to.string(1, key)
              const value = to.open(2)
              write(to)
              to.close(value)
              to.close(entry)
            }
            to.close(map)
          })
        },
      },
    ]),
  )
  assert.deepEqual(spans[0]!.attributes['aws.nested'], {
    $double: 'NaN',
    nan: Number.NaN,
    int: 2n ** 60n + 1n,
    double: 5,
    bytes: Uint8Array.of(1, 2),
    none: null,
    '"\n': true,
  })
})

test('keys that come twice are both kept, in their order', () => {
  const batch = new SpanBatch()
  const body = requestOf([
    {
      write(writer) {
        attribute(writer, 'a', (to) => to.string(1, 'first'))
        attribute(writer, 'b', (to) => to.string(1, 'between'))
        attribute(writer, 'a', (to) => to.string(1, 'second'))
      },
    },
  ])
  decodeOtlpTraces(body, batch, OPTIONS)
  const { words } = batch.annotations.keys
  const indexes = new Uint32Array(batch.annotations.keys.indexBytes().slice().buffer)
  assert.deepEqual(
    [...indexes].map((index) => words[index]),
    ['a', 'b', 'a'],
  )
  assert.deepEqual(Buffer.from(batch.annotations.values.bytes()).toString(), '\x05first\x07between\x06second')
})

test('text that is no UTF-8 gets U+FFFD, wherever it stands', () => {
  const bad = Uint8Array.of(0x41, 0xff, 0x42)
  const good = 'A\ufffdB'
  const { spans } = decode(
    requestOf([
      {
        write(writer) {
          writer.bytes(5, bad)
          writer.bytes(3, bad)
          const mark = writer.open(9)
          writer.bytes(1, bad)
          const value = writer.open(2)
          writer.bytes(1, bad)
          writer.close(value)
          writer.close(mark)
          const event = writer.open(11)
          writer.bytes(2, bad)
          writer.close(event)
          const status = writer.open(15)
          writer.bytes(2, bad)
          writer.close(status)
        },
      },
    ]),
  )
  const [span] = spans as [Span]
  assert.equal(span.name, good)
  assert.equal(span.traceState, good)
  assert.deepEqual(span.annotations, { [good]: good })
  assert.equal(span.events[0]!.name, good)
  assert.equal(span.statusMessage, good)
})

function nestedValue(writer: ProtobufWriter, levels: number): void {
  if (levels === 0) {
    writer.string(1, 'deep')
    return
  }
  const list = writer.open(5)
  const value = writer.open(1)
  nestedValue(writer, levels - 1)
  writer.close(value)
  writer.close(list)
}

test('values are nested 64 levels deep and no deeper', () => {
  const body = (levels: number): Uint8Array =>
    requestOf([{ write: (writer) => attribute(writer, 'aws.deep', (to) => nestedValue(to, levels)) }])
  assert.equal(JSON.stringify(decode(body(64)).spans[0]!.attributes['aws.deep']).length, 64 * 2 + 6)
  assert.throws(() => decode(body(65)), MalformedError)
  assert.throws(() => decode(body(1000)), MalformedError)
  const json = (levels: number): Uint8Array => bodyOf(readRequest(body(levels)))
  const batch = new SpanBatch()
  assert.equal(decodeOtlpTracesJson(json(64), batch, OPTIONS).rows, 1)
  assert.throws(() => decodeOtlpTracesJson(json(65), new SpanBatch(), OPTIONS), MalformedError)
  assert.throws(() => decodeOtlpTracesJson(json(500), new SpanBatch(), OPTIONS), MalformedError)
})

test('more distinct keys than are remembered are all kept', () => {
  const keys = Array.from({ length: 12_000 }, (_, i) => (i % 2 === 0 ? `own-${i}` : `aws.key.${i}`))
  const { spans } = decode(
    requestOf([
      {
        write(writer) {
          for (const [i, key] of keys.entries()) attribute(writer, key, (to) => to.varint64(3, BigInt(i)))
          attribute(writer, 'http.response.status_code', (to) => to.varint(3, 503))
          attribute(writer, 'x'.repeat(100_000), (to) => to.string(1, 'a long key'))
        },
      },
      { write: (writer) => attribute(writer, 'own-0', (to) => to.string(1, 'again')) },
    ]),
  )
  const [span, next] = spans as [Span, Span]
  assert.equal(Object.keys(span.annotations).length, 6001)
  assert.equal(Object.keys(span.attributes).length, 6001)
  for (const i of [0, 4998, 11_998]) assert.equal(span.annotations[`own-${i}`], BigInt(i))
  for (const i of [1, 4999, 11_999]) assert.equal(span.attributes[`aws.key.${i}`], BigInt(i))
  assert.equal(span.annotations['x'.repeat(100_000)], 'a long key')
  assert.equal(span.fault, true)
  assert.deepEqual(next.annotations, { 'own-0': 'again' })
})

test('a long text of the user’s own is kept and not indexed', () => {
  const { spans } = decode(
    requestOf([
      {
        write(writer) {
          attribute(writer, 'fits', (to) => to.string(1, 'x'.repeat(1024)))
          attribute(writer, 'long', (to) => to.string(1, 'x'.repeat(1025)))
        },
      },
    ]),
  )
  assert.deepEqual(Object.keys(spans[0]!.annotations), ['fits'])
  assert.deepEqual(Object.keys(spans[0]!.attributes), ['long'])
})

test('fields of a later version are stepped over, and the URL of a resource’s schema reaches its spans', () => {
  const { spans } = decode(
    requestOf([{ write: (writer) => writer.string(99, 'new') }], {
      resourceUrl: 'https://x.test/1.30.0',
      unknown: true,
    }),
  )
  assert.equal(spans[0]!.schemaUrl, 'https://x.test/1.30.0')
  assert.throws(() => decode(requestOf([{}], { resourceUrl: 'x'.repeat(513) })), MalformedError)
})

const MALFORMED: readonly (readonly [string, (writer: ProtobufWriter) => void])[] = [
  ['a name as a number', (writer) => writer.varint(5, 1)],
  ['a kind as text', (writer) => writer.string(6, 'server')],
  ['a start as a varint', (writer) => writer.varint(7, 1)],
  ['an attribute as a number', (writer) => writer.varint(9, 1)],
  ['flags as a varint', (writer) => writer.varint(16, 1)],
  ['a group', (writer) => writer.tag(3, 3)],
  ['a value of another wire type', (writer) => attribute(writer, 'k', (to) => to.varint(1, 1))],
]

for (const [what, write] of MALFORMED)
  test(`${what} makes the request malformed, and the message says where`, () => {
    assert.throws(
      () => decode(requestOf([{ write }])),
      (error) => {
        assert.ok(error instanceof MalformedError)
        assert.match(error.message, /at byte \d+\.$/)
        return true
      },
    )
  })

const used = new SpanBatch()

/** The body is decoded into a batch that can be read, or malformed. */
function assertCalm(body: Uint8Array, read = false): void {
  used.clear()
  try {
    decodeOtlpTraces(body, used, OPTIONS)
  } catch (error) {
    assert.ok(error instanceof MalformedError, String((error as Error).stack))
    return
  }
  used.checkRows()
  if (read) readSpans(used)
}

test('a request that is cut anywhere is malformed', () => {
  const body = capture('python-http-traces.pb')
  for (let size = 1; size < body.length; size++) {
    used.clear()
    assert.throws(() => decodeOtlpTraces(body.subarray(0, size), used, OPTIONS), MalformedError, `cut at ${size}`)
  }
})

/** A small generator of the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('spoiled requests are decoded or malformed, never anything else', () => {
  const next = random(7)
  const bodies = CAPTURES.map(capture)
  for (let round = 0; round < 1500 * ROUNDS; round++) {
    const body = bodies[round % bodies.length]!.slice()
    for (let flips = next(6); flips >= 0; flips--) body[next(body.length)] = next(256)
    assertCalm(next(4) === 0 ? body.subarray(0, next(body.length)) : body, round % 16 === 0)
  }
})

test('after malformed requests a good one reads as ever', () => {
  const expected = decode(capture('python-http-traces.pb')).spans
  const next = random(8)
  for (let round = 0; round < 30 * ROUNDS; round++) {
    const body = capture('python-http-traces.pb')
    for (let flips = 0; flips < 4; flips++) body[next(body.length)] = next(256)
    assertCalm(body)
    assert.deepEqual(decode(capture('python-http-traces.pb')).spans, expected)
  }
})
