// Lists of traces, newest first, from the narrow `roots` table. A trace stands at its listed span of the best rank; the
// pages walk the table backwards in time, window by window, and keep the rows at which their trace stands, so a page's
// cost does not grow with the store, and rows of one time are neither lost nor repeated between pages.
import { isNarrow, isOfRow, metByRow } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import type { ListPosition } from './list-position.ts'
import { windowOf, type Window } from './list-ranges.ts'
import { MIN_CHECKED, standing } from './list-standing.ts'
import { stepRows } from './list-steps.ts'
import type { Walk, Way } from './list-walk.ts'
import { firstWindow, likelyWindow, noteNewest, reachOf, WINDOW_GROWTH } from './list-windows.ts'
import type { OpenSpans } from './open-spans.ts'
import { tracesLasting } from './recent-search.ts'
import type { RootRow } from './root-rows.ts'
import { searchKnown } from './search-known.ts'
import { searchAnnotations } from './search-annotations.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { sureRule } from './sure-traces.ts'
import type { TraceQuery } from './trace-query.ts'

/** Listed rows looked at in one step: a trace has a few of them. */
const ROWS_PER_TRACE = 4
const MIN_STEP = 200
const MAX_STEP = 4000

/** Traces that are asked for by their ids. */
const MAX_LASTING = 2000

/** A condition that gives less than the page in so many steps is not common. */
const COMMON_STEPS = 4

/** See Reader.listTraces. */
export async function listTraces(
  connection: Connection,
  openSpans: OpenSpans,
  options: TraceListOptions,
): Promise<TraceRow[]> {
  if (options.limit <= 0 || options.endNanos <= options.startNanos) return []
  const sure = options.sure && sureRule(options.sure)
  if (options.by === 'start' && options.where !== undefined) {
    for (const search of [searchAnnotations, searchKnown]) {
      const found = await search(connection, openSpans, options, options.where)
      if (found !== undefined) return found
    }
  }
  const bounds = await windowOf(connection, options)
  if (bounds === undefined) return []
  return await walk({ connection, openSpans, options, sure, bounds, ...split(options.where) })
}

function split(query: TraceQuery | undefined): Pick<Walk, 'where' | 'deep' | 'durations'> {
  const conditions = query === undefined ? [] : query.is === 'and' ? query.of : [query]
  const durations = conditions.filter((one) => one.is === 'duration')
  const others = conditions.filter((one) => one.is !== 'duration')
  const deep = others.filter((one) => one.is === 'edge')
  return {
    durations,
    where: others.length === 0 ? undefined : { is: 'and', of: others },
    // By itself it is looked for among all.
    deep: deep.length < others.length ? deep : [],
  }
}

async function walk(walk: Walk): Promise<TraceRow[]> {
  const { options, where, bounds } = walk
  const list: TraceRow[] = []
  const listed = new Set<string>()
  /** Rows of `roots` in one step. */
  let step = Math.min(MAX_STEP, Math.max(MIN_STEP, options.limit * ROWS_PER_TRACE))
  let after: ListPosition | undefined = options.after
  let to = after !== undefined && after.startNanos < bounds.to ? after.startNanos + 1n : bounds.to
  let way = firstWay(walk)
  let length = firstWindow(walk, way, to)
  /** What the engine is asked of durations: of all that are stored, so only where few of many are met. */
  let timed: readonly TraceQuery[] = []
  for (;;) {
    const from = to - length > bounds.from ? to - length : bounds.from
    const { rows, isCut } = await stepRows(walk, { from, to }, { after, way, timed, step })
    if (isCut && list.length === 0) noteNewest(walk, { from: rows.at(-1)!.startNanos, to: rows[0]!.startNanos })
    const met = way === 'check' ? metTraces(walk, rows) : undefined
    if (met !== undefined && isCut && met * COMMON_STEPS < options.limit) {
      way = 'select'
      length = to - rows[0]!.startNanos + likelyWindow(walk, reachOf(rows), met)
      continue
    }
    const before = list.length
    const looked = way === 'check' ? firstRows(walk, rows) : rows
    const isWhole = looked.length === rows.length && !isCut
    for await (const row of standing(walk, looked, way)) {
      if (listed.has(row.traceId)) continue
      listed.add(row.traceId)
      list.push(row)
      if (list.length === options.limit) return list
    }
    const found = list.length - before
    const isRare = found * COMMON_STEPS < options.limit
    if (way === 'check' && !isWhole && isRare) {
      way = 'select'
      to = looked.at(-1)!.startNanos + 1n
      length = likelyWindow(walk, reachOf(looked), found)
    }
    if (!isWhole) after = looked.at(-1)
    else if (from <= bounds.from) return list
    else {
      to = from
      length = way === 'check' ? length * WINDOW_GROWTH : likelyWindow(walk, length, found)
    }
    if (isRare && isCut && timed.length === 0 && (way === 'select' || where === undefined)) {
      timed = timedIn(walk, { from: bounds.from, to })
      // That set is of all traces, whatever the window.
      if (timed.length > 0 && where === undefined) length = to - bounds.from
    }
    if (isRare && way === 'select') step = MAX_STEP
  }
}

/** The traces that last so long where they are known, and few; else their durations. */
function timedIn({ connection, durations }: Walk, window: Window): readonly TraceQuery[] {
  const traceIds =
    durations.length === 0 ? undefined : tracesLasting(connection.recentTraces, window, durations, MAX_LASTING)
  return traceIds === undefined ? durations : [{ is: 'ids', traceIds }]
}

/** Looking at traces costs more than at rows: those of a few tell how common a condition is. */
function firstRows({ options, where }: Walk, rows: readonly RootRow[]): readonly RootRow[] {
  if (where === undefined || isOfRow(where)) return rows
  const ids = new Set<string>()
  const most = Math.max(options.limit, MIN_CHECKED)
  const end = rows.findIndex(({ traceId }) => ids.add(traceId).size > most)
  return end < 0 ? rows : rows.slice(0, end)
}

/** Of the traces in `rows`, how many a row alone shows to be in the list; undefined where a row cannot tell. */
function metTraces({ where }: Walk, rows: readonly RootRow[]): number | undefined {
  if (where === undefined || metByRow(where) === undefined) return undefined
  return new Set(rows.flatMap(({ traceId, met }) => (met.where ? [traceId] : []))).size
}

function firstWay({ options, where, durations }: Walk): Way {
  const isOfRows = durations.length === 0 && (where === undefined || isNarrow(where))
  return isOfRows || options.by !== 'start' ? 'select' : 'check'
}
