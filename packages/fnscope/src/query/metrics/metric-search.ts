// The first argument of metric math's SEARCH: which metrics it means, and how those are told apart.
import type { MathError, MetricName } from './metric-series.ts'

type Listed = Pick<MetricName, 'namespace' | 'name' | 'dimensions'>

export interface MetricQuestion {
  readonly meets: (metric: Listed) => boolean
}

export interface MetricSearch extends MetricQuestion {
  readonly stat: string
  readonly periodSeconds: number
}

type Fail = (problem: string, at: number) => MathError
type Test = (metric: Listed) => boolean

const TOKEN = /\s*(?:(?<text>"[^"]*")|(?<mark>[(){},=])|(?<word>[^\s"(){},=]+))/y

interface Token {
  readonly kind: 'text' | 'mark' | 'word' | 'end'
  readonly text: string
  readonly at: number
}

/** @throws what `fail` makes */
export function parseSearch(text: string, fail: Fail): MetricQuestion {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  for (let at = 0; at < text.trimEnd().length; at = TOKEN.lastIndex) {
    const groups = TOKEN.exec(text)?.groups
    if (groups === undefined) throw fail('this text has no closing double quote', at)
    const [kind, found] = Object.entries(groups).find(([, one]) => one !== undefined)!
    tokens.push({ kind: kind as Token['kind'], text: kind === 'text' ? found.slice(1, -1) : found, at })
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  const reader = new SearchReader(tokens, fail)
  return { meets: reader.whole() }
}

class SearchReader {
  readonly #tokens: readonly Token[]
  readonly #fail: Fail
  #at = 0

  constructor(tokens: readonly Token[], fail: Fail) {
    this.#tokens = tokens
    this.#fail = fail
  }

  get #next(): Token {
    return this.#tokens[this.#at]!
  }

  #take(mark: string): boolean {
    if (this.#next.kind !== 'mark' || this.#next.text !== mark) return false
    this.#at += 1
    return true
  }

  #takeWord(word: string): boolean {
    if (this.#next.kind !== 'word' || this.#next.text !== word) return false
    this.#at += 1
    return true
  }

  #isEnd(): boolean {
    return this.#next.kind === 'end'
  }

  #error(problem: string): MathError {
    return this.#fail(problem, this.#next.at)
  }

  whole(): Test {
    const schema = this.#take('{') ? this.#schema() : undefined
    if (this.#isEnd()) {
      if (schema === undefined) throw this.#error('the search is empty')
      return schema
    }
    const terms = this.#or((token) => this.#term(token))
    if (!this.#isEnd()) throw this.#error(`${this.#next.text} is not expected here`)
    return schema === undefined ? terms : (metric) => schema(metric) && terms(metric)
  }

  /** {Namespace, Dimension, …}: metrics of exactly these dimensions. */
  #schema(): Test {
    const names: string[] = []
    do {
      if (this.#next.kind !== 'word' && this.#next.kind !== 'text') throw this.#error('a name is expected here')
      names.push(this.#next.text)
      this.#at += 1
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#error('} is expected here')
    const [namespace, ...dimensions] = names
    return (metric) =>
      metric.namespace === namespace &&
      Object.keys(metric.dimensions).length === dimensions.length &&
      dimensions.every((one) => Object.hasOwn(metric.dimensions, one))
  }

  #or(one: (token: Token) => Test): Test {
    const parts = [this.#and(one)]
    while (this.#takeWord('OR')) parts.push(this.#and(one))
    return (metric) => parts.some((part) => part(metric))
  }

  /** What stands side by side is joined by AND. */
  #and(one: (token: Token) => Test): Test {
    const parts = [this.#not(one)]
    for (;;) {
      if (!this.#takeWord('AND') && !this.#startsTerm()) return (metric) => parts.every((part) => part(metric))
      parts.push(this.#not(one))
    }
  }

  #startsTerm(): boolean {
    const { kind, text } = this.#next
    return kind === 'text' || (kind === 'word' && text !== 'OR') || (kind === 'mark' && text === '(')
  }

  #not(one: (token: Token) => Test): Test {
    if (this.#takeWord('NOT')) {
      const of = this.#not(one)
      return (metric) => !of(metric)
    }
    if (this.#take('(')) {
      const of = this.#or(one)
      if (!this.#take(')')) throw this.#error(') is expected here')
      return of
    }
    const token = this.#next
    if (token.kind !== 'word' && token.kind !== 'text') throw this.#error('a term is expected here')
    this.#at += 1
    return one(token)
  }

  #term(token: Token): Test {
    if (!this.#take('=')) return termTest(token, wordsOf)
    const valuesOf = (metric: Listed): readonly string[] => propertyOf(metric, token.text)
    return this.#not((value) => termTest(value, valuesOf))
  }
}

/** A text in quotes is a whole name or value, a word a part of one. */
function termTest({ kind, text }: Token, valuesOf: (metric: Listed) => readonly string[]): Test {
  if (kind === 'text') return (metric) => valuesOf(metric).includes(text)
  const wanted = partsOf(text)
  return (metric) => {
    const values = valuesOf(metric)
    const parts = new Set(values.flatMap((value) => [value.toLowerCase(), ...partsOf(value)]))
    return parts.has(text.toLowerCase()) || (wanted.length > 0 && wanted.every((part) => parts.has(part)))
  }
}

function propertyOf({ namespace, name, dimensions }: Listed, property: string): readonly string[] {
  if (property === 'Namespace') return [namespace]
  if (property === 'MetricName') return [name]
  const value = Object.hasOwn(dimensions, property) ? dimensions[property] : undefined
  return value === undefined ? [] : [value]
}

function wordsOf({ namespace, name, dimensions }: Listed): readonly string[] {
  return [namespace, name, ...Object.entries(dimensions).flat()]
}

/** The words of a name: at signs between them, and where a small letter is followed by a capital. */
function partsOf(text: string): readonly string[] {
  return text
    .replaceAll(/(\p{Ll}|\d)(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$2 ')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((part) => part !== '')
}

/** What of each metric is not the same for all of them; its name where nothing differs. */
export function labelsOf(metrics: readonly Listed[]): readonly string[] {
  const partsOfOne = ({ namespace, name, dimensions }: Listed): ReadonlyMap<string, string> =>
    new Map([['Namespace', namespace], ['MetricName', name], ...Object.entries(dimensions)])
  const all = metrics.map(partsOfOne)
  const keys = [...new Set(all.flatMap((parts) => [...parts.keys()]))]
  const differing = keys.filter((key) => new Set(all.map((parts) => parts.get(key))).size > 1)
  return metrics.map(({ name }, index) => {
    const label = differing.flatMap((key) => all[index]!.get(key) ?? []).join(' ')
    return label === '' ? name : label
  })
}
