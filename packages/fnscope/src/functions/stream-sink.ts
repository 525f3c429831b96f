// Where a streamed answer goes as it comes, beside being kept as the invocation's payload.

export interface StreamSink {
  /** Before the first chunk. @param contentType as the runtime sent it */
  start(contentType: string | undefined): void
  chunk(bytes: Uint8Array): void
}
