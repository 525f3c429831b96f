// References of one Jaeger span: its parent, where no field of its own says it, and links to all others.
import type { TextWriter } from './otlp-text.ts'
import { ROW_ID } from './span-row-writer.ts'

/** More are counted and left out. */
const MAX_REFERENCES = 1024
const BYTES = 32
const CHILD_OF = 0
const TYPES = ['child_of', 'follows_from'] as const
const KEPT_BYTES = 64 * BYTES

export class JaegerReferences {
  count = 0
  /** For want of room. */
  dropped = 0
  // Of each: trace id (16 bytes), span id (8), type (4); big-endian.
  #view = new DataView(new ArrayBuffer(KEPT_BYTES))

  clear(): void {
    this.count = this.dropped = 0
    if (this.#view.byteLength > KEPT_BYTES) this.#view = new DataView(new ArrayBuffer(KEPT_BYTES))
  }

  /** Begins one. @returns where its trace id (16 bytes) and behind it its span id (8) are to be put, all zero */
  begin(): { readonly view: DataView; readonly at: number } | undefined {
    if (this.count === MAX_REFERENCES) {
      this.dropped += 1
      return undefined
    }
    const at = this.count * BYTES
    if (at === this.#view.byteLength) {
      const bytes = new Uint8Array(at * 2)
      bytes.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(bytes.buffer)
    }
    new Uint8Array(this.#view.buffer, at, BYTES).fill(0)
    this.count += 1
    return { view: this.#view, at }
  }

  /** @param type 0 child of, 1 follows from */
  setType(type: number): void {
    this.#view.setInt32((this.count - 1) * BYTES + 24, type === CHILD_OF ? CHILD_OF : 1)
  }

  /**
   * Writes the links (SpanBatch.links), and into `ids` the parent if there is none yet: the first that the span is the
   * child of in its trace, else the first that it follows from.
   */
  write(ids: DataView, to: TextWriter): void {
    if (ids.getInt32(ROW_ID.parent) === 0 && ids.getInt32(ROW_ID.parent + 4) === 0) this.#findParent(ids)
    for (let i = 0; i < this.count; i++) if (!this.#isParent(i, ids)) this.#writeLink(i, to)
    if (to.length > 0) to.ascii(']')
  }

  #typeOf(i: number): number {
    return this.#view.getInt32(i * BYTES + 24)
  }

  #isInTrace(i: number, ids: DataView): boolean {
    for (let at = 0; at < 16; at += 4)
      if (this.#view.getInt32(i * BYTES + at) !== ids.getInt32(ROW_ID.trace + at)) return false
    return true
  }

  #findParent(ids: DataView): void {
    let found = -1
    for (let i = 0; i < this.count; i++) {
      if (!this.#isInTrace(i, ids)) continue
      if (found === -1) found = i
      if (this.#typeOf(i) === CHILD_OF) {
        found = i
        break
      }
    }
    if (found === -1) return
    ids.setInt32(ROW_ID.parent, this.#view.getInt32(found * BYTES + 16))
    ids.setInt32(ROW_ID.parent + 4, this.#view.getInt32(found * BYTES + 20))
  }

  /** The reference that says no more than the parent's id does. */
  #isParent(i: number, ids: DataView): boolean {
    return (
      this.#typeOf(i) === CHILD_OF &&
      this.#view.getInt32(i * BYTES + 16) === ids.getInt32(ROW_ID.parent) &&
      this.#view.getInt32(i * BYTES + 20) === ids.getInt32(ROW_ID.parent + 4) &&
      this.#isInTrace(i, ids)
    )
  }

  #writeLink(i: number, to: TextWriter): void {
    const at = i * BYTES
    to.ascii(to.length === 0 ? '[{"traceId":"' : ',{"traceId":"')
    to.hex(this.#view, at, at + 16)
    to.ascii('","spanId":"')
    to.hex(this.#view, at + 16, at + 24)
    to.ascii(`","attributes":{"opentracing.ref_type":"${TYPES[this.#typeOf(i) === CHILD_OF ? 0 : 1]}"}}`)
  }
}
