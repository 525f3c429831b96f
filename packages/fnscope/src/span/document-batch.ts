// X-Ray documents as columns, in the form the writer copies whole: a text of a kilobyte is never a string on its way.
import type { RawDocument } from './batch.ts'
import { FixedColumn } from './fixed-column.ts'
import { TextColumn } from './text-column.ts'
import { formatHex, NO_SPAN_ID } from './id.ts'

const decoder = new TextDecoder()

export class DocumentBatch {
  readonly traceId = new FixedColumn(16)
  readonly spanId = new FixedColumn(8)
  /** Zero bytes when there is none. */
  readonly parentId = new FixedColumn(8)
  readonly startNanos = new FixedColumn(8)
  readonly receivedNanos = new FixedColumn(8)
  readonly inProgress = new FixedColumn(1)
  readonly segment = new FixedColumn(1)
  readonly text = new TextColumn()

  get rows(): number {
    return this.text.rows
  }

  /** Ids must be hex digits of their length, or the batch is broken: a codec's bug. @throws TypeError */
  push(document: RawDocument): void {
    this.#pushHead(document)
    this.text.push(document.text)
  }

  /** The same, of a text that is UTF-8 already. */
  pushBytes(document: Omit<RawDocument, 'text'>, text: Uint8Array): void {
    this.#pushHead(document)
    this.text.pushBytes(text)
  }

  #pushHead(document: Omit<RawDocument, 'text'>): void {
    const { traceId, spanId, parentId = NO_SPAN_ID } = document
    if (!this.traceId.pushHex(traceId) || !this.spanId.pushHex(spanId) || !this.parentId.pushHex(parentId))
      throw new TypeError(`not the ids of a document: ${traceId} ${spanId} ${parentId}`)
    this.startNanos.pushI64(document.startNanos)
    this.receivedNanos.pushI64(document.receivedNanos)
    this.inProgress.pushBool(document.inProgress)
    this.segment.pushBool(document.segment)
  }

  /** No rows any more. The columns keep their memory. */
  clear(): void {
    for (const column of Object.values(this)) (column as { clear(): void }).clear()
  }

  /** Ids of the first `count` documents at most: for a log line. */
  firstIds(count: number): string[] {
    const bytes = this.spanId.bytes()
    return Array.from({ length: Math.min(count, this.rows) }, (_, row) => formatHex(bytes, row * 8, 8))
  }

  /** All rows as objects: for tests, and for whoever looks at a few. */
  read(): RawDocument[] {
    const texts = this.text.bytes()
    const id = (column: FixedColumn, row: number): string => formatHex(column.bytes(), row * column.width, column.width)
    let at = 0
    return Array.from({ length: this.rows }, (_, row) => {
      let size = 0
      for (let shift = 0, byte = 128; byte > 127; shift += 7) {
        byte = texts[at++]!
        size |= (byte & 127) << shift
      }
      const text = decoder.decode(texts.subarray(at, (at += size)))
      const parentId = id(this.parentId, row)
      return {
        traceId: id(this.traceId, row),
        spanId: id(this.spanId, row),
        ...(parentId === NO_SPAN_ID ? {} : { parentId }),
        startNanos: this.startNanos.i64(row),
        receivedNanos: this.receivedNanos.i64(row),
        inProgress: this.inProgress.bytes()[row] === 1,
        segment: this.segment.bytes()[row] === 1,
        text,
      }
    })
  }
}
