// Growable columns: what a SpanBatch is made of. Bytes are laid down once, in the form the writer can copy whole.
// They know nothing of any store; each is append-only, and a reader sees `rows` of them.

import { writeHex } from './id.ts'

const encoder = new TextEncoder()

/** A small column grows by more, so that a batch of some hundred rows copies it twice rather than five times. */
const SMALL_BYTES = 16 * 1024

/** What every column begins with: most of a small batch's stay empty, and 140 buffers for one span would be its cost. */
const NO_BYTES = new Uint8Array(0)
const NO_VIEW = new DataView(NO_BYTES.buffer)
const FIRST_BYTES = 64

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  let size = Math.max(FIRST_BYTES, bytes.length * (bytes.length < SMALL_BYTES ? 4 : 2))
  while (size < needed) size *= 2
  const next = new Uint8Array(size)
  next.set(bytes)
  return next
}

/** Values of one width: ids (8, 16), little-endian integers and floats (1, 2, 4, 8 bytes). */
export class FixedColumn {
  readonly width: number
  rows = 0
  #bytes = NO_BYTES
  #view = NO_VIEW

  constructor(width: number) {
    this.width = width
  }

  // May replace #bytes and #view: a caller takes the position first, then touches them.
  #next(): number {
    const at = this.rows * this.width
    if (at + this.width > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, at + this.width)
      this.#view = new DataView(this.#bytes.buffer)
    }
    this.rows += 1
    return at
  }

  /** Copies `width` bytes as they stand on the wire. */
  pushBytes(source: Uint8Array, offset = 0): void {
    const at = this.#next()
    for (let i = 0; i < this.width; i++) this.#bytes[at + i] = source[offset + i]!
  }

  /** An id from its hex digits. False when they are not twice `width`: then there is no row more. */
  pushHex(text: string): boolean {
    const at = this.#next()
    if (writeHex(text, this.#bytes, at, this.width)) return true
    this.#bytes.fill(0, at, at + this.width)
    this.rows -= 1
    return false
  }

  pushZero(): void {
    this.#next()
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

  /** An unsigned 64-bit integer below 2^53 that is not worth a bigint. */
  pushU64(value: number): void {
    const at = this.#next()
    this.#view.setUint32(at, value % 2 ** 32, true)
    this.#view.setUint32(at + 4, value / 2 ** 32, true)
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

/** Characters up to which a loop beats the encoder; their number fits one byte. */
const SHORT = 24

/** Of a number as LEB128. */
function lengthBytes(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest >>>= 7) size += 1
  return size
}

/** Strings as UTF-8, each behind its length as an unsigned LEB128 number. */
export class TextColumn {
  rows = 0
  #bytes = NO_BYTES
  #length = 0

  push(value: string): void {
    this.rows += 1
    const most = value.length * 3
    if (this.#length + most + 5 > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length + most + 5)
    if (value.length <= SHORT && this.#pushAscii(value)) return
    // The length stands before the bytes and is not known yet: room as for ASCII, which text nearly always is.
    const room = lengthBytes(value.length)
    const start = this.#length + room
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(start))
    const needed = lengthBytes(written)
    if (needed !== room) this.#bytes.copyWithin(this.#length + needed, start, start + written)
    this.#pushLength(written)
    this.#length += written
  }

  /** False, and nothing pushed, when a character is none of ASCII. Cheaper than the encoder while the text is short. */
  #pushAscii(value: string): boolean {
    const bytes = this.#bytes
    const start = this.#length + 1
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) return false
      bytes[start + i] = code
    }
    bytes[this.#length] = value.length
    this.#length = start + value.length
    return true
  }

  /** UTF-8 as it stands on the wire, from `start` to `end`. */
  pushBytes(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start
    if (this.#length + size + 5 > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length + size + 5)
    this.#pushLength(size)
    this.#bytes.set(source.subarray(start, end), this.#length)
    this.#length += size
    this.rows += 1
  }

  #pushLength(size: number): void {
    let rest = size
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Strings of few distinct values: a dictionary and an index a row. Index 0 is always the empty string. */
export class DictionaryColumn {
  readonly words: string[] = ['']
  readonly #index = new Map<string, number>([['', 0]])
  readonly #indexes = new FixedColumn(4)

  get rows(): number {
    return this.#indexes.rows
  }

  push(value: string): void {
    if (value === '') return this.#indexes.pushZero()
    let index = this.#index.get(value)
    if (index === undefined) {
      index = this.words.length
      this.words.push(value)
      this.#index.set(value, index)
    }
    this.#indexes.pushU32(index)
  }

  /** One little-endian 4-byte index a row. */
  indexBytes(): Uint8Array {
    return this.#indexes.bytes()
  }
}

export type ScalarColumn = FixedColumn | TextColumn | DictionaryColumn

/** A map a row: `ends` holds the running count of entries after each row. */
export class MapColumn<Values extends ScalarColumn = TextColumn> {
  readonly ends = new FixedColumn(8)
  readonly keys = new DictionaryColumn()
  readonly values: Values

  constructor(values: Values) {
    this.values = values
  }

  get rows(): number {
    return this.ends.rows
  }

  /** Closes the row: entries pushed to `keys` and `values` since the last call belong to it. */
  endRow(): void {
    this.ends.pushU64(this.keys.rows)
  }
}

/** A list a row, as `MapColumn` has maps. */
export class ListColumn<Items extends ScalarColumn> {
  readonly ends = new FixedColumn(8)
  readonly items: Items

  constructor(items: Items) {
    this.items = items
  }

  get rows(): number {
    return this.ends.rows
  }

  endRow(): void {
    this.ends.pushU64(this.items.rows)
  }
}
