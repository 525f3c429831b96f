// Conditions that few traces meet, as one can tell without looking: what fails, starts cold or is not whole is seldom. The
// sets of other conditions are made of these traces alone; where they are many after all, the sets are what they were.
import { ROOT_RANK } from '../span/span-batch.ts'
import type { CompileOptions } from './compile-trace.ts'
import { minutesOf } from './minute-key.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

const LEAST_ERROR_STATUS = 400

/** Answered by rows of `roots` and flags of `traces`, and met by few. */
export function isOfFew(query: TraceQuery): boolean {
  if (query.is === 'root') return isSeldom(query.where)
  return query.is === 'span' && query.where.is === 'flag' && isSeldom(query.where)
}

function isSeldom(query: SpanQuery): boolean {
  switch (query.is) {
    case 'and':
      return query.of.some(isSeldom)
    case 'or':
      return query.of.length > 0 && query.of.every(isSeldom)
    case 'flag':
      return query.flag !== 'ok' && query.flag !== 'segment'
    case 'number':
      if (query.field === 'rootRank') return query.op === '=' && query.value === ROOT_RANK.detached
      return query.field === 'httpStatus' && query.op === '=' && query.value >= LEAST_ERROR_STATUS
    default:
      return false
  }
}

/** @param conditions on rows of `roots` */
export function onlyOf(
  conditions: readonly string[],
  { database, parameters, spansFrom, spansTo }: CompileOptions,
): NonNullable<CompileOptions['only']> {
  const ofOthers = `trace_id IN (SELECT trace_id FROM ${database}.roots WHERE ${conditions.join(' AND ')})`
  return { ofSpans: `${minutesOf(spansFrom, spansTo, parameters)} AND ${ofOthers}`, ofOthers }
}
