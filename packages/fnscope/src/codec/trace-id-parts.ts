// Datadog's trace ids come in two parts: the lower 64 bits with every span, the upper ones with one span of a chunk, mostly
// the first. Here they are put together, also where the upper part comes late, or with another chunk of the request alone.
import type { FixedColumn } from '../span/fixed-column.ts'

const DIGITS = 16

interface Chunk {
  readonly from: number
  readonly to: number
}

export class TraceIdParts {
  /** Of the chunk that is being read, in signed halves; 0 until they are known. */
  upperLow = 0
  upperHigh = 0
  #column: FixedColumn | undefined
  #from = 0
  #rows = 0
  #isLate = false
  // Chunks that never told, and where one that did begins.
  #without: Chunk[] = []
  #with: number[] = []

  begin(column: FixedColumn): void {
    this.#column = column
    this.#without = []
    this.#with = []
    this.#start()
  }

  beginChunk(): void {
    this.#endChunk()
    this.#start()
  }

  #start(): void {
    this.#from = this.#column!.rows
    this.#rows = 0
    this.#isLate = false
    this.upperLow = this.upperHigh = 0
  }

  setUpper(low: number, high: number): void {
    if (this.#rows > 0 && (this.upperLow | this.upperHigh) === 0) this.#isLate = true
    this.upperLow = low
    this.upperHigh = high
  }

  /** 16 hex digits; anything else says nothing. */
  setUpperHex(view: DataView, start: number, end: number): void {
    if (end - start !== DIGITS) return
    const high = hexOf(view, start)
    const low = hexOf(view, start + 8)
    if (high !== undefined && low !== undefined) this.setUpper(low, high)
  }

  /** The row was put into the column with the upper part as it is now. */
  addRow(): void {
    this.#rows += 1
  }

  #endChunk(): void {
    if (this.#rows === 0) return
    const to = this.#from + this.#rows
    if ((this.upperLow | this.upperHigh) === 0) this.#without.push({ from: this.#from, to })
    else {
      this.#with.push(this.#from)
      if (this.#isLate) this.#put(this.#from, to, this.upperLow, this.upperHigh)
    }
  }

  /** All chunks were read. */
  end(): void {
    this.#endChunk()
    this.#rows = 0
    if (this.#without.length > 0 && this.#with.length > 0) this.#join()
    this.#column = undefined
  }

  /** A chunk without the upper part is of the trace of another that has the same lower one. */
  #join(): void {
    const bytes = this.#column!.bytes()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const uppers = new Map<bigint, number>()
    for (const row of this.#with) uppers.set(view.getBigUint64(row * 16 + 8), row)
    for (const { from, to } of this.#without)
      for (let row = from; row < to; row++) {
        const other = uppers.get(view.getBigUint64(row * 16 + 8))
        if (other !== undefined) view.setBigUint64(row * 16, view.getBigUint64(other * 16))
      }
  }

  #put(from: number, to: number, low: number, high: number): void {
    const bytes = this.#column!.bytes()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let row = from; row < to; row++) {
      view.setInt32(row * 16, high)
      view.setInt32(row * 16 + 4, low)
    }
  }
}

/** Eight digits, as a signed number. */
function hexOf(view: DataView, start: number): number | undefined {
  let value = 0
  for (let at = start; at < start + 8; at++) {
    const code = view.getUint8(at)
    const lower = code | 32
    const digit = code >= 48 && code <= 57 ? code - 48 : lower >= 97 && lower <= 102 ? lower - 87 : -1
    if (digit < 0) return undefined
    value = (value << 4) | digit
  }
  return value
}
