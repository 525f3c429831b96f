// What a route throws to be answered with a status of its own; describeError reads its fields.
export class RequestError extends Error {
  readonly statusCode: number
  /** Says 503 and when to come again. */
  readonly retryAfterSeconds?: number

  constructor(
    statusCode: number,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'RequestError'
    this.statusCode = statusCode
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
  }
}
