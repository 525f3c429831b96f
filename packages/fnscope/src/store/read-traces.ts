// Traces by id: their spans and documents. Copies of one span are dropped here, not by the engine: sorting and limiting
// 57 columns there costs 4 ms a question, and the copies are few.
import type { Logger } from '../log.ts'
import type { RawDocument } from '../span/batch.ts'
import type { Span } from '../span/span.ts'
import type { Connection, QueryParameters } from './connection.ts'
import { MINUTE } from './minute-key.ts'
import { documentOf, type DocumentRow } from './signal-row.ts'
import { SPAN_COLUMNS, spansOf } from './span-row.ts'
import type { TraceReach } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'
import { inMinutes, traceMinutes } from './trace-minutes.ts'

/** Rows that one call reads at most. As JSON they come near 200 MB, and twice that is more than a string can hold. */
const MAX_ROWS = 100_000

export interface ReadLimits {
  readonly log: Logger
  readonly maxRows?: number
}

/** Where the traces' spans are. */
interface Located {
  /** First and last start of the completed ones; undefined when there are none. */
  readonly completed: { readonly from: bigint; readonly to: bigint } | undefined
  readonly open: boolean
}

/**
 * Asked before the wide tables: a question to `spans` takes about 15 ms of the engine also when it finds nothing, these
 * two take 7 together. `traces` is ordered by id, and its bounds leave few granules of `spans` to look at.
 */
async function locate(connection: Connection, traceIds: readonly string[]): Promise<Located> {
  const { database } = connection
  const these = inTraces(traceIds)
  const rows = await connection.query<{ open: number; first: string; last: string; found: string }>(
    `SELECT 0 AS open, min(start_nanos) AS first, max(last_start_nanos) AS last, count() AS found
     FROM ${database}.traces WHERE trace_id ${these}
     UNION ALL
     SELECT 1 AS open, toInt64(0) AS first, toInt64(0) AS last, count() AS found
     FROM ${database}.open_spans WHERE trace_id ${these}`,
    { traceIds },
  )
  const found = rows.filter((row) => row.found !== '0')
  const completed = found.find((row) => row.open === 0)
  return {
    completed: completed && { from: BigInt(completed.first), to: BigInt(completed.last) },
    open: found.some((row) => row.open === 1),
  }
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
  }: { readonly parameters: QueryParameters & { readonly traceIds: readonly string[] }; readonly limits: ReadLimits },
): Promise<Span[]> {
  const blocks = await bounded(
    (tail) =>
      connection.queryNative(
        `SELECT ${SPAN_COLUMNS} FROM ${connection.database}.${table} WHERE ${condition} ${tail} SETTINGS max_threads = 1`,
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
export async function readSpans(connection: Connection, ids: readonly string[], limits: ReadLimits): Promise<Span[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const located = await locate(connection, traceIds)
  const ofTraces = `trace_id ${inTraces(traceIds)}`
  // The minutes are said too: the key knows them, not the times.
  const within = `${MINUTE} BETWEEN toStartOfMinute(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) AND toDateTime(fromUnixTimestamp64Nano({to:Int64}, 'UTC'), 'UTC')
    AND start_nanos BETWEEN {from:Int64} AND {to:Int64} AND ${ofTraces}`
  const [completed, open] = await Promise.all([
    located.completed
      ? spansWhere(connection, 'spans', within, { parameters: { traceIds, ...located.completed }, limits })
      : [],
    located.open ? spansWhere(connection, 'open_spans', ofTraces, { parameters: { traceIds }, limits }) : [],
  ])
  return joined(completed, open)
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
  limits: ReadLimits,
): Promise<Span[]> {
  if (rows.length === 0) return []
  const traceIds = rows.map(({ traceId }) => traceId)
  const minutes = traceMinutes(rows)
  if (minutes === undefined) return await readSpans(connection, traceIds, limits)
  const [completed, open] = await Promise.all([
    spansWhere(connection, 'spans', inMinutes('{seconds:Array(UInt32)}', '{ids:Array(String)}'), {
      parameters: { ...minutes, traceIds },
      limits,
    }),
    spansWhere(connection, 'open_spans', `trace_id ${inTraces(traceIds)}`, { parameters: { traceIds }, limits }),
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
