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

type Kind = 'string' | 'bytes' | 'hex' | 'varint' | 'int64' | 'bool' | 'fixed64' | 'fixed32' | 'double'
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
const request: Message = () => ({
  1: [
    'resourceSpans',
    () => ({
      1: ['resource', resource],
      2: ['scopeSpans', () => ({ 1: ['scope', scope], 2: ['spans', span, true], 3: ['schemaUrl', 'string'] }), true],
      3: ['schemaUrl', 'string'],
    }),
    true,
  ],
})

/** An ExportTraceServiceRequest in protobuf as OTLP/JSON. */
export function readRequest(body: Uint8Array): Json {
  return readMessage(Buffer.from(body), request)
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
    case 'fixed64':
      return String(content.readBigUInt64LE())
    case 'fixed32':
      return content.readUInt32LE()
    case 'double': {
      const value = content.readDoubleLE()
      return Number.isFinite(value) ? value : String(value)
    }
  }
}
