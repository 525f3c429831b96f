// What listing by activity and by end needs beside the walk: how far the traces that meet a range reach back, and where
// their entries end.
import type { Connection } from './connection.ts'
import type { TraceListOptions } from './store.ts'
import { inTraces } from './trace-ids.ts'
import type { TracePlace } from './trace-places.ts'

export interface Window {
  readonly from: bigint
  /** Not included. */
  readonly to: bigint
}

/** Where the listed spans of the traces that meet the range can begin; undefined when there are none. */
export async function windowOf(connection: Connection, options: TraceListOptions): Promise<Window | undefined> {
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

/** The ends of the traces' roots and entries, of each the newest received copy's. */
export async function entryEndsOf(
  connection: Connection,
  places: readonly TracePlace[],
): Promise<Map<string, bigint[]>> {
  const ends = new Map<string, bigint[]>()
  if (places.length === 0) return ends
  const traceIds = places.map(({ traceId }) => traceId)
  const from = places.reduce(
    (least, { firstNanos }) => (firstNanos < least ? firstNanos : least),
    places[0]!.firstNanos,
  )
  const to = places.reduce((most, { lastStartNanos }) => (lastStartNanos > most ? lastStartNanos : most), 0n)
  const rows = await connection.query<{ trace: string; rank: number; end: string }>(
    `SELECT lower(hex(trace_id)) AS trace, root_rank AS rank, start_nanos + toInt64(duration_nanos) AS end
     FROM ${connection.database}.roots WHERE start_nanos BETWEEN {from:Int64} AND {to:Int64} AND trace_id ${inTraces(traceIds)}
     ORDER BY received_nanos DESC, start_nanos, duration_nanos DESC
     LIMIT 1 BY trace_id, span_id, if(source = 'zipkin', kind + 1, 0)`,
    { traceIds, from, to },
  )
  for (const { trace, rank, end } of rows) if (rank <= 1) ends.set(trace, [...(ends.get(trace) ?? []), BigInt(end)])
  return ends
}
