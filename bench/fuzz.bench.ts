// A million broken requests for each codec: whatever comes, it throws nothing but MalformedError, ends, and memory stays
// where it was. Inputs are good requests with bytes changed, cut, doubled and swapped; the seed says them all again.
//   node --expose-gc bench/fuzz.bench.ts points-protobuf points-line     INPUTS=1000000 SEED=1
import { readFileSync } from 'node:fs'
import { decodePoints, type PointFormat } from '../packages/fnscope/src/codec/decode-points.ts'
import { decodeJaegerPostSpans } from '../packages/fnscope/src/codec/jaeger-proto.ts'
import { thriftBatch } from '../packages/fnscope/src/codec/jaeger-samples.ts'
import { decodeJaegerBatch, decodeJaegerCompactDatagram } from '../packages/fnscope/src/codec/jaeger-thrift.ts'
import { decodeOtlpLogsJson } from '../packages/fnscope/src/codec/otlp-logs-json.ts'
import { decodeOtlpLogs } from '../packages/fnscope/src/codec/otlp-logs.ts'
import { decodeOtlpMetricsJson } from '../packages/fnscope/src/codec/otlp-metrics-json.ts'
import { decodeOtlpMetrics } from '../packages/fnscope/src/codec/otlp-metrics.ts'
import { decodeOtlpTracesJson } from '../packages/fnscope/src/codec/otlp-traces-json.ts'
import { decodeOtlpTraces } from '../packages/fnscope/src/codec/otlp-traces.ts'
import { readRequest } from '../packages/fnscope/src/codec/otlp-samples.ts'
import { formatLine, formatPointJson, formatPointPbjson } from '../packages/fnscope/src/codec/point-format.ts'
import { decodePointsProtobuf } from '../packages/fnscope/src/codec/point-protobuf.ts'
import { GUESSED } from '../packages/fnscope/src/codec/point-time.ts'
import type { Point } from '../packages/fnscope/src/codec/point.ts'
import type { RowContext } from '../packages/fnscope/src/codec/span-row-writer.ts'
import { MalformedError, type Taken } from '../packages/fnscope/src/codec/taken.ts'
import { compactMessage, writeBinary } from '../packages/fnscope/src/codec/thrift-samples.ts'
import { decodeZipkinJson } from '../packages/fnscope/src/codec/zipkin-json.ts'
import { decodeZipkinSpans } from '../packages/fnscope/src/codec/zipkin-proto.ts'
import { decodeZipkinThrift } from '../packages/fnscope/src/codec/zipkin-thrift.ts'
import { decodeZipkinV1Json } from '../packages/fnscope/src/codec/zipkin-v1.ts'
import { decodePrometheus2, PrometheusDecoder } from '../packages/fnscope/src/codec/prometheus-write.ts'
import { decodeSnappy } from '../packages/fnscope/src/codec/snappy.ts'
import { emptied, newBatch, type Batch } from '../packages/fnscope/src/span/batch.ts'
import type { SpanBatch } from '../packages/fnscope/src/span/span-batch.ts'
import { DATADOG_CODECS } from './datadog-fuzz.ts'
import { TEXT_CODECS } from './text-fuzz.ts'
import { encodePoints } from '../test/receive/point-messages.ts'
import { snappyBlock } from '../test/snappy-block.ts'
import { report } from './measure.ts'

const INPUTS = Number(process.env['INPUTS'] ?? 1_000_000)
const SEED = Number(process.env['SEED'] ?? 1)
/** More than this since the warm-up is memory that something holds. */
const MAX_GROWTH_MB = 200
/** Of CPU: the machine may be busy with something else. */
const MAX_INPUT_MS = 2000
/** Together: asking for the time costs as much as a small input. */
const TIMED_INPUTS = 100

interface Codec {
  readonly seeds: readonly Uint8Array[]
  decode(body: Uint8Array, batch: Batch, input: number): void
}

const CATEGORIES = ['tracing', 'metric', 'logging', 'object'] as const

function fixturePoints(): Point[] {
  const points: Point[] = []
  for (const category of CATEGORIES.slice(0, 3)) {
    const fixture = readFileSync(new URL(`../test/fixtures/dataway/dataway-${category}.pb`, import.meta.url))
    decodePointsProtobuf(fixture, { take: (point) => void points.push(point), refuse: () => {} })
  }
  return points
}

function points(format: PointFormat, write: (points: readonly Point[]) => string | Uint8Array): Codec {
  const all = fixturePoints()
  return {
    seeds: [all, ...all.map((point) => [point])].map((some) => {
      const written = write(some)
      return typeof written === 'string' ? Buffer.from(written) : written
    }),
    decode(body, batch, input) {
      decodePoints(body, batch, {
        receivedNanos: 1_795_248_000_000_000_000n,
        bounds: { minNanos: 0n, maxNanos: 1n << 62n },
        category: CATEGORIES[input % CATEGORIES.length]!,
        format,
        precision: GUESSED,
        extraTags: [],
        strict: input % 16 === 0,
      })
    },
  }
}

/** Codecs of spans: their fixtures, and what tests have of the same. */
function spans(
  decode: (body: Uint8Array, into: SpanBatch, context: RowContext) => Taken,
  ...seeds: readonly (string | Uint8Array)[]
): Codec {
  return {
    seeds: seeds.map((seed) =>
      typeof seed === 'string' ? readFileSync(new URL(`../test/fixtures/${seed}`, import.meta.url)) : seed,
    ),
    decode(body, batch) {
      const bounds = { minNanos: 0n, maxNanos: 1n << 62n }
      decode(body, batch.spans, { receivedNanos: 1_795_248_000_000_000_000n, bounds })
    },
  }
}

const CONTEXT = { receivedNanos: 1_795_248_000_000_000_000n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }

/** Bodies of test/fixtures/otel, or as OTLP/JSON. */
function signal(name: 'logs' | 'metrics', json: boolean): Codec {
  const seeds = ['python-http', 'every-field'].map((kind) => {
    const body = readFileSync(new URL(`../test/fixtures/otel/${kind}-${name}.pb`, import.meta.url))
    return json ? Buffer.from(JSON.stringify(readRequest(body, name))) : body
  })
  const decode = {
    logs: (body: Uint8Array, { logs }: Batch) => (json ? decodeOtlpLogsJson : decodeOtlpLogs)(body, logs, CONTEXT),
    metrics: (body: Uint8Array, { metrics }: Batch) =>
      (json ? decodeOtlpMetricsJson : decodeOtlpMetrics)(body, metrics, CONTEXT),
  }
  return { seeds, decode: (body, batch) => void decode[name](body, batch) }
}

/** `broken`: the block is, else what is within it. */
function remoteWrite(version: 1 | 2, block: 'whole' | 'broken'): Codec {
  const body = readFileSync(new URL(`../test/fixtures/prometheus/every-field-v${version}.snappy`, import.meta.url))
  const decoder = new PrometheusDecoder()
  return {
    seeds: [block === 'broken' ? body : decodeSnappy(body, 1_000_000)],
    decode(input, { metrics }) {
      const sent = block === 'broken' ? input : snappyBlock(input)
      if (version === 1) decoder.decode(sent, metrics, CONTEXT)
      else decodePrometheus2(sent, metrics, CONTEXT)
    },
  }
}

const THRIFT_BATCH = thriftBatch([
  { tags: { error: true, a: 1n }, references: [{ type: 1, traceLow: 7n, spanId: 1n }] },
])
const ZIPKIN_V1 = [
  { traceId: 'a', id: 'b', annotations: [{ timestamp: 1, value: 'sr', endpoint: { serviceName: 'x' } }] },
]

const CODECS: Readonly<Record<string, () => Codec>> = {
  'jaeger-binary': () =>
    spans(decodeJaegerBatch, 'jaeger/node-http.thrift', 'jaeger/python112-http-1.thrift', writeBinary(THRIFT_BATCH)),
  'jaeger-compact': () =>
    spans(
      decodeJaegerCompactDatagram,
      'jaeger/python112-udp6831-1.compact',
      'jaeger/python112-udp6831-2.compact',
      compactMessage('emitBatch', { 1: { struct: THRIFT_BATCH } }),
    ),
  'jaeger-protobuf': () =>
    spans(decodeJaegerPostSpans, 'jaeger/python112-grpc-postspans-1.pb', 'jaeger/python112-grpc-postspans-2.pb'),
  'zipkin-json': () => spans(decodeZipkinJson, 'zipkin/node-v2.json', 'zipkin/python-v2.json'),
  'zipkin-protobuf': () => spans(decodeZipkinSpans, 'zipkin/python112-v2.pb'),
  'zipkin-v1': () => spans(decodeZipkinV1Json, Buffer.from(JSON.stringify(ZIPKIN_V1))),
  'zipkin-thrift': () =>
    spans(
      decodeZipkinThrift,
      writeBinary({ 1: { list: [{ struct: { 1: { i64: 1n }, 3: { text: 'x' }, 4: { i64: 2n } } }] } }).subarray(3, -1),
    ),
  ...DATADOG_CODECS,
  ...TEXT_CODECS,
  'points-protobuf': () => points('protobuf', encodePoints),
  'points-line': () => points('line', (some) => some.map(formatLine).join('\n')),
  'points-json': () => points('json', (some) => `[${some.map(formatPointJson).join(',')}]`),
  'points-pbjson': () => points('pbjson', (some) => `[${some.map(formatPointPbjson).join(',')}]`),
  'otlp-traces': () =>
    spans(
      decodeOtlpTraces,
      'otel/python-http-traces.pb',
      'otel/python-http-traces-xrayid.pb',
      'otel/node-grpc-traces.pb',
    ),
  'otlp-traces-json': () => spans(decodeOtlpTracesJson, 'otel/node-http-traces.json'),
  'otlp-logs': () => signal('logs', false),
  'otlp-logs-json': () => signal('logs', true),
  'otlp-metrics': () => signal('metrics', false),
  'otlp-metrics-json': () => signal('metrics', true),
  'remote-write-1': () => remoteWrite(1, 'whole'),
  'remote-write-2': () => remoteWrite(2, 'whole'),
  snappy: () => remoteWrite(2, 'broken'),
}

/** The same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) / 2 ** 32) * below)
  }
}

function broken(seeds: readonly Uint8Array[], random: (below: number) => number): Uint8Array {
  let body = Uint8Array.from(seeds[random(seeds.length)]!)
  for (let change = random(6); change >= 0; change--) {
    const at = random(body.length)
    const to = Math.min(body.length, at + random(64))
    switch (random(5)) {
      case 0:
        body = body.slice(0, at + 1)
        break
      case 1:
        body = Buffer.concat([body.subarray(0, to), body.subarray(at)])
        break
      case 2:
        body.copyWithin(random(body.length), at, to)
        break
      case 3:
        body[at] = [0, 0xff, 0x80, 0x7f, 0x22, 0x5c, 0x0a, 0x2c, 0x3d, 0x20][random(10)]!
        break
      default:
        body[at] = random(256)
    }
  }
  return body
}

function run(name: string, codec: Codec): object {
  const random = randomOf(SEED)
  let batch = newBatch()
  let refused = 0
  let slowestMs = 0
  let started = process.cpuUsage()
  let before = 0
  for (let input = 0; input < INPUTS; input++) {
    // What is compiled and kept after the first ones is no growth.
    if (input === Math.floor(INPUTS / 10)) before = heapMb()
    const body = broken(codec.seeds, random)
    batch = emptied(batch)
    try {
      codec.decode(body, batch, input)
      batch.spans.checkRows()
    } catch (error) {
      if (!(error instanceof MalformedError)) {
        console.error(name, input, Buffer.from(body).toString('base64'))
        throw error
      }
      refused += 1
    }
    if (input % TIMED_INPUTS > 0) continue
    slowestMs = Math.max(slowestMs, process.cpuUsage(started).user / 1000)
    started = process.cpuUsage()
  }
  const grownMb = heapMb() - before
  if (grownMb > MAX_GROWTH_MB) throw new Error(`${name}: ${grownMb} MB more than after the warm-up`)
  if (slowestMs > MAX_INPUT_MS) throw new Error(`${name}: 100 inputs took ${slowestMs} ms`)
  return { inputs: INPUTS, refused, grownMb: Math.round(grownMb), slowest100Ms: Math.round(slowestMs) }
}

function heapMb(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

// Most inputs are refused: where in the code costs more than the decoding.
Error.stackTraceLimit = 0
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in CODECS))
if (unknown.length > 0) throw new Error(`no codec ${unknown.join(', ')}: there are ${Object.keys(CODECS).join(', ')}`)
const results: Record<string, object> = {}
for (const [name, make] of Object.entries(CODECS))
  if (wanted.length === 0 || wanted.includes(name)) {
    results[name] = run(name, make())
    console.error(name, JSON.stringify(results[name]))
  }
report('fuzz', { seed: SEED, codecs: results })
