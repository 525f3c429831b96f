// What asks for metrics of CloudWatch: ListMetrics, GetMetricStatistics, GetMetricData.
import { CLOUDWATCH_UNITS } from '../codec/cloudwatch-units.ts'
import { setOwn, type JsonObject } from '../codec/json.ts'
import { calculate, MathError, type MathValue, type TimeSeries } from '../query/metrics/metric-math.ts'
import { statisticOf, type Statistic } from '../query/metrics/metric-statistic.ts'
import type { MetricStatistics, Reader } from '../query/reader.ts'
import { NANOS_PER_DAY } from '../span/time.ts'
import { booleanIn, listIn, numberIn, objectIn, objectsIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { ServiceError } from './service-error.ts'

export interface MetricReadOptions {
  readonly reader: Pick<Reader, 'metricSeries' | 'metricStatistics'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_LISTED = 500
/** Of all metrics together that one ListMetrics looks through. */
const MAX_SERIES = 100_000
const LISTED_NANOS = 14n * NANOS_PER_DAY
const ACTIVE_NANOS = NANOS_PER_DAY / 8n
const MAX_QUERIES = 500
const MAX_STATISTICS_POINTS = 1440
const MAX_DATA_POINTS = 100_800
const LATEST_SECONDS = 9_223_372_036

const invalidValue = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', message, { queryCode: 'InvalidParameterValue' })
const invalidCombination = (message: string): ServiceError =>
  new ServiceError('InvalidParameterCombinationException', message, { queryCode: 'InvalidParameterCombination' })
const missing = (name: string): ServiceError =>
  new ServiceError('MissingRequiredParameterException', `The parameter ${name} is required.`, {
    queryCode: 'MissingParameter',
  })
const invalid = (message: string): ServiceError => new ServiceError('ValidationError', message)

type Dimensions = Readonly<Record<string, string>>

export function metricOperations(options: MetricReadOptions): Readonly<Record<string, AwsOperation>> {
  return {
    ListMetrics: async ({ input }) => await listMetrics(input, options),
    GetMetricStatistics: async ({ input }) => await getStatistics(input, options),
    GetMetricData: async ({ input }) => await getData(input, options),
  }
}

interface Listed {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[]
}

async function listMetrics(input: JsonObject, { reader, now }: MetricReadOptions): Promise<object> {
  const active = textIn(input, 'RecentlyActive')
  if (active !== undefined && active !== 'PT3H') throw invalidValue('The parameter RecentlyActive must be PT3H.')
  if (booleanIn(input, 'IncludeLinkedAccounts') === true || textIn(input, 'OwningAccount') !== undefined)
    throw invalidValue('Metrics of other accounts are not supported by fnscope.')
  const [namespace, name] = [textIn(input, 'Namespace'), textIn(input, 'MetricName')]
  const wanted = dimensionsIn(input).map((one) => ({
    name: textIn(one, 'Name') ?? '',
    value: textIn(one, 'Value'),
  }))
  const startNanos = now() - (active === undefined ? LISTED_NANOS : ACTIVE_NANOS)
  const series = await reader.metricSeries({
    range: { startNanos, endNanos: now() + NANOS_PER_DAY },
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    limit: MAX_SERIES,
  })
  const found = new Map<string, Listed>()
  for (const one of series) {
    if (one.namespace === '') continue
    for (const dimensions of one.namespace === 'AWS/Lambda' ? lambdaDimensions(one.dimensions) : [one.dimensions]) {
      if (
        !wanted.every(
          (w) => Object.hasOwn(dimensions, w.name) && (w.value ?? dimensions[w.name]) === dimensions[w.name],
        )
      )
        continue
      const listed: Listed = {
        Namespace: one.namespace,
        MetricName: one.name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      }
      found.set(JSON.stringify(listed), listed)
    }
  }
  const keys = [...found.keys()].sort((a, b) => (a < b ? -1 : 1))
  const token = textIn(input, 'NextToken')
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString('utf8')
  if (token !== undefined && !after.startsWith('{')) throw invalidValue('Invalid NextToken')
  const from = keys.findIndex((key) => key > after)
  const page = from === -1 ? [] : keys.slice(from, from + MAX_LISTED)
  const isMore = from !== -1 && from + MAX_LISTED < keys.length
  return {
    Metrics: page.map((key) => found.get(key)!),
    ...(isMore ? { NextToken: Buffer.from(page.at(-1)!).toString('base64url') } : {}),
  }
}

/** As the cloud has each figure of a function: by itself, by the function as a resource, and of all functions together. */
function lambdaDimensions(dimensions: Dimensions): readonly Dimensions[] {
  const name = dimensions['FunctionName']
  return name === undefined ? [dimensions] : [dimensions, { FunctionName: name, Resource: name }, {}]
}

interface Wanted {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Dimensions
  readonly periodSeconds: number
  readonly unit: string | undefined
}

interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** The periods that have data. */
async function statistics(
  reader: MetricReadOptions['reader'],
  { namespace, name, dimensions, periodSeconds, unit }: Wanted,
  { startSeconds, endSeconds }: Span,
  withValues: boolean,
): Promise<readonly MetricStatistics[]> {
  let exact: Dimensions | undefined = dimensions
  if (namespace === 'AWS/Lambda') {
    const { FunctionName, Resource, ...more } = dimensions
    if (Object.keys(dimensions).length === 0) exact = undefined
    else if (Object.keys(more).length === 0 && FunctionName !== undefined && FunctionName === Resource)
      exact = { FunctionName }
  }
  return await reader.metricStatistics({
    namespace,
    name,
    ...(exact === undefined ? {} : { dimensions: exact }),
    ...(unit === undefined ? {} : { unit }),
    range: { startNanos: toNanos(startSeconds), endNanos: toNanos(endSeconds) },
    periodSeconds,
    withValues,
  })
}

async function getStatistics(input: JsonObject, { reader }: MetricReadOptions): Promise<object> {
  const wanted = { ...metricIn(input), periodSeconds: periodIn(input, 'Period'), unit: unitIn(input) }
  const plain = textsIn(input, 'Statistics')
  const extended = textsIn(input, 'ExtendedStatistics')
  if (plain.length + extended.length === 0)
    throw new ServiceError(
      'MissingRequiredParameterException',
      'The parameter Statistics or ExtendedStatistics is required.',
      {
        queryCode: 'MissingParameter',
      },
    )
  const asked = [
    ...plain.map((name) => namedStatistic(name, false)),
    ...extended.map((name) => namedStatistic(name, true)),
  ]
  const span = spanIn(input, wanted.periodSeconds)
  if ((span.endSeconds - span.startSeconds) / wanted.periodSeconds > MAX_STATISTICS_POINTS)
    throw invalidCombination(
      `You have requested up to ${Math.ceil((span.endSeconds - span.startSeconds) / wanted.periodSeconds)} datapoints, which exceeds the limit of ${MAX_STATISTICS_POINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    )
  const periods = await statistics(
    reader,
    wanted,
    span,
    asked.some(({ needsValues }) => needsValues),
  )
  return {
    Label: wanted.name,
    Datapoints: periods.map((period) => {
      const datapoint: Record<string, unknown> = { Timestamp: dateOf(period), Unit: period.unit }
      for (const statistic of asked.filter(({ needsValues }) => !needsValues))
        datapoint[statistic.name] = statistic.of(period)
      if (extended.length > 0) {
        const values = asked.flatMap((one) => {
          const value = one.needsValues ? one.of(period) : undefined
          return value === undefined ? [] : [[one.name, value] as const]
        })
        datapoint['ExtendedStatistics'] = new Map(values)
      }
      return datapoint
    }),
  }
}

function namedStatistic(name: string, extended: boolean): Statistic {
  const found = statisticOf(name)
  if (found === undefined || found.needsValues !== extended)
    throw invalidValue(
      `The value ${name} for parameter ${extended ? 'ExtendedStatistics' : 'Statistics'} is invalid or not supported by fnscope.`,
    )
  return found
}

interface DataQuery {
  readonly id: string
  readonly label: string | undefined
  readonly returned: boolean
  readonly expression: string | undefined
  readonly metric: (Wanted & { readonly statistic: Statistic }) | undefined
}

async function getData(input: JsonObject, { reader }: MetricReadOptions): Promise<object> {
  const queries = queriesIn(input)
  const newestFirst = scanIn(input)
  const most = numberIn(input, 'MaxDatapoints') ?? MAX_DATA_POINTS
  if (!Number.isInteger(most) || most < 1 || most > MAX_DATA_POINTS)
    throw invalid(`The parameter MaxDatapoints must be a number from 1 to ${MAX_DATA_POINTS}.`)
  const from = tokenIn(input)
  const smallest = Math.min(60, ...queries.flatMap(({ metric }) => metric?.periodSeconds ?? []))
  const span = spanIn(input, smallest)
  const metrics = new Map<string, TimeSeries>()
  for (const { id, label, metric } of queries) {
    if (metric === undefined) continue
    if ((span.endSeconds - span.startSeconds) / metric.periodSeconds > MAX_DATA_POINTS)
      throw invalid(`The query ${id} has more than ${MAX_DATA_POINTS} periods: take longer ones or a shorter time.`)
    const periods = await statistics(reader, metric, span, metric.statistic.needsValues)
    const points = new Map<number, number>()
    for (const period of periods) {
      const value = metric.statistic.of(period)
      if (value !== undefined && Number.isFinite(value)) points.set(Number(period.startNanos / 10n ** 9n), value)
    }
    metrics.set(id, { label: label ?? metric.name, periodSeconds: metric.periodSeconds, points })
  }
  const results = queries.flatMap((query) => {
    const value = resultOf(query, { queries, metrics, span })
    if (!query.returned) return []
    if (typeof value === 'number')
      throw invalid(`Error in expression '${query.id}': it gives one number, and a series of them is wanted.`)
    return ('points' in value ? [value] : value).map((series) => ({ query, series }))
  })
  // Datapoints are cut over all results together, each from its beginning.
  let skip = from
  let left = most
  const shown = results.map(({ query, series }) => {
    const ordered = [...series.points].sort(([a], [b]) => (newestFirst ? b - a : a - b))
    const page = ordered.slice(skip, skip + left)
    skip = Math.max(0, skip - ordered.length)
    left -= page.length
    return {
      Id: query.id,
      Label: query.label ?? series.label,
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

interface Computing {
  readonly queries: readonly DataQuery[]
  readonly metrics: ReadonlyMap<string, TimeSeries>
  readonly span: Span
}

function resultOf(query: DataQuery, computing: Computing, below: readonly string[] = []): MathValue {
  const { queries, metrics, span } = computing
  if (query.expression === undefined) return metrics.get(query.id)!
  if (below.includes(query.id)) throw invalid(`Error in expression '${query.id}': it is about itself.`)
  try {
    const value = calculate(query.expression, {
      find(id) {
        const other = queries.find((one) => one.id === id)
        return other === undefined ? undefined : resultOf(other, computing, [...below, query.id])
      },
      metrics: () => [...metrics.values()],
      times(periodSeconds) {
        const times: number[] = []
        for (let time = span.startSeconds; time < span.endSeconds; time += periodSeconds) times.push(time)
        return times
      },
    })
    if (typeof value === 'number') return value
    return 'points' in value ? { ...value, label: query.id } : value
  } catch (error) {
    if (!(error instanceof MathError)) throw error
    throw invalid(`Error in expression '${query.id}': ${error.message}`)
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
    if ((stat === undefined) === (expression === undefined))
      throw invalid(`The query ${id} must have one of MetricStat and Expression.`)
    if (textIn(one, 'AccountId') !== undefined) throw invalid(`AccountId of ${id} is not supported by fnscope.`)
    return {
      id,
      label: textIn(one, 'Label'),
      returned: booleanIn(one, 'ReturnData') ?? true,
      expression,
      metric: stat === undefined ? undefined : metricStatIn(stat, id),
    }
  })
  if (new Set(queries.map(({ id }) => id)).size < queries.length)
    throw invalid('The values for parameter id in MetricDataQueries are not unique.')
  return queries
}

function metricStatIn(stat: JsonObject, id: string): NonNullable<DataQuery['metric']> {
  const name = textIn(stat, 'Stat') ?? ''
  const statistic = statisticOf(name)
  if (statistic === undefined) throw invalid(`The statistic '${name}' of ${id} is invalid or not supported by fnscope.`)
  const metric = metricIn(objectIn(stat, 'Metric') ?? {})
  return { ...metric, periodSeconds: periodIn(stat, 'Period'), unit: unitIn(stat), statistic }
}

function metricIn(input: JsonObject): Pick<Wanted, 'namespace' | 'name' | 'dimensions'> {
  const [namespace, name] = [textIn(input, 'Namespace'), textIn(input, 'MetricName')]
  if (namespace === undefined || namespace === '') throw missing('Namespace')
  if (name === undefined || name === '') throw missing('MetricName')
  const dimensions: Record<string, string> = {}
  for (const one of dimensionsIn(input)) {
    const [key, value] = [textIn(one, 'Name'), textIn(one, 'Value')]
    if (key === undefined || value === undefined) throw missing('Dimensions.member.Value')
    setOwn(dimensions, key, value)
  }
  return { namespace, name, dimensions }
}

/** An empty list is an empty text in a form. */
function dimensionsIn(input: JsonObject): readonly JsonObject[] {
  return input['Dimensions'] === '' ? [] : (objectsIn(input, 'Dimensions') ?? [])
}

function unitIn(input: JsonObject): string | undefined {
  const unit = textIn(input, 'Unit')
  if (unit !== undefined && !CLOUDWATCH_UNITS.has(unit))
    throw invalidValue(`The value ${unit} for parameter Unit is invalid.`)
  return unit
}

function periodIn(input: JsonObject, name: string): number {
  const period = numberIn(input, name)
  if (period === undefined) throw missing(name)
  const isFine = [1, 5, 10, 20, 30].includes(period) || (period > 0 && period <= 86_400 * 30 && period % 60 === 0)
  if (!isFine) throw invalidValue(`The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not ${period}.`)
  return period
}

/** Rounded down to the minute, or the second where a period is shorter: the first period begins there. */
function spanIn(input: JsonObject, smallestPeriod: number): Span {
  const [start, end] = [numberIn(input, 'StartTime'), numberIn(input, 'EndTime')]
  if (start === undefined) throw missing('StartTime')
  if (end === undefined) throw missing('EndTime')
  if (!(start >= 0 && end <= LATEST_SECONDS)) throw invalidValue('The parameters StartTime and EndTime are no times.')
  if (start >= end) throw invalid('The parameter StartTime must be less than the parameter EndTime.')
  const step = smallestPeriod < 60 ? 1 : 60
  return { startSeconds: Math.floor(start / step) * step, endSeconds: Math.ceil(end) }
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

function textsIn(input: JsonObject, name: string): readonly string[] {
  return (listIn(input, name) ?? []).map((one) => String(one))
}

function dateOf({ startNanos }: MetricStatistics): Date {
  return new Date(Number(startNanos / 1_000_000n))
}

function toNanos(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1000)) * 1_000_000n
}
