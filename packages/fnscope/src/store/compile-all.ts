// Conditions that must all hold, each looked for among the traces that meet those before it: one set within the other, the
// likely rarest innermost, so that each is made once. Which are rare one can tell without looking: what fails, starts cold
// or is not whole is seldom.
import { ROOT_RANK } from '../span/span-batch.ts'
import { isOneValue, splitAnnotations } from './compile-annotation.ts'
import { compileTrace, isOfGranules, isOfRow, type CompileOptions, type Only } from './compile-trace.ts'
import { minutesOf } from './minute-key.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

const LEAST_ERROR_STATUS = 400

/** A condition may name those before it more than once: no longer a text stands within another. */
const MAX_NESTED = 10_000

/** Answered by rows of `roots` and flags of `traces`, and met by few. */
function isOfFew(query: TraceQuery): boolean {
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

export interface CompiledConditions {
  /** Of the row by itself. */
  readonly ofRow: readonly string[]
  /** Sets of traces. */
  readonly sets: readonly string[]
}

/**
 * Conditions on a row of `roots` that together say all of `queries`.
 * @param within of rows of `roots`: where they are looked for
 */
export function compileAll(
  queries: readonly TraceQuery[],
  within: string,
  options: CompileOptions,
): CompiledConditions {
  const ofRow = queries.filter(isOfRow)
  const seldom = ofRow.filter(isOfFew).map((one) => compileTrace(one, options))
  const few = seldom.length === 0 ? undefined : ofRoots([within, ...seldom], options)
  let only = few
  let sets: string[] = []
  /** `only` is what the one of `sets` says. */
  let isSaid = false
  for (const one of queries.filter(isSet).toSorted((a, b) => commonness(a) - commonness(b))) {
    const condition = compileTrace(one, { ...options, only })
    sets = isSaid && keepsTo(one) ? [condition] : [...sets, condition]
    isSaid = sets.length === 1 && condition.length < MAX_NESTED
    if (isSaid) only = onlyOf(condition, options)
  }
  const others = queries.filter((one) => !isOfRow(one) && !isSet(one))
  return {
    ofRow: ofRow.map((one) => compileTrace(one, options)),
    sets: [...others.map((one) => compileTrace(one, { ...options, only: few })), ...sets],
  }
}

/** All that is looked for is looked for in the traces of `only`: it says what that says. */
function keepsTo(query: TraceQuery): boolean {
  return query.is === 'or' ? query.of.every(keepsTo) : query.is !== 'span' || !isOfGranules(query.where)
}

/** It names traces, of which only those are looked at that are asked for. */
function isSet(query: TraceQuery): boolean {
  switch (query.is) {
    case 'span':
    case 'edge':
    case 'partial':
    case 'duration':
      return true
    case 'or':
      return query.of.length > 0 && query.of.every(isSet)
    default:
      return false
  }
}

/** The order in which sets are made: what rows of narrow tables tell of few, then of many, then what only spans tell. */
function commonness(query: TraceQuery): number {
  switch (query.is) {
    case 'or':
      return Math.max(...query.of.map(commonness))
    case 'span':
      if (isOfFew(query)) return 0
      return isOfAnnotation(query.where) ? 1 : 2
    case 'duration':
      return 3
    case 'partial':
      return 4
    default:
      return 5
  }
}

function isOfAnnotation(where: SpanQuery): boolean {
  const split = splitAnnotations(where)
  return split !== undefined && isOneValue(split.parts[0]!)
}

function ofRoots(conditions: readonly string[], options: CompileOptions): Only {
  return onlyOf(
    `trace_id IN (SELECT trace_id FROM ${options.database}.roots WHERE ${conditions.join(' AND ')})`,
    options,
  )
}

function onlyOf(ofOthers: string, { parameters, spansFrom, spansTo }: CompileOptions): Only {
  return { ofSpans: `${minutesOf(spansFrom, spansTo, parameters)} AND ${ofOthers}`, ofOthers, isSet: true }
}
