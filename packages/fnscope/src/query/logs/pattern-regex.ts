// Regular expressions of filter patterns: between percent signs, and no more of the language than CloudWatch takes.
import { PatternError } from './pattern-error.ts'

const ALLOWED = /^[A-Za-z0-9 :_#=@/;,\-^$?[\]{}|\\*+.]*$/

/** @param at where the text between the percent signs begins. @throws PatternError */
export function patternRegex(source: string, at: number): RegExp {
  if (source === '') throw new PatternError('there is nothing between the percent signs', at)
  if (!ALLOWED.test(source)) {
    const bad = /[^A-Za-z0-9 :_#=@/;,\-^$?[\]{}|\\*+.]/u.exec(source)!
    throw new PatternError(`"${bad[0]}" is not supported in a regular expression here`, at + bad.index)
  }
  try {
    return new RegExp(source)
  } catch {
    throw new PatternError(`"${source}" is no regular expression`, at)
  }
}

/** Of a value in a pattern: `*` stands for anything, all else for itself. */
export function wildcard(text: string): (value: string) => boolean {
  if (!text.includes('*')) return (value) => value === text
  const [first, ...rest] = text.split('*') as [string, ...string[]]
  const last = rest.pop()!
  return (value) => {
    if (!value.startsWith(first)) return false
    let at = first.length
    for (const part of rest) {
      const found = value.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return value.length - last.length >= at && value.endsWith(last)
  }
}
