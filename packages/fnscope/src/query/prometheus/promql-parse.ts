// Reads PromQL. What of it is not supported is refused by its name and place.
import { FUNCTIONS } from './promql-functions.ts'
import { matcher, selectorOf } from './promql-selector.ts'
import {
  PromqlError,
  type AggregateName,
  type Binary,
  type BinaryMark,
  type Expression,
  type ExpressionType,
  type Matcher,
  type MatcherMark,
  type Matching,
  type Moved,
  type Selector,
  type Subquery,
} from './promql-syntax.ts'
import { parseDuration, tokensOf, unquoted, type Token } from './promql-tokens.ts'
import { checkBinary, expectType, typeOf } from './promql-types.ts'

const MAX_QUERY = 10_000
const MAX_DEPTH = 100
/** Of a subquery that names none: Prometheus' evaluation interval. */
const SUBQUERY_STEP_MS = 60_000

const AGGREGATES: ReadonlyMap<string, ExpressionType | undefined> = new Map<AggregateName, ExpressionType | undefined>([
  ['sum', undefined],
  ['avg', undefined],
  ['min', undefined],
  ['max', undefined],
  ['count', undefined],
  ['group', undefined],
  ['stddev', undefined],
  ['stdvar', undefined],
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
  ['count_values', 'string'],
])
const REFUSED_AGGREGATES: ReadonlySet<string> = new Set(['limitk', 'limit_ratio'])

/** Binary operators from the loosest to the tightest. */
const LEVELS: readonly ReadonlySet<string>[] = [
  new Set(['or']),
  new Set(['and', 'unless']),
  new Set(['==', '!=', '<', '<=', '>', '>=']),
  new Set(['+', '-']),
  new Set(['*', '/', '%', 'atan2']),
]
const NO_MATCHING: Matching = { on: false, labels: [], include: [] }

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
  if (expression.kind !== 'selector' || expression.rangeMs !== undefined || isMoved(expression))
    throw new PromqlError(`match[] wants a series selector, not ${text.slice(0, 100)}`)
  return expression
}

function isMoved({ offsetMs, at }: Moved): boolean {
  return offsetMs !== undefined || at !== undefined
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

  #isMark(mark: string): boolean {
    return this.#next.kind === 'mark' && this.#next.text === mark
  }

  #take(mark: string): boolean {
    if (!this.#isMark(mark)) return false
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

  #refused(what: string, token: Token): PromqlError {
    return new PromqlError(`1:${token.at + 1}: parse error: ${what} is not supported by fnscope`)
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw this.#error(`expected "${mark}"`)
  }

  end(): void {
    if (this.#next.kind !== 'end') throw this.#error('expected an operator or the end')
  }

  expression(level: number): Expression {
    const marks = LEVELS[level]
    if (marks === undefined) return this.#signed()
    return this.#deeper(() => {
      let left = this.expression(level + 1)
      for (let token = this.#operator(marks); token !== undefined; token = this.#operator(marks)) {
        const isBool = this.#takeWord('bool') !== undefined
        const matching = this.#matching()
        left = this.#binary({ token, isBool, matching, left, right: this.expression(level + 1) })
      }
      return left
    })
  }

  #operator(marks: ReadonlySet<string>): Token | undefined {
    const { kind, text } = this.#next
    return (kind === 'mark' || kind === 'word') && marks.has(text.toLowerCase()) ? this.#step() : undefined
  }

  #binary({ token, ...parts }: Omit<Binary, 'kind' | 'mark'> & { readonly token: Token }): Binary {
    const binary: Binary = { kind: 'binary', mark: token.text.toLowerCase() as BinaryMark, ...parts }
    checkBinary(binary, token.at)
    return binary
  }

  #matching(): Matching {
    const by = this.#takeWord('on', 'ignoring')
    if (by === undefined) return NO_MATCHING
    const labels = this.#labels()
    const group = this.#takeWord('group_left', 'group_right')
    return {
      on: by === 'on',
      labels,
      ...(group === undefined ? {} : { many: group === 'group_left' ? 'left' : 'right' }),
      include: group !== undefined && this.#isMark('(') ? this.#labels() : [],
    }
  }

  #signed(): Expression {
    if (this.#take('+')) return this.#deeper(() => this.#signed())
    const token = this.#next
    if (this.#take('-')) {
      const of = this.#deeper(() => this.#signed())
      if (!['scalar', 'instant vector'].includes(typeOf(of)))
        throw this.#error(
          `unary expression only allowed on expressions of type scalar or instant vector, got ${typeOf(of)}`,
          token,
        )
      return { kind: 'negative', of }
    }
    const left = this.#suffixed(this.#one())
    const power = this.#operator(new Set(['^']))
    if (power === undefined) return left
    const isBool = this.#takeWord('bool') !== undefined
    const matching = this.#matching()
    const right = this.#deeper(() => this.#signed())
    return this.#binary({ token: power, isBool, matching, left, right })
  }

  #deeper<Result>(work: () => Result): Result {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH * LEVELS.length) throw this.#error('nested too deep')
    const result = work()
    this.#depth -= 1
    return result
  }

  #one(): Expression {
    if (this.#take('(')) {
      const of = this.expression(0)
      this.#expect(')')
      return of
    }
    const token = this.#next
    if (this.#isMark('{')) return this.#selector(undefined, token)
    if (token.kind === 'end') throw this.#error('expected an expression')
    this.#step()
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) }
    if (token.kind === 'duration') return { kind: 'number', value: parseDuration(token.text)! / 1000 }
    if (token.kind === 'text') return { kind: 'text', value: unquoted(token.text) }
    if (token.kind !== 'word') throw this.#error('expected an expression', token)
    const word = token.text.toLowerCase()
    const isGrouped = this.#next.kind === 'word' && ['by', 'without'].includes(this.#next.text.toLowerCase())
    if (this.#isMark('(') || isGrouped) {
      if (REFUSED_AGGREGATES.has(word)) throw this.#refused(`the aggregation ${token.text}`, token)
      if (AGGREGATES.has(word)) return this.#aggregate(word as AggregateName, token)
    }
    if (this.#isMark('(')) return this.#call(token)
    if (word === 'inf' || word === 'nan') return { kind: 'number', value: word === 'inf' ? Infinity : Number.NaN }
    return this.#selector(token.text, token)
  }

  #aggregate(name: AggregateName, token: Token): Expression {
    const before = this.#grouping()
    const given = this.#arguments()
    const wanted = AGGREGATES.get(name)
    const count = wanted === undefined ? 1 : 2
    if (given.length !== count)
      throw this.#error(
        `wrong number of arguments for aggregate expression ${name}: wanted ${count}, got ${given.length}`,
        token,
      )
    const of = given.at(-1)!
    expectType(of, 'instant vector', `aggregation expression ${name}`, token.at)
    if (wanted !== undefined) expectType(given[0]!, wanted, `aggregation parameter of ${name}`, token.at)
    const { labels, keep } = before ?? this.#grouping() ?? { labels: [], keep: true }
    return { kind: 'aggregate', name, of, labels, keep, ...(wanted === undefined ? {} : { parameter: given[0]! }) }
  }

  #grouping(): { labels: readonly string[]; keep: boolean } | undefined {
    const word = this.#takeWord('by', 'without')
    return word === undefined ? undefined : { labels: this.#labels(), keep: word === 'by' }
  }

  #labels(): readonly string[] {
    this.#expect('(')
    const labels: string[] = []
    while (!this.#take(')')) {
      const token = this.#step()
      if (token.kind !== 'word' && token.kind !== 'text') throw this.#error('expected a label', token)
      labels.push(token.kind === 'text' ? unquoted(token.text) : token.text)
      if (!this.#isMark(')')) this.#expect(',')
    }
    return labels
  }

  #arguments(): readonly Expression[] {
    this.#expect('(')
    const given: Expression[] = []
    while (!this.#take(')')) {
      given.push(this.expression(0))
      if (!this.#isMark(')')) this.#expect(',')
    }
    return given
  }

  #call(token: Token): Expression {
    const shape = FUNCTIONS.get(token.text)
    if (shape === undefined) throw this.#refused(`the function ${token.text}`, token)
    const given = this.#arguments()
    const most = shape.further === undefined ? shape.arguments.length : Infinity
    const least = shape.arguments.length - (shape.optional ?? 0)
    if (given.length < least || given.length > most)
      throw this.#error(
        `expected ${given.length < least ? (least === most ? '' : 'at least ') + least : most} argument(s) in call to "${token.text}", got ${given.length}`,
        token,
      )
    for (const [index, one] of given.entries())
      expectType(one, shape.arguments[index] ?? shape.further!, `call to function "${token.text}"`, token.at)
    return { kind: 'call', name: token.text, arguments: given }
  }

  /** A range, an offset and a time behind it, as often as they come. */
  #suffixed(expression: Expression): Expression {
    const token = this.#next
    if (this.#take('[')) return this.#suffixed(this.#ranged(expression, token))
    const isOffset = this.#takeWord('offset') !== undefined
    if (!isOffset && !this.#take('@')) return expression
    const what = isOffset ? 'offset' : '@'
    if (expression.kind !== 'selector' && expression.kind !== 'subquery')
      throw this.#error(`${what} must be preceded by a vector selector, a range or a subquery`, token)
    const had = isOffset ? expression.offsetMs : expression.at
    if (had !== undefined) throw this.#error(`${what} may not be set multiple times`, token)
    return this.#suffixed(
      isOffset ? { ...expression, offsetMs: this.#signedDuration() } : { ...expression, at: this.#time() },
    )
  }

  #ranged(of: Expression, token: Token): Selector | Subquery {
    const rangeMs = this.#duration()
    if (this.#take(':')) {
      const stepMs = this.#isMark(']') ? SUBQUERY_STEP_MS : this.#duration()
      this.#expect(']')
      if (typeOf(of) !== 'instant vector' && typeOf(of) !== 'scalar')
        throw this.#error(`subquery is only allowed on instant vector, got ${typeOf(of)}`, token)
      return { kind: 'subquery', of, rangeMs, stepMs }
    }
    this.#expect(']')
    if (of.kind !== 'selector' || of.rangeMs !== undefined)
      throw this.#error('ranges only allowed for vector selectors', token)
    if (isMoved(of)) throw this.#error('no offset and no @ modifiers allowed before range', token)
    return { ...of, rangeMs }
  }

  /** Above zero: a duration, or seconds. */
  #duration(): number {
    const token = this.#step()
    const ms =
      token.kind === 'duration'
        ? parseDuration(token.text)!
        : token.kind === 'number'
          ? Math.round(Number(token.text) * 1000)
          : undefined
    if (ms === undefined) throw this.#error('expected a duration', token)
    if (!(ms > 0) || !Number.isSafeInteger(ms)) throw this.#error('duration must be greater than 0', token)
    return ms
  }

  #signedDuration(): number {
    const isBack = this.#take('-')
    if (!isBack) this.#take('+')
    if (this.#next.kind === 'number' && Number(this.#next.text) === 0) {
      this.#step()
      return 0
    }
    const ms = this.#duration()
    return isBack ? -ms : ms
  }

  #time(): number | 'start' | 'end' {
    const end = this.#takeWord('start', 'end')
    if (end !== undefined) {
      this.#expect('(')
      this.#expect(')')
      return end as 'start' | 'end'
    }
    const isNegative = this.#take('-')
    const token = this.#step()
    const seconds = token.kind === 'number' ? Number(token.text) : Number.NaN
    if (!Number.isFinite(seconds)) throw this.#error('expected a timestamp, start() or end()', token)
    return Math.round((isNegative ? -seconds : seconds) * 1000)
  }

  #selector(name: string | undefined, token: Token): Selector {
    const matchers: Matcher[] = []
    if (this.#take('{'))
      while (!this.#take('}')) {
        matchers.push(this.#matcher())
        if (!this.#isMark('}')) this.#expect(',')
      }
    return selectorOf(name, matchers, token.at)
  }

  #matcher(): Matcher {
    const token = this.#step()
    // {"name"} is a metric's name too.
    if (token.kind === 'text' && (this.#isMark('}') || this.#isMark(',')))
      return matcher('__name__', '=', unquoted(token.text))
    if (token.kind !== 'word' && token.kind !== 'text') throw this.#error('expected a label', token)
    const label = token.kind === 'text' ? unquoted(token.text) : token.text
    const mark = this.#step()
    if (!['=', '!=', '=~', '!~'].includes(mark.text)) throw this.#error('expected one of = != =~ !~', mark)
    const value = this.#step()
    if (value.kind !== 'text') throw this.#error('expected a text in quotes', value)
    return matcher(label, mark.text as MatcherMark, unquoted(value.text))
  }
}
