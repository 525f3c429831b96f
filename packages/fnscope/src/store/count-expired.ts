// What a retention would delete: rows that are older than it, per signal. Reads nothing else of them.
import type { Connection } from './connection.ts'
import { retentionSeconds } from './retention.ts'
import type { Expired, Retention } from './store.ts'

/** See Writer.countExpired. */
export async function countExpired(connection: Connection, retention: Retention, nowNanos: bigint): Promise<Expired> {
  const seconds = retentionSeconds(retention)
  const count = async (table: keyof Expired, column: string): Promise<number> => {
    const cutoff = nowNanos - BigInt(seconds[table]) * 1_000_000_000n
    const [row] = await connection.query<{ expired: number | string }>(
      `SELECT count() AS expired FROM ${connection.database}.${table} WHERE ${column} < {cutoff:Int64}`,
      { cutoff },
    )
    return Number(row?.expired ?? 0)
  }
  const [spans, logs, metrics] = await Promise.all([
    count('spans', 'start_nanos'),
    count('logs', 'time_nanos'),
    count('metrics', 'time_nanos'),
  ])
  return { spans, logs, metrics }
}
