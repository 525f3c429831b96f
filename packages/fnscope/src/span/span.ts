// One span as read back, and as the platform and tests write it: plain readonly data. The hot path uses SpanBatch.
import type { Attributes } from './attribute-value.ts'

export interface SpanEvent {
  readonly timeNanos: bigint
  readonly name: string
  readonly attributes: Attributes
  readonly droppedAttributes?: number
}

export interface SpanLink {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits; absent in X-Ray links to a whole trace. */
  readonly spanId?: string
  readonly traceState?: string
  readonly flags?: number
  readonly attributes: Attributes
  readonly droppedAttributes?: number
}

export interface SpanScope {
  readonly name: string
  readonly version: string
  readonly attributes: Attributes
  readonly droppedAttributes?: number
  readonly schemaUrl?: string
}

export interface SpanHttp {
  readonly method?: string
  readonly url?: string
  readonly status?: number
  readonly userAgent?: string
  readonly clientIp?: string
  /** X-Ray http.request.traced. */
  readonly traced?: boolean
}

/** X-Ray's `cause`: exceptions here, or the id of an exception recorded elsewhere in the trace. */
export type Cause =
  | string
  | {
      readonly working_directory?: string
      readonly paths?: readonly string[]
      readonly exceptions?: readonly CauseException[]
    }

export interface CauseException {
  readonly id?: string
  readonly message?: string
  readonly type?: string
  readonly remote?: boolean
  readonly truncated?: number
  readonly skipped?: number
  readonly cause?: string
  readonly stack?: readonly { readonly path?: string; readonly line?: number | null; readonly label?: string }[]
}

export interface Span {
  /** 32 lower-case hex digits. */
  readonly traceId: string
  /** 16 lower-case hex digits. */
  readonly spanId: string
  readonly parentId?: string
  readonly startNanos: bigint
  /** Absent while in progress. */
  readonly endNanos?: bigint
  readonly inProgress: boolean
  /** OpenTelemetry's SpanKind, 0 to 5. */
  readonly kind: number
  /** A segment in X-Ray's sense: the span by which a service is entered. */
  readonly segment: boolean
  readonly rootRank: number
  readonly source: string
  /** Empty for a streamed subsegment: its segment knows. */
  readonly service: string
  readonly name: string
  readonly origin?: string
  readonly namespace?: string
  readonly accountId?: string
  readonly resourceArn?: string
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly coldStart: boolean
  /** Its trace was not sampled, and it was reported all the same. */
  readonly unsampled?: boolean
  readonly statusCode: number
  readonly statusMessage?: string
  readonly http?: SpanHttp
  readonly user?: string
  readonly requestId?: string
  readonly peer?: { readonly name: string; readonly type: string }
  readonly resource: Attributes
  readonly attributes: Attributes
  readonly scope?: SpanScope
  /** Of the resource. */
  readonly schemaUrl?: string
  readonly traceFlags: number
  readonly traceState?: string
  readonly dropped: {
    readonly attributes: number
    readonly events: number
    readonly links: number
    readonly resourceAttributes?: number
  }
  /** Indexed. Numbers are doubles, an int64 is a bigint. */
  readonly annotations: { readonly [key: string]: string | number | bigint | boolean }
  /** X-Ray metadata: namespace → any JSON. */
  readonly metadata?: { readonly [namespace: string]: unknown }
  readonly cause?: Cause
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  readonly receivedNanos: bigint
  /** Whose spans these were, where it stands for several (query/same-spans.ts). */
  readonly sources?: readonly string[]
  /** The trace that it was sent in, where it is shown in another one (query/joined-trace.ts). */
  readonly ownTraceId?: string
}

/** What a maker of a span must say; `completeSpan` fills the rest. */
export type SpanInput = Pick<
  Span,
  'traceId' | 'spanId' | 'startNanos' | 'name' | 'source' | 'service' | 'receivedNanos'
> &
  Partial<Span>

/** A whole Span from what is known of it: all flags false, all maps empty, no kind. */
export function completeSpan(input: SpanInput): Span {
  return {
    inProgress: input.endNanos === undefined,
    kind: 0,
    segment: false,
    rootRank: 255,
    error: false,
    fault: false,
    throttle: false,
    coldStart: false,
    statusCode: 0,
    resource: {},
    attributes: {},
    traceFlags: 0,
    dropped: { attributes: 0, events: 0, links: 0 },
    annotations: {},
    events: [],
    links: [],
    ...input,
  }
}
