// How each function did in a range, of the metrics that the platform wrote of its invocations.
import type { Connection } from './connection.ts'
import { numberOf, type Double } from './row.ts'
import type { FunctionFigures, TimeRange } from './store.ts'

interface FiguresRow {
  readonly service: string
  readonly invocations: Double
  readonly errors: Double
  readonly throttles: Double
  readonly cold: string
  readonly average: Double
  readonly quantiles: readonly Double[]
  readonly init: Double
  readonly memory: Double
  readonly last: string
}

/** See Reader.functionFigures. */
export async function functionFigures(connection: Connection, range: TimeRange): Promise<FunctionFigures[]> {
  const rows = await connection.query<FiguresRow>(
    `SELECT service, sumIf(value, name = 'Invocations') AS invocations, sumIf(value, name = 'Errors') AS errors,
       sumIf(value, name = 'Throttles') AS throttles, countIf(name = 'InitDuration') AS cold,
       avgIf(value, name = 'Duration') AS average,
       quantilesIf(0.5, 0.95, 0.99)(value, name = 'Duration') AS quantiles,
       quantileIf(0.5)(value, name = 'InitDuration') AS init, maxIf(metrics.max, name = 'MaxMemoryUsed') AS memory,
       maxIf(time_nanos, name = 'Invocations') AS last
     FROM ${connection.database}.metrics
     WHERE namespace = 'AWS/Lambda' AND time_nanos >= {startNanos:Int64} AND time_nanos < {endNanos:Int64}
     GROUP BY service ORDER BY service`,
    { ...range },
  )
  return rows.map((row) => ({
    service: row.service,
    invocations: numberOf(row.invocations),
    errors: numberOf(row.errors),
    throttles: numberOf(row.throttles),
    coldStarts: Number(row.cold),
    averageMs: numberOf(row.average),
    p50Ms: numberOf(row.quantiles[0] ?? 'nan'),
    p95Ms: numberOf(row.quantiles[1] ?? 'nan'),
    p99Ms: numberOf(row.quantiles[2] ?? 'nan'),
    initP50Ms: numberOf(row.init),
    maxMemoryMb: numberOf(row.memory),
    lastNanos: BigInt(row.last),
  }))
}
