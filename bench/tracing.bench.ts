// How many spans of Jaeger and of Zipkin a second of CPU decodes: wire bytes to columns, a hundred spans a request, eight
// tags and a log on each, as clients of both send them.
//   node bench/tracing.bench.ts     BODIES=200 RUNS=7
import { decodeJaegerPostSpans } from '../packages/fnscope/src/codec/jaeger-proto.ts'
import { thriftBatch, type SampleSpan } from '../packages/fnscope/src/codec/jaeger-samples.ts'
import { decodeJaegerBatch, decodeJaegerCompactDatagram } from '../packages/fnscope/src/codec/jaeger-thrift.ts'
import { ProtobufWriter } from '../packages/fnscope/src/codec/protobuf-writer.ts'
import type { RowContext } from '../packages/fnscope/src/codec/span-row-writer.ts'
import type { Taken } from '../packages/fnscope/src/codec/taken.ts'
import { compactMessage, writeBinary } from '../packages/fnscope/src/codec/thrift-samples.ts'
import { decodeZipkinJson, writeZipkinSpan } from '../packages/fnscope/src/codec/zipkin-json.ts'
import { decodeZipkinSpans } from '../packages/fnscope/src/codec/zipkin-proto.ts'
import { attributeText } from '../packages/fnscope/src/span/attribute-value.ts'
import { SpanBatch } from '../packages/fnscope/src/span/span-batch.ts'
import { load, quantiles, report } from './measure.ts'

const BODIES = Number(process.env['BODIES'] ?? 200)
const RUNS = Number(process.env['RUNS'] ?? 7)
const SPANS_A_BODY = 100
const CONTEXT: RowContext = { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }
const START_MICROS = 1_790_000_000_000_000

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0)
}

const next = random(3)
const id = (): bigint => (BigInt(next()) << 32n) | BigInt((next() | 1) >>> 0)

function sample(index: number): SampleSpan {
  const server = index % 2 === 0
  const startMicros = BigInt(START_MICROS + index * 1000)
  return {
    traceLow: id(),
    traceHigh: id(),
    spanId: id(),
    parentId: server ? 0n : id(),
    name: ['GET /orders', 'SELECT orders', 'charge', 'publish'][index % 4]!,
    startMicros,
    durationMicros: BigInt(next() % 100_000),
    tags: {
      'span.kind': server ? 'server' : 'client',
      component: 'net/http',
      'http.method': 'GET',
      'http.url': `http://orders.internal/orders/${next() % 100_000}`,
      'http.status_code': 200n,
      customer: `cust-${next() % 1000}`,
      amount: (next() % 10_000) / 100,
      paid: true,
    },
    logs: [{ micros: startMicros + 5n, fields: { event: 'cache', hit: false, size: 512n } }],
  }
}

const samples = Array.from({ length: SPANS_A_BODY }, (_, index) => sample(index))
const hex = (value: bigint, digits: number): string => value.toString(16).padStart(digits, '0')

function zipkinSpan({
  traceHigh,
  traceLow,
  spanId,
  parentId,
  name,
  startMicros,
  durationMicros,
  tags,
}: SampleSpan): object {
  const { 'span.kind': kind, ...others } = tags!
  return {
    traceId: hex(traceHigh!, 16) + hex(traceLow!, 16),
    id: hex(spanId!, 16),
    ...(parentId !== 0n && { parentId: hex(parentId!, 16) }),
    name,
    kind: attributeText(kind!).toUpperCase(),
    timestamp: Number(startMicros),
    duration: Number(durationMicros),
    localEndpoint: { serviceName: 'orders', ipv4: '10.0.0.1' },
    annotations: [{ timestamp: Number(startMicros) + 5, value: 'cache' }],
    tags: Object.fromEntries(Object.entries(others).map(([key, value]) => [key, attributeText(value)])),
  }
}

function zipkinProtobuf(): Uint8Array {
  const writer = new ProtobufWriter()
  for (const one of samples) writeZipkinSpan(writer, zipkinSpan(one))
  return writer.written()
}

/** The same spans as PostSpansRequest. */
function postSpans(): Uint8Array {
  const writer = new ProtobufWriter()
  const batch = writer.open(1)
  for (const one of samples) {
    const span = writer.open(1)
    writer.bytes(1, Buffer.from(hex(one.traceHigh!, 16) + hex(one.traceLow!, 16), 'hex'))
    writer.bytes(2, Buffer.from(hex(one.spanId!, 16), 'hex'))
    writer.string(3, one.name!)
    time(writer, 6, one.startMicros!)
    time(writer, 7, one.durationMicros!)
    for (const [key, value] of Object.entries(one.tags!)) tag(writer, 8, key, value)
    for (const { micros, fields } of one.logs!) {
      const log = writer.open(9)
      time(writer, 1, micros)
      for (const [key, value] of Object.entries(fields)) tag(writer, 2, key, value)
      writer.close(log)
    }
    writer.close(span)
  }
  const process = writer.open(2)
  writer.string(1, 'orders')
  writer.close(process)
  writer.close(batch)
  return writer.written()
}

function time(writer: ProtobufWriter, field: number, micros: bigint): void {
  const mark = writer.open(field)
  writer.varint64(1, micros / 1_000_000n)
  writer.varint64(2, (micros % 1_000_000n) * 1000n)
  writer.close(mark)
}

function tag(writer: ProtobufWriter, field: number, key: string, value: unknown): void {
  const mark = writer.open(field)
  writer.string(1, key)
  if (typeof value === 'string') writer.string(3, value)
  else if (typeof value === 'boolean') {
    writer.varint(2, 1)
    writer.varint(4, value ? 1 : 0)
  } else if (typeof value === 'bigint') {
    writer.varint(2, 2)
    writer.varint64(5, value)
  } else {
    writer.varint(2, 3)
    writer.double(6, Number(value))
  }
  writer.close(mark)
}

type Decode = (body: Uint8Array, into: SpanBatch, context: RowContext) => Taken

const batch = thriftBatch(samples, { serviceName: 'orders', tags: { hostname: 'h1', ip: '10.0.0.1' } })
const SUBJECTS: Readonly<Record<string, readonly [Decode, Uint8Array]>> = {
  'jaeger.thrift, binary': [decodeJaegerBatch, writeBinary(batch)],
  'jaeger.thrift, compact': [decodeJaegerCompactDatagram, compactMessage('emitBatch', { 1: { struct: batch } })],
  'jaeger.api_v2, protobuf': [decodeJaegerPostSpans, postSpans()],
  'zipkin, protobuf': [decodeZipkinSpans, zipkinProtobuf()],
  'zipkin, JSON': [decodeZipkinJson, Buffer.from(JSON.stringify(samples.map(zipkinSpan)))],
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const into = new SpanBatch()
const rates = new Map<string, number[]>(Object.keys(SUBJECTS).map((name) => [name, []]))
// The first run is the warm-up.
for (let run = 0; run <= RUNS; run++)
  for (const [name, [decode, body]] of Object.entries(SUBJECTS)) {
    const before = cpuSeconds()
    let spans = 0
    for (let i = 0; i < BODIES; i++) {
      into.clear()
      spans += decode(body, into, CONTEXT).rows
    }
    if (spans !== BODIES * SPANS_A_BODY) throw new Error(`${name}: ${spans} spans`)
    if (run > 0) rates.get(name)!.push(spans / (cpuSeconds() - before))
  }

report('decode tracing', {
  load: load(),
  bytesPerSpan: Object.fromEntries(
    Object.entries(SUBJECTS).map(([name, [, body]]) => [name, Math.round(body.length / SPANS_A_BODY)]),
  ),
  spansPerCpuSecond: Object.fromEntries(
    [...rates].map(([name, each]) => {
      const { p50, max } = quantiles(each)
      return [name, { p50: Math.round(p50), best: Math.round(max) }]
    }),
  ),
})
