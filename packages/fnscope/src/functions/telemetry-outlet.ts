// Hands what invocations leave behind to ingest, gathered for a moment: one batch of many is encoded at a fraction of the
// cost, and no caller waits for it. A full log must not stop functions from running: what cannot be kept is counted, and
// said once in a while.
import { messageOf } from '../errors.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import { newBatch, type Batch } from '../span/batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { pushSpan } from '../span/push-span.ts'
import type { Span } from '../span/span.ts'
import type { Clock } from './clock.ts'
import type { PlatformOptions } from './platform-options.ts'

/** What one invocation, or one environment, leaves behind. */
export interface Telemetry {
  readonly spans?: readonly Span[]
  readonly logs?: readonly LogRecord[]
  readonly metrics?: readonly MetricPoint[]
}

const GATHER_MS = 50
const MOST_GATHERED = 200
const WARN_EVERY_NANOS = 10_000_000_000n

export class TelemetryOutlet {
  readonly #options: Pick<PlatformOptions, 'ingest' | 'counters' | 'log'>
  readonly #clock: Clock
  #gathered: (() => Telemetry)[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #handing = new Set<Promise<void>>()
  #warnedNanos: bigint | undefined

  constructor(options: Pick<PlatformOptions, 'ingest' | 'counters' | 'log'>, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Takes what `make` gives, a moment from now and in the order of the calls. `make` must not throw. */
  add(make: () => Telemetry): void {
    this.#gathered.push(make)
    if (this.#gathered.length >= MOST_GATHERED) this.#hand()
    else this.#timer ??= setTimeout(() => this.#hand(), GATHER_MS)
  }

  /** Resolves when everything added before the call is kept, or counted as dropped. Never rejects. */
  async flushed(): Promise<void> {
    this.#hand()
    await Promise.all(this.#handing)
  }

  #hand(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = newBatch()
    for (const make of this.#gathered) {
      const { spans = [], logs = [], metrics = [] } = make()
      for (const span of spans) pushSpan(batch.spans, span)
      batch.logs.push(...logs)
      batch.metrics.push(...metrics)
    }
    this.#gathered = []
    const handing: Promise<void> = this.#accept(batch).finally(() => this.#handing.delete(handing))
    this.#handing.add(handing)
  }

  async #accept(batch: Batch): Promise<void> {
    const items = batch.spans.rows + batch.logs.length + batch.metrics.length
    if (items === 0) return
    try {
      await this.#options.ingest.accept(batch)
    } catch (error) {
      const full = error instanceof IngestFullError
      this.#options.counters.dropped.inc({ door: 'functions', reason: full ? 'queue_full' : 'store_error' }, items)
      const now = this.#clock()
      if (this.#warnedNanos !== undefined && now - this.#warnedNanos < WARN_EVERY_NANOS) return
      this.#warnedNanos = now
      this.#options.log.warn({ items, reason: messageOf(error) }, 'telemetry of invocations dropped')
    }
  }
}
