// The JSON that fnscope's own clients (command line, console) read. Times are epoch milliseconds with a fraction.

export interface ConsoleSpan {
  readonly id: string
  readonly parentId?: string
  readonly name: string
  readonly service: string
  readonly origin?: string
  readonly namespace?: string
  readonly source: string
  /** Whose spans it stands for, where these are several. */
  readonly sources?: readonly string[]
  /** X-Ray's spelling of the trace that it was sent in, where that is another. */
  readonly traceId?: string
  readonly segment: boolean
  readonly startMs: number
  readonly durationMs: number
  readonly inProgress: boolean
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly coldStart: boolean
  readonly http?: { readonly method?: string; readonly url?: string; readonly status?: number }
  readonly annotations: Readonly<Record<string, string | number | boolean>>
  readonly metadata?: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  /** One line of what went wrong: `ValueError: bad`. */
  readonly exception?: string
  readonly children: readonly ConsoleSpan[]
}

export interface ConsoleTrace {
  /** X-Ray's spelling: 1-…-…. */
  readonly id: string
  readonly startMs: number
  readonly durationMs: number
  readonly spanCount: number
  readonly roots: readonly ConsoleSpan[]
}

export interface ConsoleTraceRow {
  readonly id: string
  readonly name: string
  readonly startMs: number
  readonly durationMs: number
  readonly status?: number
  readonly method?: string
  readonly url?: string
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly partial: boolean
}

/** A page of traces, newest first. */
export interface ConsoleTraceList {
  readonly traces: readonly ConsoleTraceRow[]
  /** Asks for what follows, with the same question; absent on the last page. A page may be short and go on. */
  readonly cursor?: string
}

/** Traces, and those of them with an entry that was an error, throttled or a fault. */
export interface ConsoleCount {
  readonly traces: number
  readonly error: number
  readonly throttle: number
  readonly fault: number
}

export interface ConsoleFacetValue extends ConsoleCount {
  readonly value: string
}

export type ConsoleFacet = 'service' | 'environment' | 'version' | 'account' | 'region' | 'function'

/** Traces by what their entries (a root, or a service's own span) say. */
export interface ConsoleFacets extends ConsoleCount {
  /** None of error, throttle, fault. */
  readonly ok: number
  /** False with a filter: counted are the traces that may meet it. */
  readonly exact: boolean
  /** The most frequent values first. */
  readonly facets: Readonly<Record<ConsoleFacet, readonly ConsoleFacetValue[]>>
}

/** A heat map: traces by when their root began and how long it took. */
export interface ConsoleLatencies {
  readonly startMs: number
  readonly endMs: number
  readonly columnMs: number
  readonly columns: number
  /** As of ConsoleFacets. */
  readonly exact: boolean
  /** Those that are not empty, by column and duration. */
  readonly cells: readonly {
    /** From 0. */
    readonly column: number
    readonly fromMs: number
    readonly toMs: number
    readonly traces: number
    /** Error, throttled or fault. */
    readonly failed: number
  }[]
}

/** Event `trace` of /api/live: the root of a trace came. What else belongs to it may come later. */
export interface ConsoleLiveTrace {
  readonly id: string
  readonly name: string
  readonly service: string
  readonly source: string
  readonly startMs: number
  /** Of the root. */
  readonly durationMs: number
  readonly status?: number
  readonly method?: string
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
}

/** Event `graph` of /api/live, once a second at most: so many spans came, the map has changed. `log` has a ConsoleLogLine. */
export interface ConsoleLiveGraph {
  readonly spans: number
}

export interface ConsoleServices {
  readonly services: readonly string[]
}

/** Calls that a service answered, or that one made of another. */
export interface ConsoleCalls {
  readonly count: number
  readonly perSecond: number
  /** The four are apart: their sum is `count`. */
  readonly ok: number
  readonly error: number
  readonly throttle: number
  readonly fault: number
  readonly averageMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
}

export interface ConsoleMapNode {
  /** Its index in `nodes`. */
  readonly id: number
  readonly name: string
  /** X-Ray's: AWS::Lambda::Function, client, remote …; '' when unknown. */
  readonly type: string
  readonly accountId?: string
  /** Traces begin here. */
  readonly root: boolean
  /** It did not report: known from its callers. */
  readonly inferred: boolean
  /** Whoever calls from outside. */
  readonly client: boolean
  readonly firstMs: number
  readonly lastMs: number
  /** Absent of the client, and of a caller of which only calls lie in the range. */
  readonly calls?: ConsoleCalls
}

export interface ConsoleMapEdge extends ConsoleCalls {
  /** Ids of nodes. */
  readonly from: number
  readonly to: number
  readonly type?: string
}

export interface ConsoleMap {
  readonly startMs: number
  /** Of what is over by now. */
  readonly endMs: number
  /** Where traces begin first, then what they call, breadth first; clients last. */
  readonly nodes: readonly ConsoleMapNode[]
  readonly edges: readonly ConsoleMapEdge[]
  /** About how many stored spans are not in it yet. */
  readonly behindSpans: number
}

export interface ConsoleLogLine {
  readonly timeMs: number
  /** Received nanoseconds as text: hand the last one back as `after` to follow. */
  readonly received: string
  readonly kind: string
  readonly function: string
  readonly logGroup: string
  readonly logStream: string
  readonly requestId?: string
  readonly traceId?: string
  readonly severity: string
  readonly body: string
}

/** One point: `value` is the sum where the point stands for several samples. */
export interface ConsoleMetricPoint {
  readonly name: string
  readonly namespace: string
  readonly service: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly unit: string
  readonly kind: string
  readonly timeMs: number
  readonly value: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly requestId?: string
  readonly traceId?: string
}

export interface ConsoleFunction {
  readonly name: string
  readonly logicalId: string
  readonly stack: string
  readonly runtime: string
  readonly handler: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly tracing: string
  readonly urls: readonly string[]
}

/** One deployed app: what `ready` and `deployed` events carry. */
export interface ConsoleApp {
  readonly dir: string
  readonly stack: string
  readonly functions: readonly string[]
  /** Output key → local URL, for outputs that are URLs of this machine. */
  readonly urls: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  /** What of the template is not run here, a sentence each. */
  readonly notices: readonly string[]
}

export interface ConsoleHealth {
  readonly version: string
  readonly url: string
  readonly doors: Readonly<Record<string, string | readonly string[]>>
  readonly apps: readonly ConsoleApp[]
  readonly sampling: string
}
