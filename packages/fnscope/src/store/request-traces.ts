// Traces by another id than their own: of the Lambda request, which different SDKs began traces for, and by the half of
// their own that 64-bit formats know.
import type { Connection } from './connection.ts'
import { smallRead } from './small-read.ts'

/** Two texts may have one hash: who reads the traces looks again. See Reader.tracesOfRequests. */
export async function tracesOfRequests(
  connection: Connection,
  requestIds: readonly string[],
  limit: number,
): Promise<string[]> {
  if (requestIds.length === 0) return []
  const names = requestIds.map((_, at) => `r${at}`)
  // One by one, and not as a list: so that the index is asked.
  const hashes = names.map((name) => `cityHash64({${name}:String})`).join(', ')
  const rows = await connection.query<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM ${connection.database}.roots
     WHERE request IN (${hashes}) LIMIT {limit:UInt32} SETTINGS ${smallRead(connection)}`,
    { ...Object.fromEntries(names.map((name, at) => [name, requestIds[at]!])), limit },
  )
  return rows.map(({ trace }) => trace)
}

/** See Reader.tracesEndingIn. */
export async function tracesEndingIn(connection: Connection, lowHalf: string, limit: number): Promise<string[]> {
  const rows = await connection.query<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM ${connection.database}.traces
     WHERE substring(trace_id, 9, 8) = unhex({lowHalf:String}) LIMIT {limit:UInt32}`,
    { lowHalf, limit },
  )
  return rows.map(({ trace }) => trace)
}
