// Traces by id: their spans and documents, de-duplicated.
import type { RawDocument } from '../span/batch.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_DAY, NANOS_PER_SECOND } from '../span/time.ts'
import type { Connection } from './connection.ts'
import { documentOf, type DocumentRow } from './signal-row.ts'
import { SPAN_SELECT, spanOf, type SpanRow } from './span-row.ts'

/** Rows that one call answers at most: the newest received of the traces. */
const MAX_ROWS = 1_000_000

/** The set of trace ids for `trace_id IN …`: a subquery, because an expression would not reach the bloom filter. */
export const IN_TRACES = 'IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))'

/** The key of copies of one span: Zipkin's two sides of a call share an id, and differ in kind. */
export const SPAN_KEY = "trace_id, span_id, if(source = 'zipkin', kind + 1, 0)"

interface Bounds {
  readonly from: bigint
  readonly to: bigint
}

/** Only what is 32 hex digits can be in the store; the rest gives nothing. */
export function validTraceIds(traceIds: readonly string[]): string[] {
  return [...new Set(traceIds.map((id) => id.toLowerCase()))].filter((id) => /^[0-9a-f]{32}$/.test(id))
}

/** Where an X-Ray id says that its spans start, give or take a day; undefined when the digits are no likely time. */
function hintOf(traceId: string, nowNanos: bigint): Bounds | undefined {
  const nanos = BigInt(`0x${traceId.slice(0, 8)}`) * NANOS_PER_SECOND
  if (nanos > nowNanos + NANOS_PER_DAY || nanos < nowNanos - 400n * NANOS_PER_DAY) return undefined
  return { from: nanos - NANOS_PER_DAY, to: nanos + NANOS_PER_DAY }
}

function hintOfAll(traceIds: readonly string[], nowNanos: bigint): Bounds | undefined {
  let all: Bounds | undefined
  for (const traceId of traceIds) {
    const hint = hintOf(traceId, nowNanos)
    if (!hint) return undefined
    if (!all) all = hint
    else all = { from: hint.from < all.from ? hint.from : all.from, to: hint.to > all.to ? hint.to : all.to }
  }
  return all
}

/** First and last start of the traces' completed spans, as the `traces` rows have them. */
async function boundsOf(connection: Connection, traceIds: readonly string[]): Promise<Bounds | undefined> {
  const [row] = await connection.query<{ first: string; last: string; found: string }>(
    `SELECT min(start_nanos) AS first, max(last_start_nanos) AS last, count() AS found
     FROM ${connection.database}.traces WHERE trace_id ${IN_TRACES}`,
    { traceIds },
  )
  if (!row || row.found === '0') return undefined
  return { from: BigInt(row.first), to: BigInt(row.last) }
}

/** The newest copy of each span in a table. One level and qualified names: an alias hides its column from the indexes. */
async function newestOf(
  connection: Connection,
  table: 'spans' | 'open_spans',
  traceIds: readonly string[],
  bounds?: Bounds,
): Promise<SpanRow[]> {
  const within = bounds ? 's.start_nanos BETWEEN {from:Int64} AND {to:Int64} AND' : ''
  return connection.query<SpanRow>(
    `SELECT ${SPAN_SELECT} FROM ${connection.database}.${table} AS s WHERE ${within} s.trace_id ${IN_TRACES}
     ORDER BY s.received_nanos DESC, s.start_nanos, s.duration_nanos DESC
     LIMIT 1 BY s.trace_id, s.span_id, if(s.source = 'zipkin', s.kind + 1, 0)
     LIMIT ${MAX_ROWS}`,
    { traceIds, ...bounds },
  )
}

function keyOf({ traceId, spanId, source, kind }: Span): string {
  return `${traceId}${spanId}${source === 'zipkin' ? kind : ''}`
}

function inStartOrder(a: Span, b: Span): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  const [aEnd, bEnd] = [a.endNanos ?? a.startNanos, b.endNanos ?? b.startNanos]
  if (aEnd !== bEnd) return aEnd > bEnd ? -1 : 1
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0
}

/**
 * Completed spans of the traces. An id's epoch bounds the days to look at and is no proof: the `traces` rows are asked at
 * the same time, and where they name a day outside, the spans are read again.
 */
async function completedSpans(connection: Connection, traceIds: readonly string[], nowNanos: bigint): Promise<Span[]> {
  const known = boundsOf(connection, traceIds)
  const hint = hintOfAll(traceIds, nowNanos)
  if (hint) {
    const [rows, bounds] = await Promise.all([newestOf(connection, 'spans', traceIds, hint), known])
    if (!bounds || (bounds.from >= hint.from && bounds.to <= hint.to)) return rows.map((row) => spanOf(row, false))
  }
  const bounds = await known
  if (!bounds) return []
  return (await newestOf(connection, 'spans', traceIds, bounds)).map((row) => spanOf(row, false))
}

/**
 * See Reader.readSpans. The two tables are read apart, since one query over both costs twice as much; an open row stays
 * when its completion comes, so that neither order of the two reads loses a span.
 */
export async function readSpans(connection: Connection, ids: readonly string[], nowNanos: bigint): Promise<Span[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const [completed, openRows] = await Promise.all([
    completedSpans(connection, traceIds, nowNanos),
    newestOf(connection, 'open_spans', traceIds),
  ])
  const done = new Set(completed.map(keyOf))
  const open = openRows.map((row) => spanOf(row, true)).filter((span) => !done.has(keyOf(span)))
  return [...completed, ...open].sort(inStartOrder)
}

/** See Reader.readDocuments. A completed document beats one in progress; then the newest received wins. */
export async function readDocuments(connection: Connection, ids: readonly string[]): Promise<RawDocument[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const rows = await connection.query<DocumentRow>(
    `SELECT lower(hex(d.trace_id)) AS trace, lower(hex(d.span_id)) AS span, lower(hex(d.parent_id)) AS parent,
       d.start_nanos AS start_nanos, d.received_nanos AS received_nanos, d.in_progress AS in_progress,
       d.segment AS segment, d.text AS text
     FROM (
       SELECT * FROM ${connection.database}.documents WHERE trace_id ${IN_TRACES}
       ORDER BY in_progress, received_nanos DESC
       LIMIT 1 BY trace_id, span_id
     ) AS d
     ORDER BY d.start_nanos, d.span_id
     LIMIT ${MAX_ROWS}`,
    { traceIds },
  )
  return rows.map(documentOf)
}
