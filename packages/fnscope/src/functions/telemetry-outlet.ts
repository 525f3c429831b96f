// Hands what invocations leave behind to ingest. A full log must not stop functions from running: what cannot be kept
// is counted, and said once in a while.
import { messageOf } from '../errors.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import type { Batch } from '../span/batch.ts'
import type { Clock } from './clock.ts'
import type { PlatformOptions } from './platform-options.ts'

const WARN_EVERY_NANOS = 10_000_000_000n

export class TelemetryOutlet {
  readonly #options: Pick<PlatformOptions, 'ingest' | 'counters' | 'log'>
  readonly #clock: Clock
  #warnedNanos: bigint | undefined

  constructor(options: Pick<PlatformOptions, 'ingest' | 'counters' | 'log'>, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Resolves when the batch is kept, or counted as dropped. Never rejects. */
  async accept(batch: Batch): Promise<void> {
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
