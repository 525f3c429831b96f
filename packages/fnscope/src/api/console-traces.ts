// GET /api/traces, /api/facets and /api/latencies: traces of a range, what they have in common, how long they took.
import { listFilteredRows } from '../query/filter/filtered-rows.ts'
import { assembleTrace, isPartial } from '../query/trace.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { Reader, TraceRow } from '../query/reader.ts'
import { functionPhases, type FunctionPhases } from '../span/function-phases.ts'
import { formatXrayTraceId } from '../span/id.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { nanosToMillis } from '../span/time.ts'
import { formatCursor, parseCursor } from './console-cursor.ts'
import { consolePhases } from './console-phases.ts'
import { numberIn, rangeIn, type ConsoleQuery } from './console-query.ts'
import type { ParseOptions } from '../query/filter/filter.ts'
import { SEARCH_NAMES, searchIn } from './console-search.ts'
import type { ConsoleFacets, ConsoleLatencies, ConsoleTraceList, ConsoleTraceRow } from './console-types.ts'

export interface TracesOptions extends ParseOptions {
  readonly reader: Reader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_LIMIT = 1000
/** Candidates that a filter looks at for one page: about a second's worth. */
const MAX_PROCESSED = 2000

/** Newest first. A page may have fewer than `limit`, and go on: only without a cursor it is the last. */
export async function listTraces(query: ConsoleQuery, options: TracesOptions): Promise<ConsoleTraceList> {
  const { reader, now } = options
  const { where, filter } = searchIn(query, options)
  const limit = numberIn(query, 'limit', 20, [1, MAX_LIMIT])
  const cursor = query['cursor'] === undefined ? undefined : parseCursor(query['cursor'], query, SEARCH_NAMES)
  const range = cursor?.range ?? rangeIn(query, now())
  const list = { ...range, by: 'start', details: true, ...(cursor && { after: cursor.after }) } as const
  const cursorAt = (after: { readonly startNanos: bigint; readonly traceId: string }): string =>
    formatCursor({ after, range }, query, SEARCH_NAMES)
  if (filter !== undefined) {
    const { found, next } = await listFilteredRows(reader, { ...list, limit, filter, maxProcessed: MAX_PROCESSED })
    const rows = found.map(({ row }) => row)
    const phases = await phasesOf(rows, query, reader)
    // Of a trace that was not read, as below.
    const traces = found.map(({ row, trace }) => traceRow(row, trace !== undefined && isPartial(trace), phases))
    return { traces, ...(next && { cursor: cursorAt(next) }) }
  }
  const rows = await reader.listTraces({ ...list, limit: limit + 1, ...(where && { where }) })
  const page = rows.slice(0, limit)
  // Whether something is still to come is known of a trace whose root came; of others only their spans say.
  const rootless = page.filter(({ details }) => details?.rootRank !== ROOT_RANK.root)
  const spans = groupByTrace(await reader.readListed(rootless, []))
  const phases = await phasesOf(page, query, reader)
  const traces = page.map((row) => traceRow(row, assembleTrace(spans.get(row.traceId) ?? [])?.partial ?? false, phases))
  return { traces, ...(rows.length > limit && { cursor: cursorAt(page.at(-1)!) }) }
}

type Phases = ReadonlyMap<string, readonly FunctionPhases[]>

async function phasesOf(rows: readonly TraceRow[], query: ConsoleQuery, reader: Reader): Promise<Phases> {
  if (numberIn(query, 'phases', 0, [0, 1]) === 0) return new Map()
  return Map.groupBy(functionPhases(await reader.readPhases(rows)), ({ traceId }) => traceId)
}

function traceRow(
  { traceId, startNanos, endNanos, details, ...flags }: TraceRow,
  partial: boolean,
  phases: Phases,
): ConsoleTraceRow {
  const { name = '', httpMethod: method = '', httpUrl: url = '', httpStatus: status = 0 } = details?.root ?? {}
  return {
    id: formatXrayTraceId(traceId),
    name,
    startMs: nanosToMillis(startNanos),
    durationMs: nanosToMillis(endNanos - startNanos),
    ...(status === 0 ? {} : { status }),
    ...(method === '' ? {} : { method }),
    ...(url === '' ? {} : { url }),
    error: flags.error,
    fault: flags.fault,
    throttle: flags.throttle,
    partial,
    ...(phases.has(traceId) && { phases: phases.get(traceId)!.map(consolePhases) }),
  }
}

/** With a filter: of the traces that may meet it (`exact` is false), as the store's tables tell. */
export async function readFacets(query: ConsoleQuery, options: TracesOptions): Promise<ConsoleFacets> {
  const { reader, now } = options
  const { where, filter } = searchIn(query, options)
  const limit = numberIn(query, 'limit', 20, [1, MAX_LIMIT])
  const range = rangeIn(query, now())
  const { facets, ...counts } = await reader.countTraces({ range, limit, ...(where && { where }) })
  return { ...counts, exact: filter === undefined, facets: Object.fromEntries(facets) as ConsoleFacets['facets'] }
}

/** Rows of the grid a decade of durations (LatencyCell.step). */
const STEPS_A_DECADE = 6

/** As readFacets. Columns cover the range up to now. */
export async function readLatencies(query: ConsoleQuery, options: TracesOptions): Promise<ConsoleLatencies> {
  const { reader, now } = options
  const { where, filter } = searchIn(query, options)
  const columns = numberIn(query, 'columns', 60, [1, 500])
  const asked = rangeIn(query, now())
  const range = query['until'] === undefined ? { ...asked, endNanos: now() } : asked
  const length = range.endNanos - range.startNanos
  const columnNanos = length <= 0n ? 1n : (length + BigInt(columns) - 1n) / BigInt(columns)
  const cells = await reader.latencyGrid({ range, columnNanos, ...(where && { where }) })
  return {
    startMs: nanosToMillis(range.startNanos),
    endMs: nanosToMillis(range.endNanos),
    columnMs: nanosToMillis(columnNanos),
    columns,
    exact: filter === undefined,
    cells: cells.map(({ step, ...cell }) => ({
      ...cell,
      fromMs: millisecondsOfStep(step),
      toMs: millisecondsOfStep(step + 1),
    })),
  }
}

export function millisecondsOfStep(step: number): number {
  return Number((10 ** (step / STEPS_A_DECADE - 6)).toPrecision(4))
}

/** The row of the grid in which a duration lies. */
export function stepOf(nanos: number): number {
  return nanos <= 1 ? 0 : Math.floor(Math.log10(nanos) * STEPS_A_DECADE + 1e-9)
}
