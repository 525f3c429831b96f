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
const NO_INDEXES = new Uint32Array(0)
/** Above this a column that is emptied gives its memory back: one large batch does not make all that follow large. */
const KEPT_BYTES = 256 * 1024
const KEPT_WORDS = 4096
const FEW = 32
const NOT_ASCII = 0x80808080
const FIRST_BYTES = 64

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  let size = Math.max(FIRST_BYTES, bytes.length * (bytes.length < SMALL_BYTES ? 4 : 2))
  while (size < needed) size *= 2
  const next = new Uint8Array(size)
  next.set(bytes)
  return next
}

function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}

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
  #view = NO_VIEW
  #length = 0
  #room = 0

  /** No rows any more; the memory is used again. */
  clear(): void {
    this.rows = 0
    this.#length = 0
    if (this.#bytes.length <= KEPT_BYTES) return
    this.#bytes = NO_BYTES
    this.#view = NO_VIEW
    this.#room = 0
  }

  #grow(needed: number): void {
    this.#bytes = grown(this.#bytes, needed)
    this.#view = new DataView(this.#bytes.buffer)
    this.#room = this.#bytes.length
  }

  push(value: string): void {
    this.rows += 1
    const most = value.length * 3
    if (this.#length + most + 5 > this.#room) this.#grow(this.#length + most + 5)
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
    if (this.#length + size + 5 > this.#room) this.#grow(this.#length + size + 5)
    this.#pushLength(size)
    this.#bytes.set(source.subarray(start, end), this.#length)
    this.#length += size
    this.rows += 1
  }

  /** Copies ASCII from the wire, four bytes at a time. False, and nothing pushed, when some byte is none of ASCII. */
  pushAscii(source: DataView, start: number, end: number): boolean {
    const size = end - start
    const before = this.#length
    if (before + size + 9 > this.#room) this.#grow(before + size + 9)
    const view = this.#view
    let to = before + 1
    if (size < 128) view.setUint8(before, size)
    else {
      this.#pushLength(size)
      to = this.#length
    }
    let from = start
    let all = 0
    for (; from + 4 <= end; from += 4, to += 4) {
      const word = source.getInt32(from, true)
      all |= word
      view.setInt32(to, word, true)
    }
    to += end - from
    if (size >= 4) {
      // The last four bytes, some of them for the second time.
      const word = source.getInt32(end - 4, true)
      all |= word
      view.setInt32(to - 4, word, true)
    } else {
      for (let left = end - from; left > 0; left--) {
        const byte = source.getUint8(end - left)
        all |= byte
        view.setUint8(to - left, byte)
      }
    }
    if ((all & NOT_ASCII) !== 0) {
      this.#length = before
      return false
    }
    this.#length = to
    this.rows += 1
    return true
  }

  pushEmpty(): void {
    if (this.#length === this.#room) this.#grow(this.#length + 1)
    this.#bytes[this.#length++] = 0
    this.rows += 1
  }

  pushEmptyRows(count: number): void {
    if (this.#length + count > this.#room) this.#grow(this.#length + count)
    const end = this.#length + count
    if (count > FEW) this.#bytes.fill(0, this.#length, end)
    else for (let at = this.#length; at < end; at++) this.#bytes[at] = 0
    this.#length = end
    this.rows += count
  }

  /** Empty texts until there are `rows` rows: a column that is empty nearly everywhere is filled a stretch at a time. */
  padTo(rows: number): void {
    if (rows > this.rows) this.pushEmptyRows(rows - this.rows)
  }

  /** A whole number of at most nine digits, 0 or more, in decimal. */
  pushDigits(value: number): void {
    if (this.#length + 10 > this.#room) this.#grow(this.#length + 10)
    let size = 1
    for (let power = 10; value >= power; power *= 10) size += 1
    let rest = value
    for (let at = this.#length + size; at > this.#length; at--) {
      const tenth = (rest / 10) | 0
      this.#bytes[at] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.#bytes[this.#length] = size
    this.#length += size + 1
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

  /** Forgets all rows from `rows` on, whose first byte is at `size`. */
  cutTo(rows: number, size: number): void {
    this.rows = rows
    this.#length = size
  }

  /** Over whatever holds them now: longer than `size`, and another after a push. */
  get view(): DataView {
    return this.#view
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Strings of few distinct values: a dictionary and an index a row. Index 0 is always the empty string. */
export class DictionaryColumn {
  readonly #words = new TextColumn()
  readonly #byText = new Map<string, number>([['', 0]])
  rows = 0
  // One a row; in the machine's byte order, which is the little-endian one wherever this runs.
  #indexes = NO_INDEXES
  #room = 0
  // Open addressing by the bytes: a slot holds a word's index, 0 when it is free. Made when bytes first come.
  #slots: Uint32Array | undefined
  // Where findWire looked in vain: the word goes there if it is added next.
  #free = 0
  // Where each word begins in #words, behind its length. What stands behind the last word is of before a clear().
  #starts: number[] = [1]
  #ends: number[] = [1]

  constructor() {
    this.#words.push('')
  }

  /** No rows and no words any more but the empty one; the memory is used again. */
  clear(): void {
    const words = this.#words.rows
    this.#words.clear()
    this.#words.push('')
    this.#byText.clear()
    this.#byText.set('', 0)
    this.rows = 0
    if (this.#room * 4 > KEPT_BYTES) {
      this.#indexes = NO_INDEXES
      this.#room = 0
    }
    if (words > KEPT_WORDS) {
      this.#starts = [1]
      this.#ends = [1]
      this.#slots = undefined
    } else if (words > 1) this.#slots?.fill(0)
  }

  /** How many, the empty one included. */
  get wordCount(): number {
    return this.#words.rows
  }

  /** All words in the order of their indexes. For tests and small readers: they are decoded at each call. */
  get words(): string[] {
    const bytes = this.#words.bytes()
    const starts = this.#starts.slice(0, this.wordCount)
    return starts.map((start, index) => decoder.decode(bytes.subarray(start, this.#ends[index])))
  }

  /** The words as a TextColumn has them. */
  wordBytes(): Uint8Array {
    return this.#words.bytes()
  }

  push(value: string): void {
    this.pushIndex(value === '' ? 0 : this.indexOf(value))
  }

  /** UTF-8 from the wire. */
  pushBytes(source: Uint8Array, start = 0, end = source.length): void {
    this.pushIndex(this.indexOfBytes(source, start, end))
  }

  /** The same word in each of the next `count` rows. */
  pushIndexRows(index: number, count: number): void {
    const rows = this.rows + count
    if (rows > this.#room) this.#grow(rows)
    // For a few a loop is done before the call has begun.
    if (count > FEW) this.#indexes.fill(index, this.rows, rows)
    else for (let row = this.rows; row < rows; row++) this.#indexes[row] = index
    this.rows = rows
  }

  /** The same word, the empty one when none is named, until there are `rows` rows. */
  padTo(rows: number, index = 0): void {
    if (rows > this.rows) this.pushIndexRows(index, rows - this.rows)
  }

  #grow(rows: number): void {
    const bytes = grown(new Uint8Array(this.#indexes.buffer), rows * 4)
    this.#indexes = new Uint32Array(bytes.buffer)
    this.#room = this.#indexes.length
  }

  /** A row with a word whose index is known from indexOf or indexOfBytes. */
  pushIndex(index: number): void {
    const row = this.rows
    if (row === this.#room) this.#grow(row + 1)
    this.#indexes[row] = index
    this.rows = row + 1
  }

  /** Forgets all rows from `rows` on; their words stay. */
  cutTo(rows: number): void {
    this.rows = rows
  }

  /** The word's index, new or old; no row is added. */
  indexOf(value: string): number {
    let index = this.#byText.get(value)
    if (index === undefined) {
      index = this.#slots === undefined ? this.#add((words) => words.push(value)) : this.#indexOfNew(value)
      this.#byText.set(value, index)
    }
    return index
  }

  /** Of a text that may have come as bytes: it is laid down as a word, and taken back when it was one. */
  #indexOfNew(value: string): number {
    const words = this.#words
    const { rows, size } = words
    const index = this.#add(() => words.push(value))
    const known = this.findWire(words.view, this.#starts[index]!, this.#ends[index]!)
    if (known === -1) {
      this.#keep(index)
      return index
    }
    words.cutTo(rows, size)
    return known
  }

  /** Puts a word that was added into the slot that findWire found free for it. */
  #keep(index: number): void {
    const slots = this.#slots!
    slots[this.#free] = index
    if (this.wordCount * 2 > slots.length) this.#fillSlots(slots.length * 4)
  }

  /** The same for UTF-8 bytes. */
  indexOfBytes(source: Uint8Array, start = 0, end = source.length): number {
    return this.indexOfWire(new DataView(source.buffer, source.byteOffset, source.byteLength), start, end)
  }

  /** The same for bytes that are known to be UTF-8, through a view that serves a whole message. */
  indexOfWire(source: DataView, start: number, end: number): number {
    const known = this.findWire(source, start, end)
    if (known !== -1) return known
    const index = this.#add((words) => {
      if (!words.pushAscii(source, start, end))
        words.pushBytes(new Uint8Array(source.buffer, source.byteOffset + start, end - start))
    })
    this.#keep(index)
    return index
  }

  /** The word's index, or -1 when there is none yet. */
  findWire(source: DataView, start: number, end: number): number {
    if (start === end) return 0
    const slots = this.#slots ?? this.#fillSlots(64)
    const mask = slots.length - 1
    let slot = hashOf(source, start, end) & mask
    for (let index = slots[slot]!; index !== 0; index = slots[slot]!) {
      if (this.#isWord(index, source, start, end)) return index
      slot = (slot + 1) & mask
    }
    this.#free = slot
    return -1
  }

  #add(push: (words: TextColumn) => void): number {
    const index = this.#words.rows
    const before = this.#words.size
    push(this.#words)
    const { size } = this.#words
    // The length in front takes as many bytes as it takes for what is left without it.
    let head = 1
    while (size - before - head >= 128 ** head) head += 1
    this.#starts[index] = before + head
    this.#ends[index] = size
    return index
  }

  #isWord(index: number, source: DataView, start: number, end: number): boolean {
    const from = this.#starts[index]!
    return this.#ends[index]! - from === end - start && equalBytes(this.#words.view, from, source, start, end - start)
  }

  #fillSlots(size: number): Uint32Array {
    if (this.wordCount * 2 > size) return this.#fillSlots(size * 4)
    const slots = new Uint32Array(size)
    const { view } = this.#words
    for (let index = 1; index < this.wordCount; index++) {
      let slot = hashOf(view, this.#starts[index]!, this.#ends[index]!) & (size - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      slots[slot] = index
    }
    this.#slots = slots
    return slots
  }

  /** One little-endian 4-byte index a row. */
  indexBytes(): Uint8Array {
    return new Uint8Array(this.#indexes.buffer, 0, this.rows * 4)
  }
}

/** Differs from process to process, so that nobody can send words that all fall into one slot. */
const SEED = globalThis.crypto.getRandomValues(new Uint32Array(1))[0]! | 0

/** Of bytes, four at a time. */
export function hashOf(source: DataView, start: number, end: number): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ source.getInt32(at, true), 0x85ebca6b)
    hash ^= hash >>> 15
  }
  // The last four bytes, some of them for the second time.
  if (end - start >= 4) hash = Math.imul(hash ^ source.getInt32(end - 4, true), 0x01000193)
  else for (; at < end; at++) hash = Math.imul(hash ^ source.getUint8(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export function equalBytes(a: DataView, aStart: number, b: DataView, bStart: number, size: number): boolean {
  if (size < 4) {
    for (let at = 0; at < size; at++) if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false
    return true
  }
  // The last four bytes first: what has a beginning in common differs there.
  const last = size - 4
  if (a.getInt32(aStart + last, true) !== b.getInt32(bStart + last, true)) return false
  for (let at = 0; at < last; at += 4) if (a.getInt32(aStart + at, true) !== b.getInt32(bStart + at, true)) return false
  return true
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

  clear(): void {
    this.ends.clear()
    this.keys.clear()
    this.values.clear()
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

  clear(): void {
    this.ends.clear()
    this.items.clear()
  }

  endRow(): void {
    this.ends.pushU64(this.items.rows)
  }
}
