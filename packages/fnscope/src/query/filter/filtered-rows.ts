// Lists of the traces that meet a filter: candidates from the store page by page, each looked at whole where the store
// cannot tell.
import type { Reader, SpanPart, TraceListOptions, TraceRow } from '../../store/store.ts'
import type { Span } from '../../span/span.ts'
import { groupByTrace, indexTrace, type TraceIndex } from '../trace-index.ts'
import type { TraceFilter } from './filter.ts'

export interface FilteredRow<Trace = TraceIndex> {
  readonly row: TraceRow
  readonly trace: Trace
}

export interface FilteredPage<Trace = TraceIndex> {
  /** Newest first. */
  readonly found: readonly FilteredRow<Trace>[]
  /** Candidates looked at. */
  readonly processed: number
  /** Where to go on; absent when there are no more. */
  readonly next?: { readonly startNanos: bigint; readonly traceId: string }
}

export interface FilteredListOptions extends Omit<TraceListOptions, 'where' | 'sure'> {
  /** Absent: every trace. */
  readonly filter?: TraceFilter | undefined
  /** Candidates looked at for one page at most; then it has what was found, and where to go on. */
  readonly maxProcessed: number
  /** What of the spans is wanted beside what the filter looks at; absent: all. */
  readonly parts?: readonly SpanPart[]
  /** Leaves out candidates before they are read. */
  readonly isWanted?: ((row: TraceRow) => boolean) | undefined
}

/** At least this many candidates are read at once. */
const MIN_STEP = 20

/** The next `limit` traces; fewer where `maxProcessed` candidates did not have them. */
export async function listFiltered(reader: Reader, options: FilteredListOptions): Promise<FilteredPage> {
  return await nextPage(reader, options, async (rows) => {
    const { filter, parts } = options
    const isRest = rows.some(({ isSure }) => isSure !== true)
    const read = parts && [...parts, ...(isRest ? (filter?.parts ?? []) : [])]
    const spans = groupByTrace(await reader.readListed(rows, read))
    return rows.flatMap((row) => judged(row, spans.get(row.traceId), filter) ?? [])
  })
}

/** The same for who wants the rows: of a trace that the store is sure of no span is read. */
export async function listFilteredRows(
  reader: Reader,
  options: Omit<FilteredListOptions, 'parts'>,
): Promise<FilteredPage<TraceIndex | undefined>> {
  return await nextPage(reader, options, async (rows) => {
    const { filter } = options
    const doubtful = rows.filter(({ isSure }) => isSure !== true)
    const spans = groupByTrace(doubtful.length === 0 ? [] : await reader.readListed(doubtful, filter?.parts ?? []))
    return rows.flatMap((row) =>
      row.isSure ? { row, trace: undefined } : (judged(row, spans.get(row.traceId), filter) ?? []),
    )
  })
}

/** Undefined when the trace does not meet the filter, or is gone. */
function judged(
  row: TraceRow,
  spans: readonly Span[] | undefined,
  filter: TraceFilter | undefined,
): FilteredRow | undefined {
  if (spans === undefined) return undefined
  const trace = indexTrace(spans)
  return filter === undefined || row.isSure === true || filter.isMet(trace) ? { row, trace } : undefined
}

async function nextPage<Trace>(
  reader: Reader,
  options: FilteredListOptions,
  judge: (rows: readonly TraceRow[]) => Promise<readonly FilteredRow<Trace>[]>,
): Promise<FilteredPage<Trace>> {
  const { filter, isWanted, maxProcessed, limit, parts: _, ...list } = options
  const found: FilteredRow<Trace>[] = []
  let after = options.after
  let processed = 0
  for (;;) {
    const step = filter === undefined ? limit : Math.max(MIN_STEP, limit)
    const rows = await reader.listTraces({
      ...list,
      limit: step + 1,
      ...(after === undefined ? {} : { after }),
      ...(filter?.candidates === undefined ? {} : { where: filter.candidates }),
      ...(filter?.sure === undefined ? {} : { sure: filter.sure }),
    })
    const page = rows.slice(0, step)
    const wanted = page.filter((row) => isWanted?.(row) ?? true)
    const judged = new Map((wanted.length === 0 ? [] : await judge(wanted)).map((one) => [one.row, one]))
    for (const row of page) {
      processed++
      after = { startNanos: row.startNanos, traceId: row.traceId }
      const one = judged.get(row)
      if (one === undefined) continue
      found.push(one)
      const isLast = rows.length <= step && row === page.at(-1)
      if (found.length === limit) return isLast ? { found, processed } : { found, processed, next: after }
    }
    if (rows.length <= step) return { found, processed }
    if (processed >= maxProcessed) return { found, processed, next: after! }
  }
}
