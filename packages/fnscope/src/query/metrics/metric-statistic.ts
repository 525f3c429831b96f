// CloudWatch's statistics by their names: Average, Sum, Minimum, Maximum, SampleCount, percentiles, and the figures of a part
// of the samples (trimmed, winsorized, ranks).
import type { MetricStatistics } from '../reader.ts'

export interface Statistic {
  readonly name: string
  readonly needsValues: boolean
  /** Undefined where the period has no such figure. */
  readonly of: (period: MetricStatistics) => number | undefined
}

/** Each value with how often it came, ascending. */
type Samples = readonly (readonly [value: number, weight: number])[]

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
  const percent = percentIn(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1])
  const work = percent === undefined ? partOf(name) : (values: Samples) => percentileOf(values, percent)
  if (work === undefined) return undefined
  return { name, needsValues: true, of: ({ values }) => (values.length === 0 ? undefined : work(values)) }
}

function percentIn(text: string | undefined): number | undefined {
  const percent = Number(text ?? Number.NaN)
  return percent >= 0 && percent <= 100 ? percent : undefined
}

interface Bound {
  readonly value: number
  readonly isPercent: boolean
}

/** tm90, TM(10%:90%), TM(150:1000), IQM and their like. */
function partOf(name: string): ((values: Samples) => number | undefined) | undefined {
  const short = /^(tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)
  const text = name === 'IQM' ? 'TM(25%:75%)' : short === null ? name : `${short[1]!.toUpperCase()}(:${short[2]!}%)`
  const match = /^(TM|WM|TC|TS|PR)\(([^:()]*):([^:()]*)\)$/.exec(text)
  const [from, to] = [boundIn(match?.[2]), boundIn(match?.[3])]
  if (match === null || from === false || to === false || (from === undefined && to === undefined)) return undefined
  const isPercent = (from ?? to)!.isPercent
  if ((to ?? from)!.isPercent !== isPercent || (match[1] === 'PR' && isPercent)) return undefined
  const part = isPercent
    ? (values: Samples) => trimmedShare(values, (from?.value ?? 0) / 100, (to?.value ?? 100) / 100)
    : (values: Samples) => within(values, from?.value ?? -Infinity, to?.value ?? Infinity)
  switch (match[1]) {
    case 'TM':
      return (values) => meanOf(part(values))
    case 'TS':
      return (values) => sumOf(part(values))
    case 'TC':
      return (values) => countOf(part(values))
    case 'PR':
      return (values) => (100 * countOf(part(values))) / countOf(values)
    default:
      return (values) => (isPercent ? winsorized(values, part(values)) : clamped(values, from?.value, to?.value))
  }
}

/** Undefined: there is none. False: it is none. */
function boundIn(text: string | undefined): Bound | undefined | false {
  if (text === undefined || text === '') return undefined
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  if (match === null) return false
  const value = Number(match[1])
  return match[2] === '%' && value > 100 ? false : { value, isPercent: match[2] === '%' }
}

function countOf(values: Samples): number {
  return values.reduce((total, [, weight]) => total + weight, 0)
}

function sumOf(values: Samples): number {
  return values.reduce((total, [value, weight]) => total + value * weight, 0)
}

function meanOf(values: Samples): number | undefined {
  return values.length === 0 ? undefined : sumOf(values) / countOf(values)
}

/** Above the one bound, and no higher than the other. */
function within(values: Samples, above: number, most: number): Samples {
  return values.filter(([value]) => value > above && value <= most)
}

/** Without a share of the lowest and the highest samples, in whole samples. */
function trimmedShare(values: Samples, from: number, to: number): Samples {
  const total = countOf(values)
  // A tenth of 20 are two samples, also where binary fractions say a little less.
  const whole = (share: number): number => Math.floor(total * share + 1e-9)
  const [low, high] = [whole(from), total - whole(1 - to)]
  let seen = 0
  return values.flatMap(([value, weight]): [number, number][] => {
    const kept = Math.min(seen + weight, high) - Math.max(seen, low)
    seen += weight
    return kept > 0 ? [[value, kept]] : []
  })
}

/** What was trimmed counts as the nearest that is left. */
function winsorized(values: Samples, kept: Samples): number | undefined {
  const [first, last] = [kept[0], kept.at(-1)]
  return first === undefined || last === undefined ? undefined : clamped(values, first[0], last[0])
}

function clamped(values: Samples, least = -Infinity, most = Infinity): number | undefined {
  return meanOf(values.map(([value, weight]) => [Math.min(most, Math.max(least, value)), weight]))
}

/** The least value that so many percent of the samples do not exceed. */
export function percentileOf(values: Samples, percent: number): number | undefined {
  const total = countOf(values)
  let seen = 0
  for (const [value, weight] of values) {
    seen += weight
    if (seen >= (total * percent) / 100) return value
  }
  return values.at(-1)?.[0]
}
