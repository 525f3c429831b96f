// What both OTLP doors do with a body: decode it into a batch, hand that to ingest, count. Nothing of HTTP or gRPC here.
import { OtlpMalformedError, type OtlpTaken } from '../codec/otlp-taken.ts'
import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { emptied, newBatch, type Batch } from '../span/batch.ts'
import { DropLog } from './drop-log.ts'

/** Adds what it can keep to the batch, as copies: the body's memory is used again. @throws OtlpMalformedError when the request is refused whole */
export type OtlpDecoder = (body: Uint8Array, batch: Batch) => OtlpTaken

/** One signal of OTLP: where it arrives and who reads it. */
export interface OtlpSignal {
  /** The label of counters.received. */
  readonly signal: 'span' | 'log' | 'metric'
  /** Of the HTTP door. */
  readonly path: string
  /** `/package.Service/Method` of the gRPC door. */
  readonly method: string
  /** How the answer's JSON calls the number of what was refused. */
  readonly rejectedName: 'rejectedSpans' | 'rejectedLogRecords' | 'rejectedDataPoints'
  readonly decodeProtobuf: OtlpDecoder
  readonly decodeJson: OtlpDecoder
}

export interface OtlpIntakeOptions {
  /** The label of the counters. */
  readonly door: string
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
}

/** As many as are in progress at once when a few exporters send without a pause. */
const MAX_SPARE_BATCHES = 8

export class OtlpIntake {
  readonly #options: OtlpIntakeOptions
  readonly #dropLog: DropLog
  // Filled again: the memory of a new batch costs as much as decoding into it.
  readonly #spare: Batch[] = []

  constructor(options: OtlpIntakeOptions) {
    this.#options = options
    this.#dropLog = new DropLog(options.door, options.log)
  }

  /**
   * Resolves when everything of the request that can be kept is safe. `body` may be used again then.
   * @throws OtlpMalformedError, IngestFullError: nothing was kept
   */
  async take(body: Uint8Array, decode: OtlpDecoder, signal: OtlpSignal['signal']): Promise<OtlpTaken> {
    const { door, ingest, counters } = this.#options
    const batch = this.#spare.pop() ?? newBatch()
    let taken: OtlpTaken
    try {
      taken = decode(body, batch)
    } catch (error) {
      if (error instanceof OtlpMalformedError) this.dropRequest('malformed', error.message)
      else this.#drop('internal_error', messageOf(error), 1)
      throw error
    }
    if (taken.spans > 0) {
      try {
        await ingest.accept(batch)
      } catch (error) {
        this.#drop(error instanceof IngestFullError ? 'queue_full' : 'internal_error', messageOf(error), taken.spans)
        throw error
      }
      counters.received.inc({ door, signal }, taken.spans)
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
