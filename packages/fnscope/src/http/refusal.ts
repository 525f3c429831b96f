// What the guards answer with instead of calling a route. Reasons are the labels of counters.refusedRequests.
export interface Refusal {
  readonly status: 401 | 403
  readonly reason: 'host' | 'origin' | 'cross_site' | 'token' | 'no_authorization'
  /** The AWS error type; the own format uses it as the code. */
  readonly code: string
  readonly message: string
}
