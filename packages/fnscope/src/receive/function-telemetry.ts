// Telemetry that stands in a function's output instead of a log line: taken out of it, line by line, as it is written.
// What is a log line and telemetry at once (EMF) is function-log.ts's.
import { decodeDatadogLine } from '../codec/datadog-line.ts'
import type { Counters } from '../counters.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import { newBatch } from '../span/batch.ts'
import type { TimeBounds } from '../span/time.ts'

export interface FunctionTelemetryOptions {
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  /** Nanoseconds since 1970. */
  readonly now: () => bigint
  readonly bounds: () => TimeBounds
}

export interface LineOrigin {
  readonly functionName: string
  /** Of the invocation that runs. */
  readonly requestId: string | undefined
}

const DOOR = 'functions'

export class FunctionTelemetry {
  readonly #options: FunctionTelemetryOptions

  constructor(options: FunctionTelemetryOptions) {
    this.#options = options
  }

  /** @returns whether the line is telemetry, and no log line. Never throws; what cannot be kept is counted */
  take(text: string, origin: LineOrigin): boolean {
    const { now, bounds, counters } = this.#options
    const batch = newBatch()
    const taken = decodeDatadogLine(text, batch, { ...origin, receivedNanos: now(), bounds: bounds() })
    if (taken === undefined) return false
    for (const [reason, count] of taken.reasons) counters.dropped.inc({ door: DOOR, reason }, count)
    const signal = batch.metrics.length > 0 ? 'metric' : 'span'
    if (taken.rows > 0) void this.#keep(batch, signal, taken.rows)
    return true
  }

  async #keep(batch: ReturnType<typeof newBatch>, signal: string, rows: number): Promise<void> {
    const { ingest, counters } = this.#options
    try {
      await ingest.accept(batch)
      counters.received.inc({ door: DOOR, signal }, rows)
    } catch (error) {
      const reason = error instanceof IngestFullError ? 'queue_full' : 'internal_error'
      counters.dropped.inc({ door: DOOR, reason }, rows)
    }
  }
}
