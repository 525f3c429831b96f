// What asks for metrics of CloudWatch. GetMetricData has a file of its own.
import type { JsonObject } from '../codec/json.ts'
import { statisticOf, type Statistic } from '../query/metrics/metric-statistic.ts'
import type { MetricStatistics } from '../query/reader.ts'
import { NANOS_PER_DAY } from '../span/time.ts'
import { booleanIn, listIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { getMetricData } from './get-metric-data.ts'
import {
  dimensionsIn,
  invalidCombination,
  invalidValue,
  MAX_SERIES,
  metricIn,
  periodIn,
  shownDimensions,
  spanIn,
  statistics,
  unitIn,
  type MetricReadOptions,
} from './metric-input.ts'
import { ServiceError } from './service-error.ts'

const MAX_LISTED = 500
const LISTED_NANOS = 14n * NANOS_PER_DAY
const ACTIVE_NANOS = NANOS_PER_DAY / 8n
const MAX_STATISTICS_POINTS = 1440

export function metricOperations(options: MetricReadOptions): Readonly<Record<string, AwsOperation>> {
  return {
    ListMetrics: async ({ input }) => await listMetrics(input, options),
    GetMetricStatistics: async ({ input }) => await getStatistics(input, options),
    GetMetricData: async ({ input }) => await getMetricData(input, options),
    // PutMetricAlarm is refused: there can be none.
    DescribeAlarms: () => ({ CompositeAlarms: [], MetricAlarms: [] }),
    DescribeAlarmsForMetric: () => ({ MetricAlarms: [] }),
    DescribeAlarmHistory: () => ({ AlarmHistoryItems: [] }),
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
    for (const dimensions of shownDimensions(one)) {
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

function textsIn(input: JsonObject, name: string): readonly string[] {
  return (listIn(input, name) ?? []).map((one) => String(one))
}

function dateOf({ startNanos }: MetricStatistics): Date {
  return new Date(Number(startNanos / 1_000_000n))
}
