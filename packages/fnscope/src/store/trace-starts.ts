// Where traces are in time: which ones start in a range, and the bounds of given ones.
import type { Connection } from './connection.ts'
import { startingIn } from './minute-key.ts'
import type { TimeRange, TraceStarts } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'

/** See Reader.traceIdsStarting. */
export async function traceIdsStarting(connection: Connection, range: TimeRange, limit: number): Promise<string[]> {
  const within = startingIn(range)
  const rows = await connection.query<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM ${connection.database}.spans
     WHERE ${within.sql} LIMIT {limit:UInt32}`,
    { ...within.parameters, limit },
  )
  return rows.map(({ trace }) => trace)
}

/** See Reader.traceStarts. */
export async function traceStarts(connection: Connection, ids: readonly string[]): Promise<TraceStarts[]> {
  const traceIds = validTraceIds(ids)
  const known = traceIds.flatMap((id) => connection.recentTraces?.find(id) ?? [])
  if (known.length === traceIds.length)
    return known.map(({ traceId, firstNanos, lastStartNanos }) => ({ traceId, firstNanos, lastNanos: lastStartNanos }))
  const rows = await connection.query<{ trace: string; first: string; last: string }>(
    `SELECT lower(hex(trace_id)) AS trace, min(start_nanos) AS first, max(last_start_nanos) AS last
     FROM ${connection.database}.traces WHERE trace_id ${inTraces(traceIds)} GROUP BY trace_id`,
    { traceIds },
  )
  return rows.map(({ trace, first, last }) => ({
    traceId: trace,
    firstNanos: BigInt(first),
    lastNanos: BigInt(last),
  }))
}
