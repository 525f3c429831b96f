// A filter expression ready for use: what the store is asked, and what then decides.
import type { SpanPart } from '../../store/store.ts'
import type { TraceIndex } from '../trace-index.ts'
import { meetsFilter } from './evaluate.ts'
import { parseFilter, type ParseOptions } from './parse.ts'
import { partsOf } from './span-parts.ts'
import { storeQuestions, type StoreQuestions } from './trace-query.ts'

export { FilterError } from './filter-error.ts'
export type { ParseOptions } from './parse.ts'

export interface TraceFilter extends StoreQuestions {
  /** What of their spans isMet looks at. */
  readonly parts: readonly SpanPart[]
  readonly isMet: (trace: TraceIndex) => boolean
}

/** Undefined for an expression that is blank: it takes every trace. @throws FilterError */
export function traceFilter(text: string, options?: ParseOptions): TraceFilter | undefined {
  const expression = parseFilter(text, options)
  if (expression === undefined) return undefined
  return {
    ...storeQuestions(expression),
    parts: partsOf(expression),
    isMet: (trace) => meetsFilter(trace, expression),
  }
}
