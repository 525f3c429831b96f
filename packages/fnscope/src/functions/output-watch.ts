// Whether anything still comes from an environment's processes: what they wrote before we heard of an answer is already in
// the stream, and is read before the invocation's log is closed.
import type { Clock } from './clock.ts'

const LIMIT_NANOS = 200_000_000n

export class OutputWatch {
  readonly #clock: Clock
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Bytes came in, or a process ended. */
  seen(): void {
    this.#count += 1
  }

  /**
   * Resolves after one whole turn of the event loop without a byte: everything has been read then. The first turn may have
   * begun before the call. Not for longer than 0.2 s.
   */
  async quiet(): Promise<void> {
    const limit = this.#clock() + LIMIT_NANOS
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    await turn()
    let before: number
    do {
      before = this.#count
      await turn()
    } while (before !== this.#count && this.#clock() < limit)
  }
}
