// The trace of each message that a function sent through fnscope, by the id that the other cloud gave it: local clouds
// drop what AWS carries (AWSTraceHeader and its like). Bounded; the oldest are forgotten first.

const MAX_KEPT = 50_000

export class SentTraces {
  readonly #headers = new Map<string, string>()

  /** @param key `sqs <message id>`, `sns <message id>`, `events <event id>` */
  note(key: string, traceHeader: string): void {
    if (this.#headers.size >= MAX_KEPT) {
      const [oldest] = this.#headers.keys()
      this.#headers.delete(oldest!)
    }
    this.#headers.set(key, traceHeader)
  }

  /** X-Amzn-Trace-Id; undefined when nobody's. A message that is delivered again still has it. */
  of(key: string): string | undefined {
    return this.#headers.get(key)
  }

  /** What an answer says of messages that were taken. @param body of the answer, whole or its beginning */
  noteAnswer(scope: string, operation: string, body: string, traceHeader: string): void {
    const [member, kind] =
      scope === 'sqs'
        ? ['MessageId', 'sqs']
        : scope === 'sns'
          ? ['MessageId', 'sns']
          : scope === 'events'
            ? ['EventId', 'events']
            : []
    if (member === undefined || !/^(SendMessage|Publish|PutEvents)/.test(operation)) return
    // JSON and the query protocol's XML alike.
    for (const [, json, xml] of body.matchAll(new RegExp(`"${member}"\\s*:\\s*"([^"]+)"|<${member}>([^<]+)<`, 'g')))
      this.note(`${kind} ${json ?? xml}`, traceHeader)
  }
}
