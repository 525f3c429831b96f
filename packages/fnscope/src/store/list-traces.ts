// Lists of traces, newest first, from the narrow `roots` table. A trace stands at its listed span of the best rank; the
// pages walk the table backwards in time, window by window, and keep the rows at which their trace stands, so a page's
// cost does not grow with the store, and rows of one time are neither lost nor repeated between pages.
import { checkTraces } from './check-traces.ts'
import { compileSpan } from './compile-span.ts'
import { compileTrace, isNarrow, isOfRow, metByRow } from './compile-trace.ts'
import { isOfFew, onlyOf } from './few-traces.ts'
import type { Connection } from './connection.ts'
import { entryEndsOf, windowOf, type Window } from './list-ranges.ts'
import { EARLY_NANOS, LATE_NANOS, type ListPosition } from './list-position.ts'
import { rootColumns, rootRowsOf, sortRootRows, type RootRow } from './root-rows.ts'
import { searchAnnotations } from './search-annotations.ts'
import { largeRead, smallRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { placesOf, withRoot, type TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'

/** Listed rows looked at in one step: a trace has a few of them. */
const ROWS_PER_TRACE = 4
const MIN_STEP = 200
const MAX_STEP = 4000

/** Traces that are checked at once. */
const MIN_CHECKED = 100

/** Places asked for at once. */
const MAX_PLACES = 1000

/** A condition that gives less than the page in so many steps is not common. */
const COMMON_STEPS = 4

/** Where the rows alone answer, reading them in order ends with the page: the window only keeps days apart. */
const ROW_WINDOW = 60n * NANOS_PER_MINUTE

const FIRST_WINDOW = 10n * NANOS_PER_SECOND
/** How much further back each window reaches at most than the one before. */
const WINDOW_GROWTH = 16n
/** A window in which the page is expected holds so much more. */
const SPARE_WINDOW = 2n

/** Where the newest listed rows were, for the next first window; a guess, never a bound. */
const NEWEST = new WeakMap<Connection, { readonly lastNanos: bigint; readonly reach: bigint }>()

interface Walk {
  readonly connection: Connection
  readonly options: TraceListOptions
  readonly where: TraceQuery | undefined
  /** The trace's whole duration: known with its place, so that the newest need not be asked for it. */
  readonly durations: readonly Extract<TraceQuery, { readonly is: 'duration' }>[]
  readonly bounds: Window
}

/**
 * check: the newest rows are taken as they come, and those of them looked at that may be in the list: what is common is
 * found at once. select: the engine looks for rows with such a trace, which for something common would be a set of all.
 */
type Way = 'check' | 'select'

/** See Reader.listTraces. */
export async function listTraces(connection: Connection, options: TraceListOptions): Promise<TraceRow[]> {
  if (options.limit <= 0 || options.endNanos <= options.startNanos) return []
  if (options.by === 'start' && options.where !== undefined) {
    const found = await searchAnnotations(connection, options, options.where)
    if (found !== undefined) return found
  }
  const bounds = await windowOf(connection, options)
  if (bounds === undefined) return []
  return await walk({ connection, options, bounds, ...splitDurations(options.where) })
}

function splitDurations(query: TraceQuery | undefined): Pick<Walk, 'where' | 'durations'> {
  const conditions = query === undefined ? [] : query.is === 'and' ? query.of : [query]
  const durations = conditions.filter((one) => one.is === 'duration')
  const others = conditions.filter((one) => one.is !== 'duration')
  return { durations, where: others.length === 0 ? undefined : { is: 'and', of: others } }
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
  /** The engine works out which traces are long enough: of all that are stored, so only where few of many are. */
  let areTimed = false
  for (;;) {
    const from = to - length > bounds.from ? to - length : bounds.from
    const { rows, isCut } = await stepRows(walk, { from, to }, { after, way, areTimed, step })
    if (isCut && list.length === 0) noteNewest(walk, rows)
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
    if (isRare && isCut && (way === 'select' || where === undefined)) areTimed = true
    // That set is of all traces, whatever the window.
    if (areTimed && where === undefined) length = to - bounds.from
    if (isRare && way === 'select') step = MAX_STEP
  }
}

/** Looking at traces costs more than at rows: those of a few tell how common a condition is. */
function firstRows({ options, where }: Walk, rows: readonly RootRow[]): readonly RootRow[] {
  if (where === undefined || isOfRow(where)) return rows
  const ids = new Set<string>()
  const most = Math.max(options.limit, MIN_CHECKED)
  const end = rows.findIndex(({ traceId }) => ids.add(traceId).size > most)
  return end < 0 ? rows : rows.slice(0, end)
}

function reachOf(rows: readonly RootRow[]): bigint {
  return rows[0]!.startNanos - rows.at(-1)!.startNanos
}

/** Of the traces in `rows`, how many a row alone shows to be in the list; undefined where a row cannot tell. */
function metTraces({ where }: Walk, rows: readonly RootRow[]): number | undefined {
  if (where === undefined || metByRow(where) === undefined) return undefined
  return new Set(rows.flatMap(({ traceId, met }) => (met ? [traceId] : []))).size
}

/** How far back the page probably ends, where so many traces of the list were found in `reach`. */
function likelyWindow({ options }: Walk, reach: bigint, found: number): bigint {
  const least = reach > NANOS_PER_SECOND ? reach : NANOS_PER_SECOND
  if (found === 0) return least * WINDOW_GROWTH
  const likely = (least * BigInt(options.limit) * SPARE_WINDOW) / BigInt(found)
  return likely < least * WINDOW_GROWTH ? likely : least * WINDOW_GROWTH
}

function firstWay({ options, where, durations }: Walk): Way {
  const isOfRows = durations.length === 0 && (where === undefined || isNarrow(where))
  return isOfRows || options.by !== 'start' ? 'select' : 'check'
}

/** Long ranges are begun with their newest part: what is common is found there, and the rest is not looked at. */
function firstWindow({ connection, options, where, bounds }: Walk, way: Way, to: bigint): bigint {
  const whole = bounds.to - bounds.from
  if (options.by !== 'start') return whole
  if (way === 'check' || where === undefined) {
    const { lastNanos, reach } = NEWEST.get(connection) ?? { lastNanos: to, reach: FIRST_WINDOW }
    return to > lastNanos ? to - lastNanos + reach : reach
  }
  if (isNarrow(where)) return whole < ROW_WINDOW ? whole : ROW_WINDOW
  const part = whole / WINDOW_GROWTH
  return part < FIRST_WINDOW ? FIRST_WINDOW : part > 5n * NANOS_PER_MINUTE ? 5n * NANOS_PER_MINUTE : part
}

function noteNewest({ connection, where, options }: Walk, rows: readonly RootRow[]): void {
  if (where !== undefined || options.by !== 'start' || options.after !== undefined) return
  if (options.endNanos <= (NEWEST.get(connection)?.lastNanos ?? 0n)) return
  const lastNanos = rows[0]!.startNanos
  const reach = lastNanos - rows.at(-1)!.startNanos
  NEWEST.set(connection, { lastNanos, reach: reach > NANOS_PER_SECOND ? reach * 2n : 2n * NANOS_PER_SECOND })
}

async function stepRows(
  walk: Walk,
  window: Window,
  {
    step,
    ...rest
  }: {
    readonly after: ListPosition | undefined
    readonly way: Way
    readonly areTimed: boolean
    readonly step: number
  },
): Promise<{ readonly rows: RootRow[]; readonly isCut: boolean }> {
  const { connection, options, where, bounds } = walk
  const { after, way } = rest
  const { database } = connection
  const durations = rest.areTimed ? walk.durations : []
  const parameters = new SqlParameters()
  const time = (nanos: bigint): string => parameters.bind('Int64', nanos)
  const conditions = [`start_nanos >= ${time(window.from)} AND start_nanos < ${time(window.to)}`]
  if (after !== undefined) {
    const id = parameters.bind('String', after.traceId)
    const at = time(after.startNanos)
    conditions.push(`start_nanos <= ${at} AND (start_nanos, trace_id) < (${at}, toFixedString(unhex(${id}), 16))`)
  }
  if (options.by === 'active')
    conditions.push(`trace_id IN (SELECT trace_id FROM ${database}.spans WHERE start_nanos >= ${time(bounds.from)}
      AND start_nanos < ${time(options.endNanos)} AND start_nanos + toInt64(duration_nanos) >= ${time(options.startNanos)})`)
  if (options.by === 'end')
    conditions.push(`trace_id IN (SELECT trace_id FROM ${database}.roots WHERE root_rank <= 1
      AND start_nanos >= ${time(bounds.from)} AND start_nanos + toInt64(duration_nanos) >= ${time(options.startNanos)}
      AND start_nanos + toInt64(duration_nanos) < ${time(options.endNanos)})`)
  if (where !== undefined && way === 'check') {
    // What the row itself answers needs no look at the trace.
    const ofRow = (where.is === 'and' ? where.of : [where]).filter(isOfRow)
    const reach = { spansFrom: window.from, spansTo: window.to }
    conditions.push(...ofRow.map((one) => compileTrace(one, { database, parameters, ...reach })))
  } else if (where !== undefined || durations.length > 0) {
    const early = window.to - window.from > EARLY_NANOS ? window.to - window.from : EARLY_NANOS
    const reach = { database, parameters, spansFrom: window.from - early, spansTo: window.to + LATE_NANOS }
    const all = [...(where === undefined ? [] : where.is === 'and' ? where.of : [where]), ...durations]
    // Of few traces: what else is asked makes sets of these alone, not of all that have it.
    const few = all.filter(isOfFew).map((one) => compileTrace(one, reach))
    const only = few.length === 0 ? undefined : onlyOf([conditions[0]!, ...few], reach)
    conditions.push(...few, ...all.filter((one) => !isOfFew(one)).map((one) => compileTrace(one, { ...reach, only })))
  }
  const isSmall = way === 'check' || (where ?? durations[0]) === undefined
  const byRow = way === 'check' && where !== undefined ? metByRow(where) : undefined
  const met = byRow === undefined ? undefined : compileSpan(byRow, parameters)
  // In the order of the key and no further, in one direction: else all rows are read and sorted, and not only the newest.
  const blocks = await connection.queryNative(
    `SELECT ${rootColumns(options.details === true, met)} FROM ${database}.roots WHERE ${conditions.join(' AND ')}
     ORDER BY start_nanos DESC, trace_id DESC LIMIT ${step}
     SETTINGS ${isSmall ? smallRead(connection) : largeRead()}, read_in_order_use_buffering = 0`,
    parameters.values,
  )
  const rows = sortRootRows(rootRowsOf(blocks, options.details === true))
  const last = rows.at(-1)
  if (last === undefined || rows.length < step) return { rows, isCut: false }
  // There may be more of one time and trace, and better ones.
  const whole = rows.filter(({ startNanos, traceId }) => startNanos !== last.startNanos || traceId !== last.traceId)
  if (whole.length > 0) return { rows: whole, isCut: true }
  return await stepRows(walk, window, { ...rest, step: step * 2 })
}

/** The rows at which their traces stand, in their order. Places are asked for as the list needs them. */
async function* standing(walk: Walk, rows: readonly RootRow[], way: Way): AsyncGenerator<TraceRow> {
  const { connection, options, durations, where } = walk
  const ids = [...new Set(rows.map(({ traceId }) => traceId))]
  const metByRows = new Set(rows.flatMap(({ traceId, met }) => (met ? [traceId] : [])))
  const asks = way === 'check' && where !== undefined && !isOfRow(where)
  const isCheap = !asks || metByRows.size === ids.length
  let batch = isCheap ? options.limit : Math.max(options.limit, MIN_CHECKED)
  const places = new Map<string, TracePlace>()
  let ends: ReadonlyMap<string, readonly bigint[]> = new Map()
  let asked = 0
  const known = new Set<string>()
  for (const row of rows) {
    while (!known.has(row.traceId)) {
      const some = ids.slice(asked, (asked += batch))
      if (isCheap) batch = Math.min(MAX_PLACES, batch * 2)
      for (const id of some) known.add(id)
      const found = await placesOf(connection, some)
      const doubtful = asks ? [...found.values()].filter(({ traceId }) => !metByRows.has(traceId)) : []
      const met = asks ? await checkTraces(connection, doubtful, where) : new Set<string>()
      for (const { traceId } of doubtful) if (!met.has(traceId)) found.delete(traceId)
      for (const [id, place] of found) places.set(id, place)
      if (options.by === 'end') ends = new Map([...ends, ...(await entryEndsOf(connection, [...found.values()]))])
    }
    const place = places.get(row.traceId)
    if (place?.startNanos !== row.startNanos || place.rank !== row.rank) continue
    if (options.by === 'end' && !endsIn(options, ends.get(row.traceId))) continue
    if (durations.every((one) => isLong(place, one))) yield withRoot(place, row)
  }
}

/** A copy that was replaced since may have brought the trace in: by the end of the newest copies, does it belong? */
function endsIn({ startNanos, endNanos }: TraceListOptions, ends: readonly bigint[] = []): boolean {
  return ends.some((end) => end >= startNanos && end < endNanos)
}

function isLong({ firstNanos, endNanos }: TracePlace, { op, nanos }: Walk['durations'][number]): boolean {
  const duration = endNanos - firstNanos
  switch (op) {
    case '=':
      return duration === nanos
    case '!=':
      return duration !== nanos
    case '<':
      return duration < nanos
    case '<=':
      return duration <= nanos
    case '>':
      return duration > nanos
    case '>=':
      return duration >= nanos
  }
}
