// What of the service graph is stored, and what the spans have outgrown. Nothing here is of one process: rows are counted
// where they are inserted (graph_touched_view), whoever inserted them.
import { fixedColumn } from './native-read.ts'
import type { Connection } from './connection.ts'
import type { MinuteState, SliceState, StoredPeriod, TimeRange } from './store.ts'
import { CELL_NANOS, SLICE_NANOS, type PeriodSeconds } from '../span/graph-rows.ts'

const CELL = String(CELL_NANOS)
const SLICE = String(SLICE_NANOS)
const MINUTE = '60000000000'

/** Counts by stretches of so long: of a cell in it, and of one just beside it; marks of its own. */
function heldBy(cells: string, nanos: string): string {
  const at = (offset: string): string => `intDiv(c.cell ${offset}, ${nanos}) * ${nanos}`
  return `SELECT arrayJoin(arrayDistinct([${at(`- ${CELL}`)}, ${at('')}, ${at(`+ ${CELL}`)}])) AS start,
    sum(c.spans) AS spans, sumIf(c.marks, start = ${at('')}) AS marks
    FROM ${cells} AS c GROUP BY start HAVING sumIf(c.spans, start = ${at('')}) > 0 OR marks > 0`
}

/** See Reader.graphMinutes. */
export async function graphMinutes(connection: Connection, range: TimeRange): Promise<MinuteState[]> {
  const { database } = connection
  const blocks = await connection.queryNative(
    `WITH
       cells AS (
         SELECT cell_nanos AS cell, sum(spans) AS spans, sum(marks) AS marks FROM ${database}.graph_touched
         WHERE cell_nanos >= {startNanos:Int64} - ${CELL} AND cell_nanos < {endNanos:Int64} + ${CELL} GROUP BY cell
       ),
       stored AS (
         SELECT seconds, start_nanos, max(version) AS newest, argMax(spans, version) AS held, argMax(marks, version) AS noted
         FROM ${database}.graph_periods
         WHERE seconds <= 60 AND start_nanos >= {startNanos:Int64} - ${MINUTE} AND start_nanos < {endNanos:Int64}
         GROUP BY seconds, start_nanos
       ),
       minutes AS (
         SELECT t.start AS minute, t.spans AS spans, t.marks AS marks, s.newest AS version, s.held AS held, s.noted AS noted
         FROM (${heldBy('cells', MINUTE)}) AS t
         LEFT JOIN (SELECT * FROM stored WHERE seconds = 60) AS s ON s.start_nanos = t.start
         WHERE t.spans > s.held OR t.marks > s.noted OR s.newest = 0
       )
     SELECT t.start AS slice, t.spans AS spans, t.marks AS marks, s.newest AS version, s.held AS held, s.noted AS noted,
       m.spans AS minute_spans, m.marks AS minute_marks, m.version AS minute_version, m.held AS minute_held,
       m.noted AS minute_noted
     FROM (${heldBy('cells', SLICE)}) AS t
     INNER JOIN minutes AS m ON m.minute = intDiv(t.start, ${MINUTE}) * ${MINUTE}
     LEFT JOIN (SELECT * FROM stored WHERE seconds = 10) AS s ON s.start_nanos = t.start
     WHERE slice >= {startNanos:Int64} AND slice < {endNanos:Int64}
     ORDER BY slice`,
    { startNanos: range.startNanos, endNanos: range.endNanos },
  )
  const minutes: (Omit<MinuteState, 'slices'> & { readonly slices: SliceState[] })[] = []
  for (const block of blocks) {
    const of = (name: string, row: number): number => fixedColumn(block, name).u64Number(row)
    for (let row = 0; row < block.rows; row++) {
      const startNanos = fixedColumn(block, 'slice').i64(row)
      const minuteNanos = startNanos - (startNanos % 60_000_000_000n)
      let minute = minutes.at(-1)
      if (minute?.startNanos !== minuteNanos) {
        const version = fixedColumn(block, 'minute_version').i64(row)
        minute = {
          startNanos: minuteNanos,
          spans: of('minute_spans', row),
          marks: of('minute_marks', row),
          slices: [],
          ...(version === 0n
            ? {}
            : { stored: { version, spans: of('minute_held', row), marks: of('minute_noted', row) } }),
        }
        minutes.push(minute)
      }
      const version = fixedColumn(block, 'version').i64(row)
      minute.slices.push({
        startNanos,
        spans: of('spans', row),
        marks: of('marks', row),
        ...(version === 0n ? {} : { stored: { version, spans: of('held', row), marks: of('noted', row) } }),
      })
    }
  }
  return minutes
}

/** See Reader.graphPeriods. */
export async function graphPeriods(connection: Connection, range: TimeRange): Promise<StoredPeriod[]> {
  const blocks = await connection.queryNative(
    `SELECT seconds, start_nanos, max(version) AS newest, argMax(spans, version) AS held, argMax(marks, version) AS noted
     FROM ${connection.database}.graph_periods
     WHERE start_nanos >= {startNanos:Int64} AND start_nanos + toInt64(seconds) * 1000000000 <= {endNanos:Int64}
     GROUP BY seconds, start_nanos ORDER BY start_nanos, seconds DESC`,
    { startNanos: range.startNanos, endNanos: range.endNanos },
  )
  return blocks.flatMap((block) =>
    Array.from({ length: block.rows }, (_, row) => ({
      seconds: fixedColumn(block, 'seconds').u16(row) as PeriodSeconds,
      startNanos: fixedColumn(block, 'start_nanos').i64(row),
      version: fixedColumn(block, 'newest').i64(row),
      spans: fixedColumn(block, 'held').u64Number(row),
      marks: fixedColumn(block, 'noted').u64Number(row),
    })),
  )
}

/** See Reader.graphReach. */
export async function graphReach(connection: Connection, slices: readonly bigint[]): Promise<Map<string, number>> {
  if (slices.length === 0) return new Map()
  const blocks = await connection.queryNative(
    `SELECT trace_id, max(spans) AS held FROM ${connection.database}.graph_reach
     WHERE slice_nanos IN ({slices:Array(Int64)}) GROUP BY trace_id`,
    { slices },
  )
  const reach = new Map<string, number>()
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++)
      reach.set(fixedColumn(block, 'trace_id').hex(row), fixedColumn(block, 'held').u64Number(row))
  }
  return reach
}

/** See Reader.graphSpanCounts. */
export async function graphSpanCounts(connection: Connection, ranges: readonly TimeRange[]): Promise<number[]> {
  const some = ranges.filter(({ startNanos, endNanos }) => startNanos < endNanos)
  if (some.length === 0) return ranges.map(() => 0)
  const within = ({ startNanos, endNanos }: TimeRange): string =>
    `cell_nanos > ${startNanos - CELL_NANOS} AND cell_nanos < ${endNanos}`
  const [row] = await connection.query<{ counts: string[] }>(
    `SELECT [${ranges.map((range) => `sumIf(spans, ${within(range)})`).join(', ')}] AS counts
     FROM ${connection.database}.graph_touched WHERE ${some.map((range) => `(${within(range)})`).join(' OR ')}`,
  )
  return ranges.map((_, i) => Number(row?.counts[i] ?? 0))
}
