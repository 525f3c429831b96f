// A text that a row has or has not, known before the row is certain to be kept.
import type { TextColumn } from '../span/text-column.ts'
import { pushText } from './otlp-text.ts'

/** A text of a row: bytes of the row's view, or a string that the codec made. */
export class RowText {
  #start = 0
  #end = 0
  #text = ''

  clear(): void {
    this.#start = this.#end = 0
    this.#text = ''
  }

  /** UTF-8 in the row's view. */
  set(start: number, end: number): void {
    this.#start = start
    this.#end = end
    this.#text = ''
  }

  setText(text: string): void {
    this.clear()
    this.#text = text
  }

  /** Into `row`, unless it is empty. */
  put(column: TextColumn, row: number, view: DataView): void {
    if (this.#end > this.#start) {
      column.padTo(row)
      pushText(column, view, this.#start, this.#end)
    } else if (this.#text !== '') {
      column.padTo(row)
      column.push(this.#text)
    }
  }
}
