// A growable column of texts.
import { FEW, KEPT_BYTES, NO_BYTES, NO_VIEW, grown } from './column-memory.ts'

const encoder = new TextEncoder()

const NOT_ASCII = 0x80808080

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

  /** Takes each row that is not empty. */
  eachText(take: (row: number) => void): void {
    let at = 0
    for (let row = 0; row < this.rows; row++) {
      let byte = this.#bytes[at++]!
      if (byte === 0) continue
      take(row)
      let size = byte & 127
      for (let shift = 7; byte > 127; shift += 7) {
        byte = this.#bytes[at++]!
        size |= (byte & 127) << shift
      }
      at += size
    }
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
