// Conditions with an upper and a lower bound: every trace that meets the expression meets `upper`, every one that meets
// `lower` meets the expression. Where both are the same the store alone can tell. Negation turns them around.
import type { SpanQuery, TraceQuery } from '../../store/store.ts'

export interface Bounds<Query extends TraceQuery | SpanQuery> {
  readonly upper: Query
  readonly lower: Query
}

export const EVERY = { is: 'and', of: [] } as const
export const NONE = { is: 'or', of: [] } as const

export const isEvery = ({ is, ...query }: TraceQuery | SpanQuery): boolean => is === 'and' && isEmpty(query)
export const isNone = ({ is, ...query }: TraceQuery | SpanQuery): boolean => is === 'or' && isEmpty(query)
const isEmpty = (query: object): boolean => 'of' in query && Array.isArray(query.of) && query.of.length === 0

export function exactly<Query extends TraceQuery | SpanQuery>(query: Query): Bounds<Query> {
  return { upper: query, lower: query }
}

/** Nothing is known of it. */
export const UNKNOWN: Bounds<TraceQuery & SpanQuery> = { upper: EVERY, lower: NONE }

export function all<Query extends TraceQuery | SpanQuery>(parts: readonly Query[]): Query {
  const flat = parts.flatMap((one) => (one.is === 'and' ? (one.of as readonly Query[]) : [one]))
  if (flat.some(isNone)) return NONE as unknown as Query
  return flat.length === 1 ? flat[0]! : ({ is: 'and', of: flat } as unknown as Query)
}

export function any<Query extends TraceQuery | SpanQuery>(parts: readonly Query[]): Query {
  const flat = parts.flatMap((one) => (one.is === 'or' ? (one.of as readonly Query[]) : [one]))
  if (flat.some(isEvery)) return EVERY as unknown as Query
  return flat.length === 1 ? flat[0]! : ({ is: 'or', of: flat } as unknown as Query)
}

export function not<Query extends TraceQuery | SpanQuery>(query: Query): Query {
  if (isEvery(query)) return NONE as unknown as Query
  if (isNone(query)) return EVERY as unknown as Query
  return query.is === 'not' ? (query.of as Query) : ({ is: 'not', of: query } as unknown as Query)
}

export function allBounds<Query extends TraceQuery | SpanQuery>(parts: readonly Bounds<Query>[]): Bounds<Query> {
  return { upper: all(parts.map(({ upper }) => upper)), lower: all(parts.map(({ lower }) => lower)) }
}

export function anyBounds<Query extends TraceQuery | SpanQuery>(parts: readonly Bounds<Query>[]): Bounds<Query> {
  return { upper: any(parts.map(({ upper }) => upper)), lower: any(parts.map(({ lower }) => lower)) }
}

export function notBounds<Query extends TraceQuery | SpanQuery>({ upper, lower }: Bounds<Query>): Bounds<Query> {
  return { upper: not(lower), lower: not(upper) }
}
