// Spans with every kind of content through both OTLP doors, in every encoding and compression, and read back from the
// engine: to the bit, as a reader of traces and as SQL see them.
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { decodeOtlpLogsJson } from '../../packages/fnscope/src/codec/otlp-logs-json.ts'
import { decodeOtlpMetricsJson } from '../../packages/fnscope/src/codec/otlp-metrics-json.ts'
import {
  attributesOf,
  bodyOf,
  readRequest,
  requestJson,
  spanJson,
} from '../../packages/fnscope/src/codec/otlp-samples.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { openIngest, type OpenIngest } from '../../packages/fnscope/src/ingest/open-ingest.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { openOtlpDoors, type OtlpDoors } from '../../packages/fnscope/src/doors/otlp-doors.ts'
import { otlpSignals } from '../../packages/fnscope/src/doors/otlp-signals.ts'
import { BodyBudget } from '../../packages/fnscope/src/http/body-budget.ts'
import type { LogRecord } from '../../packages/fnscope/src/span/log-record.ts'
import type { MetricPoint } from '../../packages/fnscope/src/span/metric-point.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import type { Store } from '../../packages/fnscope/src/store/store.ts'
import { send } from '../raw-http.ts'
import { temporaryDir } from '../started-fnscope.ts'
import { startTempEngine, type TempEngine } from '../store/engine-in-temp.ts'
import { callOnce, frame, JSON_TYPE, PROTOBUF } from './otlp-doors.ts'
import { encodeOtlp } from './otlp-messages.ts'

const NOW = BigInt(Date.now()) * 1_000_000n
const DAY = 86_400_000_000_000n
const START = NOW - 60_000_000_000n + 123_456_789n

let temp: TempEngine
let store: Store
let ingest: OpenIngest
let doors: OtlpDoors
const walDir = temporaryDir('otlp-stored')

before(async () => {
  temp = await startTempEngine()
  const { engine } = temp
  store = await openStore({
    url: () => engine.url,
    username: engine.username,
    password: engine.password,
    retention: { spansDays: 7, logsDays: 7, metricsDays: 7 },
    log: silentLogger,
  })
  const counters = new Counters()
  const lock = (): { release(): void } => ({ release: () => undefined })
  const common = { counters, log: silentLogger }
  ingest = await openIngest({ ...common, dir: walDir, writer: store, maxBytes: 2 ** 30, lock })
  const bounds = (): { minNanos: bigint; maxNanos: bigint } => ({ minNanos: NOW - DAY, maxNanos: NOW + DAY })
  const free = { host: '127.0.0.1', port: 0, explicit: true }
  doors = await openOtlpDoors(
    { 'otlp-http': free, 'otlp-grpc': free },
    {
      signals: otlpSignals({ now: () => NOW, bounds }),
      context: { ...common, ingest, token: undefined, functionKey: undefined, budget: new BodyBudget(2 ** 27) },
    },
  )
})

after(async () => {
  await Promise.all([doors['otlp-http'].stop(), doors['otlp-grpc'].stop()])
  await ingest.close()
  await store.close()
  await temp.stop()
  rmSync(walDir, { recursive: true, force: true })
})

const VALUES = {
  text: 'naïve ☃ \u{1f600} "quoted" \\ \n\u0000',
  empty: '',
  yes: true,
  no: false,
  largest: 9223372036854775807n,
  smallest: -9223372036854775808n,
  beyondDoubles: 9007199254740993n,
  tenth: 0.1,
  whole: 3,
  negativeZero: -0,
  nan: Number.NaN,
  up: Infinity,
  down: -Infinity,
  tiny: 5e-324,
  bytes: Uint8Array.of(0, 255, 1),
  nothing: null,
  list: [1n, 1.5, 'x', true, null, [Number.NaN, Uint8Array.of(7)], { $k: -0 }],
  map: { deep: { deeper: [9007199254740993n] }, $double: 'no double' },
}

/** Of one span with everything a span can have; `id` makes trace and span. */
function everything(id: number): unknown {
  // JSON.stringify would lose the sign of zero; the text forms of OTLP/JSON keep it.
  const signed = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"doubleValue":0}', '"doubleValue":"-0"}'))
  const hex = String(id).padStart(2, '0')
  return signed({
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'shop', ...VALUES }), droppedAttributesCount: 11 },
        schemaUrl: 'https://x.test/resource',
        scopeSpans: [
          {
            scope: { name: 'lib', version: '1.2', attributes: attributesOf(VALUES), droppedAttributesCount: 12 },
            schemaUrl: 'https://x.test/scope',
            spans: [
              {
                ...spanJson({ traceId: hex.repeat(16), spanId: hex.repeat(8), attributes: VALUES }),
                parentSpanId: 'f000000000000001',
                startTimeUnixNano: String(START),
                endTimeUnixNano: String(START + 1n),
                kind: 3,
                name: 'every\u0007thing',
                traceState: 'vendor=a,other="b"',
                flags: 0x301,
                status: { code: 2, message: 'it broke ☃' },
                droppedAttributesCount: 4294967295,
                droppedEventsCount: 14,
                droppedLinksCount: 15,
                events: [
                  { timeUnixNano: String(START), name: 'event', attributes: attributesOf(VALUES), droppedAttributesCount: 16 },
                  { timeUnixNano: '0' },
                ],
                links: [
                  { traceId: '0a'.repeat(16), spanId: '0b'.repeat(8), traceState: 's=1', flags: 0x100, attributes: attributesOf(VALUES), droppedAttributesCount: 17 },
                ],
              },
            ],
          },
        ],
      },
    ],
  }) // prettier-ignore
}

const REQUESTS: readonly (readonly [name: string, encoding: string, pack: (body: Uint8Array) => Uint8Array])[] = [
  ['protobuf', '', (body) => body],
  ['protobuf', 'gzip', gzipSync],
  ['protobuf', 'zstd', zstdCompressSync],
  ['json', '', (body) => body],
  ['json', 'deflate', deflateSync],
  ['json', 'gzip', gzipSync],
  ['gRPC', '', (body) => body],
  ['gRPC', 'gzip', gzipSync],
]

/** Text columns as the engine has them. */
async function ask(sql: string): Promise<string> {
  const { engine } = temp
  const authorization = `Basic ${Buffer.from(`${engine.username}:${engine.password}`).toString('base64')}`
  const answer = await fetch(engine.url, { method: 'POST', body: sql, headers: { authorization } })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return text.trimEnd()
}

test('whatever way a span comes, it is read back to the bit', async (t) => {
  for (const [index, [name, encoding, pack]] of REQUESTS.entries()) {
    const json = everything(index + 1)
    const body = pack(name === 'json' ? bodyOf(json) : encodeOtlp(json))
    if (name === 'gRPC') {
      const headers: Record<string, string> = encoding === '' ? {} : { 'grpc-encoding': encoding }
      const frames = [frame(body, { flag: encoding === '' ? 0 : 1 })]
      const answer = await callOnce(t, `http://${doors['otlp-grpc'].description}`, { headers, frames })
      assert.equal(answer.status, '0', answer.message)
    } else {
      const type = name === 'json' ? JSON_TYPE : PROTOBUF
      const headers: Record<string, string> = encoding === '' ? type : { ...type, 'content-encoding': encoding }
      const base = `http://${doors['otlp-http'].description}`
      const answer = await send(base, { method: 'POST', path: '/v1/traces', headers, body })
      assert.deepEqual([answer.status, answer.body], [200, name === 'json' ? '{}' : ''])
    }
  }
  await ingest.flushed()
  const ids = REQUESTS.map((_, index) =>
    String(index + 1)
      .padStart(2, '0')
      .repeat(16),
  )
  const spans = await store.readSpans(ids)
  assert.equal(spans.length, REQUESTS.length)
  for (const id of ids)
    assertEverything(
      spans.find((span) => span.traceId === id)!,
      id,
    )
})

const { text, empty, yes, no, largest, smallest, beyondDoubles, tenth, whole, negativeZero, nan, up, down, tiny } =
  VALUES
const SCALARS = {
  text,
  empty,
  yes,
  no,
  largest,
  smallest,
  beyondDoubles,
  tenth,
  whole,
  negativeZero,
  nan,
  up,
  down,
  tiny,
}
const { bytes, nothing, list, map } = VALUES

function assertEverything(span: Span, id: string): void {
  assert.equal(span.spanId, id.slice(0, 16))
  assert.equal(span.parentId, 'f000000000000001')
  assert.deepEqual([span.startNanos, span.endNanos], [START, START + 1n])
  assert.deepEqual([span.kind, span.name, span.service], [3, 'every\u0007thing', 'shop'])
  assert.deepEqual([span.statusCode, span.statusMessage, span.fault], [2, 'it broke ☃', true])
  assert.deepEqual(span.annotations, SCALARS)
  assert.deepEqual(span.attributes, { bytes, nothing, list, map })
  assert.deepEqual(span.resource, { 'service.name': 'shop', ...VALUES })
  const [name, version, schemaUrl] = ['lib', '1.2', 'https://x.test/scope']
  assert.deepEqual(span.scope, { name, version, attributes: VALUES, droppedAttributes: 12, schemaUrl })
  assert.equal(span.schemaUrl, 'https://x.test/resource')
  assert.equal(span.traceFlags, 0x301)
  assert.equal(span.traceState, 'vendor=a,other="b"')
  assert.deepEqual(span.dropped, { attributes: 4294967295, events: 14, links: 15, resourceAttributes: 11 })
  assert.deepEqual(span.events, [
    { timeNanos: START, name: 'event', attributes: VALUES, droppedAttributes: 16 },
    { timeNanos: 0n, name: '', attributes: {} },
  ])
  const [link] = span.links
  assert.deepEqual(link, {
    traceId: '0a'.repeat(16),
    spanId: '0b'.repeat(8),
    traceState: 's=1',
    flags: 0x100,
    attributes: VALUES,
    droppedAttributes: 17,
  })
}

test('SQL sees the same: digits, NaN, bytes as base64, nested values as JSON', async () => {
  const expected: Readonly<Record<string, string>> = {
    "annotations['largest']": '9223372036854775807',
    "annotations['smallest']": '-9223372036854775808',
    "annotations['nan']": 'NaN',
    "annotations['negativeZero']": '-0',
    "toFloat64(annotations['down'])": '-inf',
    "attributes['bytes']": 'AP8B',
    "attributes['map']": '{"deep":{"deeper":[9007199254740993]},"$$double":"no double"}',
    "annotations['text']": VALUES.text,
  }
  for (const [expression, value] of Object.entries(expected)) {
    const found = await ask(`SELECT DISTINCT base64Encode(toString(${expression})) FROM fnscope.spans FORMAT TSVRaw`)
    assert.equal(Buffer.from(found, 'base64').toString(), value, expression)
  }
  assert.equal(await ask('SELECT count(), uniqExact(trace_id) FROM fnscope.spans FORMAT TSV'), '8\t8')
})

test('a span of a bad id or time is refused alone, and the answer counts it', async () => {
  const good = spanJson({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), startTimeUnixNano: String(START) })
  const body = bodyOf(requestJson([good, { ...good, spanId: '' }, { ...good, startTimeUnixNano: '1' }]))
  const base = `http://${doors['otlp-http'].description}`
  const answer = await send(base, { method: 'POST', path: '/v1/traces', headers: JSON_TYPE, body })
  const { partialSuccess } = JSON.parse(answer.body) as { partialSuccess: Record<string, string> }
  assert.deepEqual([answer.status, partialSuccess['rejectedSpans']], [200, '2'])
  assert.match(partialSuccess['errorMessage']!, /1 bad_span_id .*1 too_old /)
  await ingest.flushed()
  assert.equal((await store.readSpans(['ab'.repeat(16)])).length, 1)
})

/** A captured request as OTLP/JSON, with its times brought to START. */
function captured(signal: 'logs' | 'metrics'): Uint8Array {
  const body = readFileSync(new URL(`../fixtures/otel/every-field-${signal}.pb`, import.meta.url))
  const text = JSON.stringify(readRequest(body, signal)).replaceAll('1795248394', String(START / 1_000_000_000n))
  return new TextEncoder().encode(text)
}

const CONTEXT = { receivedNanos: NOW, bounds: { minNanos: NOW - DAY, maxNanos: NOW + DAY } }
const RANGE = { startNanos: NOW - DAY, endNanos: NOW + DAY }

function byBody(left: LogRecord, right: LogRecord): number {
  return left.body < right.body ? -1 : 1
}

test('every field of log records is read back, and the answer counts what was refused', async () => {
  const base = `http://${doors['otlp-http'].description}`
  const body = captured('logs')
  const answer = await send(base, { method: 'POST', path: '/v1/logs', headers: JSON_TYPE, body })
  const { partialSuccess } = JSON.parse(answer.body) as { partialSuccess: Record<string, string> }
  assert.deepEqual([answer.status, partialSuccess['rejectedLogRecords']], [200, '2'])
  const expected: LogRecord[] = []
  decodeOtlpLogsJson(body, expected, CONTEXT)
  await ingest.flushed()
  const found = await store.readLogs({ range: RANGE, limit: 100 })
  assert.deepEqual(found.sort(byBody), expected.sort(byBody))
})

test('every field of metric points is read back, and the answer counts what was refused', async () => {
  const base = `http://${doors['otlp-http'].description}`
  const body = captured('metrics')
  const answer = await send(base, { method: 'POST', path: '/v1/metrics', headers: JSON_TYPE, body })
  const { partialSuccess } = JSON.parse(answer.body) as { partialSuccess: Record<string, string> }
  assert.deepEqual([answer.status, partialSuccess['rejectedDataPoints']], [200, '4'])
  assert.match(partialSuccess['errorMessage']!, /1 bad_buckets /)
  const expected: MetricPoint[] = []
  decodeOtlpMetricsJson(body, expected, CONTEXT)
  await ingest.flushed()
  const found = await store.readMetrics({ range: RANGE, limit: 100 })
  for (const name of new Set(expected.map((point) => point.name)))
    assert.deepEqual(
      found.filter((point) => point.name === name),
      expected.filter((point) => point.name === name),
    )
})

test('logs and metrics over gRPC: INVALID_ARGUMENT for what is none, an empty answer for an empty request', async (t) => {
  for (const [name, service] of [
    ['logs', 'Logs'],
    ['metrics', 'Metrics'],
  ] as const) {
    const path = `/opentelemetry.proto.collector.${name}.v1.${service}Service/Export`
    const call = (bytes: string): ReturnType<typeof callOnce> =>
      callOnce(t, `http://${doors['otlp-grpc'].description}`, { path, frames: [frame(bytes)] })
    assert.equal((await call('')).status, '0')
    const refused = await call('no protobuf')
    assert.equal(refused.status, '3')
    const base = `http://${doors['otlp-http'].description}`
    const answer = await send(base, { method: 'POST', path: `/v1/${name}`, headers: PROTOBUF, body: 'no protobuf' })
    assert.equal(answer.status, 400)
  }
})
