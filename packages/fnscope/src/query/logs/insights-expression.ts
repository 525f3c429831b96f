// Expressions of Logs Insights: comparisons, and/or/not, like, in, arithmetic, functions; compiled while they are read.
import { FUNCTIONS } from './insights-functions.ts'
import { compareValues, formatTime, numberOf, textOf, timeOf, type Row, type Value } from './insights-row.ts'
import { AGGREGATES, type Aggregator } from './insights-stats.ts'
import type { Token } from './insights-tokens.ts'
import { PatternError } from './pattern-error.ts'

export type Expression = (row: Row) => Value

/** How deep an expression may be nested. */
const MAX_DEPTH = 100
const MAX_REGEX = 1000

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
}

export class ExpressionReader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  /** Present while stats is read: aggregations that stand in the expressions. */
  aggregates: (() => Aggregator)[] | undefined

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get next(): Token {
    return this.#tokens[this.#at]!
  }

  step(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at += 1
    return token
  }

  take(...marks: readonly string[]): Token | undefined {
    const { kind, text } = this.next
    return kind === 'mark' && marks.includes(text) ? this.step() : undefined
  }

  takeWord(...words: readonly string[]): Token | undefined {
    const { kind, text } = this.next
    return kind === 'word' && words.includes(text.toLowerCase()) ? this.step() : undefined
  }

  expect(mark: string): void {
    if (this.take(mark) === undefined) throw this.error(`expected ${mark}`)
  }

  /** The name of a field. */
  field(): string {
    const { kind, text } = this.next
    if (kind !== 'word' && kind !== 'field') throw this.error('expected a field')
    this.step()
    return text
  }

  error(problem: string, token = this.next): PatternError {
    const found = token.kind === 'end' ? 'the end of the query' : `"${token.text}"`
    return new PatternError(`${problem} but found ${found}`, token.at)
  }

  /** @returns the expression, and how it is called where nobody names it */
  named(): { readonly of: Expression; readonly name: string } {
    const from = this.#at
    const of = this.expression()
    const name = this.#tokens
      .slice(from, this.#at)
      .map(({ text }) => text)
      .join('')
    return this.takeWord('as') === undefined ? { of, name } : { of, name: this.field() }
  }

  expression(): Expression {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`)
    const parts = [this.#and()]
    while (this.takeWord('or') !== undefined) parts.push(this.#and())
    this.#depth -= 1
    return parts.length === 1 ? parts[0]! : (row) => parts.some((part) => isTrue(part(row)))
  }

  #and(): Expression {
    const parts = [this.#not()]
    while (this.takeWord('and') !== undefined) parts.push(this.#not())
    return parts.length === 1 ? parts[0]! : (row) => parts.every((part) => isTrue(part(row)))
  }

  #not(): Expression {
    if (this.takeWord('not') === undefined) return this.#comparison()
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`)
    const of = this.#not()
    this.#depth -= 1
    return (row) => !isTrue(of(row))
  }

  #comparison(): Expression {
    const left = this.#sum()
    const mark = this.take('=', '!=', '<', '<=', '>', '>=')
    if (mark !== undefined) return compared(left, mark.text, this.#sum())
    if (this.take('=~') !== undefined) return this.#like(left)
    const negated = this.next.text.toLowerCase() === 'not' && this.takeWord('not') !== undefined
    const of = this.takeWord('like') === undefined ? this.#in(left, negated) : this.#like(left)
    if (of === undefined) return left
    return negated ? (row) => !isTrue(of(row)) : of
  }

  #like(left: Expression): Expression {
    const token = this.step()
    if (token.kind === 'text') return (row) => textOf(left(row)).includes(token.text)
    if (token.kind !== 'regex') throw this.error('expected a text or a /regular expression/', token)
    const regex = compiledRegex(token)
    return (row) => {
      const value = left(row)
      return value !== undefined && regex.test(textOf(value))
    }
  }

  #in(left: Expression, negated: boolean): Expression | undefined {
    if (this.takeWord('in') === undefined) {
      if (negated) throw this.error('expected like or in')
      return undefined
    }
    this.expect('[')
    const values = [this.#sum()]
    while (this.take(',') !== undefined) values.push(this.#sum())
    this.expect(']')
    return (row) => {
      const value = left(row)
      return value !== undefined && values.some((one) => compareValues(value, one(row)) === 0)
    }
  }

  #sum(): Expression {
    let left = this.#product()
    for (let mark = this.take('+', '-'); mark !== undefined; mark = this.take('+', '-'))
      left = calculated(left, mark.text, this.#product())
    return left
  }

  #product(): Expression {
    let left = this.#power()
    for (let mark = this.take('*', '/', '%'); mark !== undefined; mark = this.take('*', '/', '%'))
      left = calculated(left, mark.text, this.#power())
    return left
  }

  #power(): Expression {
    const left = this.#one()
    return this.take('^') === undefined ? left : calculated(left, '^', this.#one())
  }

  #one(): Expression {
    if (this.take('-') !== undefined) {
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`)
      const of = this.#one()
      this.#depth -= 1
      return (row) => negative(of(row))
    }
    if (this.take('(') !== undefined) {
      const of = this.expression()
      this.expect(')')
      return of
    }
    const token = this.step()
    if (token.kind === 'number') {
      const number = Number(token.text)
      return () => number
    }
    if (token.kind === 'text') return () => token.text
    if (token.kind !== 'word' && token.kind !== 'field') throw this.error('expected a value', token)
    if (token.kind === 'word' && this.take('(') !== undefined) return this.#call(token)
    return (row) => row.get(token.text)
  }

  #call(token: Token): Expression {
    const name = token.text.toLowerCase()
    if (name === 'bin') return this.#binOf((row) => row.get('@timestamp'), Math.floor)
    if (name === 'datefloor' || name === 'dateceil') {
      const time = this.expression()
      this.expect(',')
      return this.#binOf(time, name === 'datefloor' ? Math.floor : Math.ceil)
    }
    if (AGGREGATES.has(name)) return this.#aggregate(name, token)
    const shape = FUNCTIONS.get(name)
    if (shape === undefined) throw new PatternError(`the function ${token.text} is not supported`, token.at)
    const values = this.#values()
    const [fewest, most] = shape.arguments
    if (values.length < fewest || values.length > most)
      throw new PatternError(
        `${token.text} takes ${fewest === most ? fewest : `${fewest} to ${most}`} values`,
        token.at,
      )
    return (row) => shape.call(values.map((value) => value(row)))
  }

  #values(): Expression[] {
    const values: Expression[] = []
    if (this.take(')') !== undefined) return values
    do values.push(this.expression())
    while (this.take(',') !== undefined)
    this.expect(')')
    return values
  }

  /** Times in steps; the step and the closing parenthesis follow. */
  #binOf(of: Expression, round: (steps: number) => number): Expression {
    const token = this.step()
    const word = token.kind === 'number' ? this.step() : undefined
    const [, digits, letters] = /^(\d+)?([a-z]+)$/.exec(`${token.text}${word?.text ?? ''}`.toLowerCase()) ?? []
    const unit = UNITS[letters ?? ''] ?? UNITS[(letters ?? '').replace(/s$/, '')]
    if (unit === undefined || digits === '0') throw this.error('a time like 5m or 1h is wanted', token)
    this.expect(')')
    const span = Number(digits ?? 1) * unit
    return (row) => {
      const time = timeOf(of(row))
      return time === undefined ? undefined : formatTime(round(time / span) * span)
    }
  }

  #aggregate(name: string, token: Token): Expression {
    const { aggregates } = this
    if (aggregates === undefined) throw new PatternError(`${token.text} stands in stats alone`, token.at)
    const shape = AGGREGATES.get(name)!
    // What stands inside is of one row.
    this.aggregates = undefined
    let values: Expression[]
    if (name === 'count' && this.take('*') !== undefined) {
      this.expect(')')
      values = [() => 1]
    } else values = this.#values()
    if (name === 'count' && values.length === 0) values = [() => 1]
    this.aggregates = aggregates
    if (values.length !== shape.arguments)
      throw new PatternError(`${token.text} takes ${shape.arguments} values`, token.at)
    const percent = values[1] === undefined ? 0 : numberOf(values[1](NO_ROW))
    if (percent === undefined || percent < 0 || percent > 100)
      throw new PatternError('a percentile is a number from 0 to 100', token.at)
    const place = aggregates.push(() => shape.start(values[0]!, percent)) - 1
    return (row) => row.get(aggregateField(place))
  }
}

const NO_ROW: Row = { get: () => undefined, with: () => NO_ROW }

/** Where the value of an aggregation stands in the row of its group: no query can write this name. */
export function aggregateField(place: number): string {
  return `\u0000${place}`
}

/** @throws PatternError */
export function compiledRegex(token: Token): RegExp {
  let { text: source, flags = '' } = token
  if (source.startsWith('(?i)')) {
    source = source.slice(4)
    flags += 'i'
  }
  if (!/^i?$/.test(flags)) throw new PatternError(`/${source}/${flags}: only the flag i is supported`, token.at)
  if (source.length > MAX_REGEX)
    throw new PatternError(`the regular expression is longer than ${MAX_REGEX} characters`, token.at)
  try {
    return new RegExp(source, flags)
  } catch {
    throw new PatternError(`/${source}/ is no regular expression`, token.at)
  }
}

export function isTrue(value: Value): boolean {
  return value === true || (typeof value === 'number' && value !== 0)
}

function negative(value: Value): Value {
  const number = numberOf(value)
  return number === undefined ? undefined : -number
}

function compared(left: Expression, mark: string, right: Expression): Expression {
  return (row) => {
    const [a, b] = [left(row), right(row)]
    if (a === undefined || b === undefined) return mark === '!=' && (a === undefined) !== (b === undefined)
    const order = compareValues(a, b)
    switch (mark) {
      case '=':
        return order === 0
      case '!=':
        return order !== 0
      case '<':
        return order < 0
      case '<=':
        return order <= 0
      case '>':
        return order > 0
      default:
        return order >= 0
    }
  }
}

function calculated(left: Expression, mark: string, right: Expression): Expression {
  return (row) => {
    const [a, b] = [numberOf(left(row)), numberOf(right(row))]
    if (a === undefined || b === undefined) return undefined
    const result =
      mark === '+'
        ? a + b
        : mark === '-'
          ? a - b
          : mark === '*'
            ? a * b
            : mark === '/'
              ? a / b
              : mark === '%'
                ? a % b
                : a ** b
    return Number.isFinite(result) ? result : undefined
  }
}
