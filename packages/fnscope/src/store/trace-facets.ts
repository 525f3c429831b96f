// What the traces of a range have in common, counted over the narrow `roots` table: values of where they were deployed,
// services and outcomes; and how long they took over time, for a heat map. Counts are of traces, whatever copies came.
import { ROOT_RANK, SPAN_FLAG } from '../span/span-batch.ts'
import { compileFlag } from './compile-span.ts'
import { compileTrace } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import { EARLY_NANOS, LATE_NANOS } from './list-position.ts'
import { largeRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import {
  FACETS,
  type FacetName,
  type LatencyCell,
  type LatencyGridQuery,
  type TraceCount,
  type TraceCounts,
} from './store.ts'
import type { TraceCountQuery, TraceSelection } from './store.ts'

const COLUMNS: Readonly<Record<FacetName, string>> = {
  service: 'service',
  environment: 'environment',
  version: 'version',
  account: 'account',
  region: 'region',
  function: 'function_name',
}

const FAILED = SPAN_FLAG.error | SPAN_FLAG.fault | SPAN_FLAG.throttle

interface Part {
  readonly database: string
  readonly conditions: string
  readonly parameters: SqlParameters
}

function partOf({ database }: Connection, { range, where }: TraceSelection): Part {
  const { startNanos, endNanos } = range
  const parameters = new SqlParameters()
  const time = (nanos: bigint): string => parameters.bind('Int64', nanos)
  const conditions = [`start_nanos >= ${time(startNanos)} AND start_nanos < ${time(endNanos)}`]
  const reach = { spansFrom: startNanos - EARLY_NANOS, spansTo: endNanos + LATE_NANOS }
  if (where !== undefined) conditions.push(compileTrace(where, { database, parameters, ...reach }))
  return { database, conditions: conditions.join(' AND '), parameters }
}

/** See Reader.countTraces. */
export async function countTraces(connection: Connection, query: TraceCountQuery): Promise<TraceCounts> {
  const { database, conditions, parameters } = partOf(connection, query)
  const limit = parameters.bind('UInt32', query.limit)
  const columns = FACETS.map((name) => COLUMNS[name])
  const which = columns.map((column, i) => `grouping(${column}) = 0, ${i}`).join(', ')
  const value = columns.map((column) => `grouping(${column}) = 0, toString(${column})`).join(', ')
  const has = (flag: 'error' | 'fault' | 'throttle'): string => `uniqIf(trace_id, ${compileFlag(flag)})`
  // Of entries alone: a subsegment that was sent ahead of its segment knows no service.
  const rows = await connection.query<CountRow>(
    `SELECT multiIf(${which}, -1) AS facet, multiIf(${value}, '') AS value, uniq(trace_id) AS traces,
       ${has('error')} AS error, ${has('throttle')} AS throttle, ${has('fault')} AS fault,
       uniqIf(trace_id, bitAnd(flags, ${FAILED}) != 0) AS failed
     FROM ${database}.roots WHERE ${conditions} AND root_rank <= ${ROOT_RANK.entry}
     GROUP BY GROUPING SETS (${columns.map((column) => `(${column})`).join(', ')}, ())
     ORDER BY facet, traces DESC, value LIMIT ${limit} BY facet SETTINGS ${largeRead()}`,
    parameters.values,
  )
  const all = rows.find(({ facet }) => facet === -1)
  const count = (row: CountRow | undefined): TraceCount => ({
    traces: Number(row?.traces ?? 0),
    error: Number(row?.error ?? 0),
    throttle: Number(row?.throttle ?? 0),
    fault: Number(row?.fault ?? 0),
  })
  return {
    ...count(all),
    ok: Number(all?.traces ?? 0) - Number(all?.failed ?? 0),
    facets: new Map(
      FACETS.map((name, i) => [
        name,
        rows
          .filter(({ facet, value }) => facet === i && value !== '')
          .map((row) => ({ value: row.value, ...count(row) })),
      ]),
    ),
  }
}

interface CountRow {
  readonly facet: number
  readonly value: string
  readonly traces: number | string
  readonly error: number | string
  readonly throttle: number | string
  readonly fault: number | string
  readonly failed: number | string
}

/** Rows of the heat map in a decade of durations. */
export const LATENCY_STEPS = 6

/** See Reader.latencyGrid. */
export async function latencyGrid(connection: Connection, query: LatencyGridQuery): Promise<LatencyCell[]> {
  const { database, conditions, parameters } = partOf(connection, query)
  const from = parameters.bind('Int64', query.range.startNanos)
  const width = parameters.bind('Int64', query.columnNanos)
  const rows = await connection.query<Record<keyof LatencyCell, number | string>>(
    `SELECT intDiv(start_nanos - ${from}, ${width}) AS column,
       toInt32(floor(log10(greatest(duration_nanos, 1)) * ${LATENCY_STEPS} + 1e-9)) AS step,
       uniq(trace_id) AS traces, uniqIf(trace_id, bitAnd(flags, ${FAILED}) != 0) AS failed
     FROM ${database}.roots WHERE ${conditions} AND root_rank = ${ROOT_RANK.root}
     GROUP BY column, step ORDER BY column, step SETTINGS ${largeRead()}`,
    parameters.values,
  )
  return rows.map(({ column, step, traces, failed }) => ({
    column: Number(column),
    step: Number(step),
    traces: Number(traces),
    failed: Number(failed),
  }))
}
