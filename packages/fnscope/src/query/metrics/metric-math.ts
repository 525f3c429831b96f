// CloudWatch's metric math: an expression read once, and calculated when the metrics are there that it asks for. What is not
// here is refused by its name.
import { MATH_FUNCTIONS, SORT_FUNCTIONS, sortSeries } from './metric-functions.ts'
import { parseSearch, type MetricSearch } from './metric-search.ts'
import { combine, eachSeries, MathError, sorted, type MathValue, type TimeSeries } from './metric-series.ts'
import { statisticOf } from './metric-statistic.ts'

export interface MathContext {
  /** A query's result by its id; undefined: there is none. */
  readonly find: (id: string) => MathValue | undefined
  /** The results of all queries of metrics whose id has this in it. */
  readonly metrics: (part: string) => readonly TimeSeries[]
  /** What SEARCH found. */
  readonly found: (search: MetricSearch) => readonly TimeSeries[]
  /** Every period of the range. */
  readonly times: (periodSeconds: number) => readonly number[]
}

export interface MathExpression {
  /** What has to be looked for before it can be calculated. */
  readonly searches: readonly MetricSearch[]
  /** @throws MathError */
  readonly calculate: (context: MathContext) => MathValue
}

type Compiled = (context: MathContext) => MathValue

const MAX_DEPTH = 50
/** Of SEARCH without one. */
const SEARCH_PERIOD_SECONDS = 300
const TIME_SERIES_SECONDS = 60

type Mark = '||' | '&&' | '==' | '!=' | '<=' | '>=' | '<' | '>' | '+' | '-' | '*' | '/' | '^'

const OPERATORS: Readonly<Record<Mark, (a: number, b: number) => number>> = {
  '||': (a, b) => Number(a !== 0 || b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
}

/** From the loosest to the tightest. */
const LEVELS: readonly RegExp[] = [/\|\||OR\b/y, /&&|AND\b/y, /==|!=|<>|<=|>=|<|>/y, /[+-]/y, /[*/]/y, /\^/y]
const SPELLINGS: Readonly<Record<string, Mark>> = { OR: '||', AND: '&&', '<>': '!=' }

/** @throws MathError */
export function parseMath(expression: string): MathExpression {
  const reader = new MathReader(expression)
  const calculate = reader.level(0)
  reader.end()
  return { searches: reader.searches, calculate }
}

class MathReader {
  readonly searches: MetricSearch[] = []
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  #take(sticky: RegExp): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0]
    if (found !== undefined) this.#at = sticky.lastIndex
    return found
  }

  #error(problem: string, at = this.#at): MathError {
    return new MathError(`${problem} (character ${at + 1})`)
  }

  #expect(mark: RegExp, shown: string): void {
    if (this.#take(mark) === undefined) throw this.#error(`expected ${shown}`)
  }

  end(): void {
    if (this.#take(/\S/y) !== undefined) throw this.#error('expected the end of the expression', this.#at - 1)
  }

  level(level: number): Compiled {
    const marks = LEVELS[level]
    if (marks === undefined) return this.#one()
    return this.#deeper(() => {
      let left = this.level(level + 1)
      for (let found = this.#take(marks); found !== undefined; found = this.#take(marks)) {
        const [a, b, work] = [left, this.level(level + 1), OPERATORS[SPELLINGS[found] ?? (found as Mark)]]
        left = (context) => combine(a(context), b(context), work)
      }
      return left
    })
  }

  #deeper(work: () => Compiled): Compiled {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH * LEVELS.length) throw this.#error('nested too deep')
    const compiled = work()
    this.#depth -= 1
    return compiled
  }

  #one(): Compiled {
    const number = this.#take(/(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/iy)
    if (number !== undefined) return () => Number(number)
    if (this.#take(/-/y) !== undefined) {
      const of = this.#deeper(() => this.#one())
      return (context) => combine(0, of(context), (a, b) => a - b)
    }
    if (this.#take(/\(/y) !== undefined) {
      const of = this.level(0)
      this.#expect(/\)/y, ')')
      return of
    }
    if (this.#take(/\[/y) !== undefined) return this.#list()
    const at = this.#at
    const name = this.#take(/[A-Za-z]\w*/y)
    if (name === undefined) throw this.#error('expected a value')
    if (this.#take(/\(/y) !== undefined) return this.#call(name, at)
    return (context) => {
      const value = context.find(name)
      if (value === undefined) throw this.#error(`there is no query with the id ${name}`, at)
      return value
    }
  }

  #list(): Compiled {
    const parts = this.#values(/\]/y, ']')
    return (context) =>
      parts.flatMap((part) => {
        const value = part(context)
        if (typeof value === 'number') throw new MathError('a list is of metrics, not of numbers')
        return value
      })
  }

  #values(end: RegExp, shown: string): readonly Compiled[] {
    const values: Compiled[] = []
    do values.push(this.level(0))
    while (this.#take(/,/y) !== undefined)
    this.#expect(end, shown)
    return values
  }

  #call(name: string, at: number): Compiled {
    switch (name) {
      case 'METRICS': {
        const part = this.#literal() ?? ''
        this.#expect(/\)/y, ')')
        return (context) => context.metrics(part)
      }
      case 'SEARCH':
        return this.#search()
      case 'FILL':
        return this.#fill()
      case 'SORT':
        return this.#sort()
      case 'TIME_SERIES': {
        const [of] = this.#arguments(name, at, [1, 1]) as [Compiled]
        return (context) => constant(of(context), context.times(TIME_SERIES_SECONDS))
      }
    }
    const shape = MATH_FUNCTIONS.get(name)
    if (shape === undefined) throw this.#error(`the function ${name} is not supported by fnscope`, at)
    const given = this.#arguments(name, at, shape.arguments)
    return (context) => shape.call(...given.map((value) => value(context)))
  }

  #arguments(name: string, at: number, [fewest, most]: readonly [number, number]): readonly Compiled[] {
    const given = this.#values(/\)/y, ')')
    if (given.length < fewest || given.length > most)
      throw this.#error(`${name} takes ${fewest === most ? fewest : `${fewest} to ${most}`} values`, at)
    return given
  }

  #literal(): string | undefined {
    return this.#take(/"[^"]*"|'[^']*'/y)?.slice(1, -1)
  }

  #search(): Compiled {
    const at = this.#at
    const text = this.#literal()
    if (text === undefined)
      throw this.#error("SEARCH wants a text in quotes, SEARCH('{AWS/Lambda,FunctionName}', 'Sum')")
    this.#expect(/,/y, ',')
    const stat = this.#literal()
    if (stat === undefined || statisticOf(stat) === undefined)
      throw this.#error('SEARCH wants a statistic in quotes behind the text')
    let periodSeconds = SEARCH_PERIOD_SECONDS
    if (this.#take(/,/y) !== undefined) periodSeconds = Number(this.#take(/\d+/y) ?? Number.NaN)
    if (!(periodSeconds > 0)) throw this.#error('the period of SEARCH is a number of seconds')
    this.#expect(/\)/y, ')')
    const search = {
      ...parseSearch(text, (problem, place) => this.#error(problem, at + 1 + place)),
      stat,
      periodSeconds,
    }
    this.searches.push(search)
    return (context) => context.found(search)
  }

  #sort(): Compiled {
    const of = this.level(0)
    this.#expect(/,/y, ',')
    const by = this.#take(/[A-Z]+/y) ?? ''
    if (!SORT_FUNCTIONS.has(by)) throw this.#error('SORT wants AVG, MAX, MIN or SUM behind the list')
    this.#expect(/,/y, ',')
    const order = this.#take(/ASC|DESC/y)
    if (order === undefined) throw this.#error('SORT wants ASC or DESC')
    const most = this.#take(/,/y) === undefined ? Infinity : Number(this.#take(/\d+/y) ?? Number.NaN)
    if (Number.isNaN(most)) throw this.#error('SORT wants a number of series')
    this.#expect(/\)/y, ')')
    return (context) => sortSeries(of(context), by as 'AVG' | 'MAX' | 'MIN' | 'SUM', order === 'DESC', most)
  }

  #fill(): Compiled {
    const of = this.level(0)
    this.#expect(/,/y, ',')
    const word = this.#take(/(REPEAT|LINEAR)\b/y)
    const filler = word === undefined ? this.level(0) : undefined
    this.#expect(/\)/y, ')')
    return (context) => {
      const by = filler?.(context) ?? word!
      if (typeof by === 'object') throw new MathError('FILL wants a number, REPEAT or LINEAR')
      return eachSeries(of(context), (series) => filled(series, by, context.times(series.periodSeconds)))
    }
  }
}

function constant(value: MathValue, times: readonly number[]): TimeSeries {
  if (typeof value !== 'number') throw new MathError('TIME_SERIES wants a number')
  return {
    label: 'TIME_SERIES',
    periodSeconds: TIME_SERIES_SECONDS,
    points: new Map(times.map((time) => [time, value])),
  }
}

/** LINEAR lies between the points beside a gap; before the first and behind the last one it fills nothing. */
function filled(series: TimeSeries, by: number | string, times: readonly number[]): ReadonlyMap<number, number> {
  const known = sorted(series)
  const points = new Map<number, number>()
  let before: readonly [number, number] | undefined
  for (const time of times) {
    const own = series.points.get(time)
    if (own !== undefined) before = [time, own]
    const value = own ?? (by === 'REPEAT' ? before?.[1] : by === 'LINEAR' ? between(before, time, known) : Number(by))
    if (value !== undefined) points.set(time, value)
  }
  return points
}

function between(
  before: readonly [number, number] | undefined,
  time: number,
  known: readonly (readonly [number, number])[],
): number | undefined {
  const after = known.find(([one]) => one > time)
  if (before === undefined || after === undefined) return undefined
  return before[1] + ((after[1] - before[1]) * (time - before[0])) / (after[0] - before[0])
}
