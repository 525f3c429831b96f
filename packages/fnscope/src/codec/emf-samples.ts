// The samples of one CloudWatch metric, in EMF's three spellings: a number, an array of numbers, or an object of statistics
// {Values, Counts, Max, Min, Sum, Count}. PutMetricData weighs its own the same way.
import type { MetricPoint } from '../span/metric-point.ts'
import { isJsonObject, type JsonObject } from './json.ts'

export interface Samples {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Each value once and in order, and how often it came; absent for one sample and where the values are not known. */
  readonly values?: readonly number[]
  readonly weights?: readonly number[]
}

const MAX_VALUES = 100

type PointOfSamples = Pick<
  MetricPoint,
  'kind' | 'value' | 'count' | 'min' | 'max' | 'bounds' | 'counts' | 'monotonic' | 'temporality'
>

/** What a metric point says of the samples: since the point before it (delta), values and weights where they are known. */
export function pointOfSamples({ sum, count, min, max, values = [], weights = [] }: Samples): PointOfSamples {
  return {
    kind: 'statistics',
    value: sum,
    count,
    min,
    max,
    bounds: values,
    counts: weights,
    monotonic: false,
    temporality: 1,
  }
}

/** The samples, or what is wrong with them. */
export function readSamples(value: unknown): Samples | string {
  if (typeof value === 'number') return weigh([value])
  if (Array.isArray(value)) return weigh(value)
  return isJsonObject(value) ? readStatistics(value) : 'its value is no number'
}

/** `weights` tell how often each value was seen. The samples, or what is wrong with them. */
export function weigh(values: readonly unknown[], weights?: readonly unknown[], most = MAX_VALUES): Samples | string {
  if (values.length === 0) return 'it has no value'
  if (values.length > most) return `${values.length} values, at most ${most}`
  const seen = new Map<number, number>()
  let count = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const [index, value] of values.entries()) {
    const weight = weights === undefined ? 1 : weights[index]
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'one of its values is no number'
    if (typeof weight !== 'number' || !(weight > 0 && Number.isFinite(weight))) return 'one of its counts is no number'
    count += weight
    sum += value * weight
    min = Math.min(min, value)
    max = Math.max(max, value)
    seen.set(value, (seen.get(value) ?? 0) + weight)
  }
  if (!Number.isFinite(sum)) return 'the sum of its values is no number'
  if (count === 1) return { count, sum, min, max }
  const sorted = [...seen].sort(([a], [b]) => a - b)
  const [each, often] = [sorted.map(([value]) => value), sorted.map(([, weight]) => weight)]
  return { count, sum, min, max, values: each, weights: often }
}

function readStatistics(value: JsonObject): Samples | string {
  const { Values: values, Counts: counts } = value
  if (Array.isArray(values)) {
    if (counts !== undefined && !(Array.isArray(counts) && counts.length === values.length))
      return 'Counts and Values differ in length'
    return weigh(values, counts)
  }
  const { Count: count, Sum: sum, Min: min, Max: max } = value
  for (const one of [count, sum, min, max])
    if (typeof one !== 'number' || !Number.isFinite(one)) return 'Count, Sum, Min and Max are not all numbers'
  if ((count as number) <= 0) return 'Count is not above 0'
  return { count: count as number, sum: sum as number, min: min as number, max: max as number }
}
