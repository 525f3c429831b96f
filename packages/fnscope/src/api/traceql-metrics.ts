// TraceQL's metrics of one set of spans: `{ status = error } | rate() by (resource.service.name)`. The set is traceql.ts';
// all else is refused with what it is. https://grafana.com/docs/tempo/latest/metrics-from-traces/metrics-queries/functions/
import type { SpanQuery, SpanSeriesQuery, TraceQuery } from '../query/reader.ts'
import { refused } from './jaeger-request.ts'
import { parseTraceQl } from './traceql.ts'

export interface TraceQlMetrics {
  readonly name: 'rate' | 'count_over_time' | 'quantile_over_time'
  /** Of quantile_over_time, 0 to 1. */
  readonly quantiles: readonly number[]
  /** As the question spells them, and what the store groups by. */
  readonly by: readonly { readonly label: string; readonly column: SpanSeriesQuery['by'][number] }[]
  readonly where: SpanQuery | undefined
}

const COLUMNS: Readonly<Record<string, SpanSeriesQuery['by'][number]>> = {
  'resource.service.name': 'service',
  '.service.name': 'service',
  name: 'name',
  'span:name': 'name',
  kind: 'kind',
  'span:kind': 'kind',
}

const QUERY =
  /^(?<set>\s*\{.*\})\s*\|\s*(?<name>rate|count_over_time|quantile_over_time)\s*\((?<inside>[^()]*)\)\s*(?:by\s*\((?<by>[^()]*)\)\s*)?$/s

/** @throws FnscopeError FNS_USAGE */
export function parseTraceQlMetrics(text: string, resourceKeys: ReadonlySet<string>): TraceQlMetrics {
  const groups = QUERY.exec(text)?.groups
  if (groups === undefined)
    throw refused(
      `fnscope reads of TraceQL's metrics a set and one of rate(), count_over_time() and quantile_over_time(duration, …), each with by (…), not ${JSON.stringify(text.slice(0, 200))}`,
    )
  const name = groups['name'] as TraceQlMetrics['name']
  return {
    name,
    quantiles:
      name === 'quantile_over_time' ? quantilesOf(groups['inside']!) : withoutArguments(name, groups['inside']!),
    by: (groups['by'] ?? '')
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== '')
      .map((label) => {
        const column = Object.hasOwn(COLUMNS, label) ? COLUMNS[label] : undefined
        if (column === undefined)
          throw refused(`fnscope groups spans by ${Object.keys(COLUMNS).join(', ')}, not by ${label.slice(0, 100)}.`)
        return { label, column }
      }),
    where: ofOneSpan(parseTraceQl(groups['set']!, resourceKeys)),
  }
}

function withoutArguments(name: string, inside: string): readonly number[] {
  if (inside.trim() === '') return []
  throw refused(`${name}() is asked without anything in its parentheses.`)
}

function quantilesOf(inside: string): readonly number[] {
  const [of, ...shares] = inside.split(',').map((one) => one.trim())
  if (of !== 'duration' && of !== 'span:duration')
    throw refused(`fnscope has quantiles of duration, not of ${(of ?? '').slice(0, 100)}.`)
  const quantiles = shares.map((one) => (/^\d*\.?\d+$/.test(one) ? Number(one) : Number.NaN))
  if (quantiles.length === 0 || !quantiles.every((one) => one >= 0 && one <= 1))
    throw refused('quantile_over_time(duration, …) wants numbers from 0 to 1.')
  return quantiles
}

/** What the search asks of a trace, where it asks it of one span. @throws FnscopeError FNS_USAGE */
function ofOneSpan(query: TraceQuery | undefined): SpanQuery | undefined {
  if (query === undefined) return undefined
  if (query.is === 'span') return query.where
  if (query.is === 'or' || (query.is === 'and' && query.of.length === 1))
    return { is: query.is, of: query.of.map((one) => ofOneSpan(one)!) }
  throw refused(
    'fnscope counts spans by what they are, not by their trace: leave rootName, rootServiceName and traceDuration out.',
  )
}
