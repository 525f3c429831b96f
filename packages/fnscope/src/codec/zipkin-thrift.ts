// Zipkin's version 1 in Thrift's binary protocol: a list of spans, each read as the JSON of that version would say it.
// https://github.com/openzipkin/zipkin-api/blob/master/thrift/zipkinCore.thrift
import type { SpanBatch } from '../span/span-batch.ts'
import type { JsonObject } from './json.ts'
import { base64Of, bytesOf, integerText, stringOf } from './otlp-text.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import type { RowContext } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import { ThriftBinaryReader } from './thrift-binary-reader.ts'
import { ThriftError, THRIFT_TYPE } from './thrift-reader.ts'
import { addressText } from './zipkin-address.ts'
import { writeZipkinSpan } from './zipkin-json.ts'
import { decodeZipkinSpans } from './zipkin-proto.ts'
import { spansOfV1 } from './zipkin-v1.ts'

const { i32, i64, list, string, struct } = THRIFT_TYPE

/** Of a binary annotation, whose value is bytes. */
const ANNOTATION = { bool: 0, bytes: 1, i16: 2, i32: 3, i64: 4, double: 5, string: 6 } as const

type Members = Record<string, unknown>

/** Reads a field, or says that it is none that is read. */
type TakeField = (reader: ThriftBinaryReader, field: number, type: number, members: Members) => boolean

/** Appends the request's spans to `into`. @throws MalformedError then `into` is in no state to be used */
export function decodeZipkinThrift(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  const reader = new ThriftBinaryReader()
  const writer = new ProtobufWriter()
  reader.open(body)
  try {
    const count = reader.list()
    if (reader.elementType !== struct) throw new ThriftError('a list of anything but spans', 0)
    for (let i = 0; i < count; i++)
      for (const span of spansOfV1(readStruct(reader, takeSpanField))) writeZipkinSpan(writer, span)
  } catch (error) {
    if (error instanceof ThriftError)
      throw new MalformedError(`The request is no list of Zipkin spans: ${error.message}.`)
    throw error
  }
  return decodeZipkinSpans(writer.written(), into, context)
}

function readStruct(reader: ThriftBinaryReader, take: TakeField): JsonObject {
  const members: Members = {}
  for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField())
    if (!take(reader, reader.field, type, members)) reader.skip(type)
  return members
}

function readStructs(reader: ThriftBinaryReader, take: TakeField): JsonObject[] {
  const { at } = reader
  const count = reader.list()
  if (reader.elementType === struct) return Array.from({ length: count }, () => readStruct(reader, take))
  reader.at = at
  reader.skip(list)
  return []
}

function readId(reader: ThriftBinaryReader): string {
  const low = reader.i64()
  return (reader.high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0')
}

/** As a number: times are far below 2^53. */
function readLong(reader: ThriftBinaryReader): number {
  const low = reader.i64()
  return Number(integerText(low, reader.high))
}

function readText(reader: ThriftBinaryReader): string {
  const end = reader.string()
  const text = stringOf(reader.view, reader.at, end)
  reader.at = end
  return text
}

const IDS: Readonly<Record<number, string>> = { 1: 'traceId', 4: 'id', 5: 'parentId', 12: 'traceIdHigh' }
const TIMES: Readonly<Record<number, string>> = { 10: 'timestamp', 11: 'duration' }

function takeSpanField(reader: ThriftBinaryReader, field: number, type: number, members: Members): boolean {
  if (type === i64 && IDS[field] !== undefined) members[IDS[field]] = readId(reader)
  else if (type === i64 && TIMES[field] !== undefined) members[TIMES[field]] = readLong(reader)
  else if (type === string && field === 3) members['name'] = readText(reader)
  else if (type === list && field === 6) members['annotations'] = readStructs(reader, takeAnnotationField)
  else if (type === list && field === 8) members['binaryAnnotations'] = readStructs(reader, takeBinaryField).map(valued)
  else if (type === THRIFT_TYPE.bool && field === 9) members['debug'] = reader.bool()
  else return false
  return true
}

function takeAnnotationField(reader: ThriftBinaryReader, field: number, type: number, members: Members): boolean {
  if (type === i64 && field === 1) members['timestamp'] = readLong(reader)
  else if (type === string && field === 2) members['value'] = readText(reader)
  else if (type === struct && field === 3) members['endpoint'] = readStruct(reader, takeEndpointField)
  else return false
  return true
}

function takeBinaryField(reader: ThriftBinaryReader, field: number, type: number, members: Members): boolean {
  if (type === string && field === 1) members['key'] = readText(reader)
  else if (type === string && field === 2) {
    const end = reader.string()
    members['bytes'] = bytesOf(reader.view, reader.at, end)
    reader.at = end
  } else if (type === i32 && field === 3) members['type'] = reader.i32()
  else if (type === struct && field === 4) members['endpoint'] = readStruct(reader, takeEndpointField)
  else return false
  return true
}

function takeEndpointField(reader: ThriftBinaryReader, field: number, type: number, members: Members): boolean {
  if (type === i32 && field === 1) {
    const address = reader.i32()
    if (address !== 0) members['ipv4'] = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
  } else if (type === THRIFT_TYPE.i16 && field === 2) members['port'] = reader.u16()
  else if (type === string && field === 3) members['serviceName'] = readText(reader)
  else if (type === string && field === 4) {
    const end = reader.string()
    members['ipv6'] = addressText(bytesOf(reader.view, reader.at, end))
    reader.at = end
  } else return false
  return true
}

/** With its bytes as what its type says they are. */
function valued(annotation: JsonObject): JsonObject {
  const { bytes = new Uint8Array(0), type, ...others } = annotation
  return { ...others, value: valueOf(bytes as Uint8Array, type) }
}

function valueOf(bytes: Uint8Array, type: unknown): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const holds = (size: number): boolean => bytes.length === size
  if (type === ANNOTATION.bool) return bytes[0] !== 0 && bytes.length > 0
  if (type === ANNOTATION.i16 && holds(2)) return view.getInt16(0)
  if (type === ANNOTATION.i32 && holds(4)) return view.getInt32(0)
  if (type === ANNOTATION.i64 && holds(8)) return integerText(view.getInt32(4), view.getInt32(0))
  if (type === ANNOTATION.double && holds(8)) return view.getFloat64(0)
  return type === ANNOTATION.string ? stringOf(view, 0, bytes.length) : base64Of(view, 0, bytes.length)
}
