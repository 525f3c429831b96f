// Lists of traces, newest first, from the narrow `roots` table. A trace stands at its listed span of the best rank; the
// pages walk the table backwards in time and keep the rows that are their trace's best one, so a page's cost does not
// grow with the store, and rows of one time are neither lost nor repeated between pages.
import type { Connection } from './connection.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { inTraces } from './trace-ids.ts'

/** Listed rows looked at in one step: a trace has a few of them. */
const ROWS_PER_TRACE = 4
const MIN_STEP = 200
const MAX_STEP = 4000

interface Position {
  readonly startNanos: bigint
  readonly traceId: string
}

interface Window {
  readonly from: bigint
  /** Not included. */
  readonly to: bigint
}

interface RootRow {
  readonly trace: string
  readonly start_nanos: string
  readonly end_nanos: string
  readonly root_rank: number
}

interface Root {
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly rank: number
}

// A trace's first listed span is in the window: `candidates` then narrows which traces count. An envelope row of
// `traces` that meets the range is the bound on how far back a span that meets it can have begun.
const CANDIDATES = {
  start: '',
  active: `AND trace_id IN (SELECT trace_id FROM {db}.spans WHERE start_nanos >= {floor:Int64}
    AND start_nanos < {endNanos:Int64} AND start_nanos + toInt64(duration_nanos) >= {startNanos:Int64})`,
  end: `AND trace_id IN (SELECT trace_id FROM {db}.roots WHERE root_rank <= 1 AND start_nanos >= {floor:Int64}
    AND start_nanos + toInt64(duration_nanos) >= {startNanos:Int64} AND start_nanos + toInt64(duration_nanos) < {endNanos:Int64})`,
} as const

/** Where the listed spans of the traces that meet the range can begin; undefined when there are none. */
async function windowOf(connection: Connection, options: TraceListOptions): Promise<Window | undefined> {
  if (options.by === 'start') return { from: options.startNanos, to: options.endNanos }
  const [row] = await connection.query<{ first: string; last: string; found: string }>(
    `SELECT min(first_nanos) AS first, max(last_nanos) AS last, count() AS found FROM (
       SELECT min(start_nanos) AS first_nanos, max(last_start_nanos) AS last_nanos, max(end_nanos) AS end
       FROM ${connection.database}.traces GROUP BY trace_id
       HAVING first_nanos < {endNanos:Int64} AND end >= {startNanos:Int64}
     )`,
    { startNanos: options.startNanos, endNanos: options.endNanos },
  )
  if (!row || row.found === '0') return undefined
  return { from: BigInt(row.first), to: BigInt(row.last) + 1n }
}

async function stepRows(
  connection: Connection,
  options: TraceListOptions,
  window: Window,
  after: Position | undefined,
  limit: number,
): Promise<Position[]> {
  const candidates = CANDIDATES[options.by].replaceAll('{db}', connection.database)
  const past = after
    ? 'AND start_nanos <= {afterNanos:Int64} AND (start_nanos, trace_id) < ({afterNanos:Int64}, toFixedString(unhex({afterId:String}), 16))'
    : ''
  const rows = await connection.query<{ trace: string; at: string }>(
    `SELECT lower(hex(trace_id)) AS trace, start_nanos AS at FROM ${connection.database}.roots
     WHERE start_nanos >= {from:Int64} AND start_nanos < {to:Int64} ${past} ${candidates}
     ORDER BY start_nanos DESC, trace_id DESC LIMIT {limit:UInt32}`,
    {
      from: window.from,
      to: window.to,
      floor: window.from,
      startNanos: options.startNanos,
      endNanos: options.endNanos,
      limit,
      ...(after ? { afterNanos: after.startNanos, afterId: after.traceId } : {}),
    },
  )
  return rows.map(({ trace, at }) => ({ traceId: trace, startNanos: BigInt(at) }))
}

/** All listed spans of the traces, de-duplicated, the best first. */
async function rootsOf(connection: Connection, traceIds: readonly string[]): Promise<Map<string, Root[]>> {
  const { database } = connection
  const these = inTraces(traceIds)
  const rows = await connection.query<RootRow>(
    `WITH (SELECT (min(start_nanos), max(last_start_nanos)) FROM ${database}.traces WHERE trace_id ${these}) AS bounds
     SELECT lower(hex(r.trace_id)) AS trace, r.start_nanos AS start_nanos, r.root_rank AS root_rank,
       r.start_nanos + toInt64(r.duration_nanos) AS end_nanos
     FROM (
       SELECT trace_id, span_id, source, kind, start_nanos, duration_nanos, root_rank, received_nanos FROM ${database}.roots
       WHERE start_nanos BETWEEN bounds.1 AND bounds.2 AND trace_id ${these}
       ORDER BY received_nanos DESC, start_nanos, duration_nanos DESC
       LIMIT 1 BY trace_id, span_id, if(source = 'zipkin', kind + 1, 0)
     ) AS r
     ORDER BY r.trace_id, r.root_rank, r.start_nanos, r.span_id`,
    { traceIds },
  )
  const roots = new Map<string, Root[]>()
  for (const row of rows) {
    const root = { startNanos: BigInt(row.start_nanos), endNanos: BigInt(row.end_nanos), rank: row.root_rank }
    const others = roots.get(row.trace)
    if (others) others.push(root)
    else roots.set(row.trace, [root])
  }
  return roots
}

/** A copy that was replaced since may have brought the trace in: by the end of the newest copies, does it belong? */
function belongs(options: TraceListOptions, roots: readonly Root[]): boolean {
  if (options.by !== 'end') return true
  return roots.some(({ rank, endNanos }) => rank <= 1 && endNanos >= options.startNanos && endNanos < options.endNanos)
}

/** See Reader.listTraces. */
export async function listTraces(connection: Connection, options: TraceListOptions): Promise<TraceRow[]> {
  const list: TraceRow[] = []
  if (options.limit <= 0 || options.endNanos <= options.startNanos) return list
  const window = await windowOf(connection, options)
  if (!window) return list
  const step = Math.min(MAX_STEP, Math.max(MIN_STEP, options.limit * ROWS_PER_TRACE))
  let after: Position | undefined = options.after
  for (;;) {
    const rows = await stepRows(connection, options, window, after, step)
    const last = rows.at(-1)
    if (!last) return list
    const roots = await rootsOf(connection, [...new Set(rows.map(({ traceId }) => traceId))])
    const listed = new Set<string>()
    for (const { traceId, startNanos } of rows) {
      const best = roots.get(traceId)?.[0]
      if (best?.startNanos !== startNanos || listed.has(traceId) || !belongs(options, roots.get(traceId) ?? []))
        continue
      listed.add(traceId)
      list.push({ traceId, startNanos, endNanos: best.endNanos })
      if (list.length === options.limit) return list
    }
    // Copies of one (time, trace id) beyond the step are the same row of the list: going on after it is exact.
    if (rows.length < step) return list
    after = last
  }
}
