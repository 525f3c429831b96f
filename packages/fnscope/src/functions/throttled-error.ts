// A request over a concurrency limit, as Lambda refuses it: 429 TooManyRequestsException with a reason.

export type ThrottleReason =
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ConcurrentInvocationLimitExceeded'
  | 'CallerRateLimitExceeded'

export class ThrottledError extends Error {
  readonly reason: ThrottleReason
  /** For the answer's body: `{"Reason", "Type": "User", "message": "Rate Exceeded."}`. */
  readonly body: { readonly Reason: ThrottleReason; readonly Type: 'User'; readonly message: string }

  constructor(reason: ThrottleReason) {
    super('Rate Exceeded.')
    this.name = 'ThrottledError'
    this.reason = reason
    this.body = { Reason: reason, Type: 'User', message: 'Rate Exceeded.' }
  }
}
