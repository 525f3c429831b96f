// What decoding one request came to: the same for every protocol, so that the doors need not know which it was.

export interface Taken {
  /** Spans, log records or points that the batch got. */
  readonly rows: number
  /** Refused one by one (bad ids, times out of bounds): a client that is told must not send them again. */
  readonly rejected: number
  /** Reason → count, for the counter of dropped data: the keys of REASONS. */
  readonly reasons: ReadonlyMap<string, number>
  /** For the client; '' when nothing was rejected. */
  readonly message: string
}

/** The request is refused whole: 400, INVALID_ARGUMENT. Whatever was decoded of it must be thrown away. */
export class MalformedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MalformedError'
  }
}

const REASONS = {
  bad_trace_id: 'a trace id is 16 bytes, not all zero',
  bad_span_id: 'a span id is 8 bytes, not all zero',
  bad_parent_id: 'a parent span id is 8 bytes, or absent',
  too_old: 'it is older than what is still kept',
  too_new: 'it is more than a day ahead',
  bad_point: 'it is no point, or over a limit',
  no_number: 'a point of a metric has a number among its fields',
  too_many: 'more log records or points than one request may have',
  no_name: 'a metric has a name',
  bad_label: 'a label has a name, and no other of its series the same',
  bad_buckets: 'the buckets of a histogram do not fit its counts',
} as const

/** Why one item of a request is not kept; codecs add theirs to the table. */
export type RefusalReason = keyof typeof REASONS

/** Counts what is refused of one request. */
export class Refusals {
  readonly #counts = new Map<RefusalReason, number>()

  add(reason: RefusalReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** @param rows that the batch got */
  taken(rows: number): Taken {
    const parts: string[] = []
    let rejected = 0
    for (const [reason, count] of this.#counts) {
      rejected += count
      parts.push(`${count} ${reason} (${REASONS[reason]})`)
    }
    return { rows, rejected, reasons: this.#counts, message: rejected === 0 ? '' : `Rejected: ${parts.join('; ')}.` }
  }
}
