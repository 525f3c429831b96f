// Traces by an annotation that few have: its rows newest first from the inverted table, then where their traces stand.
// Gives up, at the cost of one question, where the value is common: then the list is walked (list-traces.ts).
import { checkTraces } from './check-traces.ts'
import {
  compileAnnotationPart,
  compileService,
  isOneValue,
  splitAnnotations,
  type AnnotationSplit,
} from './compile-annotation.ts'
import { compileSpan } from './compile-span.ts'
import { asksOfRow, compileTrace, type CompileOptions } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import { MINUTE } from './minute-key.ts'
import { fixedColumn } from './native-read.ts'
import { EARLY_NANOS, isOlder, LATE_NANOS } from './list-position.ts'
import type { OpenSpans } from './open-spans.ts'
import { rootColumns, rootRowsOf, type RootRow } from './root-rows.ts'
import { largeRead, smallRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { sureRule, sureTraces } from './sure-traces.ts'
import { placesOf, rowOf, withRoot, type TracePlace } from './trace-places.ts'
import { factsOf } from './trace-facts.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

/** Annotations looked at; more matches make a value common. */
const MAX_ROWS = 2000
/** Traces whose places are asked for. */
const MAX_PLACES = 1000
/** Asked for beyond the page, for those that turn out not to be on it. */
const SPARE_PLACES = 5

interface Found {
  readonly traceId: string
  readonly startNanos: bigint
}

interface Driver {
  readonly span: SpanQuery
  readonly split: AnnotationSplit
  /** What else must hold, undefined for nothing. */
  readonly others: TraceQuery | undefined
}

/** The condition whose rows lie by time in the inverted table, when every trace that is asked for must have one. */
function driverOf(where: TraceQuery): Driver | undefined {
  const conditions = where.is === 'and' ? where.of : [where]
  for (const condition of conditions) {
    if (condition.is !== 'span') continue
    const split = splitAnnotations(condition.where)
    if (split === undefined || !isOneValue(split.parts[0]!)) continue
    const others = conditions.filter((one) => one !== condition)
    return { span: condition.where, split, others: others.length === 0 ? undefined : { is: 'and', of: others } }
  }
  return undefined
}

/** The page, or undefined where the list must be walked instead. */
export async function searchAnnotations(
  connection: Connection,
  openSpans: OpenSpans,
  options: TraceListOptions,
  where: TraceQuery,
): Promise<TraceRow[] | undefined> {
  const driver = driverOf(where)
  if (driver === undefined) return undefined
  const { others } = driver
  const all = await newestRows(connection, options, { ...driver, others: undefined })
  // Few rows: their traces are looked at one by one. Else the engine looks for those that meet the rest.
  const isFew = all.length < MAX_ROWS
  if (!isFew && others !== undefined && asksOfRow(others)) return undefined
  const found = isFew || others === undefined ? all : await newestRows(connection, options, driver)
  const oldest = found.length < MAX_ROWS ? undefined : found.at(-1)!.startNanos
  const { parts, rest } = driver.split
  const left = rest === undefined && parts.length === 1 ? found : await confirmed(connection, found, driver.span)
  const facts = others && factsOf(others)
  const mayHave = facts && connection.recentTraces?.mayHave(facts)
  const may = mayHave ? left.filter(({ traceId }) => mayHave(traceId)) : left
  const page = await newestPlaces(connection, options, { found: may, oldest, others: isFew ? others : undefined })
  if (page === undefined) return undefined
  const rows = options.details === true ? await withDetails(connection, page) : page.map(rowOf)
  if (options.sure === undefined) return rows
  const sure = await sureAmong(connection, openSpans, page, options.sure)
  return rows.map((row) => ({ ...row, isSure: sure.has(row.traceId) }))
}

/** Their rows were not looked at: what a row would show is asked too. */
async function sureAmong(
  connection: Connection,
  openSpans: OpenSpans,
  page: readonly TracePlace[],
  query: TraceQuery,
): Promise<Set<string>> {
  const { standing, others, ...rule } = sureRule(query)
  const ofRows: TraceQuery[] = [
    ...(standing === undefined ? [] : [{ is: 'root', where: standing } as const]),
    ...(others === undefined ? [] : [others]),
  ]
  const all: TraceQuery | undefined = ofRows.length === 0 ? undefined : { is: 'and', of: ofRows }
  return await sureTraces(connection, openSpans, { ...rule, standing: undefined, others: all }, page, new Set())
}

interface Candidates {
  /** Newest first. */
  readonly found: readonly Found[]
  /** Where `found` was cut off, if it was. */
  readonly oldest: bigint | undefined
  /** What their traces must meet yet. */
  readonly others: TraceQuery | undefined
}

/** The places on the page of the traces; undefined where the list must be walked instead. */
async function newestPlaces(
  connection: Connection,
  options: TraceListOptions,
  { found, oldest, others }: Candidates,
): Promise<TracePlace[] | undefined> {
  const ids = newestOfEach(found)
  const places: TracePlace[] = []
  for (let from = 0; from < ids.length;) {
    let to = Math.min(ids.length, from + options.limit + SPARE_PLACES)
    // A trace whose row is older by less than that may stand before one of these.
    const reach = ids[to - 1]!.startNanos - EARLY_NANOS
    while (to < ids.length && ids[to]!.startNanos >= reach) to++
    if (to > MAX_PLACES) return undefined
    const some = await placesOf(
      connection,
      ids.slice(from, to).map(({ traceId }) => traceId),
    )
    const onPage = [...some.values()].filter((place) => isOnPage(place, options))
    const met = others === undefined ? undefined : await checkTraces(connection, onPage, others)
    places.push(...onPage.filter(({ traceId }) => met?.has(traceId) ?? true))
    from = to
    const unseen = ids[from]?.startNanos ?? oldest
    const sure = places.filter((place) => unseen === undefined || place.startNanos >= unseen + EARLY_NANOS)
    if (sure.length >= options.limit) return sure.sort(newestFirst).slice(0, options.limit)
  }
  return oldest === undefined ? places.sort(newestFirst).slice(0, options.limit) : undefined
}

function newestOfEach(found: readonly Found[]): Found[] {
  const newest = new Map<string, Found>()
  for (const one of found) if (!newest.has(one.traceId)) newest.set(one.traceId, one)
  return [...newest.values()]
}

function newestFirst(a: TracePlace, b: TracePlace): number {
  return isOlder(a, b) ? 1 : -1
}

function isOnPage(place: TracePlace, { startNanos, endNanos, after }: TraceListOptions): boolean {
  if (place.startNanos < startNanos || place.startNanos >= endNanos) return false
  return after === undefined || isOlder(place, after)
}

async function newestRows(
  connection: Connection,
  { startNanos, endNanos, after }: TraceListOptions,
  { split, others }: Driver,
): Promise<Found[]> {
  const parameters = new SqlParameters()
  const last = after !== undefined && after.startNanos < endNanos ? after.startNanos : endNanos
  const options: CompileOptions = {
    database: connection.database,
    parameters,
    spansFrom: startNanos - LATE_NANOS,
    spansTo: last + LATE_NANOS,
  }
  const [first, ...parts] = split.parts
  const within = `start_nanos BETWEEN ${parameters.bind('Int64', options.spansFrom)} AND ${parameters.bind('Int64', options.spansTo)}`
  const same = parts.map(
    (part) => `AND (start_nanos, trace_id) IN (SELECT start_nanos, trace_id FROM ${connection.database}.annotations
      WHERE ${compileAnnotationPart(part, parameters)} AND ${within})`,
  )
  const condition = [
    `${compileAnnotationPart(first!, parameters)} AND ${within}${compileService(split.service, parameters)}`,
    ...same,
    ...(others === undefined ? [] : [`AND ${compileTrace(others, options)}`]),
  ]
  // An empty text compared as empty() is no value of the key any more, and the rows would all be sorted.
  const blocks = await connection.queryNative(
    `SELECT trace_id, start_nanos FROM ${connection.database}.annotations WHERE ${condition.join(' ')}
     ORDER BY start_nanos DESC LIMIT ${MAX_ROWS}
     SETTINGS ${others === undefined ? smallRead(connection) : largeRead(1)}`,
    parameters.values,
  )
  return blocks.flatMap((block) => {
    const traces = fixedColumn(block, 'trace_id')
    const starts = fixedColumn(block, 'start_nanos')
    return Array.from({ length: block.rows }, (_, row) => ({
      traceId: traces.hex(row),
      startNanos: starts.i64(row),
    }))
  })
}

/** Those of the rows whose span meets the whole condition: each is one place of the key of `spans`. */
async function confirmed(connection: Connection, found: readonly Found[], span: SpanQuery): Promise<Found[]> {
  if (found.length === 0) return []
  const parameters = new SqlParameters()
  const starts = parameters.bind(
    'Array(Int64)',
    found.map(({ startNanos }) => startNanos),
  )
  const traces = parameters.bind(
    'Array(String)',
    found.map(({ traceId }) => traceId),
  )
  const blocks = await connection.queryNative(
    `SELECT DISTINCT trace_id, start_nanos FROM ${connection.database}.spans
     WHERE (${MINUTE}, trace_id) IN (
       SELECT ${MINUTE.replace('start_nanos', 'one.1')}, toFixedString(unhex(one.2), 16)
       FROM (SELECT arrayJoin(arrayZip(${starts}, ${traces})) AS one))
     AND start_nanos IN (SELECT arrayJoin(${starts})) AND ${compileSpan(span, parameters)}
     SETTINGS max_threads = 1`,
    parameters.values,
  )
  const left = new Set<string>()
  for (const block of blocks) {
    const traceIds = fixedColumn(block, 'trace_id')
    const spanStarts = fixedColumn(block, 'start_nanos')
    for (let row = 0; row < block.rows; row++) left.add(`${traceIds.hex(row)} ${spanStarts.i64(row)}`)
  }
  return found.filter(({ traceId, startNanos }) => left.has(`${traceId} ${startNanos}`))
}

/** The rows at which the traces stand; of copies the newest received. */
async function withDetails(connection: Connection, page: readonly TracePlace[]): Promise<TraceRow[]> {
  if (page.length === 0) return []
  const parameters = new SqlParameters()
  const starts = parameters.bind(
    'Array(Int64)',
    page.map(({ startNanos }) => startNanos),
  )
  const ids = parameters.bind(
    'Array(String)',
    page.map(({ traceId }) => traceId),
  )
  const blocks = await connection.queryNative(
    `SELECT ${rootColumns(true)} FROM ${connection.database}.roots
     WHERE (start_nanos, trace_id) IN (
       SELECT one.1, toFixedString(unhex(one.2), 16) FROM (SELECT arrayJoin(arrayZip(${starts}, ${ids})) AS one))
     ORDER BY received_nanos DESC SETTINGS ${smallRead(connection)}`,
    parameters.values,
  )
  const rows = new Map<string, RootRow>()
  for (const row of rootRowsOf(blocks, true)) {
    const key = `${row.traceId} ${row.rank}`
    if (!rows.has(key)) rows.set(key, row)
  }
  return page.map((place) => withRoot(place, rows.get(`${place.traceId} ${place.rank}`)))
}
