// What fnscope's own API is asked of traces: a filter expression, facets (`service=orders&environment=prod`), facets that
// are left out (`exclude=version:2.0,region:eu-west-1`), a range.
import { FilterError, traceFilter, type ParseOptions, type TraceFilter } from '../query/filter/filter.ts'
import { FACETS, type FacetName, type SpanQuery, type TraceQuery } from '../query/reader.ts'
import { refused, type ConsoleQuery } from './console-query.ts'

/** Parameters that say which traces are meant. */
export const SEARCH_NAMES = ['filter', 'status', 'exclude', ...FACETS] as const

const STATUSES = ['ok', 'error', 'throttle', 'fault'] as const

const FIELDS = {
  service: 'service',
  environment: 'environment',
  version: 'version',
  account: 'accountId',
  region: 'region',
  function: 'functionName',
} as const satisfies Readonly<Record<FacetName, string>>

export interface ConsoleSearch {
  /** What the store is asked; undefined for every trace. */
  readonly where: TraceQuery | undefined
  /** Decides by the spans, where the store alone cannot; it has what the store is asked in it. */
  readonly filter: TraceFilter | undefined
}

/** @throws FnscopeError FNS_USAGE */
export function searchIn(query: ConsoleQuery, options: ParseOptions): ConsoleSearch {
  const filter = filterIn(query, options)
  const conditions: TraceQuery[] = [
    ...FACETS.flatMap((name): TraceQuery[] => {
      const value = query[name]
      return value === undefined || value === '' ? [] : [has(name, value)]
    }),
    ...excludedIn(query),
    ...statusIn(query),
  ]
  const of = [...(filter?.candidates === undefined ? [] : [filter.candidates]), ...conditions]
  const where: TraceQuery | undefined = of.length === 0 ? undefined : of.length === 1 ? of[0]! : { is: 'and', of }
  return { where, filter: filter === undefined ? undefined : { ...filter, candidates: where } }
}

function has(name: FacetName, value: string): TraceQuery {
  return entry({ is: 'text', field: FIELDS[name], op: '=', value })
}

/** `name:value`, by commas; a comma of a value is `%2C`, a percent sign `%25`. */
function excludedIn(query: ConsoleQuery): TraceQuery[] {
  const text = query['exclude']
  if (text === undefined || text === '') return []
  return text.split(',').map((part) => {
    const [, word, value] = /^([a-z]+):(.+)$/s.exec(part) ?? []
    const name = FACETS.find((facet) => facet === word)
    if (name === undefined)
      throw refused(`exclude wants one of ${FACETS.join(', ')}, a colon and a value, not "${part.slice(0, 100)}".`)
    return { is: 'not', of: has(name, value!.replaceAll('%2C', ',').replaceAll('%25', '%')) }
  })
}

/** Some span by which a service is entered. */
function entry(where: SpanQuery): TraceQuery {
  return { is: 'span', where: { is: 'and', of: [{ is: 'flag', flag: 'segment' }, where] } }
}

function statusIn(query: ConsoleQuery): TraceQuery[] {
  const status = query['status']
  if (status === undefined || status === '') return []
  if (!(STATUSES as readonly string[]).includes(status))
    throw refused(`status wants one of ${STATUSES.join(', ')}, not "${status.slice(0, 100)}".`)
  if (status !== 'ok') return [entry({ is: 'flag', flag: status as 'error' | 'throttle' | 'fault' })]
  return [{ is: 'not', of: entry({ is: 'not', of: { is: 'flag', flag: 'ok' } }) }]
}

function filterIn(query: ConsoleQuery, options: ParseOptions): TraceFilter | undefined {
  try {
    return traceFilter(query['filter'] ?? '', options)
  } catch (error) {
    if (error instanceof FilterError) throw refused(error.message)
    throw error
  }
}
