// GET /api/keys and /api/values: annotation keys of a range, and what one of them said: for completion in a search.
import type { Reader } from '../query/reader.ts'
import { numberIn, rangeIn, refused, type ConsoleQuery } from './console-query.ts'
import type { ConsoleWords } from './console-types.ts'

export interface WordsOptions {
  readonly reader: Reader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_LIMIT = 1000

export async function consoleKeys(query: ConsoleQuery, { reader, now }: WordsOptions): Promise<ConsoleWords> {
  const limit = numberIn(query, 'limit', 200, [1, MAX_LIMIT])
  return { words: await reader.annotationKeys(rangeIn(query, now()), limit) }
}

/** @throws FnscopeError FNS_USAGE without a `key` */
export async function consoleValues(query: ConsoleQuery, { reader, now }: WordsOptions): Promise<ConsoleWords> {
  const key = query['key']
  if (key === undefined || key === '') throw refused('key wants the annotation whose values are asked for.')
  const limit = numberIn(query, 'limit', 200, [1, MAX_LIMIT])
  return { words: await reader.annotationValues(rangeIn(query, now()), key, limit) }
}
