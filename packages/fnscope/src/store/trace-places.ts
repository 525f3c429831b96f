// Where traces stand in lists and how far they reach, by their ids, from `traces`: one place for every trace that has a
// listed span. No list is made here.
import { SPAN_FLAG } from '../span/span-batch.ts'
import type { Connection } from './connection.ts'
import { fixedColumn, type NativeBlock } from './native-read.ts'
import { NO_RANK } from './recent-traces.ts'
import type { RootRow } from './root-rows.ts'
import { smallRead } from './small-read.ts'
import type { TraceRow } from './store.ts'
import { inTraces } from './trace-ids.ts'

/** `traces.listed` of a span: rank first, then start (schema/001). */
export const RANK_STEP = 4_000_000_000_000_000_000n
export const NOT_LISTED = 2n ** 64n - 1n

export interface TracePlace {
  readonly traceId: string
  /** Of the span at which it stands. */
  readonly rank: number
  readonly startNanos: bigint
  readonly firstNanos: bigint
  readonly lastStartNanos: bigint
  readonly endNanos: bigint
  /** SPAN_FLAG, of all spans. */
  readonly flags: number
}

interface Sum {
  listed: bigint
  firstNanos: bigint
  lastStartNanos: bigint
  endNanos: bigint
  flags: number
}

/** The places of those of the traces that are listed, by id. */
export async function placesOf(connection: Connection, traceIds: readonly string[]): Promise<Map<string, TracePlace>> {
  const places = new Map<string, TracePlace>()
  const unknown: string[] = []
  for (const id of traceIds) {
    const place = connection.recentTraces?.find(id)
    if (place === undefined) unknown.push(id)
    else if (place.rank !== NO_RANK) places.set(id, place)
  }
  if (unknown.length > 0) await addStored(connection, unknown, places)
  return places
}

async function addStored(
  connection: Connection,
  traceIds: readonly string[],
  places: Map<string, TracePlace>,
): Promise<void> {
  // Rows that a merge has not joined yet are joined here: grouping costs the engine more than the few rows cost us.
  const blocks = await connection.queryNative(
    `SELECT trace_id, toInt64(start_nanos) AS first, toInt64(last_start_nanos) AS last_start, toInt64(end_nanos) AS end,
       toUInt16(flags) AS any_flags, toUInt64(listed) AS place
     FROM ${connection.database}.traces WHERE trace_id ${inTraces(traceIds)} SETTINGS ${smallRead(connection)}`,
    { traceIds },
  )
  const sums = new Map<string, Sum>()
  for (const block of blocks) addBlock(sums, block)
  for (const [traceId, sum] of sums) {
    if (sum.listed === NOT_LISTED) continue
    const { listed, ...rest } = sum
    places.set(traceId, { traceId, rank: Number(listed / RANK_STEP), startNanos: listed % RANK_STEP, ...rest })
  }
}

function addBlock(sums: Map<string, Sum>, block: NativeBlock): void {
  const ids = fixedColumn(block, 'trace_id')
  const firsts = fixedColumn(block, 'first')
  const lasts = fixedColumn(block, 'last_start')
  const ends = fixedColumn(block, 'end')
  const flags = fixedColumn(block, 'any_flags')
  const listed = fixedColumn(block, 'place')
  for (let row = 0; row < block.rows; row++) {
    const id = ids.hex(row)
    const one: Sum = {
      listed: BigInt.asUintN(64, listed.i64(row)),
      firstNanos: firsts.i64(row),
      lastStartNanos: lasts.i64(row),
      endNanos: ends.i64(row),
      flags: flags.u16(row),
    }
    const sum = sums.get(id)
    sums.set(id, sum === undefined ? one : joinSums(sum, one))
  }
}

function joinSums(a: Sum, b: Sum): Sum {
  return {
    listed: a.listed < b.listed ? a.listed : b.listed,
    firstNanos: a.firstNanos < b.firstNanos ? a.firstNanos : b.firstNanos,
    lastStartNanos: a.lastStartNanos > b.lastStartNanos ? a.lastStartNanos : b.lastStartNanos,
    endNanos: a.endNanos > b.endNanos ? a.endNanos : b.endNanos,
    flags: a.flags | b.flags,
  }
}

export function rowOf(place: TracePlace): TraceRow {
  const { traceId, startNanos, firstNanos, lastStartNanos, endNanos, flags } = place
  return {
    traceId,
    startNanos,
    firstNanos,
    lastStartNanos,
    endNanos,
    error: (flags & SPAN_FLAG.error) !== 0,
    fault: (flags & SPAN_FLAG.fault) !== 0,
    throttle: (flags & SPAN_FLAG.throttle) !== 0,
    coldStart: (flags & SPAN_FLAG.coldStart) !== 0,
  }
}

/** @param isSure undefined when it was not asked */
export function withRoot(
  place: TracePlace,
  { root }: Pick<RootRow, 'root'> = { root: undefined },
  isSure?: boolean,
): TraceRow {
  return {
    ...rowOf(place),
    ...(isSure === undefined ? {} : { isSure }),
    ...(root === undefined ? {} : { details: { rootRank: place.rank, root } }),
  }
}
