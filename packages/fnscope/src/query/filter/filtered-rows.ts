// Lists of the traces that meet a filter: candidates from the store page by page, each looked at whole.
import type { Reader, SpanPart, TraceListOptions, TraceRow } from '../../store/store.ts'
import { groupByTrace, indexTrace, type TraceIndex } from '../trace-index.ts'
import type { TraceFilter } from './filter.ts'

export interface FilteredRow {
  readonly row: TraceRow
  readonly trace: TraceIndex
}

export interface FilteredPage {
  /** Newest first. */
  readonly found: readonly FilteredRow[]
  /** Candidates looked at. */
  readonly processed: number
  /** Where to go on; absent when there are no more. */
  readonly next?: { readonly startNanos: bigint; readonly traceId: string }
}

export interface FilteredListOptions extends Omit<TraceListOptions, 'where'> {
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
  const { filter, isWanted, maxProcessed, limit, parts, ...list } = options
  const read = parts && [...parts, ...(filter?.parts ?? [])]
  const found: FilteredRow[] = []
  let after = options.after
  let processed = 0
  for (;;) {
    const step = filter === undefined ? limit : Math.max(MIN_STEP, limit)
    const rows = await reader.listTraces({
      ...list,
      limit: step + 1,
      ...(after === undefined ? {} : { after }),
      ...(filter?.candidates === undefined ? {} : { where: filter.candidates }),
    })
    const page = rows.slice(0, step)
    const wanted = page.filter((row) => isWanted?.(row) ?? true)
    const spans = groupByTrace(wanted.length === 0 ? [] : await reader.readListed(wanted, read))
    for (const row of page) {
      processed++
      after = { startNanos: row.startNanos, traceId: row.traceId }
      const own = spans.get(row.traceId)
      if (own === undefined) continue
      const trace = indexTrace(own)
      if (filter !== undefined && !filter.isMet(trace)) continue
      found.push({ row, trace })
      const isLast = rows.length <= step && row === page.at(-1)
      if (found.length === limit) return isLast ? { found, processed } : { found, processed, next: after }
    }
    if (rows.length <= step) return { found, processed }
    if (processed >= maxProcessed) return { found, processed, next: after! }
  }
}
