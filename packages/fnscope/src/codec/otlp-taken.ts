// What decoding one OTLP request came to: the same for protobuf and JSON, so that the doors need not know which it was.

export interface OtlpTaken {
  /** Rows that the batch got. */
  readonly spans: number
  /** Spans refused one by one (bad ids, times out of bounds): the client is told and must not send them again. */
  readonly rejected: number
  /** Reason → count, for the counter of dropped data: `bad_trace_id`, `bad_span_id`, `too_old`, `too_new`. */
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
