// What every door does with a request's body: decode it into a batch, hand that to ingest, count. Nothing of HTTP, gRPC
// or any one protocol here.
import { MalformedError, type Taken } from '../codec/taken.ts'
import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { emptied, newBatch, type Batch } from '../span/batch.ts'
import { DropLog } from './drop-log.ts'

/** Adds what it can keep to the batch, as copies: the body's memory is used again. @throws MalformedError when the request is refused whole */
export type Decoder = (body: Uint8Array, batch: Batch) => Taken

export interface IntakeOptions {
  /** The label of the counters. */
  readonly door: string
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
}

/** As many as are in progress at once when a few exporters send without a pause. */
const MAX_SPARE_BATCHES = 8

export class Intake {
  readonly #options: IntakeOptions
  readonly #dropLog: DropLog
  // Filled again: the memory of a new batch costs as much as decoding into it.
  readonly #spare: Batch[] = []

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#dropLog = new DropLog(options.door, options.log)
  }

  /**
   * Resolves when everything of the request that can be kept is safe. `body` may be used again then.
   * @throws MalformedError, IngestFullError: nothing was kept
   */
  async take(body: Uint8Array, decode: Decoder): Promise<Taken> {
    const { door, ingest, counters } = this.#options
    const batch = this.#spare.pop() ?? newBatch()
    let taken: Taken
    try {
      taken = decode(body, batch)
    } catch (error) {
      if (error instanceof MalformedError) this.dropRequest('malformed', error.message)
      else this.#drop('internal_error', messageOf(error), 1)
      throw error
    }
    if (taken.rows > 0) {
      try {
        await ingest.accept(batch)
      } catch (error) {
        this.#drop(error instanceof IngestFullError ? 'queue_full' : 'internal_error', messageOf(error), taken.rows)
        throw error
      }
      countReceived(counters, door, batch)
    }
    this.#recycle(batch)
    for (const [reason, count] of taken.reasons) this.#drop(reason, taken.message, count)
    return taken
  }

  /** A batch that ingest is done with. One that could not be filled or taken is not trusted again. */
  #recycle(batch: Batch): void {
    if (this.#spare.length < MAX_SPARE_BATCHES) this.#spare.push(emptied(batch))
  }

  /** A request refused whole, before anybody knew how much was in it: counts as one. */
  dropRequest(reason: 'malformed' | 'too_large' | 'queue_full' | 'timed_out', message: string): void {
    this.#drop(reason, message, 1)
  }

  #drop(reason: string, message: string, count: number): void {
    this.#options.counters.dropped.inc({ door: this.#options.door, reason }, count)
    this.#dropLog.add(reason, message, { count })
  }

  stop(): void {
    this.#dropLog.stop()
  }
}

/** Counts what ingest has taken, by signal. */
function countReceived({ received }: Counters, door: string, { spans, openSpans, logs, metrics }: Batch): void {
  const spansAll = spans.rows + openSpans.rows
  if (spansAll > 0) received.inc({ door, signal: 'span' }, spansAll)
  if (logs.length > 0) received.inc({ door, signal: 'log' }, logs.length)
  if (metrics.length > 0) received.inc({ door, signal: 'metric' }, metrics.length)
}
