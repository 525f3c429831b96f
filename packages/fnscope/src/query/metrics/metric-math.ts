// CloudWatch's metric math, a part of it: + - * / ^ over numbers and series, SUM AVG MIN MAX of METRICS() or of lists, RATE,
// DIFF, FILL, PERIOD, ABS, CEIL, FLOOR. What is not here is refused by its name.

/** Epoch seconds → value. */
export interface TimeSeries {
  readonly label: string
  readonly periodSeconds: number
  readonly points: ReadonlyMap<number, number>
}

export type MathValue = number | TimeSeries | readonly TimeSeries[]

export interface MathContext {
  /** A query's result by its id; undefined: there is none. */
  readonly find: (id: string) => MathValue | undefined
  /** The results of all queries of metrics. */
  readonly metrics: () => readonly TimeSeries[]
  /** Every period of the range. */
  readonly times: (periodSeconds: number) => readonly number[]
}

export class MathError extends Error {}

const MAX_DEPTH = 50

/** @throws MathError */
export function calculate(expression: string, context: MathContext): MathValue {
  const reader = new MathReader(expression, context)
  const value = reader.sum()
  reader.end()
  return value
}

class MathReader {
  readonly #text: string
  readonly #context: MathContext
  #at = 0
  #depth = 0

  constructor(text: string, context: MathContext) {
    this.#text = text
    this.#context = context
  }

  #take(sticky: RegExp): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0]
    if (found !== undefined) this.#at = sticky.lastIndex
    return found
  }

  #error(problem: string): MathError {
    return new MathError(`${problem} (character ${this.#at + 1})`)
  }

  #expect(mark: ')' | ']' | ',' | '('): void {
    if (this.#take(mark === ')' ? /\)/y : mark === ']' ? /\]/y : mark === ',' ? /,/y : /\(/y) === undefined)
      throw this.#error(`expected ${mark}`)
  }

  end(): void {
    if (this.#take(/\S/y) !== undefined) throw this.#error('expected the end of the expression')
  }

  sum(): MathValue {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#error('nested too deep')
    let left = this.#product()
    for (let mark = this.#take(/[+-]/y); mark !== undefined; mark = this.#take(/[+-]/y))
      left = combine(left, this.#product(), mark === '+' ? (a, b) => a + b : (a, b) => a - b)
    this.#depth -= 1
    return left
  }

  #product(): MathValue {
    let left = this.#power()
    for (let mark = this.#take(/[*/]/y); mark !== undefined; mark = this.#take(/[*/]/y))
      left = combine(left, this.#power(), mark === '*' ? (a, b) => a * b : (a, b) => a / b)
    return left
  }

  #power(): MathValue {
    const left = this.#one()
    return this.#take(/\^/y) === undefined ? left : combine(left, this.#one(), (a, b) => a ** b)
  }

  #one(): MathValue {
    const number = this.#take(/(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/iy)
    if (number !== undefined) return Number(number)
    if (this.#take(/-/y) !== undefined) {
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) throw this.#error('nested too deep')
      const value = combine(0, this.#one(), (a, b) => a - b)
      this.#depth -= 1
      return value
    }
    if (this.#take(/\(/y) !== undefined) {
      const value = this.sum()
      this.#expect(')')
      return value
    }
    if (this.#take(/\[/y) !== undefined) return this.#list()
    const name = this.#take(/[A-Za-z]\w*/y)
    if (name === undefined) throw this.#error('expected a value')
    if (this.#take(/\(/y) !== undefined) return this.#call(name)
    const value = this.#context.find(name)
    if (value === undefined) throw this.#error(`there is no query with the id ${name}`)
    return value
  }

  #list(): readonly TimeSeries[] {
    const series: TimeSeries[] = []
    do series.push(...seriesOf(this.sum()))
    while (this.#take(/,/y) !== undefined)
    this.#expect(']')
    return series
  }

  #call(name: string): MathValue {
    switch (name) {
      case 'METRICS': {
        const part = this.#take(/"[^"]*"|'[^']*'/y)
        if (part !== undefined) throw this.#error('METRICS with a text is not supported by fnscope')
        this.#expect(')')
        return this.#context.metrics()
      }
      case 'FILL':
        return this.#fill()
      case 'SUM':
      case 'AVG':
      case 'MIN':
      case 'MAX':
        return aggregate(name, this.#argument())
      case 'ABS':
      case 'CEIL':
      case 'FLOOR':
        return mapped(this.#argument(), ROUND[name]!)
      case 'RATE':
        return overPairs(this.#argument(), (difference, seconds) => difference / seconds)
      case 'DIFF':
        return overPairs(this.#argument(), (difference) => difference)
      case 'PERIOD':
        return this.#period(this.#argument())
    }
    throw this.#error(`the function ${name} is not supported by fnscope`)
  }

  #argument(): MathValue {
    const value = this.sum()
    this.#expect(')')
    return value
  }

  #period(value: MathValue): number {
    const [first, ...more] = seriesOf(value)
    if (first === undefined || more.length > 0) throw this.#error('PERIOD is of one metric')
    return first.periodSeconds
  }

  #fill(): MathValue {
    const value = this.sum()
    this.#expect(',')
    const word = this.#take(/REPEAT|LINEAR/y)
    if (word === 'LINEAR') throw this.#error('FILL with LINEAR is not supported by fnscope')
    const filler = word === 'REPEAT' ? 'REPEAT' : this.sum()
    this.#expect(')')
    if (typeof filler !== 'number' && filler !== 'REPEAT') throw this.#error('FILL wants a number or REPEAT')
    return eachSeries(value, (series) => {
      let last: number | undefined
      const points = new Map<number, number>()
      for (const time of this.#context.times(series.periodSeconds)) {
        last = series.points.get(time) ?? (filler === 'REPEAT' ? last : filler)
        if (last !== undefined) points.set(time, last)
      }
      return points
    })
  }
}

const ROUND: Readonly<Record<string, (value: number) => number>> = { ABS: Math.abs, CEIL: Math.ceil, FLOOR: Math.floor }

function seriesOf(value: MathValue): readonly TimeSeries[] {
  if (typeof value === 'number') throw new MathError('a metric is wanted, not a number')
  return 'points' in value ? [value] : value
}

function eachSeries(value: MathValue, work: (series: TimeSeries) => ReadonlyMap<number, number>): MathValue {
  const changed = seriesOf(value).map((series) => ({ ...series, points: work(series) }))
  return typeof value === 'object' && 'points' in value ? changed[0]! : changed
}

function mapped(value: MathValue, work: (value: number) => number): MathValue {
  if (typeof value === 'number') return work(value)
  return eachSeries(value, ({ points }) => new Map([...points].map(([time, one]) => [time, work(one)])))
}

function overPairs(value: MathValue, work: (difference: number, seconds: number) => number): MathValue {
  return eachSeries(value, ({ points }) => {
    const sorted = [...points].sort(([a], [b]) => a - b)
    return new Map(
      sorted.slice(1).map(([time, one], index) => {
        const [before, value] = sorted[index]!
        return [time, work(one - value, time - before)]
      }),
    )
  })
}

/** Two series have a value where both have one; what is no number is no value. */
function combine(left: MathValue, right: MathValue, work: (a: number, b: number) => number): MathValue {
  if (typeof left === 'number')
    return typeof right === 'number' ? work(left, right) : mapFinite(right, (b) => work(left, b))
  if (typeof right === 'number') return mapFinite(left, (a) => work(a, right))
  if ('points' in left && 'points' in right) {
    const pairs = [...left.points].flatMap(([time, a]): [number, number][] => {
      const b = right.points.get(time)
      return b === undefined ? [] : [[time, work(a, b)]]
    })
    return { ...left, points: new Map(pairs.filter(([, value]) => Number.isFinite(value))) }
  }
  if ('points' in left) return seriesOf(right).map((one) => combine(left, one, work) as TimeSeries)
  if ('points' in right) return left.map((one) => combine(one, right, work) as TimeSeries)
  throw new MathError('two lists of metrics cannot be combined')
}

function mapFinite(value: MathValue, work: (value: number) => number): MathValue {
  return eachSeries(value, ({ points }) => {
    const pairs = [...points].map(([time, one]): [number, number] => [time, work(one)])
    return new Map(pairs.filter(([, result]) => Number.isFinite(result)))
  })
}

/** Of a list, time by time; of one series, its one number. */
function aggregate(name: string, value: MathValue): MathValue {
  if (typeof value === 'number') return value
  if ('points' in value) {
    const all = [...value.points.values()]
    if (all.length === 0) return { ...value, points: new Map() }
    return reduced(name, all)
  }
  const times = new Map<number, number[]>()
  for (const { points } of value)
    for (const [time, one] of points) {
      const list = times.get(time)
      if (list === undefined) times.set(time, [one])
      else list.push(one)
    }
  const sorted = [...times].sort(([a], [b]) => a - b)
  const periodSeconds = Math.max(60, ...value.map((series) => series.periodSeconds))
  return { label: name, periodSeconds, points: new Map(sorted.map(([time, list]) => [time, reduced(name, list)])) }
}

function reduced(name: string, values: readonly number[]): number {
  if (name === 'MIN') return values.reduce((a, b) => Math.min(a, b))
  if (name === 'MAX') return values.reduce((a, b) => Math.max(a, b))
  const sum = values.reduce((a, b) => a + b, 0)
  return name === 'AVG' ? sum / values.length : sum
}
