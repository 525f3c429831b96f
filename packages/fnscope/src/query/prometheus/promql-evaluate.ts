// Evaluates PromQL at one time or at many, over series that are already here.
import { aggregate, ordered } from './promql-aggregate.ts'
import { binary } from './promql-binary.ts'
import { FUNCTIONS, type PromqlFunction, type Window } from './promql-functions.ts'
import { histogramQuantile } from './promql-histogram.ts'
import { labelJoin, labelReplace } from './promql-labels.ts'
import { LOOKBACK_MS, movedTo, type Times } from './promql-reach.ts'
import { countUntil, distinct, labelsKey, unnamed, type Labels, type Sample, type Series } from './promql-series.ts'
import { PromqlError, type Call, type Expression, type Selector, type Subquery } from './promql-syntax.ts'

/** Samples looked at by one question. */
const MAX_WORK = 50_000_000

export type SeriesOf = (selector: Selector) => readonly Series[]
export type Value = number | string | readonly Sample[]

interface RangeSeries {
  readonly labels: Labels
  readonly window: Window
}

export class Evaluation {
  readonly #seriesOf: SeriesOf
  readonly #asked: Times
  #work = 0

  /** `asked`: the first and the last time of the question. */
  constructor(seriesOf: SeriesOf, asked: Times) {
    this.#seriesOf = seriesOf
    this.#asked = asked
  }

  /** Of anything but a range vector. @throws PromqlError execution */
  at(expression: Expression, ms: number): Value {
    switch (expression.kind) {
      case 'number':
      case 'text':
        return expression.value
      case 'selector':
        return this.#instant(expression, ms).map(({ labels, value }) => ({ labels, value }))
      case 'subquery':
        throw new PromqlError('a range is no value of a moment', 'execution')
      case 'negative': {
        const value = this.at(expression.of, ms)
        if (typeof value === 'number') return -value
        return distinct((value as readonly Sample[]).map((one) => unnamed(one.labels, -one.value)))
      }
      case 'aggregate': {
        const { parameter } = expression
        const given = parameter === undefined ? undefined : (this.at(parameter, ms) as number | string)
        return aggregate(expression, this.#vector(expression.of, ms), given)
      }
      case 'call':
        return this.#call(expression, ms)
      case 'binary': {
        const [left, right] = [expression.left, expression.right].map((one) => this.at(one, ms))
        this.#spend(sizeOf(left!) + sizeOf(right!))
        return binary(expression, left as number, right as number)
      }
    }
  }

  /** The samples of a range vector, as an answer of its own. */
  range(expression: Selector | Subquery, ms: number): Series[] {
    return this.#ranges(expression, ms).map(({ labels, window: { times, values } }) => ({
      labels,
      times: [...times],
      values: [...values],
      staleTimes: new Set(),
    }))
  }

  #spend(samples: number): void {
    this.#work += samples
    if (this.#work > MAX_WORK)
      throw new PromqlError('the query looks at too many samples: ask for a shorter time or a longer step', 'execution')
  }

  #vector(expression: Expression, ms: number): readonly Sample[] {
    return this.at(expression, ms) as readonly Sample[]
  }

  #instant(selector: Selector, askedMs: number): (Sample & { readonly time: number })[] {
    const ms = movedTo(selector, askedMs, this.#asked)
    const all = this.#seriesOf(selector)
    this.#spend(all.length)
    return all.flatMap(({ labels, times, values, staleTimes }) => {
      const place = countUntil(times, ms) - 1
      const time = times[place]
      if (time === undefined || time <= ms - LOOKBACK_MS || staleTimes.has(time)) return []
      return [{ labels, value: values[place]!, time }]
    })
  }

  /** Series that have samples in the range that ends at that time. */
  #ranges(expression: Selector | Subquery, askedMs: number): readonly RangeSeries[] {
    const endMs = movedTo(expression, askedMs, this.#asked)
    const startMs = endMs - expression.rangeMs!
    const all = expression.kind === 'selector' ? this.#seriesOf(expression) : this.#stepped(expression, startMs, endMs)
    return all.flatMap((series) => {
      const window = this.#window(series, startMs, endMs)
      return window === undefined ? [] : [{ labels: series.labels, window: { ...window, startMs, endMs, askedMs } }]
    })
  }

  /** The series that the inner expression makes: at every multiple of the step behind the start. */
  #stepped({ of, stepMs }: Subquery, startMs: number, endMs: number): readonly Series[] {
    const found = new Map<string, Series>()
    for (let ms = Math.floor(startMs / stepMs) * stepMs + stepMs; ms <= endMs; ms += stepMs) {
      const value = this.at(of, ms)
      this.#spend(1 + sizeOf(value))
      for (const { labels, value: one } of typeof value === 'number'
        ? [{ labels: {}, value }]
        : (value as readonly Sample[])) {
        const key = labelsKey(labels)
        let series = found.get(key)
        if (series === undefined) found.set(key, (series = { labels, times: [], values: [], staleTimes: new Set() }))
        series.times.push(ms)
        series.values.push(one)
      }
    }
    return [...found.values()]
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

  #call(call: Call, ms: number): Value {
    const { name, arguments: given } = call
    const shape = FUNCTIONS.get(name)!
    if (shape.overTime !== undefined) return this.#overTime(shape, given, ms)
    if (shape.overValue !== undefined) {
      const [vector, ...numbers] =
        given.length === 0 ? [[{ labels: {}, value: ms / 1000 }]] : given.map((one) => this.at(one, ms))
      return distinct(
        (vector as readonly Sample[]).map(({ labels, value }) =>
          unnamed(labels, shape.overValue!(value, ...(numbers as readonly number[]))),
        ),
      )
    }
    return this.#special(call, ms)
  }

  #overTime(shape: PromqlFunction, given: readonly Expression[], ms: number): readonly Sample[] {
    const place = shape.arguments.indexOf('range vector')
    const numbers = given.filter((_, index) => index !== place).map((one) => this.at(one, ms) as number)
    const samples = this.#ranges(given[place] as Selector | Subquery, ms).flatMap(({ labels, window }) => {
      const value = shape.overTime!(window, ...numbers)
      if (value === undefined) return []
      return [shape.keepsName === true ? { labels, value } : unnamed(labels, value)]
    })
    return distinct(samples)
  }

  #special({ name, arguments: given }: Call, ms: number): Value {
    const [first] = given as [Expression]
    const texts = (): string[] => given.slice(1).map((one) => this.at(one, ms) as string)
    switch (name) {
      case 'time':
        return ms / 1000
      case 'pi':
        return Math.PI
      case 'vector':
        return [{ labels: {}, value: this.at(first, ms) as number }]
      case 'scalar': {
        const vector = this.#vector(first, ms)
        return vector.length === 1 ? vector[0]!.value : Number.NaN
      }
      case 'timestamp': {
        // Of a selector when its sample was taken; of what is calculated, now.
        const samples: readonly (Sample & { readonly time?: number })[] =
          first.kind === 'selector' ? this.#instant(first, ms) : this.#vector(first, ms)
        return distinct(samples.map(({ labels, time }) => unnamed(labels, (time ?? ms) / 1000)))
      }
      case 'absent':
        return this.#vector(first, ms).length > 0 ? [] : [{ labels: impliedLabels(first), value: 1 }]
      case 'absent_over_time':
        return this.#ranges(first as Selector | Subquery, ms).length > 0
          ? []
          : [{ labels: impliedLabels(first), value: 1 }]
      case 'sort':
      case 'sort_desc':
        return ordered(this.#vector(first, ms), name === 'sort_desc')
      case 'histogram_quantile':
        return histogramQuantile(this.at(first, ms) as number, this.#vector(given[1]!, ms))
      case 'label_replace':
        return distinct(labelReplace(this.#vector(first, ms), texts()))
      case 'label_join':
        return distinct(labelJoin(this.#vector(first, ms), texts()))
    }
    throw new PromqlError(`the function ${name} is not supported by fnscope`)
  }
}

function sizeOf(value: Value): number {
  return typeof value === 'object' ? value.length : 1
}

/** What of a series that is not there is known: labels that the selector says with one = and nothing else. */
function impliedLabels(expression: Expression): Labels {
  if (expression.kind !== 'selector') return {}
  const matchers = expression.matchers.filter(({ label }) => label !== '__name__')
  const known = matchers.filter(
    ({ label, mark, value }) =>
      mark === '=' && value !== '' && matchers.filter((other) => other.label === label).length === 1,
  )
  return Object.fromEntries(known.map(({ label, value }) => [label, value]))
}
