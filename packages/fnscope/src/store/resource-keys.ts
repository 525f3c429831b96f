// Which keys resource attributes have, so that a search knows where a key can stand. The words of a low-cardinality column
// are few, but finding them reads it whole: asked once a minute.
import type { Connection } from './connection.ts'
import type { TimeRange } from './store.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'

const KEPT_MS = 60_000
/** Ranges that begin and end near each other are one. */
const STEP = 10n * NANOS_PER_MINUTE
const MAX_RANGES = 8

interface Kept {
  readonly untilMs: number
  readonly keys: Promise<ReadonlySet<string>>
}

const KEPT = new WeakMap<Connection, Map<string, Kept>>()

/** See Reader.resourceKeys. */
export async function resourceKeys(connection: Connection, range: TimeRange): Promise<ReadonlySet<string>> {
  const from = range.startNanos - (range.startNanos % STEP)
  const to = range.endNanos - (range.endNanos % STEP) + STEP
  const name = `${from} ${to}`
  const ranges = KEPT.get(connection) ?? new Map<string, Kept>()
  KEPT.set(connection, ranges)
  const kept = ranges.get(name)
  if (kept !== undefined && kept.untilMs > performance.now()) return await kept.keys
  const keys = readKeys(connection, from, to)
  ranges.delete(name)
  ranges.set(name, { untilMs: performance.now() + KEPT_MS, keys })
  for (const oldest of ranges.keys()) if (ranges.size > MAX_RANGES) ranges.delete(oldest)
  try {
    return await keys
  } catch (error) {
    ranges.delete(name)
    throw error
  }
}

async function readKeys(connection: Connection, from: bigint, to: bigint): Promise<ReadonlySet<string>> {
  const rows = await connection.query<{ key: string }>(
    `SELECT DISTINCT arrayJoin(JSONExtractKeys(resource)) AS key FROM (
       SELECT DISTINCT toString(resource) AS resource FROM ${connection.database}.spans
       WHERE start_nanos >= {from:Int64} AND start_nanos < {to:Int64} AND resource != '')`,
    { from, to },
  )
  return new Set(rows.map(({ key }) => key))
}
