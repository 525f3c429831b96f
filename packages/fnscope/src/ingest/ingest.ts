// The one place that every signal passes: the contract of accept(). Implemented over the write-ahead log by open-ingest.ts.
import type { Batch } from '../span/batch.ts'

/** Thrown by accept() when the log is at its bound or the disk is full: answer 503 + Retry-After, UNAVAILABLE, or drop and count. */
export class IngestFullError extends Error {
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds = 1) {
    super(message)
    this.name = 'IngestFullError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface Ingest {
  /**
   * Takes the batch over: resolves when it is in the write-ahead log (survives kill -9), so the sender may be answered.
   * The batch is ingest's until then, and the caller's to fill again afterwards. @throws IngestFullError
   */
  accept(batch: Batch): Promise<void>
  /** Resolves when everything accepted before the call is in the store; for tests, `invoke` and shutdown. */
  flushed(): Promise<void>
}
