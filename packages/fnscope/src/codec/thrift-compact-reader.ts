// TCompactProtocol: numbers as zigzag varints, fields numbered by their distance from the one before.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
import { stringOf } from './otlp-text.ts'
import { ThriftError, ThriftReader, THRIFT_TYPE } from './thrift-reader.ts'

const PROTOCOL = 0x82
const VERSION = 1

/** By the compact protocol's own numbers; 1 and 2 are both bool, true and false. */
const TYPES: readonly number[] = [
  THRIFT_TYPE.stop,
  THRIFT_TYPE.bool,
  THRIFT_TYPE.bool,
  THRIFT_TYPE.byte,
  THRIFT_TYPE.i16,
  THRIFT_TYPE.i32,
  THRIFT_TYPE.i64,
  THRIFT_TYPE.double,
  THRIFT_TYPE.string,
  THRIFT_TYPE.list,
  THRIFT_TYPE.set,
  THRIFT_TYPE.map,
  THRIFT_TYPE.struct,
]
const TRUE = 1
const NO_BOOL = 0

export class ThriftCompactReader extends ThriftReader {
  // A field of type bool has its value in the field's own byte: TRUE or FALSE until it is asked for.
  #bool = NO_BOOL
  #before = 0

  override open(body: Uint8Array): void {
    super.open(body)
    this.#bool = NO_BOOL
    this.#before = 0
  }

  message(): { readonly name: string; readonly type: number } {
    const at = this.step(2)
    const version = this.view.getUint8(at + 1)
    if (this.view.getUint8(at) !== PROTOCOL || (version & 31) !== VERSION)
      throw new ThriftError('no message of the compact protocol', at)
    this.#varint()
    const end = this.string()
    const name = stringOf(this.view, this.at, end)
    this.at = end
    return { name, type: version >>> 5 }
  }

  enter(): number {
    const outer = this.#before
    this.#before = 0
    return outer
  }

  leave(outer: number): void {
    this.#before = outer
  }

  nextField(): number {
    const head = this.bytes[this.at]
    if (head === undefined) throw new ThriftError('the body ends within a struct', this.at)
    this.at += 1
    if (head === 0) return THRIFT_TYPE.stop
    const distance = head >>> 4
    this.field = distance === 0 ? this.i32() : this.#before + distance
    this.#before = this.field
    const type = this.#typeOf(head & 15)
    this.#bool = type === THRIFT_TYPE.bool ? head & 15 : NO_BOOL
    return type
  }

  #typeOf(compact: number): number {
    const type = TYPES[compact]
    if (type === undefined) throw new ThriftError(`a value of type ${compact}, which Thrift does not have,`, this.at)
    return type
  }

  bool(): boolean {
    const value = this.#bool === NO_BOOL ? this.view.getUint8(this.step(1)) : this.#bool
    this.#bool = NO_BOOL
    return value === TRUE
  }

  protected skipI16(): void {
    this.#varint()
  }

  i32(): number {
    return this.i64()
  }

  i64(): number {
    const low = this.#varint()
    const { high } = this
    const sign = -(low & 1)
    this.high = (high >>> 1) ^ sign
    return ((low >>> 1) | (high << 31)) ^ sign
  }

  /** The lower 32 bits; the upper ones are in `high`. */
  #varint(): number {
    const { bytes, at } = this
    const first = bytes[at]
    if (first !== undefined && first < 128) {
      this.at = at + 1
      this.high = 0
      return first
    }
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
    throw new ThriftError(size === 10 ? 'a number of more than ten bytes' : 'the body ends within a number', at)
  }

  /** Least significant byte first, as all libraries write it, whatever older texts say. */
  double(): number {
    return this.view.getFloat64(this.step(8), true)
  }

  string(): number {
    const { at } = this
    const size = this.#varint()
    const end = this.at + size
    if (size < 0 || this.high !== 0 || end > this.bytes.length)
      throw new ThriftError('a length beyond the end of the body', at)
    return end
  }

  #count(): number {
    const count = this.#varint()
    return this.checkCount(this.high === 0 ? count : -1)
  }

  list(): number {
    const head = this.view.getUint8(this.step(1))
    const count = head >>> 4
    this.elementType = this.#typeOf(head & 15)
    return count === 15 ? this.#count() : this.checkCount(count)
  }

  protected map(): { readonly count: number; readonly key: number; readonly value: number } {
    const count = this.#count()
    if (count === 0) return { count, key: THRIFT_TYPE.stop, value: THRIFT_TYPE.stop }
    const types = this.view.getUint8(this.step(1))
    return { count, key: this.#typeOf(types >>> 4), value: this.#typeOf(types & 15) }
  }
}
