// The spans that say what calls of functions were made of, of traces that were just listed: a few columns of a few rows.
import { FUNCTION_ORIGINS, PHASE_NAMES, type PhaseSpan } from '../span/function-phases.ts'
import type { Connection } from './connection.ts'
import { SqlParameters } from './sql-parameters.ts'
import type { TraceReach } from './store.ts'
import { inMinutes } from './trace-minutes.ts'

interface PhaseRow extends Omit<PhaseSpan, 'startNanos' | 'durationNanos'> {
  readonly start: string
  readonly duration: string
}

/** A trace of one function has a handful. */
const MAX_ROWS = 20_000

/** See Reader.readPhases. */
export async function readPhases(connection: Connection, rows: readonly TraceReach[]): Promise<PhaseSpan[]> {
  if (rows.length === 0) return []
  const parameters = new SqlParameters()
  const names = parameters.bind('Array(String)', PHASE_NAMES)
  const origins = parameters.bind('Array(String)', FUNCTION_ORIGINS)
  const within = inMinutes(rows, parameters)
  const found = await connection.query<PhaseRow>(
    `SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, lower(hex(parent_id)) AS parentId, name, origin,
       service, cold_start AS coldStart, toString(start_nanos) AS start, toString(duration_nanos) AS duration
     FROM ${connection.database}.spans
     WHERE ${within.sql} AND (has(${origins}, origin) OR has(${names}, name) OR cold_start)
     ORDER BY start_nanos LIMIT 1 BY trace_id, span_id LIMIT ${MAX_ROWS}`,
    within.parameters,
  )
  return found.map(({ start, duration, ...span }) => ({
    ...span,
    startNanos: BigInt(start),
    durationNanos: BigInt(duration),
  }))
}
