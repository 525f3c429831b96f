// Pages of trace summaries, newest first, and the cursor that continues them. The cursor holds the last row seen and
// what was asked, so it survives a restart, and traces that arrive meanwhile neither shift nor repeat a page.
import type { Span } from '../span/span.ts'
import type { Reader, TimeRange, TraceListOptions, TraceRow } from '../store/store.ts'
import { groupByTrace } from './trace-index.ts'
import { summarizeTrace, type TraceSummary } from './trace-summary.ts'

export interface TraceListQuestion {
  readonly range: TimeRange
  readonly by: TraceListOptions['by']
  /** The share of traces to answer, 0 to 1, chosen by trace id; absent for all. */
  readonly fixedRate?: number
  /** From an earlier page of the same question. */
  readonly cursor?: TraceCursor
  /** Rows looked at for one page. Default 100; 1000 of pages that continue: who walks on wants all of them. */
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
  /** Rows looked at, before sampling. */
  readonly processed: number
  /** Absent on the last page. */
  readonly next?: TraceCursor
  /** Start of the oldest trace looked at; absent on the last page, which reaches the start of the range. */
  readonly oldestNanos?: bigint
}

const PAGE_SIZE = 100
// A page costs the store about the same whatever its size: ten times fewer of them list a million spans in a tenth.
const NEXT_PAGE_SIZE = 1000

export async function listTraceSummaries(reader: Reader, question: TraceListQuestion): Promise<TraceListPage> {
  const { range, by, cursor, fixedRate, pageSize = cursor ? NEXT_PAGE_SIZE : PAGE_SIZE } = question
  const rows = await reader.listTraces({ ...range, by, limit: pageSize + 1, ...(cursor ? { after: cursor } : {}) })
  const page = rows.slice(0, pageSize)
  const chosen = page.filter((row) => fixedRate === undefined || isChosen(row.traceId, fixedRate))
  const traces = groupByTrace(chosen.length > 0 ? await reader.readListed(chosen) : [])
  const summaries: TraceSummary[] = []
  const cursors: TraceCursor[] = []
  for (const row of chosen) {
    for (const summary of summaryOf(traces.get(row.traceId), by === 'active' ? range : undefined)) {
      summaries.push(summary)
      cursors.push(cursorOf(row))
    }
  }
  const found = { summaries, cursors, processed: page.length }
  const last = page.at(-1)
  return rows.length <= pageSize || !last ? found : { ...found, next: cursorOf(last), oldestNanos: last.startNanos }
}

function summaryOf(spans: readonly Span[] | undefined, events?: TimeRange): TraceSummary[] {
  const summary = spans && summarizeTrace(spans, events)
  return summary ? [summary] : []
}

function cursorOf(row: TraceRow): TraceCursor {
  return { startNanos: row.startNanos, traceId: row.traceId }
}

/** The random end of the id decides, so every page and every repetition chooses the same traces. */
function isChosen(traceId: string, rate: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) / 2 ** 32 < rate
}
