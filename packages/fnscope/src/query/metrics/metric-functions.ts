// Functions of metric math whose arguments are plain values. What needs more of the question is in metric-math.ts.
import {
  aggregate,
  eachSeries,
  isSeries,
  mapped,
  MathError,
  reduced,
  seriesOf,
  sorted,
  type AggregateName,
  type MathValue,
  type TimeSeries,
} from './metric-series.ts'

export interface MathFunction {
  readonly arguments: readonly [fewest: number, most: number]
  readonly call: (...values: readonly MathValue[]) => MathValue
}

const of = (call: (value: MathValue) => MathValue): MathFunction => ({
  arguments: [1, 1],
  call: (value) => call(value),
})
const aggregation = (name: AggregateName): [string, MathFunction] => [name, of((value) => aggregate(name, value))]
const onValues = (name: string, work: (value: number) => number): [string, MathFunction] => [
  name,
  of((value) => mapped(value, work)),
]
const onTimes = (name: string, work: (date: Date) => number): [string, MathFunction] => [
  name,
  of((value) => {
    seriesOf(value)
    return mapped(value, (_, seconds) => work(new Date(seconds * 1000)))
  }),
]
const onPairs = (name: string, work: (difference: number, seconds: number) => number): [string, MathFunction] => [
  name,
  of((value) => eachSeries(value, (series) => pairs(series, work))),
]

export const MATH_FUNCTIONS: ReadonlyMap<string, MathFunction> = new Map<string, MathFunction>([
  ...(['SUM', 'AVG', 'MIN', 'MAX', 'STDDEV', 'DATAPOINT_COUNT'] as const).map(aggregation),
  onValues('ABS', Math.abs),
  onValues('CEIL', Math.ceil),
  onValues('FLOOR', Math.floor),
  onValues('LOG', Math.log),
  onValues('LOG10', Math.log10),
  onPairs('RATE', (difference, seconds) => difference / seconds),
  onPairs('DIFF', (difference) => difference),
  onPairs('DIFF_TIME', (_, seconds) => seconds),
  onTimes('MINUTE', (date) => date.getUTCMinutes()),
  onTimes('HOUR', (date) => date.getUTCHours()),
  // Monday is 1.
  onTimes('DAY', (date) => date.getUTCDay() || 7),
  onTimes('DATE', (date) => date.getUTCDate()),
  onTimes('MONTH', (date) => date.getUTCMonth() + 1),
  onTimes('YEAR', (date) => date.getUTCFullYear()),
  onTimes('EPOCH', (date) => date.getTime() / 1000),
  ['RUNNING_SUM', of((value) => eachSeries(value, runningSum))],
  ['PERIOD', of((value) => oneOf(value, 'PERIOD').periodSeconds)],
  ['METRIC_COUNT', of((value) => seriesOf(value).length)],
  ['REMOVE_EMPTY', of((value) => seriesOf(value).filter(({ points }) => points.size > 0))],
  ['FIRST', of((value) => endOf(value, 0))],
  ['LAST', of((value) => endOf(value, -1))],
  ['SLICE', { arguments: [2, 3], call: (value, from, to) => slice(value, from, to) }],
  ['IF', { arguments: [2, 3], call: (condition, then, otherwise) => choose(condition, then, otherwise) }],
])

export const SORT_FUNCTIONS: ReadonlySet<string> = new Set(['AVG', 'MAX', 'MIN', 'SUM'])

/** By one figure of each; series without a point come last. */
export function sortSeries(value: MathValue, by: AggregateName, isDescending: boolean, most: number): MathValue {
  const figures = seriesOf(value).map((series) => {
    const values = [...series.points.values()]
    return { series, figure: values.length === 0 ? undefined : reduced(by, values) }
  })
  const known = figures.filter(({ figure }) => figure !== undefined)
  known.sort((a, b) => (isDescending ? b.figure! - a.figure! : a.figure! - b.figure!))
  const empty = figures.filter(({ figure }) => figure === undefined)
  return [...known, ...empty].slice(0, most).map(({ series }) => series)
}

function oneOf(value: MathValue, name: string): TimeSeries {
  const [first, ...more] = seriesOf(value)
  if (first === undefined || more.length > 0) throw new MathError(`${name} is of one metric`)
  return first
}

function endOf(value: MathValue, place: 0 | -1): TimeSeries {
  const one = seriesOf(value).at(place)
  if (one === undefined) throw new MathError('the list of metrics is empty')
  return one
}

function slice(value: MathValue, from: MathValue, to: MathValue | undefined): MathValue {
  if (typeof from !== 'number' || (to !== undefined && typeof to !== 'number'))
    throw new MathError('SLICE wants numbers behind the list')
  return seriesOf(value).slice(from, to)
}

function runningSum(series: TimeSeries): ReadonlyMap<number, number> {
  let sum = 0
  return new Map(sorted(series).map(([time, value]) => [time, (sum += value)]))
}

function pairs(series: TimeSeries, work: (difference: number, seconds: number) => number): ReadonlyMap<number, number> {
  const all = sorted(series)
  return new Map(
    all.slice(1).map(([time, value], index) => {
      const [before, earlier] = all[index]!
      return [time, work(value - earlier, time - before)]
    }),
  )
}

/** Where the condition is not 0 the one value, else the other; no point where that has none. */
function choose(condition: MathValue, then: MathValue, otherwise: MathValue | undefined): MathValue {
  if (typeof condition === 'number') {
    const value = condition === 0 ? otherwise : then
    return value ?? { label: 'IF', periodSeconds: 60, points: new Map() }
  }
  if (!isSeries(condition)) throw new MathError('the condition of IF is one metric, not a list')
  const at = (value: MathValue | undefined, time: number): number | undefined => {
    if (value === undefined || typeof value === 'number') return value
    if (!isSeries(value)) throw new MathError('IF chooses between metrics or numbers, not lists')
    return value.points.get(time)
  }
  const points = [...condition.points].flatMap(([time, one]): [number, number][] => {
    const value = at(one === 0 ? otherwise : then, time)
    return value === undefined ? [] : [[time, value]]
  })
  return { ...condition, points: new Map(points) }
}
