// For tests of the OTLP codec: requests in JSON from little, and a second reader of the protobuf form, which knows the
// messages by a table, is slow, and shares nothing with the codec.
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { decodeOtlpTracesJson } from './otlp-traces-json.ts'
import type { OtlpTracesOptions } from './otlp-traces.ts'

export const OPTIONS: OtlpTracesOptions = {
  receivedNanos: 1_800_000_000_000_000_000n,
  bounds: { minNanos: 0n, maxNanos: 1n << 62n },
}

type Json = { readonly [key: string]: unknown }

/** A value as OTLP/JSON has it: text, boolean, bigint as int64, number as double, list, object; null is no value. */
export function anyValue(value: unknown): Json {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'number') return { doubleValue: Number.isFinite(value) ? value : String(value) }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return value === null ? {} : { kvlistValue: { values: attributesOf(value as Json) } }
}

export function attributesOf(values: Json): Json[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))
}

export interface SampleSpan {
  readonly attributes?: Json
  readonly [field: string]: unknown
}

export const SAMPLE_IDS = { traceId: '6740a1b20123456789abcdef01234567', spanId: '1111111111111111' } as const

export function spanJson({ attributes = {}, ...fields }: SampleSpan): Json {
  return {
    ...SAMPLE_IDS,
    name: 'sample',
    startTimeUnixNano: '1732288946000000000',
    endTimeUnixNano: '1732288946250000000',
    attributes: attributesOf(attributes),
    ...fields,
  }
}

export function requestJson(spans: readonly Json[], resource: Json = { 'service.name': 'orders' }): Json {
  return {
    resourceSpans: [
      { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'lib' }, spans }] },
    ],
  }
}

export function bodyOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json))
}

/** The one span, decoded. */
export function decodeSample(span: SampleSpan, resource?: Json): Span {
  const batch = new SpanBatch()
  decodeOtlpTracesJson(bodyOf(requestJson([spanJson(span)], resource)), batch, OPTIONS)
  batch.checkRows()
  const [only] = readSpans(batch)
  return only!
}

// ------------------------------------------------------------------------------------------------ the other reader

type Kind =
  | 'string'
  | 'bytes'
  | 'hex'
  | 'varint'
  | 'int64'
  | 'sint32'
  | 'bool'
  | 'fixed64'
  | 'sfixed64'
  | 'fixed32'
  | 'double'
  | 'packed fixed64'
  | 'packed double'
  | 'packed varint'
type Field = readonly [name: string, kind: Kind | Message, list?: true]
type Message = () => { readonly [field: number]: Field }

const anyValueMessage: Message = () => ({
  1: ['stringValue', 'string'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'int64'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', () => ({ 1: ['values', anyValueMessage, true] })],
  6: ['kvlistValue', () => ({ 1: ['values', keyValue, true] })],
  7: ['bytesValue', 'bytes'],
})
const keyValue: Message = () => ({ 1: ['key', 'string'], 2: ['value', anyValueMessage] })
const resource: Message = () => ({ 1: ['attributes', keyValue, true], 2: ['droppedAttributesCount', 'varint'] })
const scope: Message = () => ({
  1: ['name', 'string'],
  2: ['version', 'string'],
  3: ['attributes', keyValue, true],
  4: ['droppedAttributesCount', 'varint'],
})
const event: Message = () => ({
  1: ['timeUnixNano', 'fixed64'],
  2: ['name', 'string'],
  3: ['attributes', keyValue, true],
  4: ['droppedAttributesCount', 'varint'],
})
const link: Message = () => ({
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  3: ['traceState', 'string'],
  4: ['attributes', keyValue, true],
  5: ['droppedAttributesCount', 'varint'],
  6: ['flags', 'fixed32'],
})
const span: Message = () => ({
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  3: ['traceState', 'string'],
  4: ['parentSpanId', 'hex'],
  5: ['name', 'string'],
  6: ['kind', 'varint'],
  7: ['startTimeUnixNano', 'fixed64'],
  8: ['endTimeUnixNano', 'fixed64'],
  9: ['attributes', keyValue, true],
  10: ['droppedAttributesCount', 'varint'],
  11: ['events', event, true],
  12: ['droppedEventsCount', 'varint'],
  13: ['links', link, true],
  14: ['droppedLinksCount', 'varint'],
  15: ['status', () => ({ 2: ['message', 'string'], 3: ['code', 'varint'] })],
  16: ['flags', 'fixed32'],
})

function requestOf(resources: string, scopes: string, records: string, record: Message): Message {
  const scoped: Message = () => ({ 1: ['scope', scope], 2: [records, record, true], 3: ['schemaUrl', 'string'] })
  const source: Message = () => ({ 1: ['resource', resource], 2: [scopes, scoped, true], 3: ['schemaUrl', 'string'] })
  return () => ({ 1: [resources, source, true] })
}

const logRecord: Message = () => ({
  1: ['timeUnixNano', 'fixed64'],
  2: ['severityNumber', 'varint'],
  3: ['severityText', 'string'],
  5: ['body', anyValueMessage],
  6: ['attributes', keyValue, true],
  7: ['droppedAttributesCount', 'varint'],
  8: ['flags', 'fixed32'],
  9: ['traceId', 'hex'],
  10: ['spanId', 'hex'],
  11: ['observedTimeUnixNano', 'fixed64'],
  12: ['eventName', 'string'],
})

const exemplar: Message = () => ({
  2: ['timeUnixNano', 'fixed64'],
  3: ['asDouble', 'double'],
  4: ['spanId', 'hex'],
  5: ['traceId', 'hex'],
  6: ['asInt', 'sfixed64'],
  7: ['filteredAttributes', keyValue, true],
})
const numberPoint: Message = () => ({
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['asDouble', 'double'],
  5: ['exemplars', exemplar, true],
  6: ['asInt', 'sfixed64'],
  7: ['attributes', keyValue, true],
  8: ['flags', 'varint'],
})
const histogramPoint: Message = () => ({
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['bucketCounts', 'packed fixed64'],
  7: ['explicitBounds', 'packed double'],
  8: ['exemplars', exemplar, true],
  9: ['attributes', keyValue, true],
  10: ['flags', 'varint'],
  11: ['min', 'double'],
  12: ['max', 'double'],
})
const buckets: Message = () => ({ 1: ['offset', 'sint32'], 2: ['bucketCounts', 'packed varint'] })
const exponentialPoint: Message = () => ({
  1: ['attributes', keyValue, true],
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['scale', 'sint32'],
  7: ['zeroCount', 'fixed64'],
  8: ['positive', buckets],
  9: ['negative', buckets],
  10: ['flags', 'varint'],
  11: ['exemplars', exemplar, true],
  12: ['min', 'double'],
  13: ['max', 'double'],
  14: ['zeroThreshold', 'double'],
})
const summaryPoint: Message = () => ({
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['quantileValues', () => ({ 1: ['quantile', 'double'], 2: ['value', 'double'] }), true],
  7: ['attributes', keyValue, true],
  8: ['flags', 'varint'],
})

function dataOf(point: Message): Message {
  return () => ({
    1: ['dataPoints', point, true],
    2: ['aggregationTemporality', 'varint'],
    3: ['isMonotonic', 'bool'],
  })
}

const metric: Message = () => ({
  1: ['name', 'string'],
  2: ['description', 'string'],
  3: ['unit', 'string'],
  5: ['gauge', dataOf(numberPoint)],
  7: ['sum', dataOf(numberPoint)],
  9: ['histogram', dataOf(histogramPoint)],
  10: ['exponentialHistogram', dataOf(exponentialPoint)],
  11: ['summary', dataOf(summaryPoint)],
  12: ['metadata', keyValue, true],
})

const REQUESTS = {
  traces: requestOf('resourceSpans', 'scopeSpans', 'spans', span),
  logs: requestOf('resourceLogs', 'scopeLogs', 'logRecords', logRecord),
  metrics: requestOf('resourceMetrics', 'scopeMetrics', 'metrics', metric),
} as const

/** An Export…ServiceRequest in protobuf as OTLP/JSON. */
export function readRequest(body: Uint8Array, signal: keyof typeof REQUESTS = 'traces'): Json {
  return readMessage(Buffer.from(body), REQUESTS[signal])
}

function readMessage(bytes: Buffer, message: Message): Json {
  const fields = message()
  const json: { [name: string]: unknown } = {}
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    const start = at
    const size = wire === 0 ? 0 : wire === 1 ? 8 : wire === 5 ? 4 : Number(varint())
    const number = wire === 0 ? varint() : 0n
    const content = wire === 0 ? bytes.subarray(start, at) : bytes.subarray(at, at + size)
    if (wire !== 0) at += size
    const field = fields[tag >>> 3]
    if (field === undefined) continue
    const [name, kind, list] = field
    const value = typeof kind === 'function' ? readMessage(content, kind) : scalar(kind, content, number)
    if (list) json[name] = [...((json[name] as unknown[] | undefined) ?? []), value]
    else json[name] = value
  }
  return json
}

function scalar(kind: Kind, content: Buffer, number: bigint): unknown {
  switch (kind) {
    case 'string':
      return content.toString('utf8')
    case 'bytes':
      return content.toString('base64')
    case 'hex':
      return content.toString('hex')
    case 'varint':
      return Number(number)
    case 'int64':
      return String(BigInt.asIntN(64, number))
    case 'bool':
      return number !== 0n
    case 'sint32':
      return Number(BigInt.asIntN(32, (number >> 1n) ^ -(number & 1n)))
    case 'fixed64':
      return String(content.readBigUInt64LE())
    case 'sfixed64':
      return String(content.readBigInt64LE())
    case 'packed fixed64':
      return eachEight(content).map((one) => String(one.readBigUInt64LE()))
    case 'packed double':
      return eachEight(content).map((one) => scalar('double', one, 0n))
    case 'packed varint':
      return varintsOf(content)
    case 'fixed32':
      return content.readUInt32LE()
    case 'double': {
      const value = content.readDoubleLE()
      return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)
    }
  }
}

function eachEight(content: Buffer): Buffer[] {
  return Array.from({ length: content.length / 8 }, (_, index) => content.subarray(index * 8, index * 8 + 8))
}

function varintsOf(content: Buffer): string[] {
  const numbers: string[] = []
  let value = 0n
  let shift = 0n
  for (const byte of content) {
    value |= BigInt(byte & 127) << shift
    shift += 7n
    if (byte > 127) continue
    numbers.push(String(value))
    value = 0n
    shift = 0n
  }
  return numbers
}
