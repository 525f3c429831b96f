// Request ids: version 4 UUIDs, as the Invoke API and the log lines show them.

/** A fresh request id. */
export function newRequestId(): string {
  return globalThis.crypto.randomUUID()
}
