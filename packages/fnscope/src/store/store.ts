// What the rest of the program knows of the store: Writer + Reader + close(). No ClickHouse type and no SQL here.
import type { Batch, RawDocument } from '../span/batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { PhaseSpan } from '../span/function-phases.ts'
import type { GraphPeriod, GraphRows } from '../span/graph-rows.ts'
import type { GraphSpans, NodeTable } from '../span/graph-spans.ts'
import type { Span } from '../span/span.ts'
import type { SpanPart } from './span-parts.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

export type { SpanPart } from './span-parts.ts'
export type { SpanQuery, TextField, TraceQuery } from './trace-query.ts'

/** Rows of one table in the store's own insert format: the write-ahead log keeps these bytes, and inserts join them. */
export interface EncodedBlock {
  readonly table: string
  readonly rows: number
  readonly bytes: Uint8Array
}

/** Thrown by insert. `retryable`: the same call may succeed later (engine down, busy, disk full). Otherwise some row is refused for good. */
export class StoreError extends Error {
  readonly retryable: boolean
  readonly code: number

  constructor(
    message: string,
    options: { readonly retryable: boolean; readonly code?: number; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'StoreError'
    this.retryable = options.retryable
    this.code = options.code ?? 0
  }
}

export interface Writer {
  /** Pure and synchronous. A table without rows gives no block. */
  encode(batch: Batch): readonly EncodedBlock[]
  /** Nobody will look at the block again: its memory may serve another. */
  recycle(block: EncodedBlock): void
  /**
   * Stores the blocks' rows in `table`, all or none, exactly once for a token: the same token again, from any process,
   * stores nothing. `rows` keeps only rows [from, to) of the blocks' concatenation (how a poisoned insert is bisected).
   * @throws StoreError
   */
  insert(
    table: string,
    blocks: readonly Uint8Array[],
    token: string,
    rows?: { readonly from: number; readonly to: number },
  ): Promise<void>
  /** Replaces the stored graph of these periods, of each all or nothing. A version must be above the one it replaces. */
  replacePeriods(periods: readonly PeriodGraph[]): Promise<void>
  /** Notes which traces reach from slice to slice; the `marked` slices are to be computed again. */
  noteReach(reaching: readonly Reach[], marked: readonly bigint[]): Promise<void>
  /** Deletes what is past retention now instead of at the next merge. */
  setRetention(retention: Retention): Promise<void>
  /** What setRetention would delete now: rows, copies too. */
  countExpired(retention: Retention): Promise<Expired>
  /** Deletes lines that are stored; resolves when no answer has them any more. */
  deleteLogs(lines: LogsToDelete): Promise<void>
}

export interface Retention {
  readonly spansDays: number
  readonly logsDays: number
  readonly metricsDays: number
}

/** Rows of each signal that are past a retention. */
export interface Expired {
  readonly spans: number
  readonly logs: number
  readonly metrics: number
}

export type { NodeKey } from '../span/graph-spans.ts'

/**
 * What a stretch of the graph is, or was, computed from: rows of spans (copies too) that start in it or up to CELL_NANOS
 * around it, which its own depend on as well, and marks of its own (Writer.noteReach).
 */
export interface Held {
  readonly spans: number
  readonly marks: number
}

export interface StoredVersion extends Held {
  /** Above 0. */
  readonly version: bigint
}

/** A period whose graph is stored. Its start is a multiple of its length. */
export interface StoredPeriod extends GraphPeriod, StoredVersion {}

export interface PeriodGraph extends StoredPeriod {
  readonly graph: GraphRows
}

/** Ten seconds: what there is of them, and what their own stored graph was computed from. */
export interface SliceState extends Held {
  readonly startNanos: bigint
  readonly stored?: StoredVersion
}

export interface MinuteState extends Held {
  readonly startNanos: bigint
  /** Those that have spans, in order of time. */
  readonly slices: readonly SliceState[]
  readonly stored?: StoredVersion
}

export interface GraphState {
  readonly minutes: readonly MinuteState[]
  readonly periods: readonly StoredPeriod[]
}

/** A trace that has spans in several slices. */
export interface Reach {
  /** 32 hex digits. */
  readonly traceId: string
  /** Rows of it, copies too. */
  readonly spans: number
  /** Starts in nanoseconds. */
  readonly slices: readonly bigint[]
}

export interface GraphSpanQuery {
  readonly range: TimeRange
  /** These traces alone (32 hex digits each); of them open spans of any time. */
  readonly traceIds?: readonly string[]
  /** Traces from this id on, and below that one; not with traceIds. */
  readonly fromTrace?: string | undefined
  readonly untilTrace?: string | undefined
}

/** A half-open range of time: [startNanos, endNanos). */
export interface TimeRange {
  readonly startNanos: bigint
  readonly endNanos: bigint
}

export interface TraceStarts {
  /** 32 hex digits. */
  readonly traceId: string
  readonly firstNanos: bigint
  readonly lastNanos: bigint
}

/** A trace, and where its completed spans start. */
export type TraceReach = Pick<TraceRow, 'traceId' | 'firstNanos' | 'lastStartNanos'>

export interface TraceRow {
  /** 32 hex digits. */
  readonly traceId: string
  /** Of the span at which it stands: of its listed spans the best by rank (root, else entry, else detached), then start. */
  readonly startNanos: bigint
  /** Of all its completed spans, replaced copies too: first start, last start, last end. */
  readonly firstNanos: bigint
  readonly lastStartNanos: bigint
  readonly endNanos: bigint
  /** Of any of its spans. */
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly coldStart: boolean
  /**
   * Only when TraceListOptions.sure says of what: the tables alone tell that it is in the list, and meets that. It stands at
   * its root, nothing of it is in progress, and none of its spans may be replaced. Without it only the spans tell.
   */
  readonly isSure?: boolean
  /** Only when asked for. */
  readonly details?: TraceDetails
}

/** What a list shows of a trace. */
export interface TraceDetails {
  /** ROOT_RANK of the span at which it stands: anything but root's says that its beginning did not come. */
  readonly rootRank: number
  /** The span at which it stands. Empty texts are unknown. */
  readonly root: {
    readonly service: string
    readonly name: string
    readonly source: string
    readonly origin: string
    /** OpenTelemetry's SpanKind. */
    readonly kind: number
    readonly durationNanos: bigint
    readonly error: boolean
    readonly fault: boolean
    readonly throttle: boolean
    readonly httpMethod: string
    readonly httpUrl: string
    /** 0 when unknown. */
    readonly httpStatus: number
  }
}

/** What spans of a service are called, and their kind (OpenTelemetry's SpanKind). */
export interface Operation {
  readonly name: string
  readonly kind: number
}

export interface TraceListOptions extends TimeRange {
  /** start: the trace began in the range; active: any of its spans lies in it; end: some entry span ended in it. */
  readonly by: 'start' | 'active' | 'end'
  readonly limit: number
  /** Continue after this row of an earlier page. */
  readonly after?: { readonly startNanos: bigint; readonly traceId: string }
  /**
   * Only these traces. Spans are looked at from a minute before the trace's start (where values are rare: from an hour)
   * until an hour after it.
   */
  readonly where?: TraceQuery
  /** Answer TraceRow.isSure: of traces that stand at their root it also wants this. */
  readonly sure?: TraceQuery
  /** Answer TraceRow.details. */
  readonly details?: boolean
}

/** What traces can be counted by: fields of the spans by which services are entered. */
export const FACETS = ['service', 'environment', 'version', 'account', 'region', 'function'] as const
export type FacetName = (typeof FACETS)[number]

export interface TraceSelection {
  readonly range: TimeRange
  /** As TraceListOptions.where. */
  readonly where?: TraceQuery
}

export interface TraceCountQuery extends TraceSelection {
  /** Values of each facet at most, the most frequent. */
  readonly limit: number
}

/** Traces, and those of them in which some entry was an error, throttled or a fault: one trace may be several. */
export interface TraceCount {
  readonly traces: number
  readonly error: number
  readonly throttle: number
  readonly fault: number
}

export interface TraceCounts extends TraceCount {
  /** None of the three. */
  readonly ok: number
  /** The most frequent first; '' is left out. */
  readonly facets: ReadonlyMap<FacetName, readonly (TraceCount & { readonly value: string })[]>
}

export interface LatencyGridQuery extends TraceSelection {
  /** How long a column of the grid is. */
  readonly columnNanos: bigint
}

/** Traces whose root began in column `column` and took 10 ** (step / 6) nanoseconds or up to the next step. */
export interface LatencyCell {
  readonly column: number
  readonly step: number
  readonly traces: number
  readonly failed: number
}

export interface SpanSeriesQuery {
  /** Of the spans' starts; the first column begins at its start. */
  readonly range: TimeRange
  readonly columnNanos: bigint
  readonly where?: SpanQuery
  /** What is counted as failed. */
  readonly failed: SpanQuery
  readonly by: readonly ('service' | 'name' | 'kind')[]
}

/** Steps of a decade of durations, as wide as 2.3 %. */
export const SPAN_SERIES_STEPS = 100

/** Completed spans that began in column `column` and took 10 ** (step / SPAN_SERIES_STEPS) ns or up to the next step. */
export interface SpanCell {
  /** As `by` asks; the kind as its number. */
  readonly group: readonly string[]
  readonly column: number
  readonly step: number
  readonly spans: number
  readonly failed: number
}

export interface LogQuery {
  readonly range?: TimeRange
  readonly service?: string
  readonly logGroup?: string
  readonly logStream?: string
  readonly requestId?: string
  readonly traceIds?: readonly string[]
  /** Words that must all be in the line, any case. */
  readonly text?: string
  /** Any of these (OpenTelemetry's SeverityNumber). */
  readonly severityNumbers?: readonly number[]
  /** Each of these: a member of a JSON body, or an attribute. */
  readonly fields?: readonly { readonly path: readonly string[]; readonly value: string }[]
  readonly limit: number
  /** oldest first (default) or newest first. */
  readonly order?: 'oldest' | 'newest'
  /** Only lines received after this: how a follower continues. */
  readonly receivedAfterNanos?: bigint
}

export interface LogHistogramQuery extends Omit<LogQuery, 'limit' | 'order'> {
  readonly range: TimeRange
  readonly columnNanos: bigint
}

/** Lines of a column of time and one severity. */
export interface LogCount {
  /** From 0. */
  readonly column: number
  readonly severityNumber: number
  readonly lines: number
}

/** Where an event stands among those of all groups: by time, then arrival, then its place in what arrived. */
export interface LogPosition {
  readonly timeNanos: bigint
  readonly receivedNanos: bigint
  readonly sequence: number
}

/** A line as log groups have it. */
export interface LogEvent extends LogPosition {
  readonly logGroup: string
  readonly logStream: string
  readonly requestId?: string
  /** 32 hex digits. */
  readonly traceId?: string
  readonly message: string
}

export interface LogEventQuery {
  /** Of each the events from that time on. */
  readonly groups: readonly { readonly name: string; readonly startNanos: bigint }[]
  readonly endNanos: bigint
  readonly logStreams?: readonly string[]
  readonly logStreamPrefix?: string
  /** Texts that all stand in the line, letter for letter. */
  readonly containing?: readonly string[]
  readonly after?: LogPosition
  readonly before?: LogPosition
  readonly order: 'oldest' | 'newest'
  readonly limit: number
}

export interface LogsToDelete {
  readonly logGroup: string
  /** Absent: of all streams. */
  readonly logStream?: string
  /** Absent: of all times. */
  readonly endNanos?: bigint
}

export interface MetricQuery {
  readonly range: TimeRange
  readonly namespace?: string
  readonly name?: string
  readonly service?: string
  readonly limit: number
}

export interface MetricSeriesQuery {
  readonly range: TimeRange
  readonly namespace?: string
  readonly name?: string
  readonly limit: number
}

/** What points have in common, all but their times and values. */
export interface MetricSeries extends Pick<
  MetricPoint,
  'namespace' | 'name' | 'dimensions' | 'unit' | 'kind' | 'monotonic' | 'temporality' | 'resource'
> {
  readonly description: string
}

export interface MetricStatisticsQuery {
  readonly namespace: string
  readonly name: string
  /** Exactly these; absent: of all points, whatever their dimensions. */
  readonly dimensions?: Readonly<Record<string, string>>
  readonly unit?: string
  /** The first period begins at its start. */
  readonly range: TimeRange
  readonly periodSeconds: number
  /** Answer MetricStatistics.values. */
  readonly withValues?: boolean
}

/** Of a period that has points. */
export interface MetricStatistics {
  readonly startNanos: bigint
  readonly unit: string
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Each value once, in order, with how often it came; empty where a sender told statistics alone. */
  readonly values: readonly (readonly [value: number, weight: number])[]
}

export interface MetricColumnsQuery {
  readonly namespace: string
  readonly name: string
  readonly range: TimeRange
  readonly columnNanos: bigint
  /** The dimension (or `service`) by whose values the points are parted; absent: all are one. */
  readonly by?: string
  /** Parts at most, those with the most samples. */
  readonly limit: number
}

/** Samples of a column of time and one value of the dimension. */
export interface MetricColumn {
  /** '' where the points do not have the dimension. */
  readonly part: string
  /** From 0. */
  readonly column: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Of the largest sample that has one: 32 hex digits. */
  readonly traceId?: string
}

/** What a function's own metrics (namespace AWS/Lambda) say of a range. Times in milliseconds, NaN where there is none. */
export interface FunctionFigures {
  readonly service: string
  readonly invocations: number
  readonly errors: number
  readonly throttles: number
  readonly coldStarts: number
  readonly averageMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly initP50Ms: number
  readonly maxMemoryMb: number
  readonly lastNanos: bigint
}

/**
 * Answers come from what is stored and de-duplicated: of copies of one span the newest received wins, a completed one
 * always over one in progress. Emptiness is an empty list, never an error. Results belong to the caller.
 */
export interface Reader {
  /**
   * Every span of the traces (32 hex digits each), completed and open, in start order; unknown ids give nothing. Of more
   * than 100 000 rows only the earliest started are answered, and a warning logged: ask for fewer traces at once.
   */
  readSpans(traceIds: readonly string[]): Promise<Span[]>
  /** The same of traces that listTraces has just found: it says where they lie, which saves looking them up. With `parts` these alone, beside a trace's shape. */
  readListed(rows: readonly TraceReach[], parts?: readonly SpanPart[]): Promise<Span[]>
  /** Of such traces the completed spans that functionPhases wants, in start order. */
  readPhases(rows: readonly TraceReach[]): Promise<PhaseSpan[]>
  /** Raw X-Ray documents of the traces, one per (trace, id), in start order; bounded like readSpans. */
  readDocuments(traceIds: readonly string[]): Promise<RawDocument[]>
  /** Newest first by (start, trace id). */
  listTraces(options: TraceListOptions): Promise<TraceRow[]>
  /**
   * Traces that have an entry (a root or a service's own) starting in the range, by the values of their entries.
   * Exact up to 65 536 traces a value, above it within some percent.
   */
  countTraces(query: TraceCountQuery): Promise<TraceCounts>
  /** Traces whose root starts in the range, by when it began and how long it took; cells that are empty are left out. */
  latencyGrid(query: LatencyGridQuery): Promise<LatencyCell[]>
  /** By group, column, step; empty cells are left out. @throws FnscopeError FNS_USAGE for more than can be answered at once */
  spanSeries(query: SpanSeriesQuery): Promise<SpanCell[]>
  /** Names of all services that have a span in the days that the range touches, sorted; as of a second ago. */
  services(range: TimeRange): Promise<string[]>
  /** Of that service, or of all; by name, then kind. */
  operations(range: TimeRange, service?: string): Promise<Operation[]>
  /** Keys of resource attributes of the spans that start in the range. May answer with what it found up to a minute ago. */
  resourceKeys(range: TimeRange): Promise<ReadonlySet<string>>
  /** Keys of annotations of spans that start in the range, sorted; of more than `limit` some. */
  annotationKeys(range: TimeRange, limit: number): Promise<string[]>
  /** Texts that the annotation has there, sorted; of more than `limit` some. */
  annotationValues(range: TimeRange, key: string, limit: number): Promise<string[]>
  /** Ids of traces that have a span starting in the range; for the graph's ragged ends and its job. */
  traceIdsStarting(range: TimeRange, limit: number): Promise<string[]>
  /**
   * First and last start of the traces' completed spans, in no order. Of every copy, replaced ones too: a trace may have
   * been counted in a minute where no span of it starts any more.
   */
  traceStarts(traceIds: readonly string[]): Promise<TraceStarts[]>
  /** Traces that have a listed span of one of these Lambda requests, and perhaps others, in no order. */
  tracesOfRequests(requestIds: readonly string[], limit: number): Promise<string[]>
  /** Traces whose id ends in these 16 hex digits, in no order: what 64-bit formats know of one. Looks at every id. */
  tracesEndingIn(lowHalf: string, limit: number): Promise<string[]>
  /** Appends the graph's columns of all spans that start in the range, copies too, and of open ones; in no order. */
  readGraphSpans(query: GraphSpanQuery, into: GraphSpans): Promise<void>
  /** Ids that part the traces starting in the range into about as many parts of equal size, ascending; fewer where ids cluster. */
  graphTraceParts(range: TimeRange, parts: number): Promise<string[]>
  /** Minutes (whole ones of the range) whose stored graph is not of all spans that are stored, in order of time. */
  graphMinutes(range: TimeRange): Promise<MinuteState[]>
  /** The same and graphPeriods together. */
  graphState(range: TimeRange): Promise<GraphState>
  /** How many rows of spans start in each of the ranges, rounded out to multiples of CELL_NANOS. */
  graphSpanCounts(ranges: readonly TimeRange[]): Promise<number[]>
  /** Traces noted to reach out of one of these slices (start, nanoseconds), and how many rows they had then. */
  graphReach(slices: readonly bigint[]): Promise<Map<string, number>>
  /** The newest version of every period that lies in the range, by start and longest first. */
  graphPeriods(range: TimeRange): Promise<StoredPeriod[]>
  /** The stored graph of the periods, in one or several pieces each. The nodes are added to the table. */
  readGraph(periods: readonly StoredPeriod[], nodes: NodeTable): Promise<Map<StoredPeriod, GraphRows[]>>
  readLogs(query: LogQuery): Promise<LogRecord[]>
  /** By column, then severity; empty ones are left out. */
  logHistogram(query: LogHistogramQuery): Promise<LogCount[]>
  /** In order of their positions, or the other way round. */
  readLogEvents(query: LogEventQuery): Promise<LogEvent[]>
  readMetrics(query: MetricQuery): Promise<MetricPoint[]>
  /** By namespace, name and dimensions. */
  metricSeries(query: MetricSeriesQuery): Promise<MetricSeries[]>
  /** In order of time. */
  metricStatistics(query: MetricStatisticsQuery): Promise<MetricStatistics[]>
  /** By part, then column; empty columns are left out. */
  metricColumns(query: MetricColumnsQuery): Promise<MetricColumn[]>
  /** Of every function that has such metrics, by name. */
  functionFigures(range: TimeRange): Promise<FunctionFigures[]>
}

export interface Store extends Writer, Reader {
  /** The same questions, each rejected rather than answered without a part that is away. For what is stored again. */
  readonly whole: Reader
  /**
   * Call the result for the parts of the store that some answer since this call did without, because nothing that holds
   * them answered: `shard 2 of 3 (host:9000)`. Empty: every answer since then was whole.
   */
  watchGaps(): () => readonly string[]
  /**
   * True: until half of `seconds` from now `holder` is the only one, among all processes on this store, that got true for
   * `name`. Call it again before that to go on; with 0 seconds to give it back. Clocks of the store's servers may differ by
   * less than half of the time. @throws StoreError
   */
  lease(name: string, holder: string, seconds: number): Promise<boolean>
  /** Resolves when it answers; rejects when it does not within the time. */
  ping(timeoutMs: number): Promise<void>
  close(): Promise<void>
}
