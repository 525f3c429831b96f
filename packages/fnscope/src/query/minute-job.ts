// Keeps the stored minutes of the service graph as new as their spans: recomputes the minutes that spans came for, a few
// seconds behind. Until it has, the graph query derives those minutes itself (dirtyMinutes), with the same result.
import type { Logger } from '../log.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { MinuteGraph, Reader, Writer } from '../store/store.ts'
import { GraphSum } from './graph-statistics.ts'
import { LiveTraces } from './live-traces.ts'
import { minuteOf } from './trace-index.ts'

/** Minutes whose traces are in memory at once. */
const MINUTES_A_SLICE = 10
/** After a restart: spans received this long before the newest stored minute may not be in it (their minute was open). */
const RESTART_MARGIN_NANOS = 10n * NANOS_PER_MINUTE

export interface MinuteJobOptions {
  readonly reader: Reader
  readonly writer: Pick<Writer, 'replaceMinutes'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly log: Logger
  /** Between runs. Default 10 000. */
  readonly intervalMs?: number
  /** Resolves when what was accepted before the call can be read (Ingest.flushed): spans touched before they are stored. */
  readonly flushed?: () => Promise<void>
}

export class MinuteJob {
  readonly #options: MinuteJobOptions
  /** Touched minute → the touch that was its last. */
  readonly #dirty = new Map<bigint, number>()
  #touches = 0
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  /** Until a run has taken up what the log of an earlier process brought: spans received since then. */
  #recoverSince: bigint | undefined
  readonly #stopping = new AbortController()

  constructor(options: MinuteJobOptions) {
    this.#options = options
  }

  /** A span that starts in this minute was accepted. */
  touch(minuteNanos: bigint): void {
    this.#dirty.set(minuteOf(minuteNanos), ++this.#touches)
  }

  /** Minutes whose stored graph may be older than their spans. */
  dirtyMinutes(): ReadonlySet<bigint> {
    return new Set(this.#dirty.keys())
  }

  /** Takes up the minutes that an earlier process left, then runs every interval, the first time at once. */
  async start(): Promise<void> {
    const { reader, log, intervalMs = 10_000 } = this.#options
    const version = await reader.lastMinuteVersion()
    const since = version > RESTART_MARGIN_NANOS ? version - RESTART_MARGIN_NANOS : 0n
    for (const minute of await reader.minutesTouchedSince(since)) this.touch(minute)
    this.#recoverSince = since
    if (this.#stopping.signal.aborted) return
    const run = (): void => {
      this.run().catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) log.warn({ err: error }, 'service graph minutes not recomputed; retrying')
      })
    }
    run()
    this.#timer = setInterval(run, intervalMs)
    this.#timer.unref()
  }

  /**
   * Recomputes every touched minute but the current one, which would be touched again at once. A failure leaves the rest
   * touched and rejects. A second call while one runs waits for that one.
   */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Ends after the slice under way; a store that is away is not waited for. What is touched is found again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #run(): Promise<void> {
    const startedNanos = this.#options.now()
    const current = minuteOf(startedNanos)
    await this.#recover()
    const due = [...this.#dirty].filter(([minute]) => minute !== current).sort(([a], [b]) => (a < b ? -1 : 1))
    if (due.length === 0) return
    await this.#flushed()
    for (let from = 0; from < due.length && !this.#stopping.signal.aborted; from += MINUTES_A_SLICE) {
      const slice = due.slice(from, from + MINUTES_A_SLICE)
      // Only with its last slice does a run cover what was received before it; the open minute is RESTART_MARGIN_NANOS's.
      const coveredNanos = from + MINUTES_A_SLICE < due.length ? 0n : startedNanos
      await this.#options.writer.replaceMinutes(await this.#compute(slice.map(([minute]) => minute)), coveredNanos)
      for (const [minute, touch] of slice) if (this.#dirty.get(minute) === touch) this.#dirty.delete(minute)
    }
  }

  /**
   * Spans that were still in the log when start() asked have touched their minutes in a process that is gone. Before
   * anything is recomputed, which would cover them.
   */
  async #recover(): Promise<void> {
    const since = this.#recoverSince
    if (since === undefined) return
    await this.#flushed()
    for (const minute of await this.#options.reader.minutesTouchedSince(since)) this.touch(minute)
    this.#recoverSince = undefined
  }

  /** Rejects when stop() is called meanwhile. */
  async #flushed(): Promise<void> {
    const { signal } = this.#stopping
    signal.throwIfAborted()
    if (this.#options.flushed === undefined) return
    const stopped = Promise.withResolvers<never>()
    const stop = (): void => stopped.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      await Promise.race([this.#options.flushed(), stopped.promise])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** The minutes, and those that they outdate, from their spans. */
  async #compute(touched: readonly bigint[]): Promise<MinuteGraph[]> {
    const live = new LiveTraces(this.#options.reader)
    const outdated = await live.loadMinutes(touched)
    const sums = new Map([...outdated].map((minute) => [minute, new GraphSum()]))
    live.addTo((nanos) => sums.get(minuteOf(nanos)))
    return [...sums].map(([minuteNanos, sum]) => ({ minuteNanos, nodes: sum.nodes(), edges: sum.edges() }))
  }
}
