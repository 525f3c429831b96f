// OTLP requests as a busy exporter sends them, for the decoder's benchmark: 477 spans of 50 traces through a shop of
// functions, 390 bytes a span. The same for the same number.
import { ProtobufWriter } from '../packages/fnscope/src/codec/protobuf-writer.ts'

export const SPANS_A_BODY = 477
const SPANS_A_TRACE = 9.54

const SERVICES = ['checkout', 'orders', 'payments', 'stock', 'mail', 'users', 'prices', 'search'] as const
const START = 1_790_000_000_000_000_000n

/** A small generator of the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 2_654_435_761)
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Value = string | number | boolean

function attribute(writer: ProtobufWriter, field: number, key: string, value: Value): void {
  const mark = writer.open(field)
  writer.string(1, key)
  const inner = writer.open(2)
  if (typeof value === 'string') writer.string(1, value)
  else if (typeof value === 'boolean') writer.varint(2, value ? 1 : 0)
  else if (Number.isInteger(value)) writer.varint64(3, BigInt(value))
  else writer.double(4, value)
  writer.close(inner)
  writer.close(mark)
}

function attributes(writer: ProtobufWriter, field: number, values: Readonly<Record<string, Value>>): void {
  for (const [key, value] of Object.entries(values)) attribute(writer, field, key, value)
}

function resourceOf(service: string): Readonly<Record<string, Value>> {
  return {
    'service.name': service,
    'service.version': '1.42.0',
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'cloud.region': 'eu-central-1',
    'cloud.account.id': '123456789012',
    'cloud.resource_id': `arn:aws:lambda:eu-central-1:123456789012:function:${service}`,
    'faas.name': service,
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'python',
    'telemetry.sdk.version': '1.45.0',
  }
}

function spanAttributes(next: (below: number) => number, server: boolean): Readonly<Record<string, Value>> {
  if (server)
    return {
      'faas.invocation_id': `8476a536-e9f4-11e8-9739-${String(next(1e9)).padStart(12, '0')}`,
      'faas.coldstart': next(50) === 0,
      'http.request.method': 'GET',
      'url.path': `/orders/${next(100_000)}`,
      'http.response.status_code': next(40) === 0 ? 500 : 200,
      customer: `c-${next(5000)}`,
      items: next(20),
    }
  return {
    'rpc.system': 'aws-api',
    'rpc.service': 'DynamoDB',
    'rpc.method': 'GetItem',
    'aws.request_id': `REQ${next(1e9)}`,
    'cloud.region': 'eu-central-1',
    'http.response.status_code': 200,
    'retry.ratio': next(100) / 8,
  }
}

/** An ExportTraceServiceRequest with SPANS_A_BODY spans: the `index`-th of a sequence. */
export function otlpBody(index: number): Uint8Array {
  const next = random(index)
  const writer = new ProtobufWriter()
  const id = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => 1 + next(255))
  let left = SPANS_A_BODY
  for (let trace = 1; left > 0; trace++) {
    const count = Math.min(left, Math.round(trace * SPANS_A_TRACE) - (SPANS_A_BODY - left))
    left -= count
    const resourceSpans = writer.open(1)
    const resource = writer.open(1)
    attributes(writer, 1, resourceOf(SERVICES[next(SERVICES.length)]!))
    writer.close(resource)
    const scopeSpans = writer.open(2)
    const scope = writer.open(1)
    writer.string(1, 'opentelemetry.instrumentation.aws_lambda')
    writer.string(2, '0.66b0')
    writer.close(scope)
    const traceId = id(16)
    let parent: Uint8Array | undefined
    for (let i = 0; i < count; i++) {
      const span = writer.open(2)
      const spanId = id(8)
      const start = START + BigInt(index) * 1_000_000n + BigInt(next(1e9))
      writer.bytes(1, traceId)
      writer.bytes(2, spanId)
      if (parent !== undefined) writer.bytes(4, parent)
      const server = i % 3 === 0
      writer.string(5, server ? 'GET /orders/{id}' : 'DynamoDB.GetItem')
      writer.varint(6, server ? 2 : 3)
      writer.fixed64(7, start)
      writer.fixed64(8, start + BigInt(1 + next(1e8)))
      attributes(writer, 9, spanAttributes(next, server))
      writer.fixed32(16, 0x100)
      writer.close(span)
      if (server) parent = spanId
    }
    writer.close(scopeSpans)
    writer.close(resourceSpans)
  }
  return writer.written().slice()
}
