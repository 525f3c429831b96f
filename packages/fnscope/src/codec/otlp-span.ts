// One Span message: where its fields stand, and whether it may be kept. Its row is otlp-traces.ts's.
import type { TimeBounds } from '../span/time.ts'
import { fieldsOf, WIRE, type ProtobufReader } from './protobuf-reader.ts'

const SPAN_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
const STATUS_FIELDS = fieldsOf(2, 3)

/** Why a span is not kept. */
export type SpanRefusal = 'bad_trace_id' | 'bad_span_id' | 'bad_parent_id' | 'too_old' | 'too_new'

/** A span with more than this does not leave the room for as many behind. */
const KEPT_PLACES = 16_384

/** Starts and ends of the repeated messages of one span, in turn. Kept from span to span, so that it grows once. */
export class Places {
  at: number[] = []
  count = 0

  clear(): void {
    this.count = 0
    if (this.at.length > KEPT_PLACES) this.at = []
  }

  push(start: number, end: number): void {
    this.at[this.count * 2] = start
    this.at[this.count * 2 + 1] = end
    this.count += 1
  }
}

/** Is told where each KeyValue of the span begins and ends. May move `reader.at`. */
export interface AttributeSink {
  takeAttribute(reader: ProtobufReader, start: number, end: number): void
}

/** TimeBounds in halves: what fixed64 is compared with. */
export class TimeLimits {
  readonly #minLow: number
  readonly #minHigh: number
  readonly #maxLow: number
  readonly #maxHigh: number

  constructor({ minNanos, maxNanos }: TimeBounds) {
    this.#minLow = Number(BigInt.asUintN(32, minNanos))
    this.#minHigh = Number(minNanos >> 32n)
    this.#maxLow = Number(BigInt.asUintN(32, maxNanos))
    this.#maxHigh = Number(maxNanos >> 32n)
  }

  /** @param lowHalf and highHalf of an unsigned number, as signed ones */
  refusal(lowHalf: number, highHalf: number): 'too_old' | 'too_new' | undefined {
    const low = lowHalf >>> 0
    const high = highHalf >>> 0
    if (high < this.#minHigh || (high === this.#minHigh && low < this.#minLow)) return 'too_old'
    if (high > this.#maxHigh || (high === this.#maxHigh && low > this.#maxLow)) return 'too_new'
    return undefined
  }
}

/**
 * Where the fields of one span stand. Absent ones have equal start and end, numbers are 0. Numbers of 32 bits and
 * halves of 64 are signed here, whatever they are in the protocol: the engine keeps those unboxed.
 */
export class SpanFields {
  traceId = 0
  traceIdEnd = 0
  spanId = 0
  spanIdEnd = 0
  parentId = 0
  parentIdEnd = 0
  state = 0
  stateEnd = 0
  name = 0
  nameEnd = 0
  kind = 0
  startLow = 0
  startHigh = 0
  endLow = 0
  endHigh = 0
  statusCode = 0
  message = 0
  messageEnd = 0
  flags = 0
  droppedAttributes = 0
  droppedEvents = 0
  droppedLinks = 0
  readonly events = new Places()
  readonly links = new Places()

  #clear(): void {
    this.traceId = this.traceIdEnd = this.spanId = this.spanIdEnd = this.parentId = this.parentIdEnd = 0
    this.state = this.stateEnd = this.name = this.nameEnd = this.message = this.messageEnd = 0
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0
    this.kind = this.statusCode = this.flags = 0
    this.droppedAttributes = this.droppedEvents = this.droppedLinks = 0
    this.events.clear()
    this.links.clear()
  }

  /** Reads the Span between `reader.at` and `end`; its attributes are `sink`'s. */
  read(reader: ProtobufReader, end: number, sink: AttributeSink): void {
    this.#clear()
    const { bytes } = reader
    let { at } = reader
    while (at < end) {
      const tag = bytes[at]!
      if ((tag & 0x87) !== WIRE.bytes) {
        reader.at = at
        this.#readNumber(reader, end)
        at = reader.at
        continue
      }
      let start = at + 2
      let fieldEnd = start + bytes[at + 1]!
      if (fieldEnd > end || fieldEnd - start > 127) {
        reader.at = at + 1
        fieldEnd = reader.length(end)
        start = reader.at
      }
      if (tag === 0x4a) sink.takeAttribute(reader, start, fieldEnd)
      else this.#take(tag, start, fieldEnd, reader)
      at = fieldEnd
    }
    reader.at = at
    reader.checkEnd(end)
  }

  /** A length-delimited field with a tag of one byte. */
  #take(tag: number, start: number, end: number, reader: ProtobufReader): void {
    switch (tag) {
      case 0x0a:
        this.traceId = start
        this.traceIdEnd = end
        break
      case 0x12:
        this.spanId = start
        this.spanIdEnd = end
        break
      case 0x1a:
        this.state = start
        this.stateEnd = end
        break
      case 0x22:
        this.parentId = start
        this.parentIdEnd = end
        break
      case 0x2a:
        this.name = start
        this.nameEnd = end
        break
      case 0x5a:
        this.events.push(start, end)
        break
      case 0x6a:
        this.links.push(start, end)
        break
      case 0x7a:
        reader.at = start
        this.#status(reader, end)
        break
      default:
        // Of one byte with this wire type are fields 1 to 15: a known one came with a wire type that is not its own.
        reader.at = start
        reader.skip(tag, end, SPAN_FIELDS)
    }
  }

  /** Any other field. */
  #readNumber(reader: ProtobufReader, end: number): void {
    const tag = reader.tag()
    switch (tag) {
      case 0x30:
        this.kind = known(reader, 5)
        break
      case 0x39: {
        const at = reader.fixed64(end)
        this.startLow = reader.view.getInt32(at, true)
        this.startHigh = reader.view.getInt32(at + 4, true)
        break
      }
      case 0x41: {
        const at = reader.fixed64(end)
        this.endLow = reader.view.getInt32(at, true)
        this.endHigh = reader.view.getInt32(at + 4, true)
        break
      }
      case 0x50:
        this.droppedAttributes = reader.varint()
        break
      case 0x60:
        this.droppedEvents = reader.varint()
        break
      case 0x70:
        this.droppedLinks = reader.varint()
        break
      case 0x85:
        this.flags = reader.view.getInt32(reader.fixed32(end), true)
        break
      default:
        reader.skip(tag, end, SPAN_FIELDS)
    }
  }

  #status(reader: ProtobufReader, end: number): void {
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x12) {
        this.messageEnd = reader.length(end)
        this.message = reader.at
        reader.at = this.messageEnd
      } else if (tag === 0x18) this.statusCode = known(reader, 2)
      else reader.skip(tag, end, STATUS_FIELDS)
    }
    reader.checkEnd(end)
  }

  /** Why the span is not kept, if so. */
  refusal(view: DataView, limits: TimeLimits): SpanRefusal | undefined {
    if (this.traceIdEnd - this.traceId !== 16 || isZero(view, this.traceId, this.traceIdEnd)) return 'bad_trace_id'
    if (this.spanIdEnd - this.spanId !== 8 || isZero(view, this.spanId, this.spanIdEnd)) return 'bad_span_id'
    const parentSize = this.parentIdEnd - this.parentId
    if (parentSize !== 0 && parentSize !== 8) return 'bad_parent_id'
    return limits.refusal(this.startLow, this.startHigh)
  }

  /** Absent or all zero: the trace begins here. */
  isRoot(view: DataView): boolean {
    return this.parentId === this.parentIdEnd || isZero(view, this.parentId, this.parentIdEnd)
  }

  /** End less start, of either sign, in halves. */
  durationLow(): number {
    return this.endLow - this.startLow
  }

  durationHigh(): number {
    return this.endHigh - this.startHigh - (this.endLow >>> 0 < this.startLow >>> 0 ? 1 : 0)
  }
}

/** An enum's number; 0 of one that this version of the protocol does not know. */
function known(reader: ProtobufReader, largest: number): number {
  const value = reader.varint()
  return reader.high === 0 && value >= 0 && value <= largest ? value : 0
}

/** Ids are 8 or 16 bytes here. */
function isZero(view: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4) if (view.getUint32(at, true) !== 0) return false
  return true
}
