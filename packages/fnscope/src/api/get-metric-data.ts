// GetMetricData: queries of metrics, metric math over them, SEARCH, and the answer page by page.
import type { JsonObject } from '../codec/json.ts'
import { filledLabel } from '../query/metrics/metric-labels.ts'
import { parseMath, type MathExpression } from '../query/metrics/metric-math.ts'
import { labelsOf, type MetricSearch } from '../query/metrics/metric-search.ts'
import { isMetricsInsights, parseMetricsInsights, type MetricsInsights } from '../query/metrics/metrics-insights.ts'
import {
  isSeries,
  MathError,
  seriesOf,
  sorted,
  type MathValue,
  type MetricName,
  type TimeSeries,
} from '../query/metrics/metric-series.ts'
import { statisticOf, type Statistic } from '../query/metrics/metric-statistic.ts'
import { booleanIn, numberIn, objectIn, objectsIn, textIn } from './aws-input.ts'
import {
  invalid,
  invalidValue,
  MAX_SERIES,
  metricIn,
  periodIn,
  shownDimensions,
  spanIn,
  statistics,
  toNanos,
  unitIn,
  type MetricReadOptions,
  type Span,
  type Wanted,
} from './metric-input.ts'
import { ServiceError } from './service-error.ts'

const MAX_QUERIES = 500
const MAX_DATA_POINTS = 100_800
/** Metrics that one SEARCH or SELECT may find. */
const MAX_FOUND = 500

interface DataQuery {
  readonly id: string
  readonly label: string | undefined
  readonly returned: boolean
  readonly math: MathExpression | undefined
  readonly insights: { readonly query: MetricsInsights; readonly periodSeconds: number } | undefined
  readonly metric: (Wanted & { readonly statistic: Statistic }) | undefined
}

/** Reads what the queries want, calculates their expressions, answers a page. @throws ServiceError */
export async function getMetricData(input: JsonObject, options: MetricReadOptions): Promise<object> {
  const queries = queriesIn(input)
  const newestFirst = scanIn(input)
  const most = numberIn(input, 'MaxDatapoints') ?? MAX_DATA_POINTS
  if (!Number.isInteger(most) || most < 1 || most > MAX_DATA_POINTS)
    throw invalid(`The parameter MaxDatapoints must be a number from 1 to ${MAX_DATA_POINTS}.`)
  const from = tokenIn(input)
  const periods = queries.flatMap(({ metric, math, insights }) => [
    ...(insights === undefined ? [] : [insights.periodSeconds]),
    ...(metric === undefined ? [] : [metric.periodSeconds]),
    ...(math?.searches ?? []).map(({ periodSeconds }) => periodSeconds),
  ])
  const span = spanIn(input, Math.min(60, ...periods))
  const metrics = new Map<string, MathValue>()
  for (const { id, metric } of queries)
    if (metric !== undefined) metrics.set(id, await readMetric(metric, { id, span, options }))
  for (const { id, insights } of queries)
    if (insights !== undefined) metrics.set(id, await readInsights(insights, { id, span, options }))
  const found = new Map<MetricSearch, readonly TimeSeries[]>()
  for (const { id, math } of queries)
    for (const search of math?.searches ?? []) found.set(search, await readFound(search, { id, span, options }))
  const results = queries.flatMap((query) => {
    const value = resultOf(query, { queries, metrics, found, span })
    if (!query.returned) return []
    if (typeof value === 'number')
      throw invalid(`Error in expression '${query.id}': it gives one number, and a series of them is wanted.`)
    return seriesOf(value).map((series) => ({ query, series, isOne: isSeries(value) }))
  })
  // Datapoints are cut over all results together, each from its beginning.
  let skip = from
  let left = most
  const shown = results.map(({ query, series, isOne }) => {
    const ordered = newestFirst ? sorted(series).toReversed() : sorted(series)
    const page = ordered.slice(skip, skip + left)
    skip = Math.max(0, skip - ordered.length)
    left -= page.length
    return {
      Id: query.id,
      Label: labelOf(query, series, { isOne, options }),
      Timestamps: page.map(([seconds]) => new Date(seconds * 1000)),
      Values: page.map(([, value]) => value),
      StatusCode: page.length < ordered.length && left === 0 ? 'PartialData' : 'Complete',
    }
  })
  const total = results.reduce((sum, { series }) => sum + series.points.size, 0)
  return {
    MetricDataResults: shown,
    Messages: [],
    ...(from + most < total ? { NextToken: Buffer.from(String(from + most)).toString('base64url') } : {}),
  }
}

/** A label of several series stands before what each of them is called, if it does not say that itself. */
function labelOf(
  { id, label }: DataQuery,
  series: TimeSeries,
  { isOne, options }: { readonly isOne: boolean; readonly options: MetricReadOptions },
): string {
  if (label === undefined || label === '') return series.label
  try {
    const filled = filledLabel(label, series, options)
    return isOne || filled !== label ? filled : `${label} ${series.label}`
  } catch (error) {
    if (!(error instanceof MathError)) throw error
    throw invalid(`Error in the label of '${id}': ${error.message}`)
  }
}

interface Reading {
  /** Of the query. */
  readonly id: string
  readonly span: Span
  readonly options: MetricReadOptions
}

async function readMetric(
  metric: NonNullable<DataQuery['metric']>,
  { id, span, options }: Reading,
): Promise<TimeSeries> {
  const { namespace, name, dimensions, periodSeconds, statistic } = metric
  if ((span.endSeconds - span.startSeconds) / periodSeconds > MAX_DATA_POINTS)
    throw invalid(`The query ${id} has more than ${MAX_DATA_POINTS} periods: take longer ones or a shorter time.`)
  const points = new Map<number, number>()
  for (const period of await statistics(options.reader, metric, span, statistic.needsValues)) {
    const value = statistic.of(period)
    if (value !== undefined && Number.isFinite(value)) points.set(Number(period.startNanos / 10n ** 9n), value)
  }
  return { label: name, periodSeconds, points, metric: { namespace, name, dimensions, stat: statistic.name } }
}

/** One series without a label of its own where the query does not group. */
async function readInsights(
  { query, periodSeconds }: NonNullable<DataQuery['insights']>,
  reading: Reading,
): Promise<MathValue> {
  const { namespace, name } = query
  const { id, span, options } = reading
  const metrics = await listed(reading, { namespace, name, meets: ({ dimensions }) => query.meets(dimensions) })
  const read = []
  for (const { dimensions } of metrics) {
    const wanted = { namespace, name, dimensions, periodSeconds, unit: undefined }
    read.push({ dimensions, periods: await statistics(options.reader, wanted, span, false) })
  }
  const series = query.series(read, periodSeconds)
  const [only] = series
  return only?.label === '' ? { ...only, label: id } : series
}

interface Listing extends Partial<Pick<MetricName, 'namespace' | 'name'>> {
  readonly meets: (metric: Pick<MetricName, 'namespace' | 'name' | 'dimensions'>) => boolean
}

/** The metrics of the time that are meant, in a steady order. @throws ServiceError when there are too many */
async function listed(
  { id, span, options }: Reading,
  { meets, ...only }: Listing,
): Promise<readonly Pick<MetricName, 'namespace' | 'name' | 'dimensions'>[]> {
  const range = { startNanos: toNanos(span.startSeconds), endNanos: toNanos(span.endSeconds) }
  const found = new Map<string, Pick<MetricName, 'namespace' | 'name' | 'dimensions'>>()
  for (const series of await options.reader.metricSeries({ range, ...only, limit: MAX_SERIES }))
    for (const dimensions of shownDimensions(series)) {
      const { namespace, name } = series
      const metric = { namespace, name, dimensions }
      if (namespace !== '' && meets(metric)) found.set(JSON.stringify(metric), metric)
    }
  if (found.size > MAX_FOUND)
    throw invalid(`Error in expression '${id}': it finds ${found.size} metrics, and at most ${MAX_FOUND} are taken.`)
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, metric]) => metric)
}

async function readFound(search: MetricSearch, reading: Reading): Promise<readonly TimeSeries[]> {
  const metrics = await listed(reading, { meets: (metric) => search.meets(metric) })
  const labels = labelsOf(metrics)
  const series: TimeSeries[] = []
  for (const [index, metric] of metrics.entries()) {
    const statistic = statisticOf(search.stat)!
    const one = await readMetric(
      { ...metric, periodSeconds: search.periodSeconds, unit: undefined, statistic },
      reading,
    )
    series.push({ ...one, label: labels[index]! })
  }
  return series
}

interface Computing {
  readonly queries: readonly DataQuery[]
  readonly metrics: ReadonlyMap<string, MathValue>
  readonly found: ReadonlyMap<MetricSearch, readonly TimeSeries[]>
  readonly span: Span
}

function resultOf(query: DataQuery, computing: Computing, below: readonly string[] = []): MathValue {
  const { queries, metrics, found, span } = computing
  if (query.math === undefined) return metrics.get(query.id)!
  if (below.includes(query.id)) throw invalid(`Error in expression '${query.id}': it is about itself.`)
  return explained(query.id, () => {
    const value = query.math!.calculate({
      find(id) {
        const other = queries.find((one) => one.id === id)
        return other === undefined ? undefined : resultOf(other, computing, [...below, query.id])
      },
      metrics: (part) => [...metrics].flatMap(([id, value]) => (id.includes(part) ? seriesOf(value) : [])),
      found: (search) => found.get(search) ?? [],
      times(periodSeconds) {
        const times: number[] = []
        for (let time = span.startSeconds; time < span.endSeconds; time += periodSeconds) times.push(time)
        return times
      },
    })
    return isSeries(value) ? { ...value, label: query.id } : value
  })
}

function explained<Result>(id: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof MathError)) throw error
    throw invalid(`Error in expression '${id}': ${error.message}`)
  }
}

function queriesIn(input: JsonObject): readonly DataQuery[] {
  const given = objectsIn(input, 'MetricDataQueries') ?? []
  if (given.length === 0) throw invalid('The parameter MetricDataQueries is required.')
  if (given.length > MAX_QUERIES)
    throw invalid(`The collection MetricDataQueries must not have a size greater than ${MAX_QUERIES}.`)
  const queries = given.map((one): DataQuery => {
    const id = textIn(one, 'Id') ?? ''
    if (!/^[a-z]\w{0,254}$/.test(id))
      throw invalid(`The value '${id}' for parameter MetricDataQueries.Id is not matching ^[a-z][a-zA-Z0-9_]*$.`)
    const [stat, expression] = [objectIn(one, 'MetricStat'), textIn(one, 'Expression')]
    const isSelect = expression !== undefined && isMetricsInsights(expression)
    if ((stat === undefined) === (expression === undefined))
      throw invalid(`The query ${id} must have one of MetricStat and Expression.`)
    if (textIn(one, 'AccountId') !== undefined) throw invalid(`AccountId of ${id} is not supported by fnscope.`)
    return {
      id,
      label: textIn(one, 'Label'),
      returned: booleanIn(one, 'ReturnData') ?? true,
      math: expression === undefined || isSelect ? undefined : explained(id, () => parseMath(expression)),
      insights: isSelect ? insightsIn(one, { id, expression }) : undefined,
      metric: stat === undefined ? undefined : metricStatIn(stat, id),
    }
  })
  if (new Set(queries.map(({ id }) => id)).size < queries.length)
    throw invalid('The values for parameter id in MetricDataQueries are not unique.')
  return queries
}

function insightsIn(
  query: JsonObject,
  { id, expression }: { readonly id: string; readonly expression: string },
): NonNullable<DataQuery['insights']> {
  if (numberIn(query, 'Period') === undefined)
    throw invalid(`Error in expression '${id}': Period must not be null where a query selects.`)
  return {
    query: explained(id, () => parseMetricsInsights(expression)),
    periodSeconds: periodIn(query, 'Period'),
  }
}

function metricStatIn(stat: JsonObject, id: string): NonNullable<DataQuery['metric']> {
  const name = textIn(stat, 'Stat') ?? ''
  const statistic = statisticOf(name)
  if (statistic === undefined) throw invalid(`The statistic '${name}' of ${id} is invalid or not supported by fnscope.`)
  const metric = metricIn(objectIn(stat, 'Metric') ?? {})
  return { ...metric, periodSeconds: periodIn(stat, 'Period'), unit: unitIn(stat), statistic }
}

function scanIn(input: JsonObject): boolean {
  const scan = textIn(input, 'ScanBy') ?? 'TimestampDescending'
  if (scan !== 'TimestampDescending' && scan !== 'TimestampAscending')
    throw invalidValue(`The value ${scan} for parameter ScanBy is invalid.`)
  return scan === 'TimestampDescending'
}

function tokenIn(input: JsonObject): number {
  const token = textIn(input, 'NextToken')
  if (token === undefined) return 0
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!/^\d{1,12}$/.test(text)) throw new ServiceError('InvalidNextToken', 'The next token specified is invalid.')
  return Number(text)
}
