// Reads PromQL, as much of it as is supported; the rest is refused by its name and place.
import { FUNCTIONS } from './promql-functions.ts'
import {
  COMPARISONS,
  PromqlError,
  type AggregateName,
  type BinaryMark,
  type Expression,
  type ExpressionType,
  type Matcher,
  type MatcherMark,
  type Selector,
} from './promql-syntax.ts'

const MAX_QUERY = 10_000
const MAX_DEPTH = 100

const TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))|(?<number>0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<word>[a-z_:][\w:]*)|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?<mark>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}[\],:@])/iuy

interface Token {
  readonly kind: 'duration' | 'number' | 'word' | 'text' | 'mark' | 'end'
  readonly text: string
  readonly at: number
}

const AGGREGATES: ReadonlySet<string> = new Set(['sum', 'avg', 'min', 'max', 'count'])
const OTHER_AGGREGATES: ReadonlySet<string> = new Set(
  'topk bottomk quantile stddev stdvar group count_values limitk limit_ratio'.split(' '),
)
const REFUSED_WORDS: ReadonlySet<string> = new Set(
  'offset and or unless on ignoring group_left group_right atan2'.split(' '),
)

/** Binary operators from the loosest to the tightest. */
const LEVELS: readonly ReadonlySet<string>[] = [COMPARISONS, new Set(['+', '-']), new Set(['*', '/', '%'])]

/** @throws PromqlError bad_data */
export function parsePromql(text: string): Expression {
  if (text.length > MAX_QUERY) throw new PromqlError(`the query is longer than ${MAX_QUERY} characters`)
  const reader = new Reader(tokensOf(text))
  const expression = reader.expression(0)
  reader.end()
  return expression
}

/** A series selector alone, as match[] has it. @throws PromqlError bad_data */
export function parseSelector(text: string): Selector {
  const expression = parsePromql(text)
  if (expression.kind !== 'selector' || expression.rangeMs !== undefined)
    throw new PromqlError(`match[] wants a series selector, not ${text.slice(0, 100)}`)
  return expression
}

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** Milliseconds of `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return undefined
  let ms = 0
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) ms += Number(digits) * DURATION_MS[unit!]!
  return ms
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new PromqlError(`1:${at + 1}: parse error: unexpected character "${text[at]}"`)
    const [kind, found] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!
    if (kind !== 'space') tokens.push({ kind: kind as Token['kind'], text: found, at })
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get #next(): Token {
    return this.#tokens[this.#at]!
  }

  #step(): Token {
    const token = this.#next
    if (token.kind !== 'end') this.#at += 1
    return token
  }

  #take(mark: string): boolean {
    const { kind, text } = this.#next
    if (kind !== 'mark' || text !== mark) return false
    this.#step()
    return true
  }

  #takeWord(...words: readonly string[]): string | undefined {
    const { kind, text } = this.#next
    return kind === 'word' && words.includes(text.toLowerCase()) ? this.#step().text.toLowerCase() : undefined
  }

  #error(problem: string, token = this.#next): PromqlError {
    const found = token.kind === 'end' ? 'end of input' : `"${token.text}"`
    return new PromqlError(`1:${token.at + 1}: parse error: ${problem}, found ${found}`)
  }

  #refused(what: string, token = this.#next): PromqlError {
    return new PromqlError(`1:${token.at + 1}: ${what} is not supported by fnscope`)
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw this.#error(`expected "${mark}"`)
  }

  end(): void {
    const { kind, text } = this.#next
    if (kind === 'word' && REFUSED_WORDS.has(text.toLowerCase())) throw this.#refused(text)
    if (kind !== 'end') throw this.#error('expected an operator or the end')
  }

  expression(level: number): Expression {
    const marks = LEVELS[level]
    if (marks === undefined) return this.#signed()
    this.#depth += 1
    if (this.#depth > MAX_DEPTH * LEVELS.length) throw this.#error('nested too deep')
    let left = this.expression(level + 1)
    while (this.#next.kind === 'mark' && marks.has(this.#next.text)) {
      const token = this.#step()
      const isBool = this.#takeWord('bool') !== undefined
      if (isBool && !COMPARISONS.has(token.text)) throw this.#error('bool stands behind comparisons alone', token)
      this.#refuseMatching()
      const right = this.expression(level + 1)
      left = { kind: 'binary', mark: token.text as BinaryMark, isBool, left, right }
    }
    this.#depth -= 1
    return left
  }

  #refuseMatching(): void {
    const { kind, text } = this.#next
    if (kind === 'word' && REFUSED_WORDS.has(text.toLowerCase())) throw this.#refused(text)
  }

  #signed(): Expression {
    if (this.#take('+')) return this.#deeper(() => this.#signed())
    if (this.#take('-')) return this.#deeper(() => ({ kind: 'negative', of: this.#signed() }))
    const left = this.#one()
    if (!this.#take('^')) return left
    return this.#deeper(() => ({ kind: 'binary', mark: '^', isBool: false, left, right: this.#signed() }))
  }

  #deeper(work: () => Expression): Expression {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH * LEVELS.length) throw this.#error('nested too deep')
    const expression = work()
    this.#depth -= 1
    return expression
  }

  #one(): Expression {
    if (this.#take('(')) {
      const of = this.expression(0)
      this.#expect(')')
      return this.#withoutSuffix(of)
    }
    const token = this.#next
    if (token.kind === 'number') {
      this.#step()
      return { kind: 'number', value: Number(token.text) }
    }
    if (token.kind === 'text') throw this.#refused('a text as a value')
    if (token.kind === 'mark' && token.text === '{') return this.#selector(undefined)
    if (token.kind !== 'word') throw this.#error('expected an expression')
    this.#step()
    const word = token.text.toLowerCase()
    if (word === 'inf' || word === 'nan') return { kind: 'number', value: word === 'inf' ? Infinity : Number.NaN }
    const isCall = this.#next.text === '(' || ['by', 'without'].includes(this.#next.text.toLowerCase())
    if (isCall && OTHER_AGGREGATES.has(word)) throw this.#refused(`the aggregation ${token.text}`, token)
    if (isCall && AGGREGATES.has(word)) return this.#aggregate(word as AggregateName)
    if (this.#next.text === '(' && this.#next.kind === 'mark') return this.#call(token)
    return this.#selector(token.text)
  }

  #aggregate(name: AggregateName): Expression {
    const before = this.#grouping()
    this.#expect('(')
    const of = this.expression(0)
    this.#expect(')')
    const { labels, keep } = before ?? this.#grouping() ?? { labels: [], keep: true }
    return { kind: 'aggregate', name, of, labels, keep }
  }

  #grouping(): { labels: readonly string[]; keep: boolean } | undefined {
    const word = this.#takeWord('by', 'without')
    if (word === undefined) return undefined
    this.#expect('(')
    const labels: string[] = []
    while (!this.#take(')')) {
      const token = this.#step()
      if (token.kind !== 'word') throw this.#error('expected a label', token)
      labels.push(token.text)
      if (this.#next.text !== ')') this.#expect(',')
    }
    return { labels, keep: word === 'by' }
  }

  #call(token: Token): Expression {
    const shape = FUNCTIONS.get(token.text)
    if (shape === undefined) throw this.#refused(`the function ${token.text}`, token)
    this.#expect('(')
    const given: Expression[] = []
    while (!this.#take(')')) {
      given.push(this.expression(0))
      if (this.#next.text !== ')') this.#expect(',')
    }
    if (given.length !== shape.arguments.length)
      throw this.#error(
        `expected ${shape.arguments.length} argument(s) in call to "${token.text}", got ${given.length}`,
        token,
      )
    for (const [index, type] of shape.arguments.entries())
      if (type !== typeOf(given[index]!))
        throw this.#error(
          `expected type ${type} in call to function "${token.text}", got ${typeOf(given[index]!)}`,
          token,
        )
    return this.#withoutSuffix({ kind: 'call', name: token.text, arguments: given })
  }

  /** A range, an offset or a time behind what is no selector: subqueries. */
  #withoutSuffix(of: Expression): Expression {
    const { kind, text } = this.#next
    if (kind === 'mark' && text === '[') throw this.#refused('a subquery')
    if (kind === 'mark' && text === '@') throw this.#refused('@')
    return of
  }

  #selector(name: string | undefined): Expression {
    const matchers: Matcher[] = name === undefined ? [] : [matcher('__name__', '=', name)]
    const start = this.#next
    if (this.#take('{'))
      while (!this.#take('}')) {
        matchers.push(this.#matcher(name))
        if (this.#next.text !== '}') this.#expect(',')
      }
    if (!matchers.some(({ matches }) => !matches('')))
      throw this.#error('vector selector must contain at least one non-empty matcher', start)
    let rangeMs: number | undefined
    if (this.#take('[')) {
      const token = this.#step()
      rangeMs = token.kind === 'duration' ? parseDuration(token.text) : undefined
      if (rangeMs === undefined || rangeMs === 0) throw this.#error('expected a duration', token)
      if (this.#next.text === ':') throw this.#refused('a subquery')
      this.#expect(']')
    }
    const { kind, text } = this.#next
    if (kind === 'mark' && text === '@') throw this.#refused('@')
    if (kind === 'word' && text.toLowerCase() === 'offset') throw this.#refused('offset')
    return { kind: 'selector', matchers, ...(rangeMs === undefined ? {} : { rangeMs }) }
  }

  #matcher(name: string | undefined): Matcher {
    const token = this.#step()
    // {"name"} is a metric's name too.
    if (token.kind === 'text' && ['}', ','].includes(this.#next.text))
      return matcher('__name__', '=', unquoted(token.text))
    if (token.kind !== 'word' && token.kind !== 'text') throw this.#error('expected a label', token)
    const label = token.kind === 'text' ? unquoted(token.text) : token.text
    if (label === '__name__' && name !== undefined) throw this.#error('metric name must not be set twice', token)
    const mark = this.#step()
    if (!['=', '!=', '=~', '!~'].includes(mark.text)) throw this.#error('expected one of = != =~ !~', mark)
    const value = this.#step()
    if (value.kind !== 'text') throw this.#error('expected a text in quotes', value)
    return matcher(label, mark.text as MatcherMark, unquoted(value.text))
  }
}

export function typeOf(expression: Expression): ExpressionType {
  switch (expression.kind) {
    case 'number':
      return 'scalar'
    case 'selector':
      return expression.rangeMs === undefined ? 'instant vector' : 'range vector'
    case 'negative':
      return typeOf(expression.of)
    case 'call':
      return FUNCTIONS.get(expression.name)!.answers
    case 'aggregate':
      return 'instant vector'
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'instant vector'
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function unquoted(text: string): string {
  const inner = text.slice(1, -1)
  if (text.startsWith('`')) return inner
  return inner.replaceAll(/\\u([\da-fA-F]{4})|\\(.)/gs, (_, hex: string | undefined, one: string) =>
    hex === undefined ? (ESCAPES[one] ?? one) : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}

function matcher(label: string, mark: MatcherMark, value: string): Matcher {
  if (mark === '=' || mark === '!=')
    return { label, mark, value, matches: (text) => (text === value) === (mark === '=') }
  let regex: RegExp
  try {
    regex = new RegExp(`^(?:${value})$`, 'su')
  } catch {
    throw new PromqlError(`parse error: "${value}" is no regular expression`)
  }
  return { label, mark, value, matches: (text) => regex.test(text) === (mark === '=~') }
}
