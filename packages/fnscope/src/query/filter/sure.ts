// Of which candidates the store alone can tell that they meet the expression: where both bounds say the same of a trace
// whose root came, or the lower one wants little more. What the store cannot look for far enough is left to the spans.
import { isDeepStrictEqual } from 'node:util'
import { ROOT_RANK } from '../../span/span-batch.ts'
import type { SpanQuery, TraceQuery } from '../../store/store.ts'
import { all, any, EVERY, isEvery, isNone, NONE, not, type Bounds } from './bounds.ts'

/** What of `lower` a trace that stands at its root and meets `upper` must meet yet; undefined when only spans tell. */
export function sureOf({ upper, lower }: Bounds<TraceQuery>): TraceQuery | undefined {
  const [wide, narrow] = [knowingRoot(upper), knowingRoot(lower)]
  if (isNone(narrow) || misses(wide) || misses(narrow)) return undefined
  const known = conditionsOf(wide)
  return all(conditionsOf(narrow).filter((one) => !known.some((other) => isDeepStrictEqual(one, other))))
}

function conditionsOf(query: TraceQuery): readonly TraceQuery[] {
  return query.is === 'and' ? query.of : [query]
}

/** The query of a trace whose listed span has the rank of a root. */
function knowingRoot(query: TraceQuery): TraceQuery {
  switch (query.is) {
    case 'and':
      return all(query.of.map(knowingRoot))
    case 'or':
      return any(query.of.map(knowingRoot))
    case 'not':
      return not(knowingRoot(query.of))
    case 'root': {
      const where = ofRoot(query.where)
      return isEvery(where) ? EVERY : isNone(where) ? NONE : { is: 'root', where }
    }
    default:
      return query
  }
}

function ofRoot(query: SpanQuery): SpanQuery {
  switch (query.is) {
    case 'and':
      return all(query.of.map(ofRoot))
    case 'or':
      return any(query.of.map(ofRoot))
    case 'not':
      return not(ofRoot(query.of))
    case 'number':
      if (query.field !== 'rootRank' || query.op !== '=') return query
      return query.value === ROOT_RANK.root ? EVERY : NONE
    default:
      return query
  }
}

/** Spans are looked for within a time: that there is none is not known. */
function misses(query: TraceQuery, isNegated = false): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.some((one) => misses(one, isNegated))
    case 'not':
      return misses(query.of, !isNegated)
    case 'span':
    case 'edge':
    case 'partial':
      return isNegated
    default:
      return false
  }
}
