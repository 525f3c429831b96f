// What one span's attributes say, a slot a meaning: where the value stands on the wire. Emptied after every span;
// nothing is decoded until somebody asks.
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import type { TextColumn } from '../span/text-column.ts'
import { indexOfText, pushText } from './otlp-text.ts'
import { LETTER, type WireValue } from './otlp-value.ts'
import type { Meaning } from './semantic-keys.ts'

const SLOTS = 32

export class SemanticSlots {
  /** The bits of all that was noted. */
  present = 0
  /** SPAN_FLAG bits that attributes set by themselves. */
  flags = 0
  readonly #letters = new Uint8Array(SLOTS)
  readonly #ranks = new Uint8Array(SLOTS)
  readonly #starts = new Int32Array(SLOTS)
  readonly #ends = new Int32Array(SLOTS)
  readonly #integers = new Int32Array(SLOTS)

  clear(): void {
    this.present = 0
    this.flags = 0
  }

  /** Of several values for one key the last one counts, of several keys the one of the lowest rank. Empty ones do not. */
  note(meaning: Meaning, rank: number, value: WireValue): void {
    const { letter, start, end } = value
    const sized = letter === LETTER.string || letter === LETTER.json
    if (sized && start === end) return
    const bit = 1 << meaning
    if ((this.present & bit) !== 0 && this.#ranks[meaning]! < rank) return
    this.present |= bit
    this.#letters[meaning] = letter
    this.#ranks[meaning] = rank
    this.#starts[meaning] = start
    this.#ends[meaning] = end
    this.#integers[meaning] = letter === LETTER.integer && value.high === 0 && value.low >= 0 ? value.low : -1
  }

  /** Whether a text was noted. */
  hasText(meaning: Meaning): boolean {
    return ((this.present >>> meaning) & 1) === 1 && this.#letters[meaning] === LETTER.string
  }

  /** Of LETTER; 0 when nothing was noted. */
  letter(meaning: Meaning): number {
    return ((this.present >>> meaning) & 1) === 1 ? this.#letters[meaning]! : 0
  }

  /** Of the key that it came with. */
  rank(meaning: Meaning): number {
    return this.#ranks[meaning]!
  }

  start(meaning: Meaning): number {
    return this.#starts[meaning]!
  }

  end(meaning: Meaning): number {
    return this.#ends[meaning]!
  }

  /** -1 when none was noted. */
  integer(meaning: Meaning): number {
    return ((this.present >>> meaning) & 1) === 1 ? this.#integers[meaning]! : -1
  }

  /** Puts the text, if one was noted, into `row`; the rows between get the word `otherwise`. */
  putWord(column: DictionaryColumn, row: number, meaning: Meaning, wire: DataView, otherwise = 0): void {
    if (!this.hasText(meaning)) return
    column.padTo(row, otherwise)
    column.pushIndex(indexOfText(column, wire, this.#starts[meaning]!, this.#ends[meaning]!))
  }

  /** The same for a column of texts. */
  putText(column: TextColumn, row: number, meaning: Meaning, wire: DataView): void {
    if (!this.hasText(meaning)) return
    column.padTo(row)
    pushText(column, wire, this.#starts[meaning]!, this.#ends[meaning]!)
  }
}
