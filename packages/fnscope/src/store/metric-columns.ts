// A metric by columns of time, parted by the values of one of its dimensions, each with a trace that stands behind it.
import type { Connection } from './connection.ts'
import { known, NO_TRACE_ID, numberOf, type Double } from './row.ts'
import type { MetricColumn, MetricColumnsQuery } from './store.ts'

interface ColumnRow {
  readonly part: string
  readonly column: string
  readonly count: Double
  readonly sum: Double
  readonly min: Double
  readonly max: Double
  readonly trace: string
}

/** See Reader.metricColumns. */
export async function metricColumns(connection: Connection, query: MetricColumnsQuery): Promise<MetricColumn[]> {
  const { range, namespace, name, columnNanos, by, limit } = query
  const part = by === undefined ? `''` : by === 'service' ? 'service' : 'dimensions[{by:String}]'
  const from = `FROM ${connection.database}.metrics WHERE namespace = {namespace:String} AND name = {name:String}
     AND flags = 0 AND time_nanos >= {startNanos:Int64} AND time_nanos < {endNanos:Int64}`
  const rows = await connection.query<ColumnRow>(
    `SELECT toString(${part}) AS part, intDiv(time_nanos - {startNanos:Int64}, {columnNanos:Int64}) AS column,
       sum(metrics.count) AS count, sum(metrics.value) AS sum, min(metrics.min) AS min, max(metrics.max) AS max,
       lower(hex(argMaxIf(trace_id, metrics.max, trace_id != toFixedString('', 16)))) AS trace
     ${from} AND toString(${part}) IN (
       SELECT toString(${part}) AS one ${from} GROUP BY one ORDER BY sum(metrics.count) DESC, one LIMIT {limit:UInt32})
     GROUP BY part, column ORDER BY part, column`,
    { ...range, namespace, name, columnNanos, by: by ?? '', limit },
  )
  return rows.map((row) => ({
    part: row.part,
    column: Number(row.column),
    count: numberOf(row.count),
    sum: numberOf(row.sum),
    min: numberOf(row.min),
    max: numberOf(row.max),
    ...known('traceId', row.trace, NO_TRACE_ID),
  }))
}
