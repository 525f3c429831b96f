// The characters of a pattern, one token after the other: what parsers of { JSON } and [fields] share.
import { PatternError } from './pattern-error.ts'
import { patternRegex, wildcard } from './pattern-regex.ts'

export const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const
export type Comparison = (typeof COMPARISONS)[number]

/** What a value is compared with. */
export type Operand = { readonly number: number; readonly text: string } | { readonly test: (value: string) => boolean }

/** Deeper ones are refused: a pattern is short, and a parser calls itself. */
export const MAX_DEPTH = 50

export class PatternScan {
  readonly text: string
  at = 0
  /** Those that were read until now. */
  regexes = 0

  constructor(text: string) {
    this.text = text
  }

  /** Goes on to what is no blank. */
  skip(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1
  }

  /** True when the token stands here; it is then behind us. */
  take(token: string): boolean {
    this.skip()
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    return true
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.error(`expected ${token}`)
  }

  match(sticky: RegExp): RegExpExecArray | undefined {
    this.skip()
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text) ?? undefined
    if (found !== undefined) this.at = sticky.lastIndex
    return found
  }

  comparison(): Comparison {
    const found = this.match(/!=|<=|>=|=|<|>/y)
    if (found === undefined) throw this.error(`expected one of ${COMPARISONS.join(' ')}`)
    return found[0] as Comparison
  }

  /** A number, a text with or without quotes in which * stands for anything, or a regular expression. */
  operand(): Operand {
    const quoted = this.match(/"((?:[^"\\]|\\.)*)"/sy)
    if (quoted !== undefined) return { test: wildcard(quoted[1]!.replaceAll(/\\(.)/gs, '$1')) }
    const regex = this.match(/%([^%]*)%/y)
    if (regex !== undefined) {
      const compiled = patternRegex(regex[1]!, this.at - regex[1]!.length - 1)
      this.regexes += 1
      return { test: (value) => compiled.test(value) }
    }
    const word = this.match(/[^\s"%&|,(){}[\]=<>!]+/y)?.[0]
    if (word === undefined) throw this.error('expected a value')
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return { number: Number(word), text: word }
    return { test: wildcard(word) }
  }

  end(): void {
    this.skip()
    if (this.at < this.text.length) throw this.error('expected the end of the pattern')
  }

  error(problem: string): PatternError {
    const rest = this.text.slice(this.at, this.at + 20)
    return new PatternError(`${problem}${rest === '' ? ' but the pattern ends' : ` at "${rest}"`}`, this.at)
  }
}

/** @throws PatternError when the operand has no order and the comparison asks for one */
export function comparer(comparison: Comparison, operand: Operand, at: number): (value: unknown) => boolean {
  if ('test' in operand) {
    if (comparison !== '=' && comparison !== '!=')
      throw new PatternError(`${comparison} compares numbers, and this is a text`, at)
    const wanted = comparison === '='
    return (value) => (typeof value === 'string' || typeof value === 'number') && operand.test(`${value}`) === wanted
  }
  const { number } = operand
  return (value) => typeof value === 'number' && compareNumbers(comparison, value, number)
}

export function compareNumbers(comparison: Comparison, left: number, right: number): boolean {
  switch (comparison) {
    case '=':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}
