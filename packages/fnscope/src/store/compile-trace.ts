// Conditions on traces as SQL over a row of `roots`: sets of trace ids from the narrowest table that knows, within bounds
// of time. On a cluster a trace lies whole on one shard, so every set is right there (cluster-settings.ts).
import { compileAnnotationPart, compileService, splitAnnotations } from './compile-annotation.ts'
import { SPAN_FLAG } from '../span/span-batch.ts'
import { compileFlag, compileNode, compileSpan, isOfRoots, joined } from './compile-span.ts'
import { minutesOf } from './minute-key.ts'
import { LATE_NANOS } from './list-position.ts'
import type { SqlParameters } from './sql-parameters.ts'
import type { FlagName, SpanQuery, TraceQuery } from './trace-query.ts'
import { validTraceIds } from './trace-ids.ts'

export interface CompileOptions {
  readonly database: string
  readonly parameters: SqlParameters
  /** Where the spans may start that are looked at, from and to included. */
  readonly spansFrom: bigint
  readonly spansTo: bigint
  /** Looked at alone: these traces. Conditions on a row of each table that keep to them. */
  readonly only?: Only | undefined
}

export interface Only {
  readonly ofSpans: string
  readonly ofOthers: string
  /** The traces are named by a condition that is looked for first: what an index answers (isOfGranules) does without. */
  readonly isSet?: boolean
}

/** True when it is answered by the row of `roots` alone, without a set. */
export function isOfRow(query: TraceQuery): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.every(isOfRow)
    case 'not':
      return isOfRow(query.of)
    case 'root':
      return isOfRoots(query.where)
    case 'ids':
      return true
    default:
      return false
  }
}

/** True when no set of spans is wanted: rows of `roots`, and what `traces` says of all spans of each, are enough. */
export function isNarrow(query: TraceQuery): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.every(isNarrow)
    case 'not':
      return isNarrow(query.of)
    case 'span':
      return flagOf(query.where) !== undefined
    default:
      return isOfRow(query)
  }
}

/** Of a condition on nothing but a flag that spans of a trace have in common with it. */
export function flagOf(where: SpanQuery): FlagName | undefined {
  return where.is === 'flag' && where.flag !== 'ok' ? where.flag : undefined
}

/**
 * What a listed span has that by itself makes its trace meet all but the conditions on the row; undefined when a row of
 * `roots` cannot tell.
 */
export function metByRow(query: TraceQuery): SpanQuery | undefined {
  const others = (query.is === 'and' ? query.of : [query]).filter((one) => !isOfRow(one))
  const of = others.flatMap((one) => metByOne(one) ?? [])
  return of.length === 0 || of.length < others.length ? undefined : { is: 'and', of }
}

/** Of alternatives those that a row can tell are enough. */
function metByOne(query: TraceQuery): SpanQuery | undefined {
  if (query.is === 'span') return isOfRoots(query.where) ? query.where : undefined
  if (query.is !== 'or') return undefined
  const of = query.of.flatMap((one) => metByOne(one) ?? [])
  return of.length === 0 ? undefined : { is: 'or', of }
}

/** True when it asks about the row of `roots` anywhere. */
export function asksOfRow(query: TraceQuery): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.some(asksOfRow)
    case 'not':
      return asksOfRow(query.of)
    default:
      return query.is === 'root'
  }
}

/** The condition on a row of `roots`; of any table that has trace_id where nothing asks of the row. */
export function compileTrace(query: TraceQuery, options: CompileOptions): string {
  const { database, parameters } = options
  switch (query.is) {
    case 'and':
    case 'or':
      return joined(
        query.is,
        query.of.map((one) => compileTrace(one, options)),
      )
    case 'not':
      return `NOT ${compileTrace(query.of, options)}`
    case 'ids':
      return `trace_id IN (SELECT toFixedString(unhex(arrayJoin(${parameters.bind('Array(String)', validTraceIds(query.traceIds))})), 16))`
    case 'root':
      if (isOfRoots(query.where)) return compileSpan(query.where, parameters)
      return `(start_nanos, trace_id, root_rank, received_nanos) IN (
        SELECT start_nanos, trace_id, root_rank, received_nanos FROM ${database}.spans
        WHERE ${within(options)} AND root_rank != 255 AND ${compileSpan(query.where, parameters)})`
    case 'span':
      return `trace_id IN (${tracesWith(query.where, options)})`
    case 'edge':
      return `trace_id IN (${tracesWithEdge(query, options)})`
    case 'partial':
      return `trace_id IN (${partialTraces(options)})`
    case 'duration':
      return `trace_id IN (SELECT trace_id FROM ${database}.traces ${options.only ? `WHERE ${options.only.ofOthers}` : ''} GROUP BY trace_id
        HAVING max(last_start_nanos) >= ${parameters.bind('Int64', options.spansFrom)}
        AND max(end_nanos) - min(start_nanos) ${query.op} ${parameters.bind('Int64', query.nanos)})`
  }
}

function within(
  { parameters, spansFrom, spansTo, only }: CompileOptions,
  of: 'ofSpans' | 'ofOthers' = 'ofSpans',
): string {
  const times = `start_nanos BETWEEN ${parameters.bind('Int64', spansFrom)} AND ${parameters.bind('Int64', spansTo)}`
  if (only !== undefined) return `${times} AND ${only[of]}`
  return of === 'ofSpans' ? `${minutesOf(spansFrom, spansTo, parameters)} AND ${times}` : times
}

/** A SELECT of the ids of traces that have such a span. */
function tracesWith(where: SpanQuery, options: CompileOptions): string {
  const { database, parameters } = options
  const flag = flagOf(where)
  if (flag !== undefined) return tracesWithFlag(flag, options)
  const split = splitAnnotations(where)
  if (split !== undefined) {
    const [first, ...others] = split.parts.map((part) =>
      annotationRows(compileAnnotationPart(part, parameters), options),
    )
    const same = others.map((rows) => ` AND (start_nanos, trace_id) IN (SELECT start_nanos, trace_id ${rows})`).join('')
    const rows = `${first!}${compileService(split.service, parameters)}${same}`
    if (split.rest === undefined && others.length === 0) return `SELECT trace_id ${rows}`
    // One span, and one copy of it, must meet all: the rows only say where it can be.
    return `SELECT trace_id FROM ${database}.spans WHERE ${within(options)}
      AND (start_nanos, trace_id) IN (SELECT start_nanos, trace_id ${rows}) AND ${compileSpan(where, parameters)}`
  }
  // A segment is listed: what is asked of segments alone needs no more than their narrow rows.
  const table = isOfSegments(where) && isOfRoots(where) ? 'roots' : 'spans'
  const only = options.only?.isSet === true && isOfGranules(where) ? undefined : options.only
  const reach = within({ ...options, only }, table === 'spans' ? 'ofSpans' : 'ofOthers')
  // Side by side, not in brackets: of an inner AND the engine makes something that its indexes do not know.
  const conditions = (where.is === 'and' ? where.of : [where]).map((one) => ` AND ${compileSpan(one, parameters)}`)
  return `SELECT trace_id FROM ${database}.${table} WHERE ${reach}${conditions.join('')}`
}

/** Granules without the peer, or the user, are not read. */
export function isOfGranules(where: SpanQuery): boolean {
  if (where.is === 'and') return where.of.some(isOfGranules)
  return where.is === 'text' && (where.field === 'peerName' || where.field === 'user') && where.op === '='
}

/** A row of `traces` has the flags of all of its spans. */
function tracesWithFlag(flag: FlagName, { database, parameters, spansFrom, spansTo, only }: CompileOptions): string {
  const dayOf = (nanos: bigint): string => `toDate(fromUnixTimestamp64Nano(${parameters.bind('Int64', nanos)}, 'UTC'))`
  return `SELECT trace_id FROM ${database}.traces WHERE ${compileFlag(flag)}
    AND day BETWEEN ${dayOf(spansFrom)} AND ${dayOf(spansTo)}${only === undefined ? '' : ` AND ${only.ofOthers}`}`
}

function annotationRows(condition: string, options: CompileOptions): string {
  return `FROM ${options.database}.annotations WHERE ${condition} AND ${within(options, 'ofOthers')}`
}

export function isOfSegments(where: SpanQuery): boolean {
  if (where.is === 'flag') return where.flag === 'segment'
  return where.is === 'and' && where.of.some(isOfSegments)
}

/** Calls that were answered by a segment, and calls that only the caller knows of. */
function tracesWithEdge(edge: Extract<TraceQuery, { readonly is: 'edge' }>, options: CompileOptions): string {
  const { database, parameters } = options
  const { name, type, accountId } = edge.to
  const caller = joined('and', [within(options), ...(edge.where ? [compileSpan(edge.where, parameters)] : [])])
  const callee = joined('and', [
    within(options),
    compileSpan({ is: 'flag', flag: 'segment' }, parameters),
    compileNode({ ...edge.to, inferred: false }, parameters),
  ])
  const called = joined('and', [
    name === undefined ? "peer_name != ''" : `peer_name = ${parameters.bind('String', name)}`,
    ...(type === undefined ? [] : [`peer_type = ${parameters.bind('String', type)}`]),
    ...(accountId === undefined ? [] : [`account_id = ${parameters.bind('String', accountId)}`]),
  ])
  return `SELECT trace_id FROM ${database}.spans
    WHERE ${caller} AND (trace_id, span_id) IN (SELECT trace_id, parent_id FROM ${database}.spans WHERE ${callee})
    UNION ALL SELECT trace_id FROM ${database}.spans WHERE ${caller} AND ${called}`
}

/**
 * Of a span in progress also after it was completed: only the trace itself tells. Of the others, of which most have come
 * whole, only those are looked at in which a span came without its parent, or a call asked for a report.
 */
function partialTraces(options: CompileOptions): string {
  const { database, parameters, spansFrom, spansTo, only } = options
  const spans = `FROM ${database}.spans WHERE ${within(options)}`
  const inner = `NOT ${compileFlag('segment')}`
  // A caller in progress may have begun long before what it called.
  const open =
    only?.ofOthers ??
    `start_nanos BETWEEN ${parameters.bind('Int64', spansFrom - LATE_NANOS)}
    AND ${parameters.bind('Int64', spansTo)}`
  const asInteger = (id: string): string => `reinterpretAsUInt64(${id})`
  return `SELECT trace_id FROM ${database}.open_spans WHERE ${open}
    UNION ALL SELECT trace_id FROM (
      SELECT trace_id, ${asInteger('span_id')} AS id, ${asInteger('parent_id')} AS parent, flags ${spans}
      AND trace_id IN (SELECT trace_id ${spans} AND ${inner} AND bitAnd(flags, ${SPAN_FLAG.apart | SPAN_FLAG.traced}) != 0)
    ) GROUP BY trace_id
    HAVING NOT hasAll(groupArray(id), groupArrayIf(parent, ${inner} AND parent != 0))
      OR NOT hasAll(groupArrayIf(parent, NOT (${inner})), groupArrayIf(id, ${inner} AND bitAnd(flags, ${SPAN_FLAG.traced}) != 0))`
}
