// CloudWatch's statistics by their names: Average, Sum, Minimum, Maximum, SampleCount and percentiles.
import type { MetricStatistics } from '../reader.ts'

export interface Statistic {
  readonly name: string
  readonly needsValues: boolean
  /** Undefined where the period has no such figure. */
  readonly of: (period: MetricStatistics) => number | undefined
}

const PLAIN: Readonly<Record<string, (period: MetricStatistics) => number>> = {
  Average: ({ sum, count }) => sum / count,
  Sum: ({ sum }) => sum,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
  SampleCount: ({ count }) => count,
}

/** Undefined: there is no such statistic here. */
export function statisticOf(name: string): Statistic | undefined {
  const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  if (plain !== undefined) return { name, needsValues: false, of: plain }
  const percent = Number(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1] ?? Number.NaN)
  if (!(percent >= 0 && percent <= 100)) return undefined
  return { name, needsValues: true, of: ({ values }) => percentileOf(values, percent) }
}

/** The least value that so many percent of the samples do not exceed. */
export function percentileOf(
  values: readonly (readonly [value: number, weight: number])[],
  percent: number,
): number | undefined {
  const total = values.reduce((sum, [, weight]) => sum + weight, 0)
  let seen = 0
  for (const [value, weight] of values) {
    seen += weight
    if (seen >= (total * percent) / 100) return value
  }
  return values.at(-1)?.[0]
}
