// A growable column of values of one width. Bytes are laid down once, in the form the writer can copy whole. Like the
// columns beside it, it knows nothing of any store and is append-only; a reader sees `rows` of it.
import { KEPT_BYTES, NO_BYTES, NO_VIEW, copyBytes, grown } from './column-memory.ts'
import { writeHex } from './id.ts'

/** Values of one width: ids (8, 16), little-endian integers and floats (1, 2, 4, 8 bytes). */
export class FixedColumn {
  readonly width: number
  rows = 0
  #bytes = NO_BYTES
  #view = NO_VIEW
  // In rows. The engine reads a number sooner than the length of an array.
  #room = 0

  constructor(width: number) {
    this.width = width
  }

  /** No rows any more; the memory is used again. */
  clear(): void {
    this.rows = 0
    if (this.#bytes.length <= KEPT_BYTES) return
    this.#bytes = NO_BYTES
    this.#view = NO_VIEW
    this.#room = 0
  }

  // May replace #bytes and #view: a caller takes the position first, then touches them.
  #next(): number {
    const { rows } = this
    if (rows === this.#room) this.#grow()
    this.rows = rows + 1
    return rows * this.width
  }

  #grow(): void {
    this.#bytes = grown(this.#bytes, (this.rows + 1) * this.width)
    this.#view = new DataView(this.#bytes.buffer)
    this.#room = Math.floor(this.#bytes.length / this.width)
  }

  /** Copies `width` bytes as they stand on the wire. */
  pushBytes(source: Uint8Array, offset = 0): void {
    const at = this.#next()
    for (let i = 0; i < this.width; i++) this.#bytes[at + i] = source[offset + i]!
  }

  /** Copies `width` bytes, four at a time: for widths of 4, 8 and 16. */
  pushWire(source: DataView, offset: number): void {
    const at = this.#next()
    for (let i = 0; i < this.width; i += 4) this.#view.setUint32(at + i, source.getUint32(offset + i, true), true)
  }

  /** An id from its hex digits. False when they are not twice `width`: then there is no row more. */
  pushHex(text: string): boolean {
    const at = this.#next()
    if (writeHex(text, this.#bytes, at, this.width)) return true
    this.rows -= 1
    return false
  }

  /** Of each row the value of one column and behind it that of another, which together have the width of this one. */
  pushPairs(left: FixedColumn, right: FixedColumn): void {
    for (let row = 0; row < left.rows; row++) {
      const at = this.#next()
      copyBytes(left.#bytes, row * left.width, left.width, this.#bytes, at)
      copyBytes(right.#bytes, row * right.width, right.width, this.#bytes, at + left.width)
    }
  }

  pushZero(): void {
    const at = this.#next()
    for (let i = at; i < at + this.width; i++) this.#bytes[i] = 0
  }

  pushU8(value: number): void {
    const at = this.#next()
    this.#bytes[at] = value
  }

  pushBool(value: boolean): void {
    const at = this.#next()
    this.#bytes[at] = value ? 1 : 0
  }

  pushU16(value: number): void {
    const at = this.#next()
    this.#view.setUint16(at, value, true)
  }

  pushU32(value: number): void {
    const at = this.#next()
    this.#view.setUint32(at, value, true)
  }

  /** A signed or unsigned 64-bit integer; nanoseconds are always this. */
  pushI64(value: bigint): void {
    const at = this.#next()
    this.#view.setBigInt64(at, value, true)
  }

  /** A 64-bit integer in two halves of 32 bits, of either sign. */
  pushHalves(low: number, high: number): void {
    const at = this.#next()
    this.#view.setInt32(at, low, true)
    this.#view.setInt32(at + 4, high, true)
  }

  /** The same value in each of the next `count` rows. */
  pushI64Rows(value: bigint, count: number): void {
    const low = Number(BigInt.asIntN(32, value))
    const high = Number(BigInt.asIntN(32, value >> 32n))
    for (let i = 0; i < count; i++) this.pushHalves(low, high)
  }

  /** An unsigned 64-bit integer below 2^53 that is not worth a bigint. */
  pushU64(value: number): void {
    const at = this.#next()
    if ((value | 0) === value) {
      this.#view.setInt32(at, value, true)
      this.#view.setInt32(at + 4, 0, true)
    } else {
      this.#view.setUint32(at, value % 2 ** 32, true)
      this.#view.setUint32(at + 4, value / 2 ** 32, true)
    }
  }

  pushF64(value: number): void {
    const at = this.#next()
    this.#view.setFloat64(at, value, true)
  }

  i64(row: number): bigint {
    return this.#view.getBigInt64(row * this.width, true)
  }

  /** The filled bytes: a view, not a copy. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.rows * this.width)
  }
}
