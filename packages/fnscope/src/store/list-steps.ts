// One step of a walk through the list: the newest rows of `roots` in a window that may be in it.
import { compileSpan } from './compile-span.ts'
import { isOfRow, metByRow } from './compile-trace.ts'
import { compileAll } from './compile-all.ts'
import { EARLY_NANOS, LATE_NANOS, type ListPosition } from './list-position.ts'
import type { Window } from './list-ranges.ts'
import type { Walk, Way } from './list-walk.ts'
import { rootColumns, rootRowsOf, sortRootRows, type RootRow, type RowConditions } from './root-rows.ts'
import { largeRead, smallRead } from './small-read.ts'
import { SqlParameters } from './sql-parameters.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

/** Of more traces than that the index is not asked: it is asked for each of them in each part. */
const MAX_INDEXED = 1000

/** @returns newest first; with isCut there are more in the window */
export async function stepRows(
  walk: Walk,
  window: Window,
  {
    step,
    ...rest
  }: {
    readonly after: ListPosition | undefined
    readonly way: Way
    readonly timed: readonly TraceQuery[]
    readonly step: number
  },
): Promise<{ readonly rows: RootRow[]; readonly isCut: boolean }> {
  const { connection, options, bounds } = walk
  const { after, way } = rest
  const { database } = connection
  const parameters = new SqlParameters()
  const time = (nanos: bigint): string => parameters.bind('Int64', nanos)
  const within = `start_nanos >= ${time(window.from)} AND start_nanos < ${time(window.to)}`
  const ofRow = [within]
  const sets: string[] = []
  if (after !== undefined) {
    const id = parameters.bind('String', after.traceId)
    const at = time(after.startNanos)
    ofRow.push(`start_nanos <= ${at} AND (start_nanos, trace_id) < (${at}, toFixedString(unhex(${id}), 16))`)
  }
  if (options.by === 'active')
    sets.push(`trace_id IN (SELECT trace_id FROM ${database}.spans WHERE start_nanos >= ${time(bounds.from)}
      AND start_nanos < ${time(options.endNanos)} AND start_nanos + toInt64(duration_nanos) >= ${time(options.startNanos)})`)
  if (options.by === 'end')
    sets.push(`trace_id IN (SELECT trace_id FROM ${database}.roots WHERE root_rank <= 1
      AND start_nanos >= ${time(bounds.from)} AND start_nanos + toInt64(duration_nanos) >= ${time(options.startNanos)}
      AND start_nanos + toInt64(duration_nanos) < ${time(options.endNanos)})`)
  const asks = conditionsOf(walk, way, rest.timed)
  if (asks.length > 0) {
    const { early, late } = connection.recentTraces?.reachSince(window.from) ?? {
      early: window.to - window.from > EARLY_NANOS ? window.to - window.from : EARLY_NANOS,
      late: LATE_NANOS,
    }
    const reach = { database, parameters, spansFrom: window.from - early, spansTo: window.to + late }
    const compiled = compileAll(asks, within, reach)
    ofRow.push(...compiled.ofRow)
    sets.push(...compiled.sets)
  }
  const asked = askedOf(walk, way, parameters)
  // What the row says is cheaper than a look into a set of traces, and so is reading all rows than asking the index for each
  // of many traces.
  const conditions =
    sets.length === 0 ? `WHERE ${ofRow.join(' AND ')}` : `PREWHERE ${[...ofRow, ...sets].join(' AND ')}`
  const settings =
    sets.length === 0
      ? smallRead(connection)
      : `${largeRead()}, use_index_for_in_with_subqueries_max_values = ${MAX_INDEXED}`
  // In the order of the key and no further, in one direction: else all rows are read and sorted, and not only the newest.
  const blocks = await connection.queryNative(
    `SELECT ${rootColumns(options.details === true, asked)} FROM ${database}.roots ${conditions}
     ORDER BY start_nanos DESC, trace_id DESC LIMIT ${step}
     SETTINGS ${settings}, read_in_order_use_buffering = 0`,
    parameters.values,
  )
  const rows = sortRootRows(rootRowsOf(blocks, options.details === true))
  const last = rows.at(-1)
  if (last === undefined || rows.length < step) return { rows, isCut: false }
  // There may be more of one time and trace, and better ones.
  const whole = rows.filter(({ startNanos, traceId }) => startNanos !== last.startNanos || traceId !== last.traceId)
  if (whole.length > 0) return { rows: whole, isCut: true }
  return await stepRows(walk, window, { ...rest, step: step * 2 })
}

/** When few traces are looked at, what the row itself answers; else all that the engine is asked. */
function conditionsOf({ where, deep }: Walk, way: Way, timed: readonly TraceQuery[]): readonly TraceQuery[] {
  const all = where === undefined ? [] : where.is === 'and' ? where.of : [where]
  if (way === 'check') return [...all.filter(isOfRow), ...timed]
  return [...all.filter((one) => !deep.includes(one)), ...timed]
}

/** What each row is asked beside being there. */
function askedOf({ where, sure }: Walk, way: Way, parameters: SqlParameters): RowConditions {
  const compiled = (query: SpanQuery | undefined): string | undefined => query && compileSpan(query, parameters)
  return {
    where: compiled(way === 'check' && where !== undefined ? metByRow(where) : undefined),
    any: compiled(sure?.any),
    standing: compiled(sure?.standing),
  }
}
