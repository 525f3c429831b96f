// jaeger.api_v2 PostSpansRequest in protobuf, wire bytes to columns. Beside jaeger.thrift it has times of nanoseconds, a
// process a span, warnings, and no parent but among the references.
// https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto
import type { AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { attributeValueOf } from './jaeger-process.ts'
import { JaegerRows, newTag, type WireTag } from './jaeger-rows.ts'
import { Nanos } from './nanos.ts'
import { stringOf } from './otlp-text.ts'
import { LETTER } from './otlp-value.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import type { RowContext } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import type { TracingProcess } from './tracing-tags.ts'

const REQUEST_FIELDS = fieldsOf(1)
const BATCH_FIELDS = fieldsOf(1, 2)
const SPAN_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
const REFERENCE_FIELDS = fieldsOf(1, 2, 3)
const TAG_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7)
const LOG_FIELDS = fieldsOf(1, 2)
const PROCESS_FIELDS = fieldsOf(1, 2)
const TIME_FIELDS = fieldsOf(1, 2)

/** Of a tag, by its v_type: string, bool, int64, float64, binary. */
const LETTERS: readonly number[] = [LETTER.string, LETTER.boolean, LETTER.integer, LETTER.double, LETTER.bytes]
const V_TYPE = { string: 0, bool: 1, int64: 2, binary: 4 } as const

class JaegerProtoDecoder {
  readonly #reader = new ProtobufReader()
  readonly #rows = new JaegerRows()
  readonly #tag = newTag()
  readonly #nanos = new Nanos()
  readonly #logTime = new Nanos()
  readonly #processes = new BytesMemo<TracingProcess>({ entries: 1024, keyBytes: 1024 * 1024 })
  readonly #noProcess = this.#rows.process('', new Map())

  decode(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
    const reader = this.#reader
    this.#processes.begin()
    this.#rows.begin(into, context)
    reader.open(body)
    try {
      const end = body.length
      while (reader.at < end) {
        const tag = reader.tag()
        if (tag === 0x0a) this.#batch(reader.length(end))
        else reader.skip(tag, end, REQUEST_FIELDS)
      }
      return this.#rows.end()
    } catch (error) {
      if (error instanceof ProtobufError)
        throw new MalformedError(`The request is no PostSpansRequest of Jaeger's: ${error.message}.`)
      throw error
    } finally {
      reader.close()
      this.#rows.close()
    }
  }

  /** The process stands behind the spans. */
  #batch(end: number): void {
    const reader = this.#reader
    const start = reader.at
    let process = this.#noProcess
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x12) process = this.#process(reader.length(end))
      else if (tag === 0x0a) reader.at = reader.length(end)
      else reader.skip(tag, end, BATCH_FIELDS)
    }
    reader.checkEnd(end)
    reader.at = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) this.#span(reader.length(end), process)
      else reader.skip(tag, end)
    }
  }

  /** The Process from here to `end`; found again by its bytes, for senders repeat it. */
  #process(end: number): TracingProcess {
    const reader = this.#reader
    const start = reader.at
    let process = this.#processes.find(reader.view, start, end)
    if (process === undefined) {
      process = this.#readProcess(end)
      this.#processes.add(reader.view, start, end, process)
    }
    reader.at = end
    return process
  }

  #readProcess(end: number): TracingProcess {
    const reader = this.#reader
    const tags = new Map<string, AttributeValue>()
    let serviceName = ''
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) {
        const nameEnd = reader.length(end)
        serviceName = stringOf(reader.view, reader.at, nameEnd)
        reader.at = nameEnd
      } else if (tag === 0x12) {
        const read = this.#readTag(reader.length(end))
        tags.set(stringOf(reader.view, read.keyStart, read.keyEnd), attributeValueOf(reader.view, read))
      } else reader.skip(tag, end, PROCESS_FIELDS)
    }
    reader.checkEnd(end)
    return this.#rows.process(serviceName, tags)
  }

  #span(end: number, batchProcess: TracingProcess): void {
    const reader = this.#reader
    const rows = this.#rows
    let process = batchProcess
    rows.beginSpan(reader.view)
    while (reader.at < end) {
      const tag = reader.tag()
      if ((tag & 7) !== 2 || tag > 0x62) {
        if (tag === 0x28) rows.flags(reader.varint())
        else reader.skip(tag, end, SPAN_FIELDS)
        continue
      }
      const fieldEnd = reader.length(end)
      switch (tag) {
        case 0x0a:
          this.#traceId(fieldEnd)
          break
        case 0x12:
          if (fieldEnd - reader.at === 8)
            rows.spanId(reader.view.getInt32(reader.at + 4), reader.view.getInt32(reader.at))
          break
        case 0x1a:
          rows.name(reader.at, fieldEnd)
          break
        case 0x22:
          this.#reference(fieldEnd)
          break
        case 0x32:
          rows.start(this.#readTime(fieldEnd))
          break
        case 0x3a:
          rows.duration(this.#readTime(fieldEnd))
          break
        case 0x42:
          rows.tag(this.#readTag(fieldEnd))
          break
        case 0x4a:
          this.#log(fieldEnd)
          break
        case 0x52:
          process = this.#process(fieldEnd)
          break
        case 0x62:
          rows.warning(reader.at, fieldEnd)
          break
        case 0x2a:
          throw new ProtobufError('field 5 with wire type 2', reader.at)
        default:
      }
      reader.at = fieldEnd
    }
    reader.checkEnd(end)
    rows.endSpan(process)
  }

  /** One of another length than 8 or 16 stays zero, and is refused as such. */
  #traceId(end: number): void {
    const { view, at } = this.#reader
    const size = end - at
    if (size === 16) this.#rows.traceHigh(view.getInt32(at + 4), view.getInt32(at))
    if (size === 16 || size === 8) this.#rows.traceLow(view.getInt32(end - 4), view.getInt32(end - 8))
  }

  #reference(end: number): void {
    const reader = this.#reader
    const { references } = this.#rows
    const place = references.begin()
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a || tag === 0x12) {
        const idEnd = reader.length(end)
        const most = tag === 0x0a ? 16 : 8
        const size = idEnd - reader.at
        // Ends where an id of full length ends.
        if (place !== undefined && (size === most || size === 8))
          for (let i = 0; i < size; i++)
            place.view.setUint8(place.at + (tag === 0x0a ? 16 : 24) - size + i, reader.bytes[reader.at + i]!)
        reader.at = idEnd
      } else if (tag === 0x18) {
        const type = reader.varint()
        if (place !== undefined) references.setType(type)
      } else reader.skip(tag, end, REFERENCE_FIELDS)
    }
    reader.checkEnd(end)
  }

  #readTime(end: number, time = this.#nanos): Nanos {
    const reader = this.#reader
    let low = 0
    let high = 0
    let nanos = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x08) {
        low = reader.varint()
        high = reader.high
      } else if (tag === 0x10) nanos = reader.varint()
      else reader.skip(tag, end, TIME_FIELDS)
    }
    reader.checkEnd(end)
    time.setSeconds(low, high, nanos)
    return time
  }

  #readTag(end: number): WireTag {
    const reader = this.#reader
    const tag = this.#tag
    let type = 0
    let flag = 0
    let textStart = 0
    let textEnd = 0
    let bytesStart = 0
    let bytesEnd = 0
    tag.keyStart = tag.keyEnd = tag.start = tag.end = tag.low = tag.high = 0
    tag.real = 0
    while (reader.at < end) {
      const wireTag = reader.tag()
      switch (wireTag) {
        case 0x0a:
          tag.keyEnd = reader.length(end)
          tag.keyStart = reader.at
          reader.at = tag.keyEnd
          break
        case 0x10:
          type = reader.varint()
          break
        case 0x1a:
          textEnd = reader.length(end)
          textStart = reader.at
          reader.at = textEnd
          break
        case 0x20:
          flag = reader.varint() | reader.high
          break
        case 0x28:
          tag.low = reader.varint()
          tag.high = reader.high
          break
        case 0x31:
          tag.real = reader.view.getFloat64(reader.fixed64(end), true)
          break
        case 0x3a:
          bytesEnd = reader.length(end)
          bytesStart = reader.at
          reader.at = bytesEnd
          break
        default:
          reader.skip(wireTag, end, TAG_FIELDS)
      }
    }
    reader.checkEnd(end)
    tag.letter = LETTERS[type] ?? LETTER.string
    if (type !== V_TYPE.int64) {
      tag.low = type === V_TYPE.bool && flag !== 0 ? 1 : 0
      tag.high = 0
    }
    if (tag.letter === LETTER.string) {
      tag.start = textStart
      tag.end = textEnd
    } else if (type === V_TYPE.binary) {
      tag.start = bytesStart
      tag.end = bytesEnd
    }
    return tag
  }

  #log(end: number): void {
    const reader = this.#reader
    const log = this.#rows.beginLog()
    const time = this.#logTime
    time.setMicros(0, 0)
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) this.#readTime(reader.length(end), time)
      else if (tag === 0x12) log.field(this.#readTag(reader.length(end)))
      else reader.skip(tag, end, LOG_FIELDS)
    }
    reader.checkEnd(end)
    this.#rows.endLog(time)
  }
}

const decoder = new JaegerProtoDecoder()

/** Appends the request's spans to `into`. @throws MalformedError then `into` is in no state to be used */
export function decodeJaegerPostSpans(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  return decoder.decode(body, into, context)
}
