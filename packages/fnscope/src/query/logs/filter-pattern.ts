// CloudWatch Logs' filter patterns: terms, { JSON } and [space-delimited]. Case counts in all of them.
import { parseFieldsPattern } from './pattern-fields.ts'
import { parseJsonPattern } from './pattern-json.ts'
import { PatternError } from './pattern-error.ts'
import { parseTerms } from './pattern-terms.ts'

export interface FilterPattern {
  readonly matches: (message: string) => boolean
  /** Texts that every matching message has: a store may narrow by them. */
  readonly containing: readonly string[]
  /** There is no message that it does not fit. */
  readonly fitsAll?: true
  /** Of `%…%`: they may take long. */
  readonly regexes: number
  /** How values of a message are got at; absent: the pattern is one of terms, which name nothing. */
  readonly values?: PatternValues
}

export interface PatternValues {
  /** What the pattern names, with what stands there in the message: `$.a.b`, `$name`, `$3`. */
  readonly extract: (message: string) => ReadonlyMap<string, string>
  /**
   * What a selector finds in a message, undefined where it finds none.
   * @throws PatternError of a selector that is none, or of a field that the pattern does not name
   */
  readonly reader: (selector: string) => (message: string) => unknown
}

const MAX_PATTERN = 1024

/** @throws PatternError */
export function parseFilterPattern(text: string): FilterPattern {
  if (text.length > MAX_PATTERN)
    throw new PatternError(`a pattern has at most ${MAX_PATTERN} characters, this one ${text.length}`, MAX_PATTERN)
  const trimmed = text.trim()
  if (trimmed === '') return { matches: () => true, containing: [], fitsAll: true, regexes: 0 }
  if (trimmed.startsWith('{')) return parseJsonPattern(text)
  if (trimmed.startsWith('[')) return parseFieldsPattern(text)
  return parseTerms(text)
}
