// The traces that somebody looks at: what is asked of one after the other is about the same spans, and reading a large
// trace takes a second. Few, and not for long.
import type { TraceIndex } from '../query/trace-index.ts'

const MOST_TRACES = 4
const MOST_SPANS = 250_000
const KEPT_MS = 60_000

interface Kept {
  readonly index: TraceIndex
  readonly atMs: number
}

export class RecentTraces {
  readonly #read: (traceId: string) => Promise<TraceIndex>
  readonly #nowMs: () => number
  /** The one asked for last is at the end. */
  readonly #kept = new Map<string, Kept>()

  constructor(read: (traceId: string) => Promise<TraceIndex>, nowMs: () => number = () => performance.now()) {
    this.#read = read
    this.#nowMs = nowMs
  }

  /** As it is stored now. */
  async fresh(traceId: string): Promise<TraceIndex> {
    const index = await this.#read(traceId)
    this.#kept.delete(traceId)
    this.#kept.set(traceId, { index, atMs: this.#nowMs() })
    this.#forget()
    return index
  }

  /** As somebody saw it less than a minute ago, else as it is now. */
  async recent(traceId: string): Promise<TraceIndex> {
    const kept = this.#kept.get(traceId)
    return kept !== undefined && this.#nowMs() - kept.atMs < KEPT_MS ? kept.index : await this.fresh(traceId)
  }

  #forget(): void {
    let spans = 0
    const newest = [...this.#kept].reverse()
    for (const [place, [traceId, { index, atMs }]] of newest.entries()) {
      spans += index.spans.length
      const isTooMuch = place > 0 && (place >= MOST_TRACES || spans > MOST_SPANS)
      if (isTooMuch || this.#nowMs() - atMs >= KEPT_MS) this.#kept.delete(traceId)
    }
  }
}
