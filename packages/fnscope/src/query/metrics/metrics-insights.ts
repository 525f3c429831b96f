// CloudWatch Metrics Insights: SELECT AVG(Duration) FROM SCHEMA("AWS/Lambda", FunctionName) WHERE … GROUP BY … ORDER BY … LIMIT.
// Read here, with the series that it makes of periods; the periods are read elsewhere.
import type { MetricStatistics } from '../reader.ts'
import { MathError, type TimeSeries } from './metric-series.ts'

type Dimensions = Readonly<Record<string, string>>

export interface MetricsInsights {
  readonly namespace: string
  readonly name: string
  /** Whether a metric with these dimensions is meant. */
  readonly meets: (dimensions: Dimensions) => boolean
  /** In the order and number that is wanted. */
  readonly series: (read: readonly ReadMetric[], periodSeconds: number) => readonly TimeSeries[]
}

export interface ReadMetric {
  readonly dimensions: Dimensions
  readonly periods: readonly MetricStatistics[]
}

type Sums = Pick<MetricStatistics, 'count' | 'sum' | 'min' | 'max'>

const FUNCTIONS = {
  AVG: ({ sum, count }: Sums) => sum / count,
  COUNT: ({ count }: Sums) => count,
  MAX: ({ max }: Sums) => max,
  MIN: ({ min }: Sums) => min,
  SUM: ({ sum }: Sums) => sum,
}
type Name = keyof typeof FUNCTIONS

const MAX_SERIES = 500
/** What the group of metrics that have not the label is called. */
const OTHER = 'Other'

export function isMetricsInsights(expression: string): boolean {
  return /^\s*SELECT\b/i.test(expression)
}

/** @throws MathError with the place */
export function parseMetricsInsights(text: string): MetricsInsights {
  const scan = new Scan(text)
  scan.keyword('SELECT')
  const select = scan.function()
  scan.mark('(')
  const name = scan.identifier('the name of a metric')
  scan.mark(')')
  scan.keyword('FROM')
  const { namespace, labels } = source(scan)
  const tests = scan.takeKeyword('WHERE') ? conditions(scan) : []
  const by = scan.takeKeyword('GROUP') ? groups(scan) : []
  const order = scan.takeKeyword('ORDER') ? ordering(scan) : undefined
  const limit = scan.takeKeyword('LIMIT') ? scan.limit() : MAX_SERIES
  scan.end()
  return {
    namespace,
    name,
    meets: (dimensions) =>
      (labels === undefined || isExactly(dimensions, labels)) && tests.every((test) => test(dimensions)),
    series(read, periodSeconds) {
      const grouped = Map.groupBy(read, ({ dimensions }) =>
        JSON.stringify(by.map((key) => own(dimensions, key) ?? null)),
      )
      const all = [...grouped].map(([key, metrics]): TimeSeries & { readonly rank: number } => {
        const values = JSON.parse(key) as readonly (string | null)[]
        const merged = mergePeriods(metrics)
        const points = new Map([...merged].map(([seconds, sums]) => [seconds, FUNCTIONS[select](sums)]))
        const label = values.map((value) => value ?? OTHER).join(' ')
        return { label, periodSeconds, points, rank: order === undefined ? 0 : rank(order.name, [...points.values()]) }
      })
      const direction = order?.descending === true ? -1 : 1
      return all
        .filter(({ points }) => points.size > 0)
        .sort((a, b) => direction * (a.rank - b.rank) || (a.label < b.label ? -1 : 1))
        .slice(0, limit)
    },
  }
}

/** Of a whole series, by its points. */
function rank(name: Name, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  return FUNCTIONS[name]({
    count: values.length,
    sum,
    min: values.reduce((least, value) => Math.min(least, value), Infinity),
    max: values.reduce((most, value) => Math.max(most, value), -Infinity),
  })
}

function mergePeriods(metrics: readonly ReadMetric[]): ReadonlyMap<number, Sums> {
  const merged = new Map<number, Sums>()
  for (const { periods } of metrics)
    for (const { startNanos, count, sum, min, max } of periods) {
      const seconds = Number(startNanos / 10n ** 9n)
      const before = merged.get(seconds) ?? { count: 0, sum: 0, min: Infinity, max: -Infinity }
      merged.set(seconds, {
        count: before.count + count,
        sum: before.sum + sum,
        min: Math.min(before.min, min),
        max: Math.max(before.max, max),
      })
    }
  return new Map([...merged].sort(([a], [b]) => a - b))
}

function own(dimensions: Dimensions, key: string): string | undefined {
  return Object.hasOwn(dimensions, key) ? dimensions[key] : undefined
}

function isExactly(dimensions: Dimensions, labels: readonly string[]): boolean {
  return Object.keys(dimensions).length === labels.length && labels.every((label) => Object.hasOwn(dimensions, label))
}

function source(scan: Scan): { readonly namespace: string; readonly labels?: readonly string[] } {
  if (!scan.takeKeyword('SCHEMA')) return { namespace: scan.identifier('a namespace') }
  scan.mark('(')
  const namespace = scan.identifier('a namespace')
  const labels: string[] = []
  while (scan.takeMark(',')) labels.push(scan.label())
  scan.mark(')')
  return { namespace, labels: [...new Set(labels)] }
}

function conditions(scan: Scan): ((dimensions: Dimensions) => boolean)[] {
  const tests: ((dimensions: Dimensions) => boolean)[] = []
  do {
    const key = scan.label()
    const isEqual = scan.equality()
    const value = scan.text()
    // A metric without the label is neither equal nor not.
    tests.push((dimensions) => {
      const found = own(dimensions, key)
      return found !== undefined && (found === value) === isEqual
    })
  } while (scan.takeKeyword('AND'))
  return tests
}

function groups(scan: Scan): string[] {
  scan.keyword('BY')
  const by: string[] = []
  do by.push(scan.label())
  while (scan.takeMark(','))
  return by
}

function ordering(scan: Scan): { readonly name: Name; readonly descending: boolean } {
  scan.keyword('BY')
  const name = scan.function()
  scan.mark('(')
  scan.mark(')')
  if (scan.takeKeyword('DESC')) return { name, descending: true }
  scan.takeKeyword('ASC')
  return { name, descending: false }
}

class Scan {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  #take(sticky: RegExp): RegExpExecArray | undefined {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at = sticky.lastIndex
    return found
  }

  #wanted(what: string): MathError {
    const rest = this.#text.slice(this.#at).trimStart()
    const found = rest === '' ? 'the query ends' : `there is "${rest.slice(0, 20)}"`
    return new MathError(`expected ${what}, and ${found} (character ${this.#text.length - rest.length + 1})`)
  }

  takeKeyword(word: string): boolean {
    return this.#take(new RegExp(`${word}(?!\\w)`, 'iy')) !== undefined
  }

  keyword(word: string): void {
    if (!this.takeKeyword(word)) throw this.#wanted(word)
  }

  takeMark(mark: string): boolean {
    return this.#take(new RegExp(`\\${mark}`, 'y')) !== undefined
  }

  mark(mark: string): void {
    if (!this.takeMark(mark)) throw this.#wanted(mark)
  }

  function(): Name {
    const name = this.#take(/(AVG|COUNT|MAX|MIN|SUM)(?!\w)/iy)?.[1]
    if (name === undefined) throw this.#wanted('AVG, COUNT, MAX, MIN or SUM')
    return name.toUpperCase() as Name
  }

  /** In double quotes where it has more than letters, digits and _. */
  identifier(what: string): string {
    const found = this.#take(/"((?:[^"]|"")+)"|([A-Za-z_]\w*)/y)
    if (found === undefined) throw this.#wanted(what)
    return found[1]?.replaceAll('""', '"') ?? found[2]!
  }

  label(): string {
    const name = this.identifier('the name of a dimension')
    // tag.env, AWS.AccountId: what no metric here has.
    if (this.#text[this.#at] === '.')
      throw this.#wanted('a dimension, as tags and accounts are not supported by fnscope')
    return name
  }

  equality(): boolean {
    const found = this.#take(/!=|=/y)
    if (found === undefined) throw this.#wanted('= or !=')
    return found[0] === '='
  }

  text(): string {
    const found = this.#take(/'((?:[^']|'')*)'/y)
    if (found === undefined) throw this.#wanted('a text in single quotes')
    return found[1]!.replaceAll("''", "'")
  }

  limit(): number {
    const at = this.#at
    const limit = Number(this.#take(/\d{1,9}(?!\w)/y)?.[0] ?? 0)
    if (limit >= 1 && limit <= MAX_SERIES) return limit
    this.#at = at
    throw this.#wanted(`a number from 1 to ${MAX_SERIES}`)
  }

  end(): void {
    if (this.#take(/\S/y) === undefined) return
    this.#at -= 1
    throw this.#wanted('the end of the query, or its next part in the order WHERE, GROUP BY, ORDER BY, LIMIT')
  }
}
