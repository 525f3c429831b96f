// The protobuf wire format, read in place: no objects, no strings. Knows no message; whoever does asks field by field.
// Every length is checked against the message it stands in before anything is done with it.

/** The bytes are no message of the kind that was asked for. */
export class ProtobufError extends Error {
  /** Of the body. */
  readonly offset: number

  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`)
    this.name = 'ProtobufError'
    this.offset = offset
  }
}

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** A field's number and wire type as they stand on the wire. */
export function tagOf(field: number, wire: number): number {
  return (field << 3) | wire
}

/** A tag below has no field number. */
const WIRE_TYPES = 8

const NOTHING = new Uint8Array(0)
const NO_VIEW = new DataView(NOTHING.buffer)

/**
 * A place in a body. A message is read so:
 *
 *     while (reader.at < end) {
 *       const tag = reader.tag()
 *       if (tag === NAME) … reader.length(end) …
 *       else reader.skip(tag, end, KNOWN)
 *     }
 *     reader.checkEnd(end)
 */
export class ProtobufReader {
  bytes: Uint8Array = NOTHING
  view: DataView = NO_VIEW
  at = 0
  /** Of the last varint: its upper 32 bits. */
  high = 0
  #buffer: Buffer | undefined

  /** Begins at the start of `body`, which must not change while it is read. */
  open(body: Uint8Array): void {
    this.bytes = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.at = 0
    this.#buffer = undefined
  }

  /** Lets go of the body. */
  close(): void {
    this.bytes = NOTHING
    this.view = NO_VIEW
    this.#buffer = undefined
  }

  /** Bytes as a JS string, U+FFFD in place of what is not UTF-8. */
  text(start: number, end: number): string {
    if (start === end) return ''
    // One for the body: a view for each text costs as much again as the text.
    this.#buffer ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
    return this.#buffer.toString('utf8', start, end)
  }

  /** Field number << 3 | wire type. */
  tag(): number {
    const start = this.at
    const tag = this.varint()
    if (this.high !== 0 || tag < WIRE_TYPES) throw new ProtobufError('no field number', start)
    return tag
  }

  /** The lower 32 bits; the upper ones are in `high`. Both as signed numbers, which the engine keeps unboxed. */
  varint(): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw new ProtobufError('the body ends within a field', this.at)
    if (byte < 128) {
      this.at += 1
      this.high = 0
      return byte
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    const { bytes, at } = this
    const size = Math.min(10, bytes.length - at)
    let low = 0
    let high = 0
    for (let i = 0; i < size; i++) {
      const byte = bytes[at + i]!
      const bits = byte & 127
      if (i < 4) low |= bits << (7 * i)
      else if (i === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (7 * i - 32)
      if (byte < 128) {
        this.at = at + i + 1
        this.high = high
        return low
      }
    }
    throw new ProtobufError(size === 10 ? 'a number of more than ten bytes' : 'the body ends within a number', at)
  }

  /** Where the length-delimited field that begins here ends; `at` is then at its first byte. @param end of the message */
  length(end: number): number {
    const start = this.at
    const size = this.varint()
    const fieldEnd = this.at + size
    if (size < 0 || this.high !== 0 || fieldEnd > end)
      throw new ProtobufError('a length beyond the end of its message', start)
    return fieldEnd
  }

  /** Steps over 8 bytes; where they begin. */
  fixed64(end: number): number {
    return this.#fixed(8, end)
  }

  /** Steps over 4 bytes; where they begin. */
  fixed32(end: number): number {
    return this.#fixed(4, end)
  }

  #fixed(size: number, end: number): number {
    const { at } = this
    if (at + size > end) throw new ProtobufError('the message ends within a field', at)
    this.at = at + size
    return at
  }

  /**
   * Steps over the value of a field that nobody reads.
   * @param known bit n is set when the message has a field n: then it came with a wire type that is not its own
   */
  skip(tag: number, end: number, known = 0): void {
    const field = tag >>> 3
    if (field < 32 && ((known >>> field) & 1) === 1)
      throw new ProtobufError(`field ${field} with wire type ${tag & 7}`, this.at)
    switch (tag & 7) {
      case WIRE.varint:
        this.varint()
        break
      case WIRE.fixed64:
        this.fixed64(end)
        break
      case WIRE.bytes:
        this.at = this.length(end)
        break
      case WIRE.fixed32:
        this.fixed32(end)
        break
      default:
        throw new ProtobufError(`a field of wire type ${tag & 7}`, this.at)
    }
  }

  /** A number may reach over the end of its message into the next one: asked once a message, when all is read. */
  checkEnd(end: number): void {
    if (this.at !== end) throw new ProtobufError('a field reaches over the end of its message', this.at)
  }
}

/** For `known` of `skip`. */
export function fieldsOf(...numbers: readonly number[]): number {
  let bits = 0
  for (const number of numbers) bits |= 1 << number
  return bits
}
