// PromQL's functions, as many as there are here: over the samples of a range, and over the values of a vector.
import type { ExpressionType } from './promql-syntax.ts'
import { rateOf } from './promql-rate.ts'

/** Samples in order of time. */
export interface Window {
  readonly times: readonly number[]
  readonly values: readonly number[]
  readonly startMs: number
  readonly endMs: number
}

export interface PromqlFunction {
  readonly arguments: readonly ExpressionType[]
  readonly answers: ExpressionType
  /** Over a range; undefined: too few samples. */
  readonly overTime?: (window: Window) => number | undefined
  /** Over each value of a vector; the numbers are its further arguments. */
  readonly overValue?: (value: number, ...numbers: readonly number[]) => number
  /** Its result keeps the metric's name. */
  readonly keepsName?: boolean
}

const range = (overTime: NonNullable<PromqlFunction['overTime']>, keepsName = false): PromqlFunction => ({
  arguments: ['range vector'],
  answers: 'instant vector',
  overTime,
  keepsName,
})
const value = (overValue: NonNullable<PromqlFunction['overValue']>, numbers = 0): PromqlFunction => ({
  arguments: ['instant vector', ...Array.from({ length: numbers }, () => 'scalar' as const)],
  answers: 'instant vector',
  overValue,
})

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
const extreme = (pick: (a: number, b: number) => boolean) => (values: readonly number[]) =>
  values.reduce((best, one) => (pick(one, best) || Number.isNaN(best) ? one : best))

export const leastOf = extreme((one, best) => one < best)
export const greatestOf = extreme((one, best) => one > best)

export const FUNCTIONS: ReadonlyMap<string, PromqlFunction> = new Map<string, PromqlFunction>([
  ['rate', range((window) => rateOf(window, { isCounter: true, perSecond: true }))],
  ['increase', range((window) => rateOf(window, { isCounter: true, perSecond: false }))],
  ['delta', range((window) => rateOf(window, { isCounter: false, perSecond: false }))],
  ['irate', range(irateOf)],
  ['sum_over_time', range(({ values }) => sum(values))],
  ['avg_over_time', range(({ values }) => sum(values) / values.length)],
  ['min_over_time', range(({ values }) => leastOf(values))],
  ['max_over_time', range(({ values }) => greatestOf(values))],
  ['count_over_time', range(({ values }) => values.length)],
  ['last_over_time', range(({ values }) => values.at(-1), true)],
  ['abs', value(Math.abs)],
  ['ceil', value(Math.ceil)],
  ['floor', value(Math.floor)],
  ['round', value((one) => Math.floor(one + 0.5))],
  ['clamp_min', value((one, least) => Math.max(one, least), 1)],
  ['clamp_max', value((one, most) => Math.min(one, most), 1)],
  ['vector', { arguments: ['scalar'], answers: 'instant vector' }],
  ['time', { arguments: [], answers: 'scalar' }],
  ['histogram_quantile', { arguments: ['scalar', 'instant vector'], answers: 'instant vector' }],
])

function irateOf({ times, values }: Window): number | undefined {
  if (values.length < 2) return undefined
  const [before, last] = [values.at(-2)!, values.at(-1)!]
  const seconds = (times.at(-1)! - times.at(-2)!) / 1000
  return (last < before ? last : last - before) / seconds
}
