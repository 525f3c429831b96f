// ExportTraceServiceRequest in JSON: written out as protobuf and decoded as such. Not the hot path.
import type { SpanBatch } from '../span/span-batch.ts'
import type { JsonObject } from './json.ts'
import {
  countOf,
  enumOf,
  idOf,
  integerOf,
  objectOf,
  objectsOf,
  stringOf,
  writeAttributes,
  writeCount,
  writeText,
} from './otlp-json.ts'
import type { Taken } from './taken.ts'
import { decodeOtlpTraces, type OtlpTracesOptions } from './otlp-traces.ts'
import { writeSources } from './otlp-json-source.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

const NAMES = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' }
const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((name) => `SPAN_KIND_${name}`)
const CODES = ['UNSET', 'OK', 'ERROR'].map((name) => `STATUS_CODE_${name}`)

/**
 * Appends the request's spans to `into`. Unknown fields, snake_case ones among them, are ignored.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpTracesJson(body: Uint8Array, into: SpanBatch, options: OtlpTracesOptions): Taken {
  return decodeOtlpTraces(writeSources(body, NAMES, writeSpan), into, options)
}

/** The protobuf message that a TracesData or ExportTraceServiceRequest in JSON stands for. @throws MalformedError */
export function otlpTracesProtobuf(json: Uint8Array): Uint8Array {
  return writeSources(json, NAMES, writeSpan)
}

function writeSpan(writer: ProtobufWriter, span: JsonObject): void {
  writer.bytes(1, idOf(span, 'traceId'))
  writer.bytes(2, idOf(span, 'spanId'))
  writeText(writer, 3, stringOf(span, 'traceState'))
  writeParentId(writer, span)
  writeText(writer, 5, stringOf(span, 'name'))
  writeCount(writer, 6, enumOf(span, 'kind', KINDS))
  writer.fixed64(7, integerOf(span, 'startTimeUnixNano'))
  writer.fixed64(8, integerOf(span, 'endTimeUnixNano'))
  writeAttributes(writer, 9, span)
  writeCount(writer, 10, countOf(span, 'droppedAttributesCount'))
  for (const event of objectsOf(span, 'events')) writeEvent(writer, event)
  writeCount(writer, 12, countOf(span, 'droppedEventsCount'))
  for (const link of objectsOf(span, 'links')) writeLink(writer, link)
  writeCount(writer, 14, countOf(span, 'droppedLinksCount'))
  const status = objectOf(span, 'status')
  if (status !== undefined) {
    const mark = writer.open(15)
    writeText(writer, 2, stringOf(status, 'message'))
    writeCount(writer, 3, enumOf(status, 'code', CODES))
    writer.close(mark)
  }
  writeFlags(writer, 16, span)
}

// One that is no hex must not read as none.
function writeParentId(writer: ProtobufWriter, span: JsonObject): void {
  const id = idOf(span, 'parentSpanId')
  const isNone = stringOf(span, 'parentSpanId') === ''
  if (!isNone) writer.bytes(4, id.length === 0 ? Uint8Array.of(0) : id)
}

function writeFlags(writer: ProtobufWriter, field: number, parent: JsonObject): void {
  const flags = countOf(parent, 'flags')
  if (flags !== 0) writer.fixed32(field, flags)
}

function writeEvent(writer: ProtobufWriter, event: JsonObject): void {
  const mark = writer.open(11)
  writer.fixed64(1, integerOf(event, 'timeUnixNano'))
  writeText(writer, 2, stringOf(event, 'name'))
  writeAttributes(writer, 3, event)
  writeCount(writer, 4, countOf(event, 'droppedAttributesCount'))
  writer.close(mark)
}

function writeLink(writer: ProtobufWriter, link: JsonObject): void {
  const mark = writer.open(13)
  writer.bytes(1, idOf(link, 'traceId'))
  writer.bytes(2, idOf(link, 'spanId'))
  writeText(writer, 3, stringOf(link, 'traceState'))
  writeAttributes(writer, 4, link)
  writeCount(writer, 5, countOf(link, 'droppedAttributesCount'))
  writeFlags(writer, 6, link)
  writer.close(mark)
}
