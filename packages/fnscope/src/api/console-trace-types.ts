// One trace as the console reads it: columns for the waterfall, and all of one span when it is selected.
import type { ConsoleSpan } from './console-types.ts'

/** Bits of `flags`. */
export interface ConsoleSpanFlags {
  readonly error: 1
  readonly fault: 2
  readonly throttle: 4
  readonly inProgress: 8
  /** A segment in X-Ray's sense: a service is entered. */
  readonly segment: 16
  readonly coldStart: 32
  /** It names a parent that is not here. */
  readonly orphan: 64
  /** It has an exception of its own. */
  readonly exception: 128
  readonly links: 256
  /** It was sent in another trace, of the same invocation. */
  readonly joined: 512
}

/** A column each, all of one length: parents before their children, children by start. Microseconds are from `startMs`. */
export interface ConsoleSpanColumns {
  readonly id: readonly string[]
  /** Row of the parent; -1 at the top. */
  readonly parent: readonly number[]
  /** Places in `words`, as are service, type and source. */
  readonly name: readonly number[]
  readonly service: readonly number[]
  /** X-Ray's origin, else its namespace. */
  readonly type: readonly number[]
  readonly source: readonly number[]
  readonly startUs: readonly number[]
  /** -1 while in progress. */
  readonly durationUs: readonly number[]
  readonly flags: readonly number[]
  /** Direct children in all; some may not be here. */
  readonly children: readonly number[]
}

export interface ConsoleTraceColumns {
  /** X-Ray's spelling. */
  readonly id: string
  readonly startMs: number
  /** From the earliest start to the latest end of any span. */
  readonly durationMs: number
  /** Of the trace; the columns may have fewer: the first ones breadth first, all that failed, the critical path. */
  readonly spanCount: number
  /** The store answered no more than its bound of 100 000. */
  readonly truncated: boolean
  /** Something is still to come, as of ConsoleTraceRow. */
  readonly partial: boolean
  readonly words: readonly string[]
  readonly spans: ConsoleSpanColumns
  /** Events of these spans, by row. */
  readonly events: {
    readonly row: readonly number[]
    readonly atUs: readonly number[]
    readonly name: readonly number[]
  }
  /** The critical path, in order of time. */
  readonly path: {
    readonly row: readonly number[]
    readonly fromUs: readonly number[]
    readonly toUs: readonly number[]
  }
  /** Spans with an error, throttle or fault. */
  readonly failed: number
}

export interface ConsoleException {
  readonly type?: string
  readonly message?: string
  readonly remote?: boolean
  readonly frames: readonly { readonly path?: string; readonly line?: number; readonly label?: string }[]
}

/** All that is known of one span. Values are JSON: integers beyond 2^53 are text, bytes base64. */
export interface ConsoleSpanDetail extends Omit<ConsoleSpan, 'children' | 'http'> {
  readonly kind: number
  readonly statusMessage?: string
  readonly http?: Readonly<Record<string, unknown>>
  readonly accountId?: string
  readonly resourceArn?: string
  readonly requestId?: string
  readonly user?: string
  readonly peer?: { readonly name: string; readonly type: string }
  readonly resource: Readonly<Record<string, unknown>>
  readonly scope?: { readonly name: string; readonly version: string }
  readonly traceState?: string
  /** How many the sender or its limits left out. */
  readonly dropped: { readonly attributes: number; readonly events: number; readonly links: number }
  readonly events: readonly {
    readonly atMs: number
    readonly name: string
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
  readonly links: readonly {
    readonly traceId: string
    readonly spanId?: string
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
  readonly exceptions: readonly ConsoleException[]
  /** Id of an exception that is recorded elsewhere in the trace. */
  readonly causeId?: string
}

export interface ConsoleTraceSearch {
  /** Ids of spans that have the text in a name or a value, in the waterfall's order. */
  readonly ids: readonly string[]
  readonly total: number
}
