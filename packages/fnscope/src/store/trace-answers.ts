// What the rows of some traces say of each condition of a query: yes, no, or nothing yet. Two statements at most tell all,
// the first of narrow rows; no trace is looked at for one condition after the other.
import { isDeepStrictEqual } from 'node:util'
import { SPAN_FLAG } from '../span/span-batch.ts'
import { checkTraces } from './check-traces.ts'
import { compileFlag, compileNode, compileSpan, isOfRoots, joined } from './compile-span.ts'
import { flagOf, isOfSegments } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import { fixedColumn } from './native-read.ts'
import { rootColumns, rootRowsOf, sortRootRows, type RootRow } from './root-rows.ts'
import { largeRead, smallRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import { isOfDuration } from './trace-duration.ts'
import { factsOf } from './trace-facts.ts'
import { inMinutes } from './trace-minutes.ts'
import type { TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'

type Condition = Exclude<TraceQuery, { readonly is: 'and' | 'or' | 'not' }>
type Edge = Extract<TraceQuery, { readonly is: 'edge' }>

/** Each is a bit of 32, an edge two. */
const MAX_CONDITIONS = 16

/** Undefined: not known. */
type Answer = boolean | undefined

export interface AnswerOptions {
  readonly details: boolean
  /** How many traces stand in a nanosecond, about. */
  readonly density: number
}

/** Rows of `roots` that one trace has, about. */
const ROWS_PER_TRACE = 3
/** Rows that are read for a trace that is looked for by its place. */
const ROWS_PER_PLACE = 1500

export class TraceAnswers {
  readonly #connection: Connection
  readonly #conditions: Condition[] = []
  /** Where a condition of the queries stands among them: the same may be asked twice. */
  readonly #indexes = new Map<TraceQuery, number>()
  readonly #answers = new Map<string, Answer[]>()
  readonly #standing = new Map<string, RootRow>()

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /** For these queries; undefined where they ask for too much. */
  static of(connection: Connection, queries: readonly TraceQuery[]): TraceAnswers | undefined {
    const answers = new TraceAnswers(connection)
    for (const query of queries) answers.#add(query)
    return answers.#conditions.length > MAX_CONDITIONS ? undefined : answers
  }

  #add(query: TraceQuery): void {
    if (query.is === 'not') this.#add(query.of)
    else if (query.is === 'and' || query.is === 'or') for (const one of query.of) this.#add(one)
    else {
      const index = this.#conditions.findIndex((one) => isDeepStrictEqual(one, query))
      this.#indexes.set(query, index < 0 ? this.#conditions.push(query as Condition) - 1 : index)
    }
  }

  /** The row at which the trace stands, once rows were read; undefined when there is none any more. */
  standing(traceId: string): RootRow | undefined {
    return this.#standing.get(traceId)
  }

  meets(traceId: string, query: TraceQuery): Answer {
    switch (query.is) {
      case 'and':
        return allOf(query.of.map((one) => this.meets(traceId, one)))
      case 'or': {
        const none = allOf(query.of.map((one) => opposite(this.meets(traceId, one))))
        return opposite(none)
      }
      case 'not':
        return opposite(this.meets(traceId, query.of))
      default:
        return this.#answers.get(traceId)?.[this.#indexes.get(query)!]
    }
  }

  /** Looks at rows of `roots`. */
  async readRows(places: readonly TracePlace[], { details, density }: AnswerOptions): Promise<void> {
    const [first] = places
    if (first === undefined) return
    const { database } = this.#connection
    const parameters = new SqlParameters()
    const from = places.reduce((least, one) => (one.firstNanos < least ? one.firstNanos : least), first.firstNanos)
    const to = places.reduce((most, one) => (one.lastStartNanos > most ? one.lastStartNanos : most), 0n)
    // All of their rows where they lie side by side; else those at which they stand.
    const isWhole = Number(to - from) * density * ROWS_PER_TRACE < places.length * ROWS_PER_PLACE
    const ids = parameters.bind(
      'Array(String)',
      places.map(({ traceId }) => traceId),
    )
    const starts = (): string =>
      parameters.bind(
        'Array(Int64)',
        places.map(({ startNanos }) => startNanos),
      )
    const within = isWhole
      ? `start_nanos BETWEEN ${parameters.bind('Int64', from)} AND ${parameters.bind('Int64', to)}
         AND trace_id IN (SELECT toFixedString(unhex(arrayJoin(${ids})), 16))`
      : `(start_nanos, trace_id) IN (
         SELECT one.1, toFixedString(unhex(one.2), 16) FROM (SELECT arrayJoin(arrayZip(${starts()}, ${ids})) AS one))`
    const bits = this.#conditions.map((one) =>
      (one.is === 'span' || one.is === 'root') && isOfRoots(one.where) ? compileSpan(one.where, parameters) : undefined,
    )
    const blocks = await this.#connection.queryNative(
      `SELECT ${rootColumns(details)}, ${maskOf(bits)} AS answers FROM ${database}.roots WHERE ${within}
       SETTINGS ${smallRead(this.#connection)}`,
      parameters.values,
    )
    const masks = new Map<RootRow, number>()
    for (const block of blocks) {
      const answers = fixedColumn(block, 'answers')
      for (const [at, row] of rootRowsOf([block], details).entries()) masks.set(row, answers.u32(at))
    }
    const denials = this.#conditions.map((one) => {
      const facts = factsOf(one)
      return facts && this.#connection.recentTraces?.mayHave(facts)
    })
    const own = Map.groupBy(sortRootRows([...masks.keys()]), ({ traceId }) => traceId)
    for (const place of places) {
      const rows = own.get(place.traceId) ?? []
      const standing = rows.filter(({ startNanos, rank }) => startNanos === place.startNanos && rank === place.rank)
      if (standing[0] !== undefined) this.#standing.set(place.traceId, standing[0])
      const has = (some: readonly RootRow[], bit: number): boolean =>
        some.some((row) => (masks.get(row)! & (1 << bit)) !== 0)
      this.#answers.set(
        place.traceId,
        this.#conditions.map((condition, bit): Answer => {
          if (denials[bit]?.(place.traceId) === false) return false
          const known = knownOf(condition, place)
          if (known !== undefined || bits[bit] === undefined) return known
          if (condition.is === 'root') return has(standing, bit)
          if (has(rows, bit)) return true
          return isWhole && condition.is === 'span' && isOfSegments(condition.where) ? false : undefined
        }),
      )
    }
  }

  /** Looks at the spans for what is not known of these traces. */
  async readSpans(places: readonly TracePlace[]): Promise<void> {
    if (places.length === 0) return
    const open = this.#conditions.filter((_, at) => places.some(({ traceId }) => !this.#isKnown(traceId, at)))
    await this.#readPartial(places, open)
    const asked = open.filter(({ is }) => is === 'span' || is === 'root' || is === 'edge')
    if (asked.length === 0) return
    const parameters = new SqlParameters()
    const bits = asked.flatMap((one) => bitsOf(one, parameters))
    const within = inMinutes(places, parameters)
    const blocks = await this.#connection.queryNative(
      `SELECT trace_id, ids, start_nanos, root_rank, ${maskOf(bits)} AS answers FROM ${this.#connection.database}.spans
       WHERE ${within.sql} AND ${joined('or', bits)} SETTINGS ${largeRead(1)}, enable_analyzer = 0`,
      parameters.values,
    )
    const spans = new Map<string, SpanAnswers[]>(places.map(({ traceId }) => [traceId, []]))
    for (const block of blocks) {
      const [traces, ids] = [fixedColumn(block, 'trace_id'), fixedColumn(block, 'ids')]
      const [starts, ranks] = [fixedColumn(block, 'start_nanos'), fixedColumn(block, 'root_rank')]
      const answers = fixedColumn(block, 'answers')
      for (let row = 0; row < block.rows; row++)
        spans.get(traces.hex(row))?.push({
          ids: ids.hex(row),
          startNanos: starts.i64(row),
          rank: ranks.u8(row),
          mask: answers.u32(row),
        })
    }
    for (const place of places) {
      const own = spans.get(place.traceId)!
      let bit = 0
      for (const condition of asked) {
        this.#answer(place.traceId, condition, isMetBy(own, { condition, place, bit }))
        bit += condition.is === 'edge' ? BITS_OF_AN_EDGE : 1
      }
    }
  }

  async #readPartial(places: readonly TracePlace[], open: readonly Condition[]): Promise<void> {
    const partial = open.find(({ is }) => is === 'partial')
    if (partial === undefined) return
    const met = await checkTraces(this.#connection, places, partial)
    for (const { traceId } of places) this.#answer(traceId, partial, met.has(traceId))
  }

  #isKnown(traceId: string, at: number): boolean {
    return this.#answers.get(traceId)?.[at] !== undefined
  }

  #answer(traceId: string, condition: Condition, answer: boolean): void {
    this.#answers.get(traceId)![this.#indexes.get(condition)!] = answer
  }
}

/** Without a row. */
function knownOf(condition: Condition, place: TracePlace): Answer {
  switch (condition.is) {
    case 'duration':
      return isOfDuration(place, condition)
    case 'ids':
      return condition.traceIds.includes(place.traceId)
    case 'span': {
      const flag = flagOf(condition.where)
      return flag === undefined || flag === 'ok' ? undefined : (place.flags & SPAN_FLAG[flag]) !== 0
    }
    default:
      return undefined
  }
}

interface SpanAnswers {
  /** Of the span and of its parent, 16 hex digits each. */
  readonly ids: string
  readonly startNanos: bigint
  readonly rank: number
  readonly mask: number
}

function isMetBy(
  spans: readonly SpanAnswers[],
  { condition, place, bit }: { readonly condition: Condition; readonly place: TracePlace; readonly bit: number },
): boolean {
  const has = (one: SpanAnswers, at: number): boolean => (one.mask & (1 << at)) !== 0
  if (condition.is === 'edge') {
    const callers = new Set(spans.flatMap((one) => (has(one, bit) ? [one.ids.slice(0, 16)] : [])))
    return spans.some((one) => has(one, bit + 1) || (has(one, bit + 2) && callers.has(one.ids.slice(16))))
  }
  return spans.some(
    (one) =>
      has(one, bit) && (condition.is !== 'root' || (one.rank === place.rank && one.startNanos === place.startNanos)),
  )
}

const BITS_OF_AN_EDGE = 3

/** Of an edge: whether it may call, whether it alone knows of the call, and whether it is what is called. */
function bitsOf(condition: Condition, parameters: SqlParameters): string[] {
  if (condition.is === 'edge') return edgeBits(condition, parameters)
  return condition.is === 'span' || condition.is === 'root' ? [compileSpan(condition.where, parameters)] : []
}

function edgeBits({ to, where }: Edge, parameters: SqlParameters): string[] {
  const caller = where === undefined ? '1' : compileSpan(where, parameters)
  const called = joined('and', [
    caller,
    to.name === undefined ? "peer_name != ''" : `peer_name = ${parameters.bind('String', to.name)}`,
    ...(to.type === undefined ? [] : [`peer_type = ${parameters.bind('String', to.type)}`]),
    ...(to.accountId === undefined ? [] : [`account_id = ${parameters.bind('String', to.accountId)}`]),
  ])
  return [caller, called, joined('and', [compileFlag('segment'), compileNode({ ...to, inferred: false }, parameters)])]
}

function maskOf(bits: readonly (string | undefined)[]): string {
  const parts = bits.flatMap((condition, bit) => (condition === undefined ? [] : [`if(${condition}, ${2 ** bit}, 0)`]))
  return `toUInt32(${parts.length === 0 ? '0' : parts.join(' + ')})`
}

function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function opposite(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer
}
