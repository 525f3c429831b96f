// The peak memory of one environment's processes: looked at while an invocation runs, and when one may have grown.
import type { Clock } from './clock.ts'
import { peakMemoryKb, requestMemoryKb } from './process-memory.ts'

const POLL_MS = 250
const FRESH_NANOS = 100_000_000n
const SHORT_CALL_NANOS = 5_000_000n

export class MemoryWatch {
  readonly #clock: Clock
  readonly #pids: () => readonly number[]
  #peakKb = 0
  #sampledNanos = 0n

  constructor(clock: Clock, pids: () => readonly number[]) {
    this.#clock = clock
    this.#pids = pids
  }

  /** Megabytes, at least 1. */
  get peakMb(): number {
    return Math.max(1, Math.round(this.#peakKb / 1024))
  }

  /** Looks now and then, until what it answers is called. */
  watch(): () => void {
    const timer = setInterval(() => this.sample(), POLL_MS)
    return () => clearInterval(timer)
  }

  /**
   * Looks if a call of that length may have changed it. Asking the kernel costs as much as a whole warm call of a function
   * that does little: such a call is taken to be as large as the last one that was looked at, for a tenth of a second.
   */
  sampleAfter(startNanos: bigint, endNanos: bigint): void {
    if (endNanos - startNanos > SHORT_CALL_NANOS || endNanos - this.#sampledNanos > FRESH_NANOS) this.sample()
  }

  sample(): void {
    const pids = this.#pids()
    if (pids.length === 0) return
    this.#sampledNanos = this.#clock()
    if (process.platform === 'linux') {
      this.#peakKb = Math.max(
        this.#peakKb,
        pids.reduce((sum, pid) => sum + peakMemoryKb(pid), 0),
      )
      return
    }
    for (const pid of pids) requestMemoryKb(pid, (kb) => (this.#peakKb = Math.max(this.#peakKb, kb)))
  }
}
