// What a client of each door would send: one span of its own, or one point where the door takes no traces. Bytes alone;
// sending them is send-sample.ts.
import { binaryMessage, compactMessage, writeBinary, type ThriftStruct } from '../codec/thrift-samples.ts'
import { pack } from '../codec/msgpack-samples.ts'
import { ProtobufWriter } from '../codec/protobuf-writer.ts'
import { formatXrayTraceId } from '../span/id.ts'

/** The span that a sample is. Ids in hex. */
export interface SampleSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly startNanos: bigint
  readonly durationNanos: bigint
}

export type Sample =
  | { readonly over: 'udp'; readonly bytes: Uint8Array }
  | {
      readonly over: 'http'
      readonly method: 'POST' | 'PUT'
      readonly path: string
      readonly type: string
      readonly bytes: Uint8Array
    }
  | { readonly over: 'grpc'; readonly path: string; readonly bytes: Uint8Array }

export interface DoorSample {
  /** The span comes as a trace of its own; false: it is a point or a line. */
  readonly traced: boolean
  readonly sample: Sample
}

const NAME = 'fnscope sample'
const JSON_TYPE = 'application/json'
const text = (body: string): Uint8Array => Buffer.from(body)
const json = (value: unknown): Uint8Array => text(JSON.stringify(value))

const MAKERS: Readonly<Record<string, (span: SampleSpan) => DoorSample>> = {
  main: (span) => traced(post('/TraceSegments', json({ TraceSegmentDocuments: [JSON.stringify(segment(span))] }))),
  'xray-daemon': (span) =>
    traced({ over: 'udp', bytes: text(`{"format":"json","version":1}\n${JSON.stringify(segment(span))}`) }),
  'otlp-http': (span) => traced(post('/v1/traces', json(otlpJson(span)))),
  'otlp-grpc': (span) =>
    traced({
      over: 'grpc',
      path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      bytes: otlpProtobuf(span),
    }),
  datadog: (span) =>
    traced({ over: 'http', method: 'PUT', path: '/v0.4/traces', type: 'application/msgpack', bytes: datadog(span) }),
  datakit: ({ service, startNanos }) => ({
    traced: false,
    sample: post('/v1/write/metric', text(`fnscope_sample,service=${service} value=1 ${startNanos}\n`), 'text/plain'),
  }),
  statsd: ({ service }) => ({
    traced: false,
    sample: { over: 'udp', bytes: text(`fnscope.sample:1|c|#service:${service}`) },
  }),
  'jaeger-thrift-http': (span) =>
    traced(post('/api/traces?format=jaeger.thrift', writeBinary(jaegerBatch(span)), 'application/x-thrift')),
  'jaeger-grpc': (span) =>
    traced({ over: 'grpc', path: '/jaeger.api_v2.CollectorService/PostSpans', bytes: jaegerProtobuf(span) }),
  'jaeger-compact': (span) =>
    traced({ over: 'udp', bytes: compactMessage('emitBatch', { 1: { struct: jaegerBatch(span) } }) }),
  'jaeger-binary': (span) =>
    traced({ over: 'udp', bytes: binaryMessage('emitBatch', { 1: { struct: jaegerBatch(span) } }) }),
  zipkin: (span) => traced(post('/api/v2/spans', json([zipkin(span)]))),
}

export function hasSample(door: string): boolean {
  return Object.hasOwn(MAKERS, door)
}

export function sampleOf(door: string, span: SampleSpan): DoorSample | undefined {
  return hasSample(door) ? MAKERS[door]!(span) : undefined
}

function traced(sample: Sample): DoorSample {
  return { traced: true, sample }
}

function post(path: string, bytes: Uint8Array, type = JSON_TYPE): Sample {
  return { over: 'http', method: 'POST', path, type, bytes }
}

function segment({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): object {
  return {
    name: service,
    id: spanId,
    trace_id: formatXrayTraceId(traceId),
    start_time: Number(startNanos / 1000n) / 1e6,
    end_time: Number((startNanos + durationNanos) / 1000n) / 1e6,
    annotations: { sample: true },
  }
}

function otlpJson({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): object {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  const times = { startTimeUnixNano: `${startNanos}`, endTimeUnixNano: `${startNanos + durationNanos}` }
  return {
    resourceSpans: [{ resource, scopeSpans: [{ spans: [{ traceId, spanId, name: NAME, kind: 2, ...times }] }] }],
  }
}

/** A message within a message. */
function within(writer: ProtobufWriter, field: number, write: () => void): void {
  const mark = writer.open(field)
  write()
  writer.close(mark)
}

/** ExportTraceServiceRequest. */
function otlpProtobuf({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): Uint8Array {
  const writer = new ProtobufWriter()
  within(writer, 1, () => {
    within(writer, 1, () =>
      within(writer, 1, () => {
        writer.string(1, 'service.name')
        within(writer, 2, () => writer.string(1, service))
      }),
    )
    within(writer, 2, () =>
      within(writer, 2, () => {
        writer.bytes(1, Buffer.from(traceId, 'hex'))
        writer.bytes(2, Buffer.from(spanId, 'hex'))
        writer.string(5, NAME)
        writer.varint(6, 2)
        writer.fixed64(7, startNanos)
        writer.fixed64(8, startNanos + durationNanos)
      }),
    )
  })
  return Buffer.from(writer.written())
}

/** Version 0.4: traces of spans. The high half of the id goes along as a tag. */
function datadog({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): Uint8Array {
  const ids = { trace_id: BigInt(`0x${traceId.slice(16)}`), span_id: BigInt(`0x${spanId}`), parent_id: 0n }
  const meta = { '_dd.p.tid': traceId.slice(0, 16), 'span.kind': 'server' }
  const times = { start: startNanos, duration: durationNanos }
  return Buffer.from(pack([[{ ...ids, ...times, service, name: 'sample', resource: NAME, error: 0, meta }]]))
}

/** A Batch of jaeger.thrift. */
function jaegerBatch({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): ThriftStruct {
  const span: ThriftStruct = {
    1: { i64: BigInt(`0x${traceId.slice(16)}`) },
    2: { i64: BigInt(`0x${traceId.slice(0, 16)}`) },
    3: { i64: BigInt(`0x${spanId}`) },
    4: { i64: 0n },
    5: { text: NAME },
    7: { i32: 1 },
    8: { i64: startNanos / 1000n },
    9: { i64: durationNanos / 1000n },
  }
  return { 1: { struct: { 1: { text: service } } }, 2: { list: [{ struct: span }] } }
}

/** PostSpansRequest of jaeger.api_v2. */
function jaegerProtobuf({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): Uint8Array {
  const writer = new ProtobufWriter()
  const time = (nanos: bigint): void => {
    writer.varint(1, Number(nanos / 1_000_000_000n))
    writer.varint(2, Number(nanos % 1_000_000_000n))
  }
  within(writer, 1, () => {
    within(writer, 1, () => {
      writer.bytes(1, Buffer.from(traceId, 'hex'))
      writer.bytes(2, Buffer.from(spanId, 'hex'))
      writer.string(3, NAME)
      within(writer, 6, () => time(startNanos))
      within(writer, 7, () => time(durationNanos))
    })
    within(writer, 2, () => writer.string(1, service))
  })
  return Buffer.from(writer.written())
}

function zipkin({ service, traceId, spanId, startNanos, durationNanos }: SampleSpan): object {
  return {
    traceId,
    id: spanId,
    name: NAME,
    kind: 'SERVER',
    timestamp: Number(startNanos / 1000n),
    duration: Number(durationNanos / 1000n),
    localEndpoint: { serviceName: service },
  }
}
