// How long each signal is kept: the TTL of every table, and the deletion of what is past it now.
import type { Logger } from '../log.ts'
import type { SchemaPlace, SchemaScope } from './schema-scope.ts'
import type { Retention } from './store.ts'

type Signal = 'spans' | 'logs' | 'metrics'
type Seconds = Readonly<Record<Signal, number>>

interface Aged {
  readonly table: string
  readonly signal: Signal
  readonly column: string
}

// The column that says how old a row is, per table. Tables named after the views' targets are pruned like their source.
const AGED: readonly Aged[] = [
  { table: 'spans', signal: 'spans', column: 'start_nanos' },
  { table: 'annotations', signal: 'spans', column: 'start_nanos' },
  { table: 'traces', signal: 'spans', column: 'last_start_nanos' },
  { table: 'roots', signal: 'spans', column: 'start_nanos' },
  { table: 'documents', signal: 'spans', column: 'start_nanos' },
  { table: 'operations', signal: 'spans', column: 'seen_nanos' },
  { table: 'services', signal: 'spans', column: 'seen_nanos' },
  { table: 'graph_touched', signal: 'spans', column: 'cell_nanos' },
  { table: 'graph_periods', signal: 'spans', column: 'start_nanos' },
  { table: 'graph', signal: 'spans', column: 'start_nanos' },
  { table: 'graph_reach', signal: 'spans', column: 'slice_nanos' },
  { table: 'logs', signal: 'logs', column: 'time_nanos' },
  { table: 'metrics', signal: 'metrics', column: 'time_nanos' },
]

/** Seconds that rows of each signal are kept, at least one. */
export function retentionSeconds(retention: Retention): Seconds {
  const seconds = (days: number): number => Math.max(1, Math.round(days * 86_400))
  return {
    spans: seconds(retention.spansDays),
    logs: seconds(retention.logsDays),
    metrics: seconds(retention.metricsDays),
  }
}

/** The tables whose TTL is another one, at that place. */
async function outdated(place: SchemaPlace, scope: SchemaScope, seconds: Seconds): Promise<readonly Aged[]> {
  const tables = await place.query<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = {database:String}',
    { database: scope.database },
  )
  const ages = new Map(
    tables.map(({ name, engine_full: engine }) => [name, /toIntervalSecond\((\d+)\)/.exec(engine)?.[1]]),
  )
  return AGED.filter(({ table, signal }) => ages.get(`${table}${scope.local}`) !== String(seconds[signal]))
}

/** Changes the TTL of the tables whose TTL is another one. @throws StoreError */
export async function alterRetention(scope: SchemaScope, retention: Retention, log: Logger): Promise<void> {
  const seconds = retentionSeconds(retention)
  const { database, local, onCluster } = scope
  for (const place of scope.places)
    for (const { table, signal, column } of await outdated(place, scope, seconds)) {
      const target = `${database}.${table}${local} ${onCluster}`
      await place.command(
        `ALTER TABLE ${target} MODIFY TTL toDateTime(intDiv(${column}, 1000000000), 'UTC') + toIntervalSecond(${seconds[signal]})
         SETTINGS materialize_ttl_after_modify = 0`,
      )
      // Parts carry their own expiry: worked out anew in the background, one part after the other.
      await place.command(`ALTER TABLE ${target} MATERIALIZE TTL SETTINGS mutations_sync = 0, alter_sync = 0`)
      log.info({ table, seconds: seconds[signal], host: place.host }, 'retention changed')
    }
}

/** Deletes the rows older than the retention: whole days by dropping their partition, the rest by a mutation. @throws StoreError */
export async function deleteExpired(scope: SchemaScope, retention: Retention, nowNanos: bigint): Promise<void> {
  const seconds = retentionSeconds(retention)
  const { database, local, onCluster, cluster } = scope
  for (const place of scope.places)
    for (const { table, signal, column } of AGED) {
      const cutoff = nowNanos - BigInt(seconds[signal]) * 1_000_000_000n
      // ON CLUSTER speaks of a partition on every shard: it is asked about through the table over all of them.
      const asked = cluster?.mode === 'keeper' ? table : `${table}${local}`
      const partitions = await place.query<{ partition_id: string; whole: boolean }>(
        `SELECT _partition_id AS partition_id, max(${column}) < {cutoff:Int64} AS whole FROM ${database}.${asked}
         GROUP BY partition_id HAVING min(${column}) < {cutoff:Int64}`,
        { cutoff },
      )
      const target = `${database}.${table}${local} ${onCluster}`
      for (const { partition_id: id, whole } of partitions) {
        if (!/^\w+$/.test(id)) throw new Error(`a partition of ${table} is called "${id}"`)
        if (whole) await place.command(`ALTER TABLE ${target} DROP PARTITION ID '${id}'`)
        else
          await place.command(
            `ALTER TABLE ${target} DELETE IN PARTITION ID '${id}' WHERE ${column} < ${cutoff} SETTINGS mutations_sync = 1`,
          )
      }
    }
}
