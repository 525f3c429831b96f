// The spans of a trace as jaeger.api_v2 has them in protobuf: what jaeger-json.ts shows, with times to the nanosecond and
// the process in each span. https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto
import type { Span } from '../span/span.ts'
import { encodeJaegerTrace, type JaegerProcess, type JaegerReference, type JaegerSpan } from './jaeger-json.ts'
import type { JaegerTag } from './jaeger-tag.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Clients take 4 MB at once where they are told nothing. */
const CHUNK_BYTES = 256 * 1024

/** SpansResponseChunk messages of one trace, each made when it is asked for. */
export function* encodeSpanChunks(ofTrace: readonly Span[]): Iterable<Uint8Array> {
  const { spans, processes } = encodeJaegerTrace(ofTrace)
  let writer = new ProtobufWriter()
  for (const [i, shown] of spans.entries()) {
    const mark = writer.open(1)
    writeSpan(writer, shown, ofTrace[i]!)
    const process = writer.open(10)
    writeProcess(writer, processes[shown.processID]!)
    writer.close(process)
    writer.close(mark)
    if (writer.written().length < CHUNK_BYTES) continue
    yield writer.written()
    writer = new ProtobufWriter()
  }
  if (writer.written().length > 0) yield writer.written()
}

/** @param shown of `span`, which has the times that JSON cuts */
function writeSpan(writer: ProtobufWriter, shown: JaegerSpan, span: Span): void {
  const { startNanos, endNanos = startNanos, events } = span
  writer.bytes(1, traceIdBytes(shown.traceID))
  writer.bytes(2, Buffer.from(shown.spanID, 'hex'))
  writer.string(3, shown.operationName)
  for (const one of shown.references) writeReference(writer, one)
  if (span.traceFlags !== 0) writer.varint(5, span.traceFlags & 255)
  writeTime(writer, 6, startNanos)
  writeTime(writer, 7, endNanos < startNanos ? 0n : endNanos - startNanos)
  for (const tag of shown.tags) writeTag(writer, 8, tag)
  for (const [i, { fields }] of shown.logs.entries()) {
    const mark = writer.open(9)
    // Behind the events stand X-Ray's exceptions, at the span's end.
    writeTime(writer, 1, events[i]?.timeNanos ?? endNanos)
    for (const field of fields) writeTag(writer, 2, field)
    writer.close(mark)
  }
  for (const warning of shown.warnings ?? []) writer.string(12, warning)
}

function writeProcess(writer: ProtobufWriter, { serviceName, tags }: JaegerProcess): void {
  writer.string(1, serviceName)
  for (const tag of tags) writeTag(writer, 2, tag)
}

function writeReference(writer: ProtobufWriter, { traceID, spanID, refType }: JaegerReference): void {
  const mark = writer.open(4)
  writer.bytes(1, traceIdBytes(traceID))
  writer.bytes(2, Buffer.from(spanID, 'hex'))
  if (refType === 'FOLLOWS_FROM') writer.varint(3, 1)
  writer.close(mark)
}

/** The other spelling of jaegerTraceId. */
function traceIdBytes(traceID: string): Uint8Array {
  return Buffer.from(traceID.padStart(32, '0'), 'hex')
}

/** Timestamp and Duration are alike: seconds and nanoseconds. */
export function writeTime(writer: ProtobufWriter, field: number, nanos: bigint): void {
  const mark = writer.open(field)
  writer.varint64(1, nanos / 1_000_000_000n)
  writer.varint(2, Number(nanos % 1_000_000_000n))
  writer.close(mark)
}

/** A KeyValue; what JSON has as text because it has no number for it is a number again. */
function writeTag(writer: ProtobufWriter, field: number, { key, type, value }: JaegerTag): void {
  const mark = writer.open(field)
  writer.string(1, key)
  switch (type) {
    case 'string':
      writer.string(3, String(value))
      break
    case 'bool':
      writer.varint(2, 1)
      writer.varint(4, value === true ? 1 : 0)
      break
    case 'int64':
      writer.varint(2, 2)
      writer.varint64(5, BigInt(value))
      break
    case 'float64':
      writer.varint(2, 3)
      writer.double(6, Number(value))
      break
    case 'binary':
      writer.varint(2, 4)
      writer.bytes(7, Buffer.from(String(value), 'base64'))
  }
  writer.close(mark)
}
