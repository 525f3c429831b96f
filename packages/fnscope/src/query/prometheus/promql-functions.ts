// PromQL's functions by what they take: a range's samples, a vector's values, or what Evaluation has to do for them.
import { dateFunctions } from './promql-dates.ts'
import { rateOf } from './promql-rate.ts'
import { deviationOf, leastOf, greatestOf, lineOf, quantileOfValues, sumOf } from './promql-statistics.ts'
import type { ExpressionType } from './promql-syntax.ts'

/** Samples in order of time. */
export interface Window {
  readonly times: readonly number[]
  readonly values: readonly number[]
  readonly startMs: number
  readonly endMs: number
  /** Of the question: what the range ends at without its offset. */
  readonly askedMs: number
}

export interface PromqlFunction {
  readonly arguments: readonly ExpressionType[]
  /** So many of the last arguments may be left out. */
  readonly optional?: number
  /** As many more of these as one likes. */
  readonly further?: ExpressionType
  readonly answers: ExpressionType
  /** Over a range; undefined: too few samples. The numbers are its other arguments. */
  readonly overTime?: (window: Window, ...numbers: readonly number[]) => number | undefined
  /** Over each value of a vector; the numbers are its further arguments. */
  readonly overValue?: (value: number, ...numbers: readonly number[]) => number
  /** Its result keeps the metric's name. */
  readonly keepsName?: boolean
}

type OverTime = NonNullable<PromqlFunction['overTime']>
type OverValue = NonNullable<PromqlFunction['overValue']>

const range = (overTime: OverTime, keepsName = false): PromqlFunction => ({
  arguments: ['range vector'],
  answers: 'instant vector',
  overTime,
  keepsName,
})
const value = (overValue: OverValue, numbers = 0, optional = 0): PromqlFunction => ({
  arguments: ['instant vector', ...Array.from({ length: numbers }, () => 'scalar' as const)],
  optional,
  answers: 'instant vector',
  overValue,
})
const values = (functions: Readonly<Record<string, (one: number) => number>>): [string, PromqlFunction][] =>
  Object.entries(functions).map(([name, work]) => [name, value((one) => work(one))])
/** Evaluation knows how. */
const special = (given: readonly ExpressionType[], answers: ExpressionType = 'instant vector'): PromqlFunction => ({
  arguments: given,
  answers,
})

export const FUNCTIONS: ReadonlyMap<string, PromqlFunction> = new Map<string, PromqlFunction>([
  ['rate', range((window) => rateOf(window, { isCounter: true, perSecond: true }))],
  ['increase', range((window) => rateOf(window, { isCounter: true, perSecond: false }))],
  ['delta', range((window) => rateOf(window, { isCounter: false, perSecond: false }))],
  ['irate', range((window) => lastDifference(window, { isCounter: true }))],
  ['idelta', range((window) => lastDifference(window, { isCounter: false }))],
  ['deriv', range(({ times, values }) => lineOf(times, values, times[0]!)?.slope)],
  [
    'predict_linear',
    {
      ...range(({ times, values, askedMs }, seconds) => {
        const line = lineOf(times, values, askedMs)
        return line === undefined ? undefined : line.slope * seconds + line.intercept
      }),
      arguments: ['range vector', 'scalar'],
    },
  ],
  ['changes', range(({ values }) => values.filter((one, i) => i > 0 && differs(one, values[i - 1]!)).length)],
  ['resets', range(({ values }) => values.filter((one, i) => i > 0 && one < values[i - 1]!).length)],
  ['sum_over_time', range(({ values }) => sumOf(values))],
  ['avg_over_time', range(({ values }) => sumOf(values) / values.length)],
  ['min_over_time', range(({ values }) => leastOf(values))],
  ['max_over_time', range(({ values }) => greatestOf(values))],
  ['count_over_time', range(({ values }) => values.length)],
  ['present_over_time', range(() => 1)],
  ['last_over_time', range(({ values }) => values.at(-1), true)],
  ['first_over_time', range(({ values }) => values[0], true)],
  ['stddev_over_time', range(({ values }) => deviationOf(values))],
  ['stdvar_over_time', range(({ values }) => deviationOf(values) ** 2)],
  [
    'quantile_over_time',
    {
      ...range(({ values }, quantile) => quantileOfValues(quantile, values)),
      arguments: ['scalar', 'range vector'],
    },
  ],
  ...values({
    abs: Math.abs,
    ceil: Math.ceil,
    floor: Math.floor,
    exp: Math.exp,
    ln: Math.log,
    log2: Math.log2,
    log10: Math.log10,
    sqrt: Math.sqrt,
    sgn: Math.sign,
    deg: (one) => (one * 180) / Math.PI,
    rad: (one) => (one * Math.PI) / 180,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    asin: Math.asin,
    acos: Math.acos,
    atan: Math.atan,
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    asinh: Math.asinh,
    acosh: Math.acosh,
    atanh: Math.atanh,
  }),
  // Halves are rounded up; the step is turned over so that steps of 0.1 do not make 0.30000000000000004.
  ['round', value((one, step = 1) => Math.floor(one * (1 / step) + 0.5) / (1 / step), 1, 1)],
  ['clamp_min', value((one, least) => Math.max(one, least), 1)],
  ['clamp_max', value((one, most) => Math.min(one, most), 1)],
  ['clamp', value((one, least, most) => Math.max(least, Math.min(most, one)), 2)],
  ...dateFunctions((overValue) => ({ ...value(overValue), optional: 1 })),
  ['vector', special(['scalar'])],
  ['scalar', special(['instant vector'], 'scalar')],
  ['time', special([], 'scalar')],
  ['pi', special([], 'scalar')],
  ['timestamp', special(['instant vector'])],
  ['absent', special(['instant vector'])],
  ['absent_over_time', special(['range vector'])],
  ['sort', special(['instant vector'])],
  ['sort_desc', special(['instant vector'])],
  ['histogram_quantile', special(['scalar', 'instant vector'])],
  ['label_replace', special(['instant vector', 'string', 'string', 'string', 'string'])],
  ['label_join', { ...special(['instant vector', 'string', 'string']), further: 'string' }],
])

function differs(one: number, other: number): boolean {
  return !Object.is(one, other) && one !== other
}

function lastDifference({ times, values }: Window, { isCounter }: { readonly isCounter: boolean }): number | undefined {
  if (values.length < 2) return undefined
  const [before, last] = [values.at(-2)!, values.at(-1)!]
  if (!isCounter) return last - before
  const seconds = (times.at(-1)! - times.at(-2)!) / 1000
  return (last < before ? last : last - before) / seconds
}
