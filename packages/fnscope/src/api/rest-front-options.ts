// What a REST front is opened with. The platform is behind `invoke`: the front knows no environments.
import type { Counters } from '../counters.ts'
import type { Logger } from '../log.ts'
import type { Span } from '../span/span.ts'

export interface RestInvokeResult {
  readonly payload: Uint8Array
  readonly functionError?: string | undefined
  /** What the invocation was recorded under: goes back to the caller. */
  readonly traceHeader?: string | undefined
}

export interface RestFrontOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly region: string
  readonly accountId: string
  /** @throws ThrottledError when no environment is to be had */
  readonly invoke: (
    functionName: string,
    payload: Uint8Array,
    traceHeader: string | undefined,
  ) => Promise<RestInvokeResult>
  /** Both spans of stage tracing, when the template asks for it. */
  readonly onStageSpan?: (span: Span) => void
  /** Decides for a stage whose caller did not; default: every request is traced. */
  readonly sample?: () => boolean
  readonly log: Logger
  readonly counters: Counters
  /** 29 000 on the cloud. */
  readonly timeoutMs?: number
  readonly now?: () => number
}
