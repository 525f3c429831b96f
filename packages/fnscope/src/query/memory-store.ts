// A store in memory for tests of query/ and api/: the contract of Reader and replaceMinutes over a list of spans.
// It keeps every span it is given, copies too, and de-duplicates when read, as the real one does.
import type { RawDocument } from '../span/batch.ts'
import type { Span } from '../span/span.ts'
import type {
  MinuteGraph,
  Operation,
  Reader,
  TimeRange,
  TraceListOptions,
  TraceRow,
  TraceStarts,
  Writer,
} from '../store/store.ts'
import { compareSpans, groupByTrace, indexTrace, minuteOf } from './trace-index.ts'

export class MemoryStore implements Reader, Pick<Writer, 'replaceMinutes'> {
  readonly spans: Span[] = []
  readonly documents: RawDocument[] = []
  readonly minutes = new Map<bigint, MinuteGraph>()
  /** Set by a test: what lastMinuteVersion answers. */
  minuteVersion = 0n

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

  async minutesTouchedSince(receivedNanos: bigint): Promise<bigint[]> {
    const found = this.spans.filter((span) => span.receivedNanos >= receivedNanos)
    return [...new Set(found.map((span) => minuteOf(span.startNanos)))]
  }

  async lastMinuteVersion(): Promise<bigint> {
    return this.minuteVersion
  }

  async readMinutes(range: TimeRange): Promise<MinuteGraph[]> {
    return [...this.minutes.values()].filter(
      ({ minuteNanos }) => minuteNanos >= range.startNanos && minuteNanos < range.endNanos,
    )
  }

  async replaceMinutes(minutes: readonly MinuteGraph[]): Promise<void> {
    for (const minute of minutes) this.minutes.set(minute.minuteNanos, minute)
  }

  async readLogs(): Promise<[]> {
    return []
  }

  async readMetrics(): Promise<[]> {
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

type Place = Pick<TraceRow, 'startNanos' | 'traceId'>

function compareRows(a: Place, b: Place): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  return a.traceId < b.traceId ? -1 : a.traceId > b.traceId ? 1 : 0
}
