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
  /** With `phases=1`, of traces in which a function was called: one of each call. */
  readonly phases?: readonly ConsoleFunctionPhases[]
}

/** What a call of a function was made of; 0: there was none, or nothing tells of it. */
export interface ConsoleFunctionPhases {
  readonly function: string
  readonly cold: boolean
  readonly initMs: number
  readonly handlerMs: number
  readonly overheadMs: number
}

/** Event `phases` of /api/live, for those who want traces: before or after the trace itself. */
export interface ConsoleLivePhases extends ConsoleFunctionPhases {
  readonly id: string
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

/** Sorted. */
export interface ConsoleWords {
  readonly words: readonly string[]
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
  /** With `histograms=1`: calls by duration, six steps a decade; those that are not empty. */
  readonly histogram?: readonly { readonly fromMs: number; readonly toMs: number; readonly calls: number }[]
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

export type ConsoleLogLevel = 'none' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface ConsoleLogLine {
  readonly timeMs: number
  /** Nanoseconds as text: hand it to /api/logs/context. */
  readonly time: string
  /** Received nanoseconds as text: hand the last one back as `after` to follow. */
  readonly received: string
  readonly kind: string
  readonly function: string
  readonly logGroup: string
  readonly logStream: string
  readonly requestId?: string
  readonly traceId?: string
  /** As the line says it; '' when it says none. */
  readonly severity: string
  readonly level: ConsoleLogLevel
  readonly body: string
}

export interface ConsoleLogHistogram {
  readonly startMs: number
  readonly endMs: number
  readonly columnMs: number
  readonly columns: number
  /** All. */
  readonly lines: number
  /** Those that are not empty, by column. */
  readonly cells: readonly { readonly column: number; readonly level: ConsoleLogLevel; readonly lines: number }[]
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

/** Series of one namespace and name. */
export interface ConsoleMetric {
  readonly namespace: string
  readonly name: string
  readonly unit: string
  readonly kind: string
  readonly description: string
  /** Names that any of its series has. */
  readonly dimensions: readonly string[]
  readonly series: number
}

export interface ConsoleMetricColumns {
  readonly startMs: number
  readonly endMs: number
  readonly columnMs: number
  readonly columns: number
  /** By the value of the dimension that was asked for; '' where the points do not have it. */
  readonly parts: readonly {
    readonly value: string
    /** Those that are not empty. */
    readonly cells: readonly {
      readonly column: number
      readonly count: number
      readonly sum: number
      readonly min: number
      readonly max: number
      /** One that stands behind it. */
      readonly traceId?: string
    }[]
  }[]
}

/** How a function did in a range; a figure of no samples is absent. */
export interface ConsoleFunctionFigures {
  readonly name: string
  /** It runs here: then what is configured is known. */
  readonly deployed: boolean
  readonly logicalId?: string
  readonly stack?: string
  readonly runtime?: string
  readonly memoryMb?: number
  readonly timeoutSeconds?: number
  readonly tracing?: string
  readonly invocations: number
  readonly errors: number
  readonly throttles: number
  readonly coldStarts: number
  readonly averageMs?: number
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
  readonly initP50Ms?: number
  /** The most that an invocation used. */
  readonly maxMemoryMb?: number
  readonly lastMs?: number
}

/** A span of an initialization and what lies in it. */
export interface ConsoleColdStartPart {
  readonly name: string
  /** From the start of the initialization. */
  readonly offsetMs: number
  readonly ms: number
  /** Without what lies below it. */
  readonly selfMs: number
  readonly children: readonly ConsoleColdStartPart[]
}

export interface ConsoleColdStart {
  readonly traceId: string
  readonly spanId: string
  readonly requestId?: string
  readonly version: string
  readonly startMs: number
  readonly initMs: number
  /** Of the first call, without an initialization within it. */
  readonly callMs: number
  readonly failed: boolean
  /** In order; together `initMs`. */
  readonly phases: readonly { readonly name: string; readonly ms: number }[]
  readonly parts: readonly ConsoleColdStartPart[]
}

/** Averages, but for `initMs`. */
export interface ConsoleColdStartVersion {
  readonly version: string
  readonly coldStarts: number
  readonly failed: number
  readonly initMs: { readonly p50: number; readonly p90: number; readonly most: number }
  readonly phases: readonly { readonly name: string; readonly ms: number }[]
  /** The longest on their own first; empty unless `--anatomy` or an SDK told of them. */
  readonly imports: readonly {
    readonly module: string
    /** In how many of them. */
    readonly coldStarts: number
    readonly selfMs: number
    /** With what it imports itself. */
    readonly cumulativeMs: number
  }[]
}

/** Newest first. */
export interface ConsoleColdStarts {
  readonly function: string
  /** There are further ones in the range. */
  readonly more: boolean
  readonly coldStarts: readonly ConsoleColdStart[]
  /** These by the function's version, the newest first. */
  readonly versions: readonly ConsoleColdStartVersion[]
}

/** An event that was kept to call a function with. */
export interface ConsoleSavedEvent {
  readonly name: string
  /** JSON, as it was written. */
  readonly payload: string
  readonly savedMs: number
}

export type ConsoleDoorState = 'open' | 'partial' | 'closed' | 'off'

export interface ConsoleDoor {
  readonly name: string
  /** For a reader: Zipkin, OTLP over gRPC … */
  readonly title: string
  readonly protocol: 'HTTP' | 'gRPC' | 'UDP' | 'UDP and TCP'
  readonly state: ConsoleDoorState
  readonly address?: string
  /** Why it is closed, or what of it. */
  readonly reason?: string
  /** A sample can be sent to it. */
  readonly sample: boolean
  /** What a client is told: environment variables or an address. */
  readonly hint: string
  /** Items since the start. */
  readonly received: number
  readonly dropped: number
}

/** What was sent to a door, and how to find it. */
export interface ConsoleDoorSample {
  readonly door: string
  /** Absent of doors that take no traces. */
  readonly traceId?: string
  readonly sentBytes: number
}

/** Days that each signal is kept; parts of days too. */
export interface ConsoleRetentionDays {
  readonly spansDays: number
  readonly logsDays: number
  readonly metricsDays: number
}

export interface ConsoleRetention extends ConsoleRetentionDays {
  /** Named at the start: only another start changes it. */
  readonly fixed: boolean
}

/** What such a retention would delete at once: rows of each signal. */
export interface ConsoleRetentionPreview extends ConsoleRetentionDays {
  readonly deletes: { readonly spans: number; readonly logs: number; readonly metrics: number }
}

export interface ConsoleSettings {
  readonly version: string
  readonly url: string
  readonly dataDir: string
  readonly retention: ConsoleRetentionDays
  readonly sampling: string
  readonly ack: string
  readonly fsync: boolean
  readonly store: 'embedded' | 'server'
  readonly roles: readonly string[]
  readonly region: string
  readonly accountId: string
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
