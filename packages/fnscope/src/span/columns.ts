// Growable columns: what a SpanBatch is made of. Bytes are laid down once, in the form the writer can copy whole.
// They know nothing of any store; each is append-only, and a reader sees `rows` of them.

import { writeHex } from './id.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

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

  /** Bytes filled so far. */
  get size(): number {
    return this.#length
  }

  /** Whatever holds them now: longer than `size`, and another after a push. */
  get buffer(): Uint8Array {
    return this.#bytes
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Strings of few distinct values: a dictionary and an index a row. Index 0 is always the empty string. */
export class DictionaryColumn {
  readonly #words = new TextColumn()
  readonly #byText = new Map<string, number>([['', 0]])
  readonly #indexes = new FixedColumn(4)
  // Open addressing by the bytes: a slot holds a word's index, 0 when it is free. Made when bytes first come.
  #slots: Uint32Array | undefined
  // Where each word begins in #words, behind its length.
  #starts: number[] = [1]
  #ends: number[] = [1]

  constructor() {
    this.#words.push('')
  }

  get rows(): number {
    return this.#indexes.rows
  }

  /** How many, the empty one included. */
  get wordCount(): number {
    return this.#words.rows
  }

  /** All words in the order of their indexes. For tests and small readers: they are decoded at each call. */
  get words(): string[] {
    const bytes = this.#words.bytes()
    return this.#starts.map((start, index) => decoder.decode(bytes.subarray(start, this.#ends[index])))
  }

  /** The words as a TextColumn has them. */
  wordBytes(): Uint8Array {
    return this.#words.bytes()
  }

  push(value: string): void {
    if (value === '') this.#indexes.pushZero()
    else this.#indexes.pushU32(this.indexOf(value))
  }

  /** UTF-8 from the wire. */
  pushBytes(source: Uint8Array, start = 0, end = source.length): void {
    this.#indexes.pushU32(this.indexOfBytes(source, start, end))
  }

  /** A row with a word whose index is known from indexOf or indexOfBytes. */
  pushIndex(index: number): void {
    this.#indexes.pushU32(index)
  }

  /** The word's index, new or old; no row is added. */
  indexOf(value: string): number {
    let index = this.#byText.get(value)
    if (index === undefined) {
      if (this.#slots === undefined) {
        index = this.#add((words) => words.push(value))
      } else {
        const bytes = encoder.encode(value)
        index = this.indexOfBytes(bytes, 0, bytes.length)
      }
      this.#byText.set(value, index)
    }
    return index
  }

  /** The same for UTF-8 bytes. */
  indexOfBytes(source: Uint8Array, start: number, end: number): number {
    if (start === end) return 0
    const slots = this.#slots ?? this.#fillSlots(64)
    const mask = slots.length - 1
    let slot = hashBytes(source, start, end) & mask
    for (let index = slots[slot]!; index !== 0; index = slots[slot]!) {
      if (this.#isWord(index, source, start, end)) return index
      slot = (slot + 1) & mask
    }
    const index = this.#add((words) => words.pushBytes(source, start, end))
    slots[slot] = index
    if (this.wordCount * 2 > slots.length) this.#fillSlots(slots.length * 4)
    return index
  }

  #add(push: (words: TextColumn) => void): number {
    const index = this.#words.rows
    const before = this.#words.size
    push(this.#words)
    const { size } = this.#words
    // The length in front takes as many bytes as it takes for what is left without it.
    let head = 1
    while (size - before - head >= 128 ** head) head += 1
    this.#starts.push(before + head)
    this.#ends.push(size)
    return index
  }

  #isWord(index: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index]!
    const length = end - start
    if (this.#ends[index]! - from !== length) return false
    const bytes = this.#words.buffer
    for (let i = 0; i < length; i++) if (bytes[from + i] !== source[start + i]) return false
    return true
  }

  #fillSlots(size: number): Uint32Array {
    if (this.wordCount * 2 > size) return this.#fillSlots(size * 4)
    const slots = new Uint32Array(size)
    const bytes = this.#words.buffer
    for (let index = 1; index < this.wordCount; index++) {
      let slot = hashBytes(bytes, this.#starts[index]!, this.#ends[index]!) & (size - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      slots[slot] = index
    }
    this.#slots = slots
    return slots
  }

  /** One little-endian 4-byte index a row. */
  indexBytes(): Uint8Array {
    return this.#indexes.bytes()
  }
}

/** FNV-1a. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
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
