// Filter patterns of terms: all plain ones, none of those with a minus, any of those with a question mark.
import type { FilterPattern } from './filter-pattern.ts'
import { PatternError } from './pattern-error.ts'
import { patternRegex } from './pattern-regex.ts'

type Sign = '' | '-' | '?'

interface Term {
  readonly sign: Sign
  readonly at: number
  readonly test: (message: string) => boolean
  /** Absent of a regular expression. */
  readonly text?: string
}

/** @throws PatternError */
export function parseTerms(pattern: string): FilterPattern {
  const terms = readTerms(pattern)
  const [all, none, any] = (['', '-', '?'] as const).map((sign) => terms.filter((term) => term.sign === sign))
  // CloudWatch forgets terms with a question mark beside others without a word, and answers what nobody asked for.
  if (any!.length > 0 && any!.length < terms.length)
    throw new PatternError('terms with ? cannot stand beside terms without', any![0]!.at)
  return {
    regexes: terms.filter(({ text }) => text === undefined).length,
    containing: all!.flatMap(({ text }) => text ?? []),
    matches: (message) =>
      all!.every(({ test }) => test(message)) &&
      !none!.some(({ test }) => test(message)) &&
      (any!.length === 0 || any!.some(({ test }) => test(message))),
  }
}

function readTerms(pattern: string): Term[] {
  const terms: Term[] = []
  const scan = /\s*(?:([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"%]+))|(\S))/gsuy
  const end = pattern.trimEnd().length
  while (scan.lastIndex < end) {
    const start = scan.lastIndex
    const match = scan.exec(pattern)
    const at = start + (/\S/.exec(pattern.slice(start))?.index ?? 0)
    if (match === null || match[5] !== undefined)
      throw new PatternError(`${pattern[at]} is not closed, or stands in a term that needs double quotes`, at)
    const [, sign, phrase, regex, word] = match
    terms.push({ sign: (sign ?? '') as Sign, at, ...testOf({ phrase, regex, word, at }) })
  }
  return terms
}

interface Read {
  readonly phrase: string | undefined
  readonly regex: string | undefined
  readonly word: string | undefined
  readonly at: number
}

function testOf({ phrase, regex, word, at }: Read): Pick<Term, 'test' | 'text'> {
  if (regex !== undefined) {
    const compiled = patternRegex(regex, at + 1)
    return { test: (message) => compiled.test(message) }
  }
  const bad = word === undefined ? undefined : /[!-/:-@[-^`{-~]/.exec(word.replaceAll(/[._]/g, 'x'))
  if (bad !== null && bad !== undefined)
    throw new PatternError(`${bad[0]} in a term: put "${word}" in double quotes`, at + bad.index)
  const text = word ?? phrase!.replaceAll(/\\(.)/gs, '$1')
  if (text === '') throw new PatternError('a term is empty', at)
  return { text, test: (message) => standsIn(message, text) }
}

/**
 * As a term, not as a part of a longer word. Only letters and digits of ASCII make words longer: Chinese and Korean have
 * no blanks where one would look for them.
 */
function standsIn(message: string, text: string): boolean {
  const isWord = (character: string | undefined): boolean => character !== undefined && /[A-Za-z0-9_]/.test(character)
  const [first, last] = [isWord(text[0]), isWord(text.at(-1))]
  for (let at = message.indexOf(text); at !== -1; at = message.indexOf(text, at + 1)) {
    if (first && isWord(message[at - 1])) continue
    if (last && isWord(message[at + text.length])) continue
    return true
  }
  return false
}
