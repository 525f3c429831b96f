// What a caller hands to Platform.invoke and what it gets back: the Invoke API's members, free of HTTP.
import type { LogRecord } from '../span/log-record.ts'
import type { SpanLink } from '../span/span.ts'
import type { StreamSink } from './stream-sink.ts'
import type { FcAnswer, FcRequest } from './fc-spec.ts'

export interface InvokeRequest {
  /** Name, ARN, partial ARN, `name:qualifier`, or logical id. */
  readonly functionName: string
  readonly payload: Uint8Array
  /** X-Amzn-Trace-Id. */
  readonly traceHeader?: string | undefined
  /** JSON text, already decoded from base64. Ignored for Event. */
  readonly clientContext?: string | undefined
  /** JSON `{"cognitoIdentityId", "cognitoIdentityPoolId"}`. */
  readonly cognitoIdentity?: string | undefined
  readonly qualifier?: string | undefined
  readonly invocationType: 'RequestResponse' | 'Event'
  /** Answer as soon as the function has: its log, and what extensions do after it, are not waited for. */
  readonly withoutLog?: boolean
  /** Senders of a batch: of the AWS::Lambda segment. */
  readonly links?: readonly SpanLink[] | undefined
  /** Takes a streamed answer as it comes. */
  readonly stream?: StreamSink | undefined
  /** A UUID; made when absent. */
  readonly requestId?: string | undefined
  /** For functions of Function Compute alone. */
  readonly fc?: FcRequest | undefined
}

export interface InvokeAnswer {
  readonly requestId: string
  /** 200, or 202 for an event that was only queued. */
  readonly status: 200 | 202
  readonly payload: Uint8Array
  readonly functionError?: 'Unhandled'
  /** At most 4 KB: START … REPORT … XRAY. Empty where the request was `withoutLog`; so are the lines. */
  readonly logTail: string
  readonly logLines: readonly LogRecord[]
  /** X-Amzn-Trace-Id of the answer. */
  readonly traceHeader: string
  /** $LATEST or a number. */
  readonly executedVersion: string
  /** 32 hex digits. */
  readonly traceId: string
  readonly sampled: boolean
  /** Of functions of Function Compute. */
  readonly fc?: FcAnswer
}
