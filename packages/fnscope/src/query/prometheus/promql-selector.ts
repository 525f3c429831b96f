// Label matchers of PromQL, and what a selector must have.
import { PromqlError, type Matcher, type MatcherMark, type Selector } from './promql-syntax.ts'

/** @throws PromqlError bad_data */
export function selectorOf(name: string | undefined, more: readonly Matcher[], at: number): Selector {
  if (name !== undefined && more.some(({ label }) => label === '__name__'))
    throw new PromqlError(`1:${at + 1}: parse error: metric name must not be set twice: "${name}"`)
  const matchers = name === undefined ? more : [matcher('__name__', '=', name), ...more]
  if (!matchers.some(({ matches }) => !matches('')))
    throw new PromqlError(`1:${at + 1}: parse error: vector selector must contain at least one non-empty matcher`)
  return { kind: 'selector', matchers }
}

/** @throws PromqlError bad_data */
export function matcher(label: string, mark: MatcherMark, value: string): Matcher {
  if (mark === '=' || mark === '!=')
    return { label, mark, value, matches: (text) => (text === value) === (mark === '=') }
  const regex = wholeRegex(value)
  return { label, mark, value, matches: (text) => regex.test(text) === (mark === '=~') }
}

/** A regular expression that fits whole texts. @throws PromqlError bad_data */
export function wholeRegex(text: string): RegExp {
  // RE2's way to ignore case; JavaScript has it for parts of an expression alone.
  const [, flags, rest] = /^\(\?([is]+)\)([^]*)$/.exec(text) ?? [undefined, '', text]
  try {
    return new RegExp(`^(?:${rest})$`, flags.includes('i') ? 'sui' : 'su')
  } catch {
    throw new PromqlError(`parse error: ${JSON.stringify(text)} is no regular expression`)
  }
}
