// What Thrift's two protocols have in common, read in place: no objects, no strings. Whoever knows a struct asks field by
// field and need not know which protocol it stands in. Every length and every count is checked against the body before
// anything is done with it.

/** The bytes are nothing of the kind that was asked for. */
export class ThriftError extends Error {
  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`)
    this.name = 'ThriftError'
  }
}

/** Types of fields and elements, as the binary protocol numbers them. */
export const THRIFT_TYPE = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const

/** Types of messages. */
export const THRIFT_MESSAGE = { call: 1, oneway: 4 } as const

/** Structs, lists and maps within each other that nobody reads: what nests deeper is refused. */
const MAX_SKIP_DEPTH = 32

const NOTHING = new Uint8Array(0)
const NO_VIEW = new DataView(NOTHING.buffer)

/**
 * A place in a body. A struct is read so:
 *
 *     const outer = reader.enter()
 *     for (let type = reader.nextField(); type !== THRIFT_TYPE.stop; type = reader.nextField())
 *       if (reader.field === 1 && type === THRIFT_TYPE.i64) … reader.i64() …
 *       else reader.skip(type)
 *     reader.leave(outer)
 */
export abstract class ThriftReader {
  bytes: Uint8Array = NOTHING
  view: DataView = NO_VIEW
  at = 0
  /** The number of the field that nextField came to. */
  field = 0
  /** Of the last i64: its upper 32 bits, signed. */
  high = 0
  /** Of the list that was begun last. */
  elementType: number = THRIFT_TYPE.stop

  /** Begins at the start of `body`, which must not change while it is read. */
  open(body: Uint8Array): void {
    this.bytes = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.at = 0
  }

  /** Lets go of the body. */
  close(): void {
    this.bytes = NOTHING
    this.view = NO_VIEW
  }

  /** Steps over `size` bytes; where they begin. */
  protected step(size: number): number {
    const { at } = this
    if (size > this.bytes.length - at) throw new ThriftError('the body ends within a field', at)
    this.at = at + size
    return at
  }

  /** Of a list, set or map: each element takes a byte at least. */
  protected checkCount(count: number): number {
    if (count < 0 || count > this.bytes.length - this.at)
      throw new ThriftError('a count of more elements than there are bytes', this.at)
    return count
  }

  /** Steps over a message's header. @returns its name and type */
  abstract message(): { readonly name: string; readonly type: number }

  /** Begins a struct. @returns what `leave` is to be given */
  abstract enter(): number

  /** Ends the struct. */
  abstract leave(outer: number): void

  /** The type of the struct's next field, whose number is then in `field`; `stop` behind the last one. */
  abstract nextField(): number

  abstract bool(): boolean

  abstract i32(): number

  /** The lower 32 bits, signed; the upper ones are in `high`. */
  abstract i64(): number

  abstract double(): number

  /** Where the string or binary that begins here ends; `at` is then at its first byte. */
  abstract string(): number

  /** How many elements, of `elementType`, follow. */
  abstract list(): number

  /** How many pairs follow, and their types. */
  protected abstract map(): { readonly count: number; readonly key: number; readonly value: number }

  /** Steps over a value that nobody reads. */
  skip(type: number, depth = 0): void {
    if (depth > MAX_SKIP_DEPTH) throw new ThriftError(`values nested deeper than ${MAX_SKIP_DEPTH}`, this.at)
    switch (type) {
      case THRIFT_TYPE.bool:
        this.bool()
        break
      case THRIFT_TYPE.byte:
        this.step(1)
        break
      case THRIFT_TYPE.double:
        this.double()
        break
      case THRIFT_TYPE.i16:
        this.skipI16()
        break
      case THRIFT_TYPE.i32:
        this.i32()
        break
      case THRIFT_TYPE.i64:
        this.i64()
        break
      case THRIFT_TYPE.string:
        this.at = this.string()
        break
      case THRIFT_TYPE.struct: {
        const outer = this.enter()
        for (let field = this.nextField(); field !== THRIFT_TYPE.stop; field = this.nextField())
          this.skip(field, depth + 1)
        this.leave(outer)
        break
      }
      case THRIFT_TYPE.list:
      case THRIFT_TYPE.set: {
        const count = this.list()
        const { elementType } = this
        for (let i = 0; i < count; i++) this.skip(elementType, depth + 1)
        break
      }
      case THRIFT_TYPE.map: {
        const { count, key, value } = this.map()
        for (let i = 0; i < count; i++) {
          this.skip(key, depth + 1)
          this.skip(value, depth + 1)
        }
        break
      }
      default:
        throw new ThriftError(`a value of type ${type}, which Thrift does not have,`, this.at)
    }
  }

  protected abstract skipI16(): void
}
