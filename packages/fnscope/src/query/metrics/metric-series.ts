// Series of metric math, and what is done with them point by point.

/** Epoch seconds → value. */
export interface TimeSeries {
  readonly label: string
  readonly periodSeconds: number
  readonly points: ReadonlyMap<number, number>
  /** Of one metric: which. */
  readonly metric?: MetricName
}

export interface MetricName {
  readonly namespace: string
  readonly name: string
  readonly dimensions: { readonly [name: string]: string }
  readonly stat: string
}

export type MathValue = number | TimeSeries | readonly TimeSeries[]

export class MathError extends Error {}

export function isSeries(value: MathValue): value is TimeSeries {
  return typeof value === 'object' && 'points' in value
}

/** @throws MathError for a number */
export function seriesOf(value: MathValue): readonly TimeSeries[] {
  if (typeof value === 'number') throw new MathError('a metric is wanted, not a number')
  return isSeries(value) ? [value] : value
}

export function eachSeries(value: MathValue, work: (series: TimeSeries) => ReadonlyMap<number, number>): MathValue {
  const changed = seriesOf(value).map((series) => ({ ...series, points: work(series) }))
  return isSeries(value) ? changed[0]! : changed
}

/** Points in order of time. */
export function sorted({ points }: TimeSeries): readonly (readonly [seconds: number, value: number])[] {
  return [...points].sort(([a], [b]) => a - b)
}

/** What is no number afterwards is no point. */
export function mapped(value: MathValue, work: (value: number, seconds: number) => number): MathValue {
  if (typeof value === 'number') return work(value, 0)
  return eachSeries(value, ({ points }) => finite([...points].map(([time, one]) => [time, work(one, time)])))
}

function finite(pairs: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  return new Map(pairs.filter(([, value]) => Number.isFinite(value)))
}

/** Two series have a value where both have one. */
export function combine(left: MathValue, right: MathValue, work: (a: number, b: number) => number): MathValue {
  if (typeof left === 'number')
    return typeof right === 'number' ? work(left, right) : mapped(right, (b) => work(left, b))
  if (typeof right === 'number') return mapped(left, (a) => work(a, right))
  if (isSeries(left) && isSeries(right)) {
    const pairs = [...left.points].flatMap(([time, a]): [number, number][] => {
      const b = right.points.get(time)
      return b === undefined ? [] : [[time, work(a, b)]]
    })
    return { ...left, points: finite(pairs) }
  }
  if (isSeries(left)) return seriesOf(right).map((one) => combine(left, one, work) as TimeSeries)
  if (isSeries(right)) return left.map((one) => combine(one, right, work) as TimeSeries)
  throw new MathError('two lists of metrics cannot be combined')
}

export type AggregateName = 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'STDDEV' | 'DATAPOINT_COUNT'

/** Of a list, time by time; of one series, its one number. */
export function aggregate(name: AggregateName, value: MathValue): MathValue {
  if (typeof value === 'number') return value
  if (isSeries(value)) {
    const all = [...value.points.values()]
    return all.length === 0 && name !== 'DATAPOINT_COUNT' ? { ...value, points: new Map() } : reduced(name, all)
  }
  const times = Map.groupBy(
    value.flatMap(({ points }) => [...points]),
    ([time]) => time,
  )
  const byTime = [...times].sort(([a], [b]) => a - b)
  return {
    label: name,
    periodSeconds: Math.max(60, ...value.map((series) => series.periodSeconds)),
    points: new Map(
      byTime.map(([time, pairs]) => [
        time,
        reduced(
          name,
          pairs.map(([, one]) => one),
        ),
      ]),
    ),
  }
}

export function reduced(name: AggregateName, values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  const mean = sum / values.length
  switch (name) {
    case 'MIN':
      return values.reduce((a, b) => Math.min(a, b))
    case 'MAX':
      return values.reduce((a, b) => Math.max(a, b))
    case 'SUM':
      return sum
    case 'AVG':
      return mean
    case 'STDDEV':
      return Math.sqrt(values.reduce((total, one) => total + (one - mean) ** 2, 0) / values.length)
    case 'DATAPOINT_COUNT':
      return values.length
  }
}
