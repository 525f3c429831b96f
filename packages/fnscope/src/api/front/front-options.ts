// What a front is opened with. The platform is behind `invoke`: the front knows no environments.
import type { Counters } from '../../counters.ts'
import type { FcAnswer, FcRequest } from '../../functions/fc-spec.ts'
import type { StreamSink } from '../../functions/stream-sink.ts'
import type { Logger } from '../../log.ts'
import type { Span } from '../../span/span.ts'

export interface FrontInvokeResult {
  readonly payload: Uint8Array
  readonly functionError?: string | undefined
  /** What the invocation was recorded under: goes back to the caller. */
  readonly traceHeader?: string | undefined
  readonly requestId?: string
  /** Of functions of Function Compute. */
  readonly fc?: FcAnswer
}

export interface FrontInvokeRequest {
  /** Name or ARN, with its qualifier where there is one. */
  readonly functionName: string
  readonly payload: Uint8Array
  readonly traceHeader: string
  /** Takes the answer of a function that streams as it comes; the result has it all the same. */
  readonly stream?: StreamSink
  /** To functions of Function Compute. */
  readonly fc?: FcRequest
}

export interface FrontOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly region: string
  readonly accountId: string
  /** @throws ThrottledError when no environment is to be had */
  readonly invoke: (request: FrontInvokeRequest) => Promise<FrontInvokeResult>
  /** Both spans of stage tracing, when the template asks for it. */
  readonly onStageSpan?: (span: Span) => void
  /** Decides for a stage whose caller did not; default: every request is traced. */
  readonly sample?: () => boolean
  readonly log: Logger
  readonly counters: Counters
  /** 29 000 of REST APIs, 30 000 of HTTP APIs. */
  readonly timeoutMs?: number
  readonly now?: () => number
}
