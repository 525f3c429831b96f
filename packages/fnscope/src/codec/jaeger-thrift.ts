// jaeger.thrift: a Batch of spans, in the binary or the compact protocol, wire bytes to columns. As the body of an HTTP
// request it stands alone, in a datagram it is the argument of the message emitBatch.
// https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift
import type { AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { attributeValueOf } from './jaeger-process.ts'
import { JaegerRows, newTag, type WireTag } from './jaeger-rows.ts'
import { stringOf } from './otlp-text.ts'
import { LETTER } from './otlp-value.ts'
import type { RowContext } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import type { TracingProcess } from './tracing-tags.ts'
import { ThriftBinaryReader } from './thrift-binary-reader.ts'
import { ThriftCompactReader } from './thrift-compact-reader.ts'
import { ThriftError, THRIFT_TYPE, type ThriftReader } from './thrift-reader.ts'

/** Of a tag, by its vType: string, double, bool, long, binary. */
const LETTERS: readonly number[] = [LETTER.string, LETTER.double, LETTER.boolean, LETTER.integer, LETTER.bytes]
const VALUE = { double: 1, bool: 2, long: 3, binary: 4 } as const

class JaegerThriftDecoder {
  readonly #reader: ThriftReader
  readonly #rows = new JaegerRows()
  readonly #tag = newTag()
  readonly #processes = new BytesMemo<TracingProcess>({ entries: 1024, keyBytes: 1024 * 1024 })
  readonly #noProcess = this.#rows.process('', new Map())

  constructor(reader: ThriftReader) {
    this.#reader = reader
  }

  /** @param readHeader steps over what stands before the Batch */
  decode(body: Uint8Array, into: SpanBatch, context: RowContext, readHeader: (reader: ThriftReader) => void): Taken {
    const reader = this.#reader
    const rows = this.#rows
    this.#processes.begin()
    rows.begin(into, context)
    reader.open(body)
    try {
      readHeader(reader)
      this.#batch()
      return rows.end()
    } catch (error) {
      if (error instanceof ThriftError)
        throw new MalformedError(`The request is no batch of Jaeger's: ${error.message}.`)
      throw error
    } finally {
      reader.close()
      rows.close()
    }
  }

  #batch(): void {
    const reader = this.#reader
    let process: TracingProcess | undefined
    // Where the list of spans stands, when it came before its process.
    let waiting: number | undefined
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
      if (reader.field === 1 && type === THRIFT_TYPE.struct) process = this.#process()
      else if (reader.field === 2 && type === THRIFT_TYPE.list && process !== undefined) this.#spans(process)
      else {
        if (reader.field === 2 && type === THRIFT_TYPE.list) waiting = reader.at
        reader.skip(type)
      }
    }
    reader.leave(outer)
    if (waiting === undefined) return
    reader.at = waiting
    this.#spans(process ?? this.#noProcess)
  }

  /** The Process that begins here; found again by its bytes, for senders repeat it in every batch. */
  #process(): TracingProcess {
    const reader = this.#reader
    const start = reader.at
    reader.skip(THRIFT_TYPE.struct)
    const end = reader.at
    const known = this.#processes.find(reader.view, start, end)
    if (known !== undefined) return known
    reader.at = start
    const process = this.#readProcess()
    this.#processes.add(reader.view, start, end, process)
    return process
  }

  #readProcess(): TracingProcess {
    const reader = this.#reader
    const tags = new Map<string, AttributeValue>()
    let serviceName = ''
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
      if (reader.field === 1 && type === THRIFT_TYPE.string) {
        const end = reader.string()
        serviceName = stringOf(reader.view, reader.at, end)
        reader.at = end
      } else if (reader.field === 2 && type === THRIFT_TYPE.list) {
        const count = this.#structs()
        for (let i = 0; i < count; i++) {
          const tag = this.#readTag()
          tags.set(stringOf(reader.view, tag.keyStart, tag.keyEnd), attributeValueOf(reader.view, tag))
        }
      } else reader.skip(type)
    }
    reader.leave(outer)
    return this.#rows.process(serviceName, tags)
  }

  /** Begins a list of structs. @returns how many; of a list of anything else, which is stepped over, none */
  #structs(): number {
    const reader = this.#reader
    const start = reader.at
    const count = reader.list()
    if (reader.elementType === THRIFT_TYPE.struct) return count
    reader.at = start
    reader.skip(THRIFT_TYPE.list)
    return 0
  }

  #spans(process: TracingProcess): void {
    const count = this.#structs()
    for (let i = 0; i < count; i++) this.#span(process)
  }

  #span(process: TracingProcess): void {
    const reader = this.#reader
    const rows = this.#rows
    rows.beginSpan(reader.view)
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField())
      if (type === THRIFT_TYPE.i64) this.#long(reader.field)
      else if (type === THRIFT_TYPE.list) this.#list(reader.field)
      else if (reader.field === 5 && type === THRIFT_TYPE.string) {
        const end = reader.string()
        rows.name(reader.at, end)
        reader.at = end
      } else if (reader.field === 7 && type === THRIFT_TYPE.i32) rows.flags(reader.i32())
      else reader.skip(type)
    reader.leave(outer)
    rows.endSpan(process)
  }

  #long(field: number): void {
    const rows = this.#rows
    const low = this.#reader.i64()
    const { high } = this.#reader
    switch (field) {
      case 1:
        rows.traceLow(low, high)
        break
      case 2:
        rows.traceHigh(low, high)
        break
      case 3:
        rows.spanId(low, high)
        break
      case 4:
        rows.parentId(low, high)
        break
      case 8:
        rows.startMicros(low, high)
        break
      case 9:
        rows.durationMicros(low, high)
        break
      default:
    }
  }

  #list(field: number): void {
    if (field !== 6 && field !== 10 && field !== 11) {
      this.#reader.skip(THRIFT_TYPE.list)
      return
    }
    const count = this.#structs()
    for (let i = 0; i < count; i++)
      if (field === 10) this.#rows.tag(this.#readTag())
      else if (field === 11) this.#log()
      else this.#reference()
  }

  #readTag(): WireTag {
    const reader = this.#reader
    const tag = this.#tag
    let valueType = 0
    let textStart = 0
    let textEnd = 0
    let bytesStart = 0
    let bytesEnd = 0
    let flag = 0
    tag.keyStart = tag.keyEnd = tag.start = tag.end = tag.low = tag.high = 0
    tag.real = 0
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
      if (type === THRIFT_TYPE.string) {
        const { field } = reader
        const end = reader.string()
        const start = reader.at
        reader.at = end
        if (field === 1) {
          tag.keyStart = start
          tag.keyEnd = end
        } else if (field === 3) {
          textStart = start
          textEnd = end
        } else if (field === 7) {
          bytesStart = start
          bytesEnd = end
        }
      } else if (reader.field === 2 && type === THRIFT_TYPE.i32) valueType = reader.i32()
      else if (reader.field === 4 && type === THRIFT_TYPE.double) tag.real = reader.double()
      else if (reader.field === 5 && type === THRIFT_TYPE.bool) flag = reader.bool() ? 1 : 0
      else if (reader.field === 6 && type === THRIFT_TYPE.i64) {
        tag.low = reader.i64()
        tag.high = reader.high
      } else reader.skip(type)
    }
    reader.leave(outer)
    tag.letter = LETTERS[valueType] ?? LETTER.string
    if (valueType !== VALUE.long) {
      tag.low = valueType === VALUE.bool ? flag : 0
      tag.high = 0
    }
    if (tag.letter === LETTER.string) {
      tag.start = textStart
      tag.end = textEnd
    } else if (valueType === VALUE.binary) {
      tag.start = bytesStart
      tag.end = bytesEnd
    }
    return tag
  }

  #log(): void {
    const reader = this.#reader
    const log = this.#rows.beginLog()
    let low = 0
    let high = 0
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
      if (reader.field === 1 && type === THRIFT_TYPE.i64) {
        low = reader.i64()
        high = reader.high
      } else if (reader.field === 2 && type === THRIFT_TYPE.list) {
        const count = this.#structs()
        for (let i = 0; i < count; i++) log.field(this.#readTag())
      } else reader.skip(type)
    }
    reader.leave(outer)
    this.#rows.endLogMicros(low, high)
  }

  #reference(): void {
    const reader = this.#reader
    const { references } = this.#rows
    const place = references.begin()
    const outer = reader.enter()
    for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
      if (reader.field === 1 && type === THRIFT_TYPE.i32) {
        const kind = reader.i32()
        if (place !== undefined) references.setType(kind)
      } else if (type === THRIFT_TYPE.i64 && reader.field >= 2 && reader.field <= 4) {
        // The low half of the trace id comes first and stands second.
        const offset = reader.field === 2 ? 8 : reader.field === 3 ? 0 : 16
        const low = reader.i64()
        place?.view.setInt32(place.at + offset, reader.high)
        place?.view.setInt32(place.at + offset + 4, low)
      } else reader.skip(type)
    }
    reader.leave(outer)
  }
}

/** A message of another kind than the agent's port is for. */
export class UnwantedMessageError extends MalformedError {}

function readEmitBatch(reader: ThriftReader): void {
  const { name } = reader.message()
  if (name !== 'emitBatch')
    throw new UnwantedMessageError(`The datagram is the message "${name.slice(0, 64)}"; emitBatch is taken here.`)
  for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField()) {
    const { field, at } = reader
    // Before the first span is a row: datagrams share a batch, and what is torn must leave nothing in it.
    reader.skip(type)
    if (field !== 1 || type !== THRIFT_TYPE.struct) continue
    reader.at = at
    return
  }
  throw new ThriftError('a message without a batch', reader.at)
}

const NO_HEADER = (): void => {}

const binary = new JaegerThriftDecoder(new ThriftBinaryReader())
const compact = new JaegerThriftDecoder(new ThriftCompactReader())

/**
 * A Batch in the binary protocol, as it stands in an HTTP request. Appends its spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeJaegerBatch(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  return binary.decode(body, into, context, NO_HEADER)
}

/** A datagram of the binary protocol. @throws MalformedError, UnwantedMessageError */
export function decodeJaegerBinaryDatagram(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  return binary.decode(body, into, context, readEmitBatch)
}

/** A datagram of the compact protocol. @throws MalformedError, UnwantedMessageError */
export function decodeJaegerCompactDatagram(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  return compact.decode(body, into, context, readEmitBatch)
}
