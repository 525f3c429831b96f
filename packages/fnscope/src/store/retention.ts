// How long each signal is kept: the TTL of every table, and the deletion of what is past it now.
import type { Logger } from '../log.ts'
import type { Connection } from './connection.ts'
import type { Retention } from './store.ts'

type Signal = 'spans' | 'logs' | 'metrics'

// The column that says how old a row is, per table. Tables named after the views' targets are pruned like their source.
const AGED: readonly { readonly table: string; readonly signal: Signal; readonly column: string }[] = [
  { table: 'spans', signal: 'spans', column: 'start_nanos' },
  { table: 'annotations', signal: 'spans', column: 'start_nanos' },
  { table: 'traces', signal: 'spans', column: 'last_start_nanos' },
  { table: 'roots', signal: 'spans', column: 'start_nanos' },
  { table: 'documents', signal: 'spans', column: 'start_nanos' },
  { table: 'minutes', signal: 'spans', column: 'minute_nanos' },
  { table: 'latencies', signal: 'spans', column: 'minute_nanos' },
  { table: 'edges', signal: 'spans', column: 'minute_nanos' },
  { table: 'logs', signal: 'logs', column: 'time_nanos' },
  { table: 'metrics', signal: 'metrics', column: 'time_nanos' },
]

/** Seconds that rows of each signal are kept, at least one. */
export function retentionSeconds(retention: Retention): Readonly<Record<Signal, number>> {
  const seconds = (days: number): number => Math.max(1, Math.round(days * 86_400))
  return {
    spans: seconds(retention.spansDays),
    logs: seconds(retention.logsDays),
    metrics: seconds(retention.metricsDays),
  }
}

/** Changes the TTL of the tables whose TTL is another one. @throws StoreError */
export async function alterRetention(connection: Connection, retention: Retention, log: Logger): Promise<void> {
  const seconds = retentionSeconds(retention)
  const tables = await connection.query<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = {database:String}',
    { database: connection.database },
  )
  const ages = new Map(
    tables.map(({ name, engine_full: engine }) => [name, /toIntervalSecond\((\d+)\)/.exec(engine)?.[1]]),
  )
  for (const { table, signal, column } of AGED) {
    if (ages.get(table) === String(seconds[signal])) continue
    const target = `${connection.database}.${table}`
    await connection.command(
      `ALTER TABLE ${target} MODIFY TTL toDateTime(intDiv(${column}, 1000000000), 'UTC') + toIntervalSecond(${seconds[signal]})
       SETTINGS materialize_ttl_after_modify = 0`,
    )
    // Parts carry their own expiry: worked out anew in the background, one part after the other.
    await connection.command(`ALTER TABLE ${target} MATERIALIZE TTL SETTINGS mutations_sync = 0, alter_sync = 0`)
    log.info({ table, seconds: seconds[signal] }, 'retention changed')
  }
}

/** Deletes the rows older than the retention: whole days by dropping their partition, the rest by a mutation. @throws StoreError */
export async function deleteExpired(connection: Connection, retention: Retention, nowNanos: bigint): Promise<void> {
  const seconds = retentionSeconds(retention)
  const { database } = connection
  for (const { table, signal, column } of AGED) {
    const cutoff = nowNanos - BigInt(seconds[signal]) * 1_000_000_000n
    const partitions = await connection.query<{ partition_id: string; whole: boolean }>(
      `SELECT _partition_id AS partition_id, max(${column}) < {cutoff:Int64} AS whole FROM ${database}.${table}
       GROUP BY partition_id HAVING min(${column}) < {cutoff:Int64}`,
      { cutoff },
    )
    for (const { partition_id: id, whole } of partitions) {
      if (whole) await connection.command(`ALTER TABLE ${database}.${table} DROP PARTITION ID {id:String}`, { id })
      else
        await connection.command(
          `ALTER TABLE ${database}.${table} DELETE IN PARTITION ID {id:String} WHERE ${column} < ${cutoff} SETTINGS mutations_sync = 1`,
          { id },
        )
    }
  }
}
