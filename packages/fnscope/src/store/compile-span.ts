// Conditions on one span as SQL over a row of `spans`, or of `roots` where that has the columns. What the inverted
// annotations answer is compile-annotation.ts.
import { SPAN_FLAG } from '../span/span-batch.ts'
import type { SqlParameters } from './sql-parameters.ts'
import { columnName } from './tables.ts'
import type { AnnotationTest, FlagName, NodeQuery, SpanQuery, TextField, TextTest } from './trace-query.ts'

const NEVER = '0'

/** Columns of `roots` that a condition may look at, by the model's names. */
const ROOT_FIELDS: ReadonlySet<string> = new Set([
  'service',
  'name',
  'source',
  'origin',
  'httpMethod',
  'httpUrl',
  'accountId',
  'environment',
  'version',
  'region',
  'functionName',
  'httpStatus',
  'duration',
  'start',
  'kind',
  'rootRank',
])

/** Fields that are more than the column of that name. */
const OTHER_COLUMNS: Partial<Readonly<Record<TextField, string>>> = {
  requestId: 'lambda_request_id',
  accountId: 'account',
}

/** True when `roots` alone can answer it for a listed span. */
export function isOfRoots(query: SpanQuery): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.every(isOfRoots)
    case 'not':
      return isOfRoots(query.of)
    case 'text':
    case 'number':
      return ROOT_FIELDS.has(query.field)
    case 'flag':
      return true
    case 'node':
      return query.accountId === undefined && query.inferred !== true
    default:
      return false
  }
}

/** The condition on a row of `spans`. */
export function compileSpan(query: SpanQuery, parameters: SqlParameters): string {
  switch (query.is) {
    case 'and':
    case 'or':
      return joined(
        query.is,
        query.of.map((one) => compileSpan(one, parameters)),
      )
    case 'not':
      return `NOT ${compileSpan(query.of, parameters)}`
    case 'text':
      return compileText(OTHER_COLUMNS[query.field] ?? columnName(query.field), query, parameters)
    case 'number':
      return compileNumber(query, parameters)
    case 'flag':
      return compileFlag(query.flag)
    case 'node':
      return compileNode(query, parameters)
    case 'annotation':
      return compileAnnotation(query.key, query, parameters)
    case 'attribute':
      return compileAttribute(query.key, query, parameters)
    case 'event':
      return compileEvent(query.key, query.value, parameters)
  }
}

/** `and` of nothing holds always, `or` of nothing never. */
export function joined(is: 'and' | 'or', parts: readonly string[]): string {
  if (parts.length === 0) return is === 'and' ? '1' : NEVER
  return parts.length === 1 ? parts[0]! : `(${parts.join(is === 'and' ? ' AND ' : ' OR ')})`
}

/** The test of a text; an empty one is unknown. */
export function compileText(text: string, test: TextTest, parameters: SqlParameters): string {
  if (test.op === 'exists') return `${text} != ''`
  if (test.op === '=' && test.value === '') return NEVER
  const value = parameters.bind('String', test.value)
  switch (test.op) {
    case 'contains':
      return `(${text} != '' AND position(${text}, ${value}) > 0)`
    case 'beginswith':
      return `(${text} != '' AND startsWith(${text}, ${value}))`
    case 'endswith':
      return `(${text} != '' AND endsWith(${text}, ${value}))`
    case '=':
      return `${text} = ${value}`
    default:
      return `(${text} != '' AND ${text} ${test.op} ${value})`
  }
}

function compileNumber(
  { field, op, value }: Extract<SpanQuery, { readonly is: 'number' }>,
  parameters: SqlParameters,
): string {
  const whole = typeof value === 'bigint' || Number.isInteger(value)
  const bound = parameters.bind(whole ? 'Int64' : 'Float64', value)
  switch (field) {
    case 'duration':
      // An end before the start stands as a negative number in 64 unsigned bits.
      return `toInt64(duration_nanos) ${op} ${bound}`
    case 'start':
      return `start_nanos ${op} ${bound}`
    case 'statusCode':
    case 'rootRank':
      return `${columnName(field)} ${op} ${bound}`
    case 'httpStatus':
    case 'kind':
      return `(${columnName(field)} != 0 AND ${columnName(field)} ${op} ${bound})`
  }
}

export function compileFlag(flag: FlagName): string {
  if (flag === 'ok') return `bitAnd(flags, ${SPAN_FLAG.error | SPAN_FLAG.fault | SPAN_FLAG.throttle}) = 0`
  return `bitAnd(flags, ${SPAN_FLAG[flag]}) != 0`
}

/** Any node at all when nothing is said of it. */
export function compileNode({ name, type, accountId, inferred }: NodeQuery, parameters: SqlParameters): string {
  const equals = (column: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${column} = ${parameters.bind('String', value)}`]
  const own = joined('and', [
    ...(name === undefined ? ["service != ''"] : equals('service', name)),
    ...equals('origin', type),
    ...equals('account_id', accountId),
  ])
  if (inferred !== true || accountId !== undefined) return own
  const called = [
    ...(name === undefined ? ["peer_name != ''"] : equals('peer_name', name)),
    ...equals('peer_type', type),
  ]
  return joined('or', [own, joined('and', called)])
}

function compileAnnotation(key: string, test: AnnotationTest, parameters: SqlParameters): string {
  const bound = parameters.bind('String', key)
  const there = `mapContains(annotations, ${bound})`
  if (test.op === 'exists') return there
  const text = `annotations[${bound}]`
  const letter = `if(annotation_types = '', 's', substring(annotation_types, indexOf(mapKeys(annotations), ${bound}), 1))`
  if (typeof test.value === 'boolean') {
    const value = parameters.bind('String', String(test.value))
    return `(${there} AND ${letter} = 'b' AND ${text} ${test.op} ${value})`
  }
  if (typeof test.value === 'number') {
    const value = parameters.bind('Float64', test.value)
    return `(${there} AND ${letter} IN ('i', 'd') AND toFloat64OrZero(${text}) ${test.op} ${value})`
  }
  return `(${there} AND ${letter} NOT IN ('i', 'd', 'b') AND ${compileMapText(text, test, parameters)})`
}

/** The key is known to be there: its text may be empty. */
function compileMapText(text: string, test: TextTest, parameters: SqlParameters): string {
  if (test.op === 'exists') return '1'
  const value = parameters.bind('String', test.value)
  switch (test.op) {
    case 'contains':
      return `position(${text}, ${value}) > 0`
    case 'beginswith':
      return `startsWith(${text}, ${value})`
    case 'endswith':
      return `endsWith(${text}, ${value})`
    default:
      return `${text} ${test.op} ${value}`
  }
}

function compileAttribute(key: string, test: TextTest, parameters: SqlParameters): string {
  const bound = parameters.bind('String', key)
  const inMap = (map: string): string =>
    `(mapContains(${map}, ${bound}) AND ${compileMapText(`${map}[${bound}]`, test, parameters)})`
  // The resource is one word of attribute JSON for all spans of a sender: looked at once a word, not once a span.
  const raw = `JSONExtractRaw(resource, ${bound})`
  const text = `if(startsWith(${raw}, '"'), JSONExtractString(resource, ${bound}), ${raw})`
  return `(${inMap('attributes')} OR ${inMap('annotations')} OR (${raw} != '' AND ${compileMapText(text, test, parameters)}))`
}

/** In the events' JSON text: a quote stands bare there only at the ends of a key or text, so nothing within one matches. */
function compileEvent(key: string, value: string, parameters: SqlParameters): string {
  const member = `${JSON.stringify(key === 'event' ? 'name' : key)}:`
  const has = (text: string): string => `position(events, ${parameters.bind('String', member + text)}) > 0`
  const spellings = [JSON.stringify(value)]
  const number = Number(value)
  const bare = value === 'true' || value === 'false' || /^-?\d+$/.test(value) || String(number) === value
  // What ends a value: the text is one line of JSON without blanks.
  if (bare && value !== '') spellings.push(`${value},`, `${value}}`)
  if (Number.isInteger(number) && String(number) === value) spellings.push(`${value}.0,`, `${value}.0}`)
  return `(events != '' AND ${joined('or', spellings.map(has))})`
}
