// What decoding one OTLP request came to: the same for protobuf and JSON, so that the doors need not know which it was.

export interface OtlpTaken {
  /** Rows that the batch got. */
  readonly spans: number
  /** Spans refused one by one (bad ids, times out of bounds): the client is told and must not send them again. */
  readonly rejected: number
  /** Reason → count, for the counter of dropped data: the keys of REASONS. */
  readonly reasons: ReadonlyMap<string, number>
  /** For partial_success.error_message; '' when nothing was rejected. */
  readonly message: string
}

/** The request is refused whole: 400 or INVALID_ARGUMENT. Whatever was decoded of it must be thrown away. */
export class OtlpMalformedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'OtlpMalformedError'
  }
}

const REASONS: Readonly<Record<string, string>> = {
  bad_trace_id: 'a trace id is 16 bytes, not all zero',
  bad_span_id: 'a span id is 8 bytes, not all zero',
  bad_parent_id: 'a parent span id is 8 bytes, or absent',
  too_old: 'the span started before what is still kept',
  too_new: 'the span starts more than a day ahead',
}

/** Counts what is refused of one request. */
export class Refusals {
  readonly #counts = new Map<string, number>()

  /** @param reason a key of REASONS */
  add(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** @param spans rows that the batch got */
  taken(spans: number): OtlpTaken {
    const parts: string[] = []
    let rejected = 0
    for (const [reason, count] of this.#counts) {
      rejected += count
      parts.push(`${count} ${reason} (${REASONS[reason]})`)
    }
    return { spans, rejected, reasons: this.#counts, message: rejected === 0 ? '' : `Rejected: ${parts.join('; ')}.` }
  }
}
