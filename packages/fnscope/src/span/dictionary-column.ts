// A growable column of words that come again and again.
import { FEW, KEPT_BYTES, KEPT_WORDS, NO_INDEXES, grown } from './column-memory.ts'
import { TextColumn } from './text-column.ts'
import { equalBytes, hashOf } from './byte-hash.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

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
