// Aggregations of Logs Insights' stats command. Each keeps what it needs of the rows, and says its value at the end.
import { compareValues, numberOf, timeOf, type Row, type Value } from './insights-row.ts'

export interface Aggregator {
  add(row: Row): void
  value(): Value
}

type Expression = (row: Row) => Value

export interface AggregateShape {
  /** How many arguments; count takes none or a star as well. */
  readonly arguments: number
  readonly start: (of: Expression, percent: number) => Aggregator
}

/** Over the numbers that an expression gives. */
function overNumbers(finish: (values: readonly number[]) => number | undefined): AggregateShape['start'] {
  return (of) => {
    const values: number[] = []
    return {
      add(row) {
        const number = numberOf(of(row))
        if (number !== undefined) values.push(number)
      },
      value: () => (values.length === 0 ? undefined : finish(values)),
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function extreme(sign: 1 | -1): AggregateShape['start'] {
  return (of) => {
    let best: Value
    return {
      add(row) {
        const value = of(row)
        if (value !== undefined && (best === undefined || compareValues(value, best) * sign > 0)) best = value
      },
      value: () => best,
    }
  }
}

function byTime(sign: 1 | -1): AggregateShape['start'] {
  return (of) => {
    let best: number | undefined
    let found: Value
    return {
      add(row) {
        const [value, time] = [of(row), timeOf(row.get('@timestamp'))]
        if (value === undefined || time === undefined || (best !== undefined && (time - best) * sign <= 0)) return
        best = time
        found = value
      },
      value: () => found,
    }
  }
}

export const AGGREGATES: ReadonlyMap<string, AggregateShape> = new Map<string, AggregateShape>([
  [
    'count',
    {
      arguments: 1,
      start: (of) => {
        let count = 0
        return {
          add(row) {
            if (of(row) !== undefined) count += 1
          },
          value: () => count,
        }
      },
    },
  ],
  [
    'count_distinct',
    {
      arguments: 1,
      start: (of) => {
        const seen = new Set<Value>()
        return {
          add(row) {
            const value = of(row)
            if (value !== undefined) seen.add(value)
          },
          value: () => seen.size,
        }
      },
    },
  ],
  ['sum', { arguments: 1, start: overNumbers(sum) }],
  ['avg', { arguments: 1, start: overNumbers((values) => sum(values) / values.length) }],
  ['min', { arguments: 1, start: extreme(-1) }],
  ['max', { arguments: 1, start: extreme(1) }],
  ['median', { arguments: 1, start: overNumbers((values) => percentile(values, 50)) }],
  ['stddev', { arguments: 1, start: overNumbers(deviation) }],
  ['pct', { arguments: 2, start: (of, percent) => overNumbers((values) => percentile(values, percent))(of, percent) }],
  [
    'percentile',
    { arguments: 2, start: (of, percent) => overNumbers((values) => percentile(values, percent))(of, percent) },
  ],
  ['earliest', { arguments: 1, start: byTime(-1) }],
  ['latest', { arguments: 1, start: byTime(1) }],
])

/** The value that has its place there among all in order, between two of them in proportion. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort()
  const place = ((sorted.length - 1) * percent) / 100
  const low = sorted[Math.floor(place)]!
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place))
}

function deviation(values: readonly number[]): number {
  const mean = sum(values) / values.length
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
}
