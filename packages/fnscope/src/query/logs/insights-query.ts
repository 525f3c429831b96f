// A Logs Insights query, command by command. What is not supported is refused with its place.
import { compiledRegex, ExpressionReader, type Expression } from './insights-expression.ts'
import { globRegex } from './insights-functions.ts'
import type { Aggregator } from './insights-stats.ts'
import { readTokens } from './insights-tokens.ts'
import { PatternError } from './pattern-error.ts'

export interface NamedExpression {
  readonly of: Expression
  readonly name: string
}

export type Command =
  | { readonly kind: 'filter'; readonly of: Expression }
  | { readonly kind: 'fields' | 'display'; readonly fields: readonly NamedExpression[] }
  | { readonly kind: 'parse'; readonly of: Expression; readonly regex: RegExp; readonly names: readonly string[] }
  | {
      readonly kind: 'stats'
      readonly values: readonly NamedExpression[]
      readonly by: readonly NamedExpression[]
      readonly aggregates: readonly (() => Aggregator)[]
    }
  | { readonly kind: 'sort'; readonly keys: readonly { readonly of: Expression; readonly descending: boolean }[] }
  | { readonly kind: 'dedup'; readonly fields: readonly Expression[] }
  | { readonly kind: 'limit'; readonly count: number }

export const MAX_RESULTS = 10_000
const MAX_QUERY = 10_000

/** @throws PatternError */
export function parseInsightsQuery(text: string): readonly Command[] {
  if (text.length > MAX_QUERY) throw new PatternError(`the query is longer than ${MAX_QUERY} characters`, MAX_QUERY)
  const reader = new ExpressionReader(readTokens(text))
  const commands: Command[] = []
  // A pipe may stand before the first one too.
  reader.take('|')
  do commands.push(command(reader))
  while (reader.take('|') !== undefined)
  if (reader.next.kind !== 'end') throw reader.error('expected | or the end of the query')
  return commands
}

function command(reader: ExpressionReader): Command {
  const token = reader.step()
  const name = token.kind === 'word' ? token.text.toLowerCase() : ''
  switch (name) {
    case 'filter':
    case 'where':
      return { kind: 'filter', of: reader.expression() }
    case 'fields':
    case 'display':
      return { kind: name, fields: list(reader) }
    case 'parse':
      return parse(reader)
    case 'stats':
      return stats(reader)
    case 'sort':
    case 'order':
      if (name === 'order' && reader.takeWord('by') === undefined) throw reader.error('expected by')
      return { kind: 'sort', keys: sortKeys(reader) }
    case 'dedup':
      return { kind: 'dedup', fields: list(reader).map(({ of }) => of) }
    case 'limit':
    case 'head':
      return { kind: 'limit', count: count(reader) }
  }
  if (name === '') throw reader.error('expected a command', token)
  throw new PatternError(`the command ${token.text} is not supported`, token.at)
}

function list(reader: ExpressionReader): NamedExpression[] {
  const fields = [reader.named()]
  while (reader.take(',') !== undefined) fields.push(reader.named())
  return fields
}

function count(reader: ExpressionReader): number {
  const token = reader.step()
  const number = token.kind === 'number' ? Number(token.text) : Number.NaN
  if (!Number.isInteger(number) || number < 1 || number > MAX_RESULTS)
    throw reader.error(`limit wants a number from 1 to ${MAX_RESULTS}`, token)
  return number
}

function sortKeys(reader: ExpressionReader): { of: Expression; descending: boolean }[] {
  const keys: { of: Expression; descending: boolean }[] = []
  do {
    const of = reader.expression()
    const order = reader.takeWord('asc', 'desc')?.text.toLowerCase()
    keys.push({ of, descending: order === 'desc' })
  } while (reader.take(',') !== undefined)
  return keys
}

function stats(reader: ExpressionReader): Command {
  const aggregates: (() => Aggregator)[] = []
  reader.aggregates = aggregates
  const { at } = reader.next
  const values = list(reader)
  reader.aggregates = undefined
  if (aggregates.length === 0) throw new PatternError('stats wants an aggregation such as count(*)', at)
  const by = reader.takeWord('by') === undefined ? [] : list(reader)
  return { kind: 'stats', values, by, aggregates }
}

function parse(reader: ExpressionReader): Command {
  const isField = reader.next.kind === 'word' || reader.next.kind === 'field'
  const field = isField ? reader.field() : '@message'
  const of: Expression = (row) => row.get(field)
  const token = reader.step()
  if (token.kind === 'regex') {
    const regex = compiledRegex(token)
    const names = [...token.text.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, name]) => name!)
    if (names.length === 0) throw new PatternError('the regular expression names no group: (?<name>…)', token.at)
    return { kind: 'parse', of, regex, names }
  }
  if (token.kind !== 'text') throw reader.error('expected a text with * or a /regular expression/', token)
  if (reader.takeWord('as') === undefined) throw reader.error('expected as')
  const names = [reader.field()]
  while (reader.take(',') !== undefined) names.push(reader.field())
  const stars = token.text.split('*').length - 1
  if (stars !== names.length) throw new PatternError(`the pattern has ${stars} * for ${names.length} names`, token.at)
  return { kind: 'parse', of, regex: globRegex(token.text), names }
}
