// What the suite's tests are made of: spans, documents, lines, points and minutes of their own, and how they get in.
import { GRAPH_ROW } from '../../span/graph-rows.ts'
import { NodeTable } from '../../span/graph-spans.ts'
import { newBatch, type Batch, type RawDocument } from '../../span/batch.ts'
import { newSpanId, newTraceId } from '../../span/id.ts'
import type { LogRecord } from '../../span/log-record.ts'
import type { MetricPoint } from '../../span/metric-point.ts'
import { pushSpan } from '../../span/push-span.ts'
import { completeSpan, type Span, type SpanInput } from '../../span/span.ts'
import { NANOS_PER_DAY, NANOS_PER_SECOND } from '../../span/time.ts'
import type { PeriodGraph, Store } from '../store.ts'

export interface OpenedStore {
  readonly store: Store
  close(): Promise<void>
}

/** What a part of the suite is about. `store` is there once its tests run. */
export interface Subject {
  readonly store: Store
  /** Another connection to the same store. */
  open(): Promise<OpenedStore>
}

/** The time that stands in samples when a test says none. */
export const now = BigInt(Date.now()) * 1_000_000n
export const token = (): string => globalThis.crypto.randomUUID()
export const traceId = (): string => newTraceId(Date.now() / 1000)
/** An id whose first digits are no likely time, as W3C makes them. */
export const randomTraceId = (): string => `f${newSpanId().slice(1)}${newSpanId()}`

let spread = 0n
/** A range of time that no other test (or earlier run, likely) lists: minutes within the last three days. */
export function quietTime(): bigint {
  const seed = BigInt(`0x${newSpanId().slice(0, 6)}`)
  spread += 1n
  return now - NANOS_PER_DAY - (seed % 86_400n) * NANOS_PER_SECOND - spread * 1_000_000n
}

export function span(input: Partial<SpanInput>): Span {
  const startNanos = input.startNanos ?? now
  return completeSpan({
    traceId: traceId(),
    spanId: newSpanId(),
    name: 'GET /',
    source: 'xray',
    service: 'shop',
    receivedNanos: now,
    startNanos,
    endNanos: startNanos + NANOS_PER_SECOND,
    ...input,
  })
}

export function openSpan(input: Partial<SpanInput>): Span {
  const { endNanos: _, ...open } = span(input)
  return { ...open, inProgress: true }
}

/** What a batch holds beside spans. */
export type BatchRest = Partial<Pick<Batch, 'logs' | 'metrics'>> & { readonly documents?: readonly RawDocument[] }

export function batchOf(spans: readonly Span[], { documents = [], ...rest }: BatchRest = {}): Batch {
  const batch = { ...newBatch(), ...rest }
  for (const document of documents) batch.documents.push(document)
  for (const one of spans) pushSpan(one.inProgress ? batch.openSpans : batch.spans, one)
  return batch
}

export async function put(store: Store, spans: readonly Span[], rest: BatchRest = {}): Promise<void> {
  for (const block of store.encode(batchOf(spans, rest))) await store.insert(block.table, [block.bytes], token())
}

/** A span with something in every field, among it what breaks naive encoders. */
export function fullSpan(): Span {
  return span({
    parentId: newSpanId(),
    startNanos: now - 123_456_789n,
    endNanos: now + 987_654_321n,
    receivedNanos: 9_223_372_036_854_775_807n,
    kind: 3,
    segment: true,
    rootRank: 1,
    source: 'otlp',
    service: 'café ☕ "quoted" \\ \n\t\0',
    name: '名前',
    origin: 'AWS::Lambda::Function',
    namespace: 'aws',
    accountId: '000000000000',
    resourceArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    error: true,
    fault: true,
    throttle: true,
    coldStart: true,
    statusCode: 2,
    statusMessage: "it's; DROP TABLE spans --",
    http: {
      method: 'GET',
      url: 'http://h/?q={x:String}',
      status: 65_535,
      userAgent: 'ua',
      clientIp: '::1',
      traced: true,
    },
    user: 'u',
    requestId: 'r-1',
    peer: { name: 'table', type: 'AWS::DynamoDB::Table' },
    resource: { 'service.name': 'x', n: 9_223_372_036_854_775_807n, list: ['a', 1.5, null], none: null },
    attributes: { text: '42', int: 42n, double: 42, half: 0.5, yes: true, nan: Number.NaN, object: { a: { b: [] } } },
    scope: { name: 'scope', version: '1.0', attributes: { k: 'v' } },
    traceFlags: 4_294_967_295,
    traceState: 'a=b',
    dropped: { attributes: 1, events: 2, links: 4_294_967_295 },
    annotations: { s: 'é', n: 1.5, big: 1e308, nan: Number.NaN, inf: Number.NEGATIVE_INFINITY, yes: true, no: false },
    metadata: { default: { deep: [1, { two: '2' }] } },
    cause: { working_directory: '/var/task', exceptions: [{ id: newSpanId(), message: 'm', stack: [{ line: null }] }] },
    events: [
      { timeNanos: now, name: 'exception', attributes: { 'exception.type': 'E' } },
      { timeNanos: now + 1n, name: '', attributes: {} },
    ],
    links: [
      { traceId: traceId(), spanId: newSpanId(), traceState: 'x=y', attributes: { k: 1 } },
      { traceId: traceId(), attributes: {} },
    ],
  })
}

export function document(input: Partial<RawDocument>): RawDocument {
  return {
    traceId: traceId(),
    spanId: newSpanId(),
    startNanos: now,
    receivedNanos: now,
    inProgress: false,
    segment: true,
    text: '{}',
    ...input,
  }
}

export function line(input: Partial<LogRecord>): LogRecord {
  return {
    timeNanos: now,
    receivedNanos: now,
    kind: 'function',
    logGroup: '/aws/lambda/f',
    logStream: 's',
    service: 'f',
    severity: 'INFO',
    severityNumber: 9,
    body: 'hello',
    attributes: {},
    resource: {},
    ...input,
  }
}

export function point(input: Partial<MetricPoint>): MetricPoint {
  return {
    name: 'm',
    namespace: 'n',
    service: 'f',
    dimensions: {},
    unit: 'Count',
    kind: 'gauge',
    timeNanos: now,
    receivedNanos: now,
    value: 1,
    count: 1,
    min: 1,
    max: 1,
    bounds: [],
    counts: [],
    monotonic: false,
    temporality: 0,
    resolutionSeconds: 60,
    attributes: {},
    resource: {},
    ...input,
  }
}

/** A period whose graph has a node and an edge to `db` of each name. */
export function periodGraph(
  period: Pick<PeriodGraph, 'seconds' | 'startNanos' | 'version'>,
  names: readonly string[],
  ok = 7,
): PeriodGraph {
  const nodes = new NodeTable()
  const size = names.length * 2
  const of = (value: number): Float64Array => new Float64Array(size).fill(value)
  const ids = names.map((name) => nodes.idOf(name, 'AWS::Lambda::Function', ''))
  const db = nodes.idOf('db', '', 'a')
  return {
    ...period,
    spans: 3,
    marks: 1,
    graph: {
      size,
      baseNanos: period.startNanos,
      nodes,
      bits: Uint8Array.from([...names.map(() => GRAPH_ROW.node | GRAPH_ROW.root), ...names.map(() => GRAPH_ROW.link)]),
      from: Uint32Array.from([...ids, ...ids]),
      to: Uint32Array.from([...ids, ...ids.map(() => db)]),
      ok: of(ok),
      error: of(1),
      throttle: of(2),
      fault: of(3),
      micros: of(-1_234_567),
      first: of(1),
      last: of(9_999_999_999),
      ends: Uint32Array.from({ length: size }, (_, row) => (row + 1) * 2),
      codes: Uint16Array.from({ length: size * 2 }, (_, i) => (i % 2 === 0 ? 4660 : 0xffff)),
      counts: Uint32Array.from({ length: size * 2 }, (_, i) => (i % 2 === 0 ? 4_294_967_295 : ok)),
    },
  }
}
