// What looks on as batches pass into ingest: whoever prints log lines as they come, and whoever wants
// them stored before the sender is answered.
import { setTimeout as delay } from 'node:timers/promises'
import { IngestFullError, type Ingest } from './ingest/ingest.ts'
import type { Batch } from './span/batch.ts'
import type { LogRecord } from './span/log-record.ts'
import type { MetricPoint } from './span/metric-point.ts'

export type LogListener = (lines: readonly LogRecord[]) => void

/** The same ingest, telling the listeners of the log lines that it took. */
export function tellingLogs(ingest: Ingest, listeners: readonly LogListener[]): Ingest {
  return {
    flushed: () => ingest.flushed(),
    async accept(batch) {
      await ingest.accept(batch)
      if (batch.logs.length > 0) for (const listener of listeners) listener(batch.logs)
    },
  }
}

/** What lines say beside themselves. */
export type LineMetrics = (lines: readonly LogRecord[]) => readonly MetricPoint[]

/** The same ingest, taking with lines the points that they make. */
export function measuringLogs(ingest: Ingest, metricsOf: readonly LineMetrics[]): Ingest {
  return {
    flushed: () => ingest.flushed(),
    async accept(batch) {
      const { logs, metrics } = batch
      const own = metrics.length
      if (logs.length > 0) for (const of of metricsOf) for (const point of of(logs)) metrics.push(point)
      try {
        await ingest.accept(batch)
      } catch (error) {
        // Its sender may hand it over again.
        metrics.length = own
        throw error
      }
    },
  }
}

/** The same ingest, showing each batch that it took, for a look: the batch is used again afterwards. */
export function showingBatches(ingest: Ingest, show: (batch: Batch) => void): Ingest {
  return {
    flushed: () => ingest.flushed(),
    async accept(batch) {
      await ingest.accept(batch)
      show(batch)
    },
  }
}

/**
 * The same ingest for senders that wait: accept resolves when the batch can be read. It stays in the log and is stored
 * later when the store takes longer than `waitMs`; the sender is told to try again then, which stores it twice.
 */
export function answeringStored(ingest: Ingest, waitMs: number): Ingest {
  return {
    flushed: () => ingest.flushed(),
    async accept(batch) {
      await ingest.accept(batch)
      const stored = new AbortController()
      const late = delay(waitMs, 'late', { signal: stored.signal }).catch(() => 'stored')
      const outcome = await Promise.race([ingest.flushed(), late])
      stored.abort()
      if (outcome === 'late')
        throw new IngestFullError(
          `logged, but the store has not taken it within ${waitMs} ms (--ack stored)`,
          RETRY_SECONDS,
        )
    },
  }
}

const RETRY_SECONDS = 5
