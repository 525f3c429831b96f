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
}

const MAX_PATTERN = 1024

/** @throws PatternError */
export function parseFilterPattern(text: string): FilterPattern {
  if (text.length > MAX_PATTERN)
    throw new PatternError(`a pattern has at most ${MAX_PATTERN} characters, this one ${text.length}`, MAX_PATTERN)
  const trimmed = text.trim()
  if (trimmed === '') return { matches: () => true, containing: [], fitsAll: true }
  if (trimmed.startsWith('{')) return { matches: parseJsonPattern(text), containing: ['{'] }
  if (trimmed.startsWith('[')) return { matches: parseFieldsPattern(text), containing: [] }
  return parseTerms(text)
}
