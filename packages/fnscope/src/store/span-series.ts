// Spans counted over time by what they are and how long they took: what rates and quantiles of spans are made of. Copies
// of one span are counted once where they say the same; one that was replaced by another duration counts in both.
import { FnscopeError } from '../errors.ts'
import { compileSpan } from './compile-span.ts'
import type { Connection } from './connection.ts'
import { minutesOf } from './minute-key.ts'
import { largeRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import { SPAN_SERIES_STEPS, type SpanCell, type SpanSeriesQuery } from './store.ts'

/** Answered at most: a hundred groups of a thousand columns, three different durations each. */
const MAX_CELLS = 300_000

/** See Reader.spanSeries. */
export async function spanSeries(connection: Connection, query: SpanSeriesQuery): Promise<SpanCell[]> {
  const { range, columnNanos, where, failed, by } = query
  const parameters = new SqlParameters()
  const from = parameters.bind('Int64', range.startNanos)
  const groups = by.map((column) => `toString(${column})`).join(', ')
  const rows = await connection.query<CellRow>(
    `SELECT ${by.length === 0 ? 'emptyArrayString()' : `[${groups}]`} AS group,
       intDiv(start_nanos - ${from}, ${parameters.bind('Int64', columnNanos)}) AS column,
       toInt32(floor(log10(greatest(toInt64(duration_nanos), 1)) * ${SPAN_SERIES_STEPS} + 1e-9)) AS step,
       uniq(trace_id, ids, kind) AS spans, uniqIf(trace_id, ids, kind, ${compileSpan(failed, parameters)}) AS failed
     FROM ${connection.database}.spans
     WHERE start_nanos >= ${from} AND start_nanos < ${parameters.bind('Int64', range.endNanos)}
       AND ${minutesOf(range.startNanos, range.endNanos, parameters)}
       AND ${where === undefined ? '1' : compileSpan(where, parameters)}
     GROUP BY group, column, step ORDER BY group, column, step LIMIT ${MAX_CELLS + 1} SETTINGS ${largeRead()}`,
    parameters.values,
  )
  if (rows.length > MAX_CELLS)
    throw new FnscopeError('FNS_USAGE', 'That is too much at once: ask for less time, a longer step or fewer groups.')
  return rows.map(({ group, column, step, spans, failed: bad }) => ({
    group,
    column: Number(column),
    step,
    spans: Number(spans),
    failed: Number(bad),
  }))
}

interface CellRow {
  readonly group: readonly string[]
  readonly column: number | string
  readonly step: number
  readonly spans: number | string
  readonly failed: number | string
}
