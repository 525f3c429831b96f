// What of the service graph is stored, and what the spans have outgrown. Nothing here is of one process: rows are counted
// where they are inserted (graph_touched_view), whoever inserted them.
import { fixedColumn, type FixedValues } from './native-read.ts'
import type { Connection } from './connection.ts'
import type { GraphState, MinuteState, SliceState, StoredPeriod, TimeRange } from './store.ts'
import { NANOS_PER_SECOND } from '../span/time.ts'
import { CELL_NANOS, SLICE_NANOS, type PeriodSeconds } from '../span/graph-rows.ts'

/** Rows and marks of a stretch, and whether any begin in it. */
interface Touched {
  spans: number
  marks: number
  own: boolean
}

/** See Reader.graphState. */
export async function graphState(connection: Connection, range: TimeRange): Promise<GraphState> {
  // One question and no sums: to plan them the engine needs longer than so few rows take here.
  const { cells, stored } = await read(
    connection,
    range,
    `UNION ALL
     SELECT toUInt16(0) AS seconds, cell_nanos AS start, toInt64(0) AS version, toUInt64(spans) AS spans, toUInt64(marks) AS marks
     FROM ${connection.database}.graph_touched
     WHERE cell_nanos >= {startNanos:Int64} - ${CELL_NANOS} AND cell_nanos < {endNanos:Int64} + ${CELL_NANOS}`,
  )
  return { minutes: minutesOf(cells, stored, range), periods: inOrder(stored) }
}

/** See Reader.graphPeriods. */
export async function graphPeriods(connection: Connection, range: TimeRange): Promise<StoredPeriod[]> {
  return inOrder((await read(connection, range, '')).stored)
}

interface Stored {
  /** By seconds since 1970. */
  readonly cells: ReadonlyMap<number, Touched>
  /** By their length and start in seconds. */
  readonly stored: ReadonlyMap<string, StoredPeriod>
}

async function read(connection: Connection, range: TimeRange, more: string): Promise<Stored> {
  const blocks = await connection.queryNative(
    `SELECT seconds, start_nanos AS start, version, spans, marks FROM ${connection.database}.graph_periods
     WHERE start_nanos >= {startNanos:Int64} AND start_nanos + toInt64(seconds) * 1000000000 <= {endNanos:Int64}
     ${more} SETTINGS max_threads = 1`,
    { startNanos: range.startNanos, endNanos: range.endNanos },
  )
  const stored = new Map<string, StoredPeriod>()
  const cells = new Map<number, Touched>()
  for (const block of blocks) {
    const [seconds, start, version] = ['seconds', 'start', 'version'].map((name) => fixedColumn(block, name)) as [
      FixedValues,
      FixedValues,
      FixedValues,
    ]
    const [spans, marks] = [fixedColumn(block, 'spans'), fixedColumn(block, 'marks')]
    for (let row = 0; row < block.rows; row++) {
      if (seconds.u16(row) === 0) {
        addTouched(cells, Number(start.i64(row) / NANOS_PER_SECOND), spans.u64Number(row), marks.u64Number(row))
        continue
      }
      const key = `${seconds.u16(row)} ${Number(start.i64(row) / NANOS_PER_SECOND)}`
      const known = stored.get(key)
      if (known !== undefined && known.version >= version.i64(row)) continue
      stored.set(key, {
        seconds: seconds.u16(row) as PeriodSeconds,
        startNanos: start.i64(row),
        version: version.i64(row),
        spans: spans.u64Number(row),
        marks: marks.u64Number(row),
      })
    }
  }
  return { cells, stored }
}

function inOrder(stored: ReadonlyMap<string, StoredPeriod>): StoredPeriod[] {
  return [...stored.values()].sort((a, b) => {
    if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
    return b.seconds - a.seconds
  })
}

function addTouched(into: Map<number, Touched>, second: number, spans: number, marks: number, own = true): void {
  const known = into.get(second)
  if (known === undefined) into.set(second, { spans, marks, own })
  else {
    known.spans += spans
    known.marks += marks
    known.own ||= own
  }
}

const CELL = Number(CELL_NANOS / NANOS_PER_SECOND)
const SLICE = Number(SLICE_NANOS / NANOS_PER_SECOND)
const MINUTE = 60

/** Cells by stretches of so many seconds: those in it, and one to each side; marks of its own. */
function heldBy(cells: Iterable<readonly [number, Touched]>, seconds: number): Map<number, Touched> {
  const held = new Map<number, Touched>()
  for (const [cell, { spans, marks }] of cells) {
    const start = cell - (cell % seconds)
    addTouched(held, start, spans, marks)
    if (spans === 0) continue
    if (cell - CELL < start) addTouched(held, start - seconds, spans, 0, false)
    if (cell + CELL >= start + seconds) addTouched(held, start + seconds, spans, 0, false)
  }
  return held
}

function minutesOf(
  cells: ReadonlyMap<number, Touched>,
  stored: ReadonlyMap<string, StoredPeriod>,
  range: TimeRange,
): MinuteState[] {
  const stateOf = (seconds: number, start: number, { spans, marks }: Touched): SliceState => {
    const known = stored.get(`${seconds} ${start}`)
    const version = known && { version: known.version, spans: known.spans, marks: known.marks }
    return { startNanos: BigInt(start) * NANOS_PER_SECOND, spans, marks, ...(version && { stored: version }) }
  }
  const unclean = new Map<number, SliceState & { readonly slices: SliceState[] }>()
  for (const [start, touched] of heldBy(cells, MINUTE)) {
    const state = stateOf(MINUTE, start, touched)
    const known = state.stored
    const clean = known !== undefined && known.spans >= state.spans && known.marks >= state.marks
    if (!touched.own || clean || state.startNanos < range.startNanos || state.startNanos >= range.endNanos) continue
    unclean.set(start, { ...state, slices: [] })
  }
  const theirs = [...cells].filter(([cell]) =>
    [cell - CELL, cell, cell + CELL].some((second) => unclean.has(second - (second % MINUTE))),
  )
  for (const [start, touched] of heldBy(theirs, SLICE))
    if (touched.own) unclean.get(start - (start % MINUTE))?.slices.push(stateOf(SLICE, start, touched))
  const byStart = (a: SliceState, b: SliceState): number => (a.startNanos < b.startNanos ? -1 : 1)
  for (const { slices } of unclean.values()) slices.sort(byStart)
  return [...unclean.values()].sort(byStart)
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
