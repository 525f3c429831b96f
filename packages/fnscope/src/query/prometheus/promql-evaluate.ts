// Evaluates PromQL at one time or at many, over series that are already here.
import { FUNCTIONS, greatestOf, leastOf } from './promql-functions.ts'
import { histogramQuantile } from './promql-histogram.ts'
import { typeOf } from './promql-parse.ts'
import { countUntil, labelsKey, without, withOnly, type Labels, type Sample, type Series } from './promql-series.ts'
import {
  COMPARISONS,
  PromqlError,
  type AggregateName,
  type BinaryMark,
  type Expression,
  type Selector,
} from './promql-syntax.ts'

/** How far back an instant vector looks for a value. */
export const LOOKBACK_MS = 5 * 60_000
/** Samples looked at by one question. */
const MAX_WORK = 50_000_000

export type SeriesOf = (selector: Selector) => readonly Series[]
export type Value = number | readonly Sample[]

/** Every selector of the expression. */
export function selectorsOf(expression: Expression): readonly Selector[] {
  switch (expression.kind) {
    case 'number':
      return []
    case 'selector':
      return [expression]
    case 'negative':
    case 'aggregate':
      return selectorsOf(expression.of)
    case 'call':
      return expression.arguments.flatMap(selectorsOf)
    case 'binary':
      return [...selectorsOf(expression.left), ...selectorsOf(expression.right)]
  }
}

export class Evaluation {
  readonly #seriesOf: SeriesOf
  #work = 0

  constructor(seriesOf: SeriesOf) {
    this.#seriesOf = seriesOf
  }

  /** @throws PromqlError execution */
  at(expression: Expression, ms: number): Value {
    switch (expression.kind) {
      case 'number':
        return expression.value
      case 'selector':
        return this.#instant(expression, ms)
      case 'negative': {
        const value = this.at(expression.of, ms)
        return typeof value === 'number' ? -value : distinct(value.map((one) => unnamed(one.labels, -one.value)))
      }
      case 'aggregate':
        return aggregate(expression, this.at(expression.of, ms))
      case 'call':
        return this.#call(expression, ms)
      case 'binary':
        return binary(expression, this.at(expression.left, ms), this.at(expression.right, ms))
    }
  }

  /** The samples of a range vector, as an answer of its own. */
  range(selector: Selector, ms: number): Series[] {
    return this.#seriesOf(selector).flatMap((series) => {
      const window = this.#window(series, ms - selector.rangeMs!, ms)
      return window === undefined ? [] : [{ ...series, times: window.times, values: window.values }]
    })
  }

  #spend(samples: number): void {
    this.#work += samples
    if (this.#work > MAX_WORK)
      throw new PromqlError('the query looks at too many samples: ask for a shorter time or a longer step', 'execution')
  }

  #instant(selector: Selector, ms: number): Sample[] {
    const all = this.#seriesOf(selector)
    this.#spend(all.length)
    return all.flatMap(({ labels, times, values, staleTimes }) => {
      const place = countUntil(times, ms) - 1
      const time = times[place]
      if (time === undefined || time <= ms - LOOKBACK_MS || staleTimes.has(time)) return []
      return [{ labels, value: values[place]! }]
    })
  }

  #window(series: Series, startMs: number, endMs: number): { times: number[]; values: number[] } | undefined {
    const [from, to] = [countUntil(series.times, startMs), countUntil(series.times, endMs)]
    this.#spend(to - from + 1)
    let times = series.times.slice(from, to)
    let values = series.values.slice(from, to)
    if (series.staleTimes.size > 0) {
      values = values.filter((_, index) => !series.staleTimes.has(times[index]!))
      times = times.filter((time) => !series.staleTimes.has(time))
    }
    return times.length === 0 ? undefined : { times, values }
  }

  #call({ name, arguments: given }: Expression & { readonly kind: 'call' }, ms: number): Value {
    const shape = FUNCTIONS.get(name)!
    if (name === 'time') return ms / 1000
    if (name === 'vector') return [{ labels: {}, value: this.at(given[0]!, ms) as number }]
    if (name === 'histogram_quantile')
      return histogramQuantile(this.at(given[0]!, ms) as number, this.at(given[1]!, ms) as readonly Sample[])
    if (shape.overTime !== undefined) {
      const selector = rangeOf(given[0]!)
      const startMs = ms - selector.rangeMs!
      const samples = this.#seriesOf(selector).flatMap((series) => {
        const window = this.#window(series, startMs, ms)
        const value = window === undefined ? undefined : shape.overTime!({ ...window, startMs, endMs: ms })
        if (value === undefined) return []
        return [shape.keepsName === true ? { labels: series.labels, value } : unnamed(series.labels, value)]
      })
      return distinct(samples)
    }
    const [vector, ...numbers] = given.map((one) => this.at(one, ms)) as [readonly Sample[], ...number[]]
    return distinct(vector.map(({ labels, value }) => unnamed(labels, shape.overValue!(value, ...numbers))))
  }
}

function rangeOf(expression: Expression): Selector {
  if (expression.kind !== 'selector') throw new PromqlError('a range is of a selector alone')
  return expression
}

function unnamed(labels: Labels, value: number): Sample {
  return { labels: without(labels, ['__name__']), value }
}

function distinct(samples: readonly Sample[]): readonly Sample[] {
  if (new Set(samples.map(({ labels }) => labelsKey(labels))).size < samples.length)
    throw new PromqlError('vector cannot contain metrics with the same labelset', 'execution')
  return samples
}

function aggregate({ name, labels, keep }: Expression & { readonly kind: 'aggregate' }, value: Value): Sample[] {
  if (typeof value === 'number')
    throw new PromqlError(`expected type instant vector in aggregation ${name}, got scalar`)
  const groups = new Map<string, { readonly labels: Labels; readonly values: number[] }>()
  for (const sample of value) {
    const kept = keep ? withOnly(sample.labels, labels) : without(sample.labels, [...labels, '__name__'])
    const key = labelsKey(kept)
    const group = groups.get(key) ?? { labels: kept, values: [] }
    groups.set(key, group)
    group.values.push(sample.value)
  }
  return [...groups.values()].map((group) => ({ labels: group.labels, value: reduced(name, group.values) }))
}

function reduced(name: AggregateName, values: readonly number[]): number {
  switch (name) {
    case 'count':
      return values.length
    case 'min':
      return leastOf(values)
    case 'max':
      return greatestOf(values)
    case 'sum':
      return values.reduce((a, b) => a + b, 0)
    case 'avg':
      return values.reduce((a, b) => a + b, 0) / values.length
  }
}

function calculate(mark: BinaryMark, a: number, b: number): number | boolean {
  switch (mark) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return a ** b
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

function binary(expression: Expression & { readonly kind: 'binary' }, left: Value, right: Value): Value {
  const { mark, isBool } = expression
  if (typeof left === 'number' && typeof right === 'number') {
    if (COMPARISONS.has(mark) && !isBool) throw new PromqlError('comparisons between scalars must use BOOL modifier')
    return Number(calculate(mark, left, right))
  }
  /** A comparison without bool keeps the sample of the vector where it is true. */
  const one = (labels: Labels, a: number, b: number, kept: number): Sample[] => {
    const result = calculate(mark, a, b)
    if (typeof result === 'number') return [unnamed(labels, result)]
    if (isBool) return [unnamed(labels, result ? 1 : 0)]
    return result ? [{ labels, value: kept }] : []
  }
  if (typeof left === 'number')
    return distinct((right as readonly Sample[]).flatMap(({ labels, value }) => one(labels, left, value, value)))
  if (typeof right === 'number') return distinct(left.flatMap(({ labels, value }) => one(labels, value, right, value)))
  const key = ({ labels }: Sample): string => labelsKey(without(labels, ['__name__']))
  const others = new Map<string, Sample>()
  for (const sample of right) {
    if (others.has(key(sample)))
      throw new PromqlError('found duplicate series on the right hand-side of the operation', 'execution')
    others.set(key(sample), sample)
  }
  const seen = new Set<string>()
  return left.flatMap((sample) => {
    const other = others.get(key(sample))
    if (other === undefined) return []
    if (seen.has(key(sample)))
      throw new PromqlError('found duplicate series on the left hand-side of the operation', 'execution')
    seen.add(key(sample))
    return one(sample.labels, sample.value, other.value, sample.value)
  })
}

/** What the whole expression answers. */
export { typeOf }
