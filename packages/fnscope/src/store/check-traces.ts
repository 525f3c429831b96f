// Which of some traces meet a query, looking at nothing but them: for lists of what is common (list-traces.ts).
import { compileTrace } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import { fixedColumn } from './native-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import { inMinutes } from './trace-minutes.ts'
import type { TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'

/** Ids of those that do. */
export async function checkTraces(
  connection: Connection,
  places: readonly TracePlace[],
  where: TraceQuery,
): Promise<Set<string>> {
  const [first] = places
  if (first === undefined) return new Set()
  const { database } = connection
  const parameters = new SqlParameters()
  const ids = parameters.bind(
    'Array(String)',
    places.map(({ traceId }) => traceId),
  )
  const ofOthers = `trace_id IN (SELECT toFixedString(unhex(arrayJoin(${ids})), 16))`
  const ofSpans = inMinutes(places, parameters).sql
  const spansFrom = places.reduce((least, one) => (one.firstNanos < least ? one.firstNanos : least), first.firstNanos)
  const spansTo = places.reduce((most, one) => (one.lastStartNanos > most ? one.lastStartNanos : most), 0n)
  const starts = parameters.bind(
    'Array(Int64)',
    places.map(({ startNanos }) => startNanos),
  )
  const condition = compileTrace(where, { database, parameters, spansFrom, spansTo, only: { ofSpans, ofOthers } })
  const blocks = await connection.queryNative(
    `SELECT trace_id, root_rank FROM ${database}.roots
     WHERE (start_nanos, trace_id) IN (
       SELECT one.1, toFixedString(unhex(one.2), 16) FROM (SELECT arrayJoin(arrayZip(${starts}, ${ids})) AS one))
     AND ${condition} SETTINGS max_threads = 1`,
    parameters.values,
  )
  const ranks = new Map(places.map(({ traceId, rank }) => [traceId, rank]))
  const found = new Set<string>()
  for (const block of blocks) {
    const traces = fixedColumn(block, 'trace_id')
    const rank = fixedColumn(block, 'root_rank')
    for (let row = 0; row < block.rows; row++) {
      const id = traces.hex(row)
      if (ranks.get(id) === rank.u8(row)) found.add(id)
    }
  }
  return found
}
