// A store in memory for tests of query/ and api/: the contract of Reader and of what the graph writes over a list of spans.
// It keeps every span it is given, copies too, and de-duplicates when read, as the real one does.
import type { RawDocument } from '../span/batch.ts'
import type { Span } from '../span/span.ts'
import { CELL_NANOS, endOf, SLICE_NANOS, sliceOf, type GraphRows } from '../span/graph-rows.ts'
import type { GraphSpans } from '../span/graph-spans.ts'
import type {
  GraphSpanQuery,
  GraphState,
  Held,
  MinuteState,
  Operation,
  PeriodGraph,
  Reach,
  Reader,
  SliceState,
  StoredPeriod,
  TimeRange,
  TraceListOptions,
  TraceRow,
  TraceStarts,
  Writer,
} from '../store/store.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import { compareSpans, groupByTrace, indexTrace, minuteOf } from './trace-index.ts'

export class MemoryStore implements Reader, Pick<Writer, 'replacePeriods' | 'noteReach'> {
  readonly spans: Span[] = []
  readonly documents: RawDocument[] = []
  /** By length in seconds and start. */
  readonly periods = new Map<string, PeriodGraph>()
  readonly #marks = new Map<bigint, number>()
  /** Slice and trace id → rows. */
  readonly #reach = new Map<string, number>()

  constructor(spans: Iterable<Span> = []) {
    this.spans.push(...spans)
  }

  async readSpans(traceIds: readonly string[]): Promise<Span[]> {
    const wanted = this.spans.filter((span) => traceIds.includes(span.traceId))
    return [...groupByTrace(wanted).values()].flatMap((trace) => indexTrace(trace).spans).sort(compareSpans)
  }

  async readListed(rows: readonly Pick<TraceRow, 'traceId'>[]): Promise<Span[]> {
    return await this.readSpans(rows.map(({ traceId }) => traceId))
  }

  async readPhases(): Promise<[]> {
    return []
  }

  async readDocuments(traceIds: readonly string[]): Promise<RawDocument[]> {
    return this.documents.filter((document) => traceIds.includes(document.traceId))
  }

  async listTraces(options: TraceListOptions): Promise<TraceRow[]> {
    const { startNanos, endNanos, by, after, limit } = options
    if (options.where !== undefined) throw new Error('a search wants the real store')
    const inRange = (nanos: bigint): boolean => nanos >= startNanos && nanos < endNanos
    const rows = [...groupByTrace(this.spans).values()].flatMap((trace) => {
      const listed = trace.toSorted((a, b) => a.rootRank - b.rootRank || compareSpans(a, b))[0]!
      const row = rowOf(trace, listed.startNanos)
      const found = {
        start: () => inRange(row.startNanos),
        active: () =>
          trace.some((span) => span.startNanos < endNanos && (span.endNanos ?? span.startNanos) >= startNanos),
        end: () => trace.some((span) => span.segment && span.endNanos !== undefined && inRange(span.endNanos)),
      }
      return found[by]() ? [row] : []
    })
    const newestFirst = rows.sort((a, b) => compareRows(b, a))
    return newestFirst.filter((row) => !after || compareRows(row, after) < 0).slice(0, limit)
  }

  async annotationKeys(): Promise<string[]> {
    return [...new Set(this.spans.flatMap(({ annotations }) => Object.keys(annotations)))].sort()
  }

  async annotationValues(_range: TimeRange, key: string): Promise<string[]> {
    const values = this.spans.map(({ annotations }) => annotations[key])
    return [...new Set(values.filter((value) => typeof value === 'string'))].sort()
  }

  async countTraces(): Promise<never> {
    throw new Error('counting wants the real store')
  }

  async latencyGrid(): Promise<never> {
    throw new Error('counting wants the real store')
  }

  async spanSeries(): Promise<never> {
    throw new Error('counting wants the real store')
  }

  async services({ startNanos, endNanos }: TimeRange): Promise<string[]> {
    const found = this.spans.filter((span) => span.startNanos >= startNanos && span.startNanos < endNanos)
    return [...new Set(found.map((span) => span.service))].filter((service) => service !== '').sort()
  }

  async operations({ startNanos, endNanos }: TimeRange, service?: string): Promise<Operation[]> {
    const found = this.spans.filter((span) => span.startNanos >= startNanos && span.startNanos < endNanos)
    const own = found.filter((span) => service === undefined || span.service === service)
    const distinct = new Map(own.map(({ name, kind }) => [`${name} ${kind}`, { name, kind }]))
    return [...distinct.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind - b.kind))
  }

  async resourceKeys(): Promise<ReadonlySet<string>> {
    return new Set(this.spans.flatMap(({ resource }) => Object.keys(resource)))
  }

  async traceIdsStarting(range: TimeRange, limit: number): Promise<string[]> {
    const found = this.spans.filter((span) => span.startNanos >= range.startNanos && span.startNanos < range.endNanos)
    return [...new Set(found.map((span) => span.traceId))].slice(0, limit)
  }

  async traceStarts(traceIds: readonly string[]): Promise<TraceStarts[]> {
    const wanted = this.spans.filter((span) => traceIds.includes(span.traceId) && !span.inProgress)
    return [...groupByTrace(wanted)].map(([traceId, copies]) => {
      const starts = copies.toSorted(compareSpans).map((span) => span.startNanos)
      return { traceId, firstNanos: starts[0]!, lastNanos: starts.at(-1)! }
    })
  }

  async tracesOfRequests(requestIds: readonly string[], limit: number): Promise<string[]> {
    const found = this.spans.filter(({ requestId }) => requestId !== undefined && requestIds.includes(requestId))
    return [...new Set(found.map(({ traceId }) => traceId))].slice(0, limit)
  }

  async tracesEndingIn(lowHalf: string, limit: number): Promise<string[]> {
    const found = this.spans.filter(({ traceId }) => traceId.endsWith(lowHalf))
    return [...new Set(found.map(({ traceId }) => traceId))].slice(0, limit)
  }

  async readGraphSpans({ range, ...query }: GraphSpanQuery, into: GraphSpans): Promise<void> {
    const { traceIds, fromTrace = '', untilTrace = 'g' } = query
    for (const span of this.spans) {
      const asked = traceIds === undefined || traceIds.includes(span.traceId)
      const there = inside(range, span.startNanos) || (traceIds !== undefined && span.inProgress)
      if (asked && there && span.traceId >= fromTrace && span.traceId < untilTrace) into.pushSpan(span)
    }
  }

  async graphTraceParts(range: TimeRange, parts: number): Promise<string[]> {
    const ids = this.spans.filter((span) => inside(range, span.startNanos)).map((span) => span.traceId)
    const sorted = [...new Set(ids)].sort()
    return [
      ...new Set(Array.from({ length: parts - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / parts)]!)),
    ]
  }

  async graphMinutes(range: TimeRange): Promise<MinuteState[]> {
    const completed = this.spans.filter((span) => !span.inProgress).map((span) => span.startNanos)
    const starts = new Set([...completed, ...this.#marks.keys()].map(sliceOf).filter((slice) => inside(range, slice)))
    const heldOf = (startNanos: bigint, endNanos: bigint): Held => ({
      spans: completed.filter((nanos) => nanos >= startNanos - CELL_NANOS && nanos < endNanos + CELL_NANOS).length,
      marks: [...this.#marks].reduce((sum, [at, n]) => (at >= startNanos && at < endNanos ? sum + n : sum), 0),
    })
    const slices = [...starts]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((startNanos): SliceState => {
        const stored = this.periods.get(`10 ${startNanos}`)
        return { startNanos, ...heldOf(startNanos, startNanos + SLICE_NANOS), ...(stored && { stored }) }
      })
    const minutes = [...Map.groupBy(slices, (slice) => minuteOf(slice.startNanos))]
    return minutes.flatMap(([startNanos, slices]) => {
      const stored = this.periods.get(`60 ${startNanos}`)
      const held = heldOf(startNanos, startNanos + NANOS_PER_MINUTE)
      const clean = stored && stored.spans >= held.spans && stored.marks >= held.marks
      return clean ? [] : [{ startNanos, ...held, slices, ...(stored && { stored }) }]
    })
  }

  async graphState(range: TimeRange): Promise<GraphState> {
    return { minutes: await this.graphMinutes(range), periods: await this.graphPeriods(range) }
  }

  async graphSpanCounts(ranges: readonly TimeRange[]): Promise<number[]> {
    return ranges.map((range) => this.spans.filter((span) => inside(range, span.startNanos)).length)
  }

  async graphReach(slices: readonly bigint[]): Promise<Map<string, number>> {
    const found = [...this.#reach].map(([key, spans]) => [...key.split(' '), spans] as [string, string, number])
    return new Map(found.filter(([slice]) => slices.includes(BigInt(slice))).map(([, id, spans]) => [id, spans]))
  }

  async graphPeriods(range: TimeRange): Promise<StoredPeriod[]> {
    return [...this.periods.values()]
      .filter((period) => period.startNanos >= range.startNanos && endOf(period) <= range.endNanos)
      .sort((a, b) => (a.startNanos === b.startNanos ? b.seconds - a.seconds : a.startNanos < b.startNanos ? -1 : 1))
  }

  async readGraph(periods: readonly StoredPeriod[]): Promise<Map<StoredPeriod, GraphRows[]>> {
    return new Map(
      periods.map((period) => [period, [this.periods.get(`${period.seconds} ${period.startNanos}`)!.graph]]),
    )
  }

  async replacePeriods(periods: readonly PeriodGraph[]): Promise<void> {
    for (const period of periods) this.periods.set(`${period.seconds} ${period.startNanos}`, period)
  }

  async noteReach(reaching: readonly Reach[], marked: readonly bigint[]): Promise<void> {
    for (const { traceId, spans, slices } of reaching)
      for (const slice of slices) this.#reach.set(`${slice} ${traceId}`, spans)
    for (const slice of marked) this.#marks.set(slice, (this.#marks.get(slice) ?? 0) + 1)
  }

  async readLogs(): Promise<[]> {
    return []
  }

  async readLogEvents(): Promise<[]> {
    return []
  }

  async readMetrics(): Promise<[]> {
    return []
  }

  async metricSeries(): Promise<[]> {
    return []
  }

  async metricStatistics(): Promise<[]> {
    return []
  }

  async logHistogram(): Promise<[]> {
    return []
  }

  async metricColumns(): Promise<[]> {
    return []
  }

  async functionFigures(): Promise<[]> {
    return []
  }
}

function rowOf(trace: readonly Span[], startNanos: bigint): TraceRow {
  const starts = trace.map((span) => span.startNanos).sort((a, b) => (a < b ? -1 : 1))
  const ends = trace.map((span) => span.endNanos ?? span.startNanos).sort((a, b) => (a < b ? -1 : 1))
  return {
    traceId: trace[0]!.traceId,
    startNanos,
    firstNanos: starts[0]!,
    lastStartNanos: starts.at(-1)!,
    endNanos: ends.at(-1)!,
    error: trace.some((span) => span.error),
    fault: trace.some((span) => span.fault),
    throttle: trace.some((span) => span.throttle),
    coldStart: trace.some((span) => span.coldStart),
  }
}

function inside(range: TimeRange, nanos: bigint): boolean {
  return nanos >= range.startNanos && nanos < range.endNanos
}

type Place = Pick<TraceRow, 'startNanos' | 'traceId'>

function compareRows(a: Place, b: Place): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  return a.traceId < b.traceId ? -1 : a.traceId > b.traceId ? 1 : 0
}
