// Pages of trace summaries, newest first, and the cursor that continues them. The cursor holds the last row seen and
// what was asked, so it survives a restart, and traces that arrive meanwhile neither shift nor repeat a page.
import type { Reader, TimeRange, TraceListOptions } from '../store/store.ts'
import type { TraceFilter } from './filter/filter.ts'
import { listFiltered } from './filter/filtered-rows.ts'
import { SUMMARY_PARTS, summaryOf, type TraceSummary } from './trace-summary.ts'

export interface TraceListQuestion {
  readonly range: TimeRange
  readonly by: TraceListOptions['by']
  /** The share of traces to answer, 0 to 1, chosen by trace id; absent for all. */
  readonly fixedRate?: number
  /** From an earlier page of the same question. */
  readonly cursor?: TraceCursor
  /** Only traces that meet it. */
  readonly filter?: TraceFilter | undefined
  /**
   * Summaries on a page; without a filter the rows looked at for it. Default 100;
   * 1000 of pages that continue: who walks on wants all of them.
   */
  readonly pageSize?: number
}

export interface TraceCursor {
  readonly startNanos: bigint
  /** 32 hex digits. */
  readonly traceId: string
}

export interface TraceListPage {
  readonly summaries: readonly TraceSummary[]
  /** The one at [i] continues right after summaries[i], for who cannot send the whole page. */
  readonly cursors: readonly TraceCursor[]
  /** Rows looked at, before sampling and filtering. */
  readonly processed: number
  /** Absent on the last page. */
  readonly next?: TraceCursor
  /** Start of the oldest trace looked at; absent on the last page, which reaches the start of the range. */
  readonly oldestNanos?: bigint
}

const PAGE_SIZE = 100
// A page costs the store about the same whatever its size: ten times fewer of them list a million spans in a tenth.
const NEXT_PAGE_SIZE = 1000
/** Candidates looked at for one page of what a filter leaves: about a second's worth. */
const MAX_PROCESSED = 2000

export async function listTraceSummaries(reader: Reader, question: TraceListQuestion): Promise<TraceListPage> {
  const { range, by, cursor, fixedRate, filter } = question
  const { pageSize = cursor ? NEXT_PAGE_SIZE : PAGE_SIZE } = question
  const { found, processed, next } = await listFiltered(reader, {
    ...range,
    by,
    limit: pageSize,
    filter,
    parts: SUMMARY_PARTS,
    maxProcessed: filter === undefined ? pageSize : MAX_PROCESSED,
    isWanted: fixedRate === undefined ? undefined : ({ traceId }) => isChosen(traceId, fixedRate),
    ...(cursor ? { after: cursor } : {}),
  })
  const events = by === 'active' ? range : undefined
  const page = {
    summaries: found.map(({ trace }) => summaryOf(trace, events)),
    cursors: found.map(({ row: { startNanos, traceId } }) => ({ startNanos, traceId })),
    processed,
  }
  return next === undefined ? page : { ...page, next, oldestNanos: next.startNanos }
}

/** The random end of the id decides, so every page and every repetition chooses the same traces. */
function isChosen(traceId: string, rate: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) / 2 ** 32 < rate
}
