// What looks on as batches pass into ingest: the graph's job, and whoever prints log lines as they come.
import type { Ingest } from './ingest/ingest.ts'
import type { MinuteJob } from './query/minute-job.ts'
import type { LogRecord } from './span/log-record.ts'
import { NANOS_PER_MINUTE } from './span/time.ts'

export type LogListener = (lines: readonly LogRecord[]) => void

/** The same ingest, telling the job which minutes of the graph are outdated by what it takes. */
export function touchingMinutes(ingest: Ingest, job: MinuteJob): Ingest {
  return {
    flushed: () => ingest.flushed(),
    async accept(batch) {
      const { startNanos, rows } = batch.spans
      let touched = -1n
      for (let row = 0; row < rows; row++) {
        const minute = startNanos.i64(row) / NANOS_PER_MINUTE
        if (minute === touched) continue
        touched = minute
        job.touch(minute * NANOS_PER_MINUTE)
      }
      await ingest.accept(batch)
    },
  }
}

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
