// What listing by activity and by end needs beside the walk: how far the traces that meet a range reach back, and where
// their entries end.
import { ROOT_RANK } from '../span/span-batch.ts'
import type { Connection } from './connection.ts'
import { fixedColumn, wordColumn, type NativeBlock } from './native-read.ts'
import type { TraceListOptions } from './store.ts'
import { smallRead } from './small-read.ts'
import { inMinutes } from './trace-minutes.ts'
import type { TracePlace } from './trace-places.ts'

export interface Window {
  readonly from: bigint
  /** Not included. */
  readonly to: bigint
}

/** Where the listed spans of the traces that meet the range can begin; undefined when there are none. */
export async function windowOf(connection: Connection, options: TraceListOptions): Promise<Window | undefined> {
  if (options.by === 'start') return { from: options.startNanos, to: options.endNanos }
  const [row] = await connection.query<{ first: string; last: string; found: string }>(
    `SELECT min(first_nanos) AS first, max(last_nanos) AS last, count() AS found FROM (
       SELECT min(start_nanos) AS first_nanos, max(last_start_nanos) AS last_nanos, max(end_nanos) AS end
       FROM ${connection.database}.traces GROUP BY trace_id
       HAVING first_nanos < {endNanos:Int64} AND end >= {startNanos:Int64}
     )`,
    { startNanos: options.startNanos, endNanos: options.endNanos },
  )
  if (!row || row.found === '0') return undefined
  return { from: BigInt(row.first), to: BigInt(row.last) + 1n }
}

/** The ends of the traces' roots and entries, of each the newest received copy's. */
export async function entryEndsOf(
  connection: Connection,
  places: readonly TracePlace[],
): Promise<Map<string, bigint[]>> {
  if (places.length === 0) return new Map()
  const within = inMinutes(places)
  const blocks = await connection.queryNative(
    `SELECT trace_id, ids, start_nanos, duration_nanos, received_nanos, root_rank, kind, source
     FROM ${connection.database}.spans WHERE ${within.sql} SETTINGS ${smallRead(connection)}`,
    within.parameters,
  )
  const copies = new Map<string, Copy>()
  for (const block of blocks) keepNewest(copies, block)
  const ends = new Map<string, bigint[]>()
  for (const { traceId, rank, endNanos } of copies.values())
    if (rank <= ROOT_RANK.entry) ends.set(traceId, [...(ends.get(traceId) ?? []), endNanos])
  return ends
}

interface Copy {
  readonly traceId: string
  readonly rank: number
  readonly receivedNanos: bigint
  readonly startNanos: bigint
  readonly endNanos: bigint
}

/** As readSpans tells copies apart, and chooses among them (read-traces.ts). */
function keepNewest(copies: Map<string, Copy>, block: NativeBlock): void {
  const traces = fixedColumn(block, 'trace_id')
  const ids = fixedColumn(block, 'ids')
  const starts = fixedColumn(block, 'start_nanos')
  const durations = fixedColumn(block, 'duration_nanos')
  const received = fixedColumn(block, 'received_nanos')
  const ranks = fixedColumn(block, 'root_rank')
  const kinds = fixedColumn(block, 'kind')
  const sources = wordColumn(block, 'source')
  for (let row = 0; row < block.rows; row++) {
    const traceId = traces.hex(row)
    const key = `${traceId}${ids.hex(row).slice(0, 16)}${sources.text(row) === 'zipkin' ? kinds.u8(row) : ''}`
    const startNanos = starts.i64(row)
    const copy: Copy = {
      traceId,
      rank: ranks.u8(row),
      receivedNanos: received.i64(row),
      startNanos,
      endNanos: startNanos + durations.i64(row),
    }
    const other = copies.get(key)
    if (other === undefined || isNewer(copy, other)) copies.set(key, copy)
  }
}

function isNewer(a: Copy, b: Copy): boolean {
  if (a.receivedNanos !== b.receivedNanos) return a.receivedNanos > b.receivedNanos
  return a.startNanos === b.startNanos ? a.endNanos > b.endNanos : a.startNanos < b.startNanos
}
