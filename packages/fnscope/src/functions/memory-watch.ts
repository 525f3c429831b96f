// The memory of one environment's processes: looked at while an invocation runs, and when one may have grown. More than
// the function's size, or more processes and threads than the cloud gives it, is told once.
import type { Clock } from './clock.ts'
import { heldMemory, proportionalKb, requestMemoryKb } from './process-memory.ts'

const POLL_MS = 100
const FRESH_NANOS = 100_000_000n
const SHORT_CALL_NANOS = 5_000_000n
const MOST_THREADS = 1024

export interface MemoryLimit {
  readonly memoryMb: number
  /** @param memory false: too many threads */
  exceeded(memory: boolean): void
}

export class MemoryWatch {
  readonly #clock: Clock
  readonly #pids: () => readonly number[]
  readonly #limit: MemoryLimit
  #peakKb = 0
  #sampledNanos = 0n

  /** @param pids the programs themselves, not what they are started by */
  constructor(clock: Clock, pids: () => readonly number[], limit: MemoryLimit) {
    this.#clock = clock
    this.#pids = pids
    this.#limit = limit
  }

  /** Megabytes, at least 1, at most the function's size. */
  get peakMb(): number {
    return Math.min(this.#limit.memoryMb, Math.max(1, Math.round(this.#peakKb / 1024)))
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
    if (process.platform !== 'linux') {
      for (const pid of pids) requestMemoryKb(pid, (kb) => this.#saw(kb, kb))
      return
    }
    const all = pids.map((pid) => heldMemory(pid, MOST_THREADS))
    const processes = all.flatMap((held) => held.processes)
    const sum = (of: 'peakKb' | 'residentKb' | 'threads'): number => all.reduce((total, held) => total + held[of], 0)
    if (sum('threads') > MOST_THREADS) {
      this.#limit.exceeded(false)
      return
    }
    this.#saw(sum('peakKb'), sum('residentKb'), processes)
  }

  #saw(peakKb: number, residentKb: number, processes: readonly number[] = []): void {
    const limitKb = this.#limit.memoryMb * 1024
    if (residentKb <= limitKb || processes.length === 0) {
      this.#peakKb = Math.max(this.#peakKb, peakKb)
      return
    }
    // Forked processes share most of what each of them holds.
    const takenKb = processes.length === 1 ? residentKb : proportionalKb(processes)
    this.#peakKb = Math.max(this.#peakKb, takenKb)
    if (takenKb > limitKb) this.#limit.exceeded(true)
  }
}
