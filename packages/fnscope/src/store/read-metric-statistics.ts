// Which metrics there are, and their statistics by periods, calculated where the points lie.
import type { Connection } from './connection.ts'
import { parseAttributes } from '../span/attribute-value.ts'
import { numberOf, type Double, type Texts } from './row.ts'
import type { MetricSeries, MetricSeriesQuery, MetricStatistics, MetricStatisticsQuery } from './store.ts'

interface SeriesRow {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Texts
  readonly unit: string
  readonly kind: MetricSeries['kind']
  readonly monotonic: boolean
  readonly temporality: number
  readonly resource: string
  readonly description: string
}

/** See Reader.metricSeries. */
export async function metricSeries(connection: Connection, query: MetricSeriesQuery): Promise<MetricSeries[]> {
  const conditions = ['time_nanos >= {startNanos:Int64} AND time_nanos < {endNanos:Int64}']
  if (query.namespace !== undefined) conditions.push('namespace = {namespace:String}')
  if (query.name !== undefined) conditions.push('name = {name:String}')
  const { range, namespace = '', name = '', limit } = query
  const rows = await connection.query<SeriesRow>(
    `SELECT namespace, name, dimensions, unit, kind, monotonic, temporality, resource, any(metrics.description) AS description
     FROM ${connection.database}.metrics WHERE ${conditions.join(' AND ')}
     GROUP BY namespace, name, dimensions, unit, kind, monotonic, temporality, resource
     ORDER BY namespace, name, mapKeys(dimensions), mapValues(dimensions) LIMIT {limit:UInt32}`,
    { ...range, namespace, name, limit },
  )
  return rows.map(({ dimensions, resource, ...row }) => ({
    ...row,
    dimensions: { ...dimensions },
    resource: parseAttributes(resource),
  }))
}

interface PeriodRow {
  readonly period: string
  readonly unit: string
  readonly count: Double
  readonly sum: Double
  readonly min: Double
  readonly max: Double
  readonly unknown: boolean
}

interface ValueRow {
  readonly period: string
  readonly value: Double
  readonly weight: Double
}

/** Different values of all periods together, at most. */
const MAX_VALUES = 1_000_000

/** See Reader.metricStatistics. */
export async function metricStatistics(
  connection: Connection,
  query: MetricStatisticsQuery,
): Promise<MetricStatistics[]> {
  const { namespace, name, range, periodSeconds, dimensions, unit } = query
  const conditions = [
    'namespace = {namespace:String} AND name = {name:String} AND flags = 0',
    'time_nanos >= {startNanos:Int64} AND time_nanos < {endNanos:Int64}',
  ]
  const parameters: Record<string, unknown> = {
    ...range,
    namespace,
    name,
    periodNanos: BigInt(periodSeconds) * 10n ** 9n,
  }
  if (dimensions !== undefined) {
    const entries = Object.entries(dimensions)
    conditions.push(`length(dimensions) = ${entries.length}`)
    for (const [index, [key, value]] of entries.entries()) {
      conditions.push(`dimensions[{key${index}:String}] = {value${index}:String}`)
      Object.assign(parameters, { [`key${index}`]: key, [`value${index}`]: value })
    }
  }
  if (unit !== undefined) {
    conditions.push('metrics.unit = {unit:String}')
    parameters['unit'] = unit
  }
  const period = 'intDiv(time_nanos - {startNanos:Int64}, {periodNanos:Int64}) AS period'
  const from = `FROM ${connection.database}.metrics WHERE ${conditions.join(' AND ')}`
  const rows = await connection.query<PeriodRow>(
    `SELECT ${period}, any(metrics.unit) AS unit, sum(metrics.count) AS count, sum(metrics.value) AS sum,
       min(metrics.min) AS min, max(metrics.max) AS max,
       countIf(empty(bounds) AND metrics.count != 1 AND metrics.min != metrics.max) > 0 AS unknown
     ${from} GROUP BY period ORDER BY period`,
    parameters,
  )
  const values = new Map<string, (readonly [value: number, weight: number])[]>()
  if (query.withValues === true) {
    const found = await connection.query<ValueRow>(
      `SELECT period, pair.1 AS value, sum(pair.2) AS weight FROM (
         SELECT ${period}, arrayJoin(arrayZip(
           if(empty(bounds), [metrics.min], bounds), if(empty(bounds), [metrics.count], counts))) AS pair
         ${from}
       ) GROUP BY period, value ORDER BY period, value LIMIT ${MAX_VALUES}`,
      parameters,
    )
    for (const row of found) {
      const list = values.get(row.period) ?? []
      list.push([numberOf(row.value), numberOf(row.weight)])
      values.set(row.period, list)
    }
  }
  return rows.map((row) => ({
    startNanos: range.startNanos + BigInt(row.period) * BigInt(periodSeconds) * 10n ** 9n,
    unit: row.unit,
    count: numberOf(row.count),
    sum: numberOf(row.sum),
    min: numberOf(row.min),
    max: numberOf(row.max),
    // Of a set of which only the statistics came nobody knows the values.
    values: row.unknown ? [] : (values.get(row.period) ?? []),
  }))
}
