// Traces by id: their spans and documents. Copies of one span are dropped here, not by the engine: sorting and limiting
// 57 columns there costs 4 ms a question, and the copies are few.
import type { Logger } from '../log.ts'
import type { RawDocument } from '../span/batch.ts'
import type { Span } from '../span/span.ts'
import type { Connection, QueryParameters } from './connection.ts'
import { fixedColumn } from './native-read.ts'
import type { OpenSpans } from './open-spans.ts'
import { documentOf, type DocumentRow } from './signal-row.ts'
import { smallRead } from './small-read.ts'
import { spanColumns, type SpanPart } from './span-parts.ts'
import { spansOf } from './span-row.ts'
import type { TraceReach } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'
import { inMinutes } from './trace-minutes.ts'

/** Rows that one call reads at most. As JSON they come near 200 MB, and twice that is more than a string can hold. */
const MAX_ROWS = 100_000

/** So many are read by two threads. */
const MANY_TRACES = 4

export interface ReadLimits {
  readonly log: Logger
  readonly maxRows?: number
}

/** What reading spans needs beside that. */
export interface SpanReadOptions extends ReadLimits {
  readonly openSpans: OpenSpans
  /** Absent: all. */
  readonly parts?: readonly SpanPart[] | undefined
}

/**
 * Asked before `spans`, whose key wants the minutes: `traces` is ordered by id. Rows that a merge has not joined yet are
 * joined here: grouping costs the engine more.
 */
async function locate(connection: Connection, traceIds: readonly string[]): Promise<TraceReach[]> {
  const known = traceIds.flatMap((id) => connection.recentTraces?.find(id) ?? [])
  if (known.length === traceIds.length) return known
  const blocks = await connection.queryNative(
    `SELECT trace_id, toInt64(start_nanos) AS first, toInt64(last_start_nanos) AS last
     FROM ${connection.database}.traces WHERE trace_id ${inTraces(traceIds)} SETTINGS ${smallRead(connection)}`,
    { traceIds },
  )
  const found = new Map<string, TraceReach>()
  for (const block of blocks) {
    const ids = fixedColumn(block, 'trace_id')
    const firsts = fixedColumn(block, 'first')
    const lasts = fixedColumn(block, 'last')
    for (let row = 0; row < block.rows; row++) {
      const traceId = ids.hex(row)
      const [first, last] = [firsts.i64(row), lasts.i64(row)]
      const { firstNanos = first, lastStartNanos = last } = found.get(traceId) ?? {}
      found.set(traceId, {
        traceId,
        firstNanos: first < firstNanos ? first : firstNanos,
        lastStartNanos: last > lastStartNanos ? last : lastStartNanos,
      })
    }
  }
  return [...found.values()]
}

/** What a question finds; of too much only the earliest started, which the log then says. */
async function bounded<Answer>(
  ask: (tail: string) => Promise<Answer>,
  rowsOf: (answer: Answer) => number,
  traceIds: readonly string[],
  { log, maxRows = MAX_ROWS }: ReadLimits,
): Promise<Answer> {
  const answer = await ask(`LIMIT ${maxRows + 1}`)
  if (rowsOf(answer) <= maxRows) return answer
  log.warn({ maxRows, traceIds: traceIds.slice(0, 3) }, 'traces too large to read whole, answering their first rows')
  return ask(`ORDER BY start_nanos LIMIT ${maxRows}`)
}

/** As Native columns: as JSON the same rows cost the engine half as much again, and us twice. */
async function spansWhere(
  connection: Connection,
  table: 'spans' | 'open_spans',
  condition: string,
  {
    parameters,
    limits,
  }: {
    readonly parameters: QueryParameters & { readonly traceIds: readonly string[] }
    readonly limits: Omit<SpanReadOptions, 'openSpans'>
  },
): Promise<Span[]> {
  // A granule of all columns takes milliseconds, and each trace may lie in another.
  const settings = smallRead(connection, parameters.traceIds.length < MANY_TRACES ? 1 : 2)
  const columns = spanColumns(limits.parts)
  const blocks = await bounded(
    (tail) =>
      connection.queryNative(
        `SELECT ${columns} FROM ${connection.database}.${table} WHERE ${condition} ${tail} SETTINGS ${settings}`,
        parameters,
      ),
    (blocks) => blocks.reduce((sum, block) => sum + block.rows, 0),
    parameters.traceIds,
    limits,
  )
  const spans = blocks.flatMap((block) => spansOf(block, table === 'open_spans'))
  return bestOf(spans, keyOf, isNewer)
}

/** One of each key, the better of any two. */
function bestOf<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  better: (a: Item, b: Item) => boolean,
): Item[] {
  const best = new Map<string, Item>()
  for (const item of items) {
    const other = best.get(key(item))
    if (other === undefined || better(item, other)) best.set(key(item), item)
  }
  return [...best.values()]
}

/** Zipkin's two sides of a call share an id, and differ in kind. */
function keyOf({ traceId, spanId, source, kind }: Span): string {
  return `${traceId}${spanId}${source === 'zipkin' ? kind : ''}`
}

function isNewer(a: Span, b: Span): boolean {
  if (a.receivedNanos !== b.receivedNanos) return a.receivedNanos > b.receivedNanos
  return inStartOrder(a, b) < 0
}

function inStartOrder(a: Span, b: Span): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  const [aEnd, bEnd] = [a.endNanos ?? a.startNanos, b.endNanos ?? b.startNanos]
  if (aEnd !== bEnd) return aEnd > bEnd ? -1 : 1
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0
}

/** See Reader.readSpans. An open row stays when its completion comes, so that no order of the reads loses a span. */
export async function readSpans(
  connection: Connection,
  ids: readonly string[],
  options: SpanReadOptions,
): Promise<Span[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const [completed, open] = await Promise.all([
    locate(connection, traceIds).then((traces) => completedSpans(connection, traces, options)),
    openSpans(connection, traceIds, options),
  ])
  return joined(completed, open)
}

async function completedSpans(
  connection: Connection,
  traces: readonly TraceReach[],
  limits: SpanReadOptions,
): Promise<Span[]> {
  if (traces.length === 0) return []
  const traceIds = traces.map(({ traceId }) => traceId)
  const within = inMinutes(traces)
  return await spansWhere(connection, 'spans', within.sql, { parameters: { ...within.parameters, traceIds }, limits })
}

async function openSpans(
  connection: Connection,
  traceIds: readonly string[],
  options: SpanReadOptions,
): Promise<Span[]> {
  if (!(await options.openSpans.mayBe())) return []
  return await spansWhere(connection, 'open_spans', `trace_id ${inTraces(traceIds)}`, {
    parameters: { traceIds },
    limits: options,
  })
}

/** Completed ones win over those in progress. */
function joined(completed: readonly Span[], open: readonly Span[]): Span[] {
  const done = new Set(completed.map(keyOf))
  return [...completed, ...open.filter((span) => !done.has(keyOf(span)))].sort(inStartOrder)
}

/** See Reader.readListed. */
export async function readListed(
  connection: Connection,
  rows: readonly TraceReach[],
  options: SpanReadOptions,
): Promise<Span[]> {
  if (rows.length === 0) return []
  const traceIds = rows.map(({ traceId }) => traceId)
  const [completed, open] = await Promise.all([
    completedSpans(connection, rows, options),
    openSpans(connection, traceIds, options),
  ])
  return joined(completed, open)
}

/** A completed document beats one in progress; then the newest received wins. */
function isBetter(a: RawDocument, b: RawDocument): boolean {
  return a.inProgress === b.inProgress ? a.receivedNanos > b.receivedNanos : b.inProgress
}

function byStart(a: RawDocument, b: RawDocument): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  return a.spanId < b.spanId ? -1 : 1
}

/** See Reader.readDocuments. */
export async function readDocuments(
  connection: Connection,
  ids: readonly string[],
  limits: ReadLimits,
): Promise<RawDocument[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const question = `SELECT lower(hex(d.trace_id)) AS trace, lower(hex(d.span_id)) AS span, lower(hex(d.parent_id)) AS parent,
       d.start_nanos AS start_nanos, d.received_nanos AS received_nanos, d.in_progress AS in_progress,
       d.segment AS segment, d.text AS text
     FROM ${connection.database}.documents AS d WHERE d.trace_id ${inTraces(traceIds)}`
  const rows = await bounded(
    (tail) => connection.query<DocumentRow>(`${question} ${tail}`, { traceIds }),
    (found) => found.length,
    traceIds,
    limits,
  )
  return bestOf(rows.map(documentOf), ({ traceId, spanId }) => traceId + spanId, isBetter).sort(byStart)
}
