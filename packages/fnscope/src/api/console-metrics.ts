// GET /api/metrics, /api/metrics/names and /api/metrics/columns: points, which metrics there are, and one by columns of
// time, parted by a dimension, each column with a trace behind it.
import type { FastifyInstance } from 'fastify'
import type { Platform } from '../functions/platform.ts'
import type { MetricSeries, Reader } from '../query/reader.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { nanosToMillis } from '../span/time.ts'
import { columnOf } from './console-logs.ts'
import { numberIn, queryOf, rangeIn, refused, type ConsoleQuery } from './console-query.ts'
import type { ConsoleMetric, ConsoleMetricColumns, ConsoleMetricPoint } from './console-types.ts'

export interface ConsoleMetricsOptions {
  readonly reader: Reader
  readonly platform: Pick<Platform, 'find'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

/** Series that are looked at for the list of metrics. */
const MAX_SERIES = 10_000

export function mountConsoleMetrics(server: FastifyInstance, options: ConsoleMetricsOptions): void {
  server.get('/api/metrics', async (request) => ({ points: await readPoints(queryOf(request), options) }))
  server.get('/api/metrics/names', async (request) => {
    const range = rangeIn(queryOf(request), options.now())
    const series = await options.reader.metricSeries({ range, limit: MAX_SERIES })
    return { metrics: namesOf(series), more: series.length === MAX_SERIES }
  })
  server.get('/api/metrics/columns', async (request) => await readColumns(queryOf(request), options))
}

async function readPoints(
  query: ConsoleQuery,
  { reader, platform, now }: ConsoleMetricsOptions,
): Promise<ConsoleMetricPoint[]> {
  const service = query['function']
  const points = await reader.readMetrics({
    range: rangeIn(query, now()),
    limit: numberIn(query, 'limit', 1000, [1, 10_000]),
    ...(query['name'] === undefined ? {} : { name: query['name'] }),
    ...(query['namespace'] === undefined ? {} : { namespace: query['namespace'] }),
    ...(service === undefined ? {} : { service: platform.find(service)?.name ?? service }),
  })
  return points.map(metricPoint)
}

/** Series of one name as one metric, with the dimensions that any of them has. */
function namesOf(series: readonly MetricSeries[]): ConsoleMetric[] {
  const metrics = Map.groupBy(series, ({ namespace, name }) => JSON.stringify([namespace, name]))
  return [...metrics.values()].map((those) => {
    const [{ namespace, name, unit, kind, description }] = those as [MetricSeries]
    const dimensions = [...new Set(those.flatMap((one) => Object.keys(one.dimensions)))].toSorted()
    return { namespace, name, unit, kind, description, dimensions, series: those.length }
  })
}

async function readColumns(query: ConsoleQuery, { reader, now }: ConsoleMetricsOptions): Promise<ConsoleMetricColumns> {
  const { name, namespace = '', by } = query
  if (name === undefined || name === '') throw refused('name is missing: the metric of which columns are wanted.')
  const columns = numberIn(query, 'columns', 60, [1, 500])
  const limit = numberIn(query, 'limit', 10, [1, 100])
  const asked = rangeIn(query, now())
  const range = query['until'] === undefined ? { ...asked, endNanos: now() + 1n } : asked
  const columnNanos = columnOf(range, columns)
  const found = await reader.metricColumns({
    namespace,
    name,
    range,
    columnNanos,
    limit,
    ...(by === undefined || by === '' ? {} : { by }),
  })
  const parts = Map.groupBy(found, ({ part }) => part)
  return {
    startMs: nanosToMillis(range.startNanos),
    endMs: nanosToMillis(range.endNanos),
    columnMs: nanosToMillis(columnNanos),
    columns,
    parts: [...parts].map(([value, cells]) => ({
      value,
      cells: cells.map(({ column, count, sum, min, max, traceId }) => ({
        column,
        count,
        sum,
        min,
        max,
        ...(traceId === undefined ? {} : { traceId: formatXrayTraceId(traceId) }),
      })),
    })),
  }
}

function metricPoint(point: MetricPoint): ConsoleMetricPoint {
  const { name, namespace, service, dimensions, unit, kind, value, count, min, max } = point
  const joined = {
    ...(point.requestId === undefined ? {} : { requestId: point.requestId }),
    ...(point.traceId === undefined ? {} : { traceId: formatXrayTraceId(point.traceId) }),
  }
  const timeMs = nanosToMillis(point.timeNanos)
  return { name, namespace, service, dimensions, unit, kind, timeMs, value, count, min, max, ...joined }
}
