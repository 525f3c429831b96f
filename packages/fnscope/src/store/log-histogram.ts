// How many log lines there are in each column of time, by severity.
import type { Connection } from './connection.ts'
import { logConditions } from './log-conditions.ts'
import type { LogCount, LogHistogramQuery } from './store.ts'

interface CountRow {
  readonly column: string
  readonly severity_number: number
  readonly lines: string
}

/** See Reader.logHistogram. */
export async function logHistogram(connection: Connection, query: LogHistogramQuery): Promise<LogCount[]> {
  const conditions = logConditions(query)
  if (conditions === undefined) return []
  const rows = await connection.query<CountRow>(
    `SELECT intDiv(time_nanos - {startNanos:Int64}, {columnNanos:Int64}) AS column, severity_number, count() AS lines
     FROM ${connection.database}.logs ${conditions.where} GROUP BY column, severity_number ORDER BY column, severity_number`,
    { ...conditions.parameters, columnNanos: query.columnNanos },
  )
  return rows.map((row) => ({
    column: Number(row.column),
    severityNumber: row.severity_number,
    lines: Number(row.lines),
  }))
}
