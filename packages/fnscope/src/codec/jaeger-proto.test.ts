// jaeger.api_v2 against captured bytes, hand-made messages, and what no client would send.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { encodeJaegerTrace } from './jaeger-json.ts'
import { decodeJaegerPostSpans } from './jaeger-proto.ts'
import { decoded } from './jaeger-samples.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { MalformedError } from './taken.ts'

const FIXTURES = new URL('../../../../test/fixtures/jaeger/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES))
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

type Write = (writer: ProtobufWriter) => void

function message(writer: ProtobufWriter, field: number, write: Write): void {
  const mark = writer.open(field)
  write(writer)
  writer.close(mark)
}

const id = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const time =
  (seconds: bigint, nanos: number): Write =>
  (writer) => {
    writer.varint64(1, seconds)
    writer.varint(2, nanos)
  }

const TRACE = '000102030405060708090a0b0c0d0e0f'

/** A request of one span with ids and a time, and what `write` adds; the process behind it unless it is left out. */
function request(write: Write, { process = true, trace = TRACE } = {}): Uint8Array {
  const writer = new ProtobufWriter()
  message(writer, 1, () => {
    message(writer, 1, () => {
      writer.bytes(1, id(trace))
      writer.bytes(2, id('00000000000000a1'))
      message(writer, 6, time(1_790_000_000n, 123_456_789))
      message(writer, 7, time(1n, 1))
      write(writer)
    })
    if (process) message(writer, 2, () => writer.string(1, 'svc'))
  })
  return writer.written()
}

function decodeOne(write: Write, options = {}): Span {
  const { spans, taken } = decoded(decodeJaegerPostSpans, request(write, options))
  assert.equal(spans.length, 1, taken.message)
  return spans[0]!
}

test('every field of python112-grpc-postspans-1.pb and -2.pb comes back', () => {
  const [child] = decoded(decodeJaegerPostSpans, fixture('python112-grpc-postspans-1.pb')).spans
  const [parent] = decoded(decodeJaegerPostSpans, fixture('python112-grpc-postspans-2.pb')).spans
  assert.deepEqual([child!.traceId, child!.parentId, child!.links], [parent!.traceId, parent!.spanId, []])
  assert.deepEqual([child!.name, child!.kind, parent!.name], ['child', 1, 'parent'])
  assert.deepEqual(child!.annotations, { a: 1n, b: 'x', c: true, d: 2.5 })
  assert.deepEqual(child!.events, [{ timeNanos: 1_795_248_811_351_162_672n, name: 'ev', attributes: { k: 'v' } }])
  assert.deepEqual([child!.startNanos, child!.endNanos], [1_795_248_811_351_142_406n, 1_795_248_811_351_176_738n])
  assert.deepEqual([child!.scope?.name, child!.traceFlags], ['j', 1])
  assert.deepEqual(child!.resource, {
    'service.name': 'grpc-svc',
    'telemetry.sdk.language': 'python',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.version': '1.12.0',
  })
})

test('times are exact to the nanosecond', () => {
  const span = decodeOne(() => {})
  assert.deepEqual([span.startNanos, span.endNanos], [1_790_000_000_123_456_789n, 1_790_000_001_123_456_790n])
  assert.equal(span.service, 'svc')
})

test('a trace id of eight bytes is the lower half', () => {
  assert.equal(decodeOne(() => {}, { trace: '00000000000000ff' }).traceId, '000000000000000000000000000000ff')
  const { taken } = decoded(
    decodeJaegerPostSpans,
    request(() => {}, { trace: '0001' }),
  )
  assert.deepEqual(Object.fromEntries(taken.reasons), { bad_trace_id: 1 })
})

test('tags of every type, and flags', () => {
  const span = decodeOne((writer) => {
    writer.varint(5, 3)
    const tag = (key: string, type: number, value: Write): void =>
      message(writer, 8, () => {
        writer.string(1, key)
        if (type !== 0) writer.varint(2, type)
        value(writer)
      })
    tag('net.text', 0, () => writer.string(3, 'ä'))
    tag('net.yes', 1, () => writer.varint(4, 1))
    tag('net.no', 1, () => {})
    tag('net.int', 2, () => writer.varint64(5, -5n))
    tag('net.double', 3, () => writer.double(6, 0.5))
    tag('net.bytes', 4, () => writer.bytes(7, Uint8Array.of(1, 0)))
    tag('span.kind', 0, () => writer.string(3, 'consumer'))
  })
  assert.deepEqual(span.attributes, {
    'net.text': 'ä',
    'net.yes': true,
    'net.no': false,
    'net.int': -5n,
    'net.double': 0.5,
    'net.bytes': new Uint8Array([1, 0]),
  })
  assert.deepEqual([span.kind, span.traceFlags], [5, 3])
})

test('the parent is among the references', () => {
  const reference = (writer: ProtobufWriter, trace: string, span: string, type: number): void =>
    message(writer, 4, () => {
      writer.bytes(1, id(trace))
      writer.bytes(2, id(span))
      writer.varint(3, type)
    })
  const span = decodeOne((writer) => {
    reference(writer, `${'f'.repeat(31)}0`, '00000000000000b1', 0)
    reference(writer, TRACE, '00000000000000b2', 1)
    reference(writer, TRACE, '00000000000000b3', 0)
  })
  assert.equal(span.parentId, '00000000000000b3')
  assert.deepEqual(
    span.links.map((link) => [link.spanId, link.attributes['opentracing.ref_type']]),
    [
      ['00000000000000b1', 'child_of'],
      ['00000000000000b2', 'follows_from'],
    ],
  )
})

test('a process of the span’s own stands before that of the batch', () => {
  const own = decodeOne((writer) => message(writer, 10, () => writer.string(1, 'own')))
  assert.equal(own.service, 'own')
  assert.equal(decodeOne(() => {}, { process: false }).service, 'unknown_service')
})

test('warnings are kept', () => {
  const span = decodeOne((writer) => {
    writer.string(12, 'clock "skew"')
    writer.string(12, 'b')
  })
  assert.deepEqual(span.attributes, { 'jaeger.warnings': ['clock "skew"', 'b'] })
  const [shown] = encodeJaegerTrace([span]).spans
  assert.deepEqual([shown!.warnings, shown!.tags], [['clock "skew"', 'b'], []])
})

test('times far away are refused by name', () => {
  const at = (seconds: bigint): Record<string, number> => {
    const body = request((writer) => message(writer, 6, time(seconds, 0)))
    const bounds = { minNanos: 1n, maxNanos: 1_800_000_000_000_000_000n }
    return Object.fromEntries(decoded(decodeJaegerPostSpans, body, { receivedNanos: 1n, bounds }).taken.reasons)
  }
  assert.deepEqual([at(-1n), at(0n)], [{ too_old: 1 }, { too_old: 1 }])
  for (const seconds of [1_900_000_000n, 1n << 33n, 1n << 40n, (1n << 63n) - 1n])
    assert.deepEqual(at(seconds), { too_new: 1 })
  assert.deepEqual(at(-(1n << 63n)), { too_old: 1 })
})

test('bytes that are cut, or of another type than their field’s, are refused whole', () => {
  const body = fixture('python112-grpc-postspans-1.pb')
  for (let size = 1; size < body.length; size++)
    assert.throws(() => decoded(decodeJaegerPostSpans, body.subarray(0, size)), MalformedError, `cut at ${size}`)
  assert.throws(() => decoded(decodeJaegerPostSpans, Buffer.from([0x08, 1])), MalformedError)
  assert.throws(
    () =>
      decoded(
        decodeJaegerPostSpans,
        request((writer) => writer.string(5, 'x')),
      ),
    MalformedError,
  )
  assert.deepEqual(decoded(decodeJaegerPostSpans, Buffer.alloc(0)).spans, [])
})

test('whatever bytes come, they are decoded or refused', () => {
  let state = 3
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (const body of [1, 2].map((number) => fixture(`python112-grpc-postspans-${number}.pb`)))
    for (let round = 0; round < 400 * ROUNDS; round++) {
      const changed = Buffer.from(body)
      for (let i = next(6); i >= 0; i--) changed[next(changed.length)] = next(256)
      try {
        decoded(decodeJaegerPostSpans, next(4) === 0 ? changed.subarray(0, next(changed.length)) : changed)
      } catch (error) {
        assert.ok(error instanceof MalformedError, `${changed.toString('hex')}: ${String(error)}`)
      }
    }
})
