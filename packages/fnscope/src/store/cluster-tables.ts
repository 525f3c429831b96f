// In a cluster every table X of the schema is X_local on each server, and X a Distributed table over them. Which rows lie
// together is decided here; subqueries rely on it (distributed_product_mode = local).
import type { Cluster } from './cluster.ts'
import type { SchemaScope } from './schema-scope.ts'

/** A trace lies whole on one shard: its spans, documents, annotations and what is derived from them. */
const BY_TRACE = 'cityHash64(trace_id)'
/** A stretch of the service graph lies whole on one shard, with the row that says which version counts. */
const BY_START = 'cityHash64(start_nanos)'

/** Nothing inserts through the table, and nothing relies on where its rows lie. */
export const ANYWHERE = 'rand()'

const SHARDING: Readonly<Record<string, string>> = {
  // Filled beside the spans; what is noted of them lies anywhere.
  graph_touched: ANYWHERE,
  graph_periods: BY_START,
  graph: BY_START,
  // Many lines have no trace: a second of one stream lies together, the next one elsewhere.
  logs: 'cityHash64(service, log_stream, intDiv(time_nanos, 1000000000))',
  // A series lies together.
  metrics: 'cityHash64(namespace, name, service, dimensions)',
  leases: 'cityHash64(name)',
  // Filled by views alone, beside the spans: a service lies on every shard.
  operations: ANYWHERE,
  services: ANYWHERE,
}

/** How rows of the table find their shard. */
export function shardingKeyOf(table: string): string {
  return SHARDING[table] ?? BY_TRACE
}

/** What the statements make or change of local tables: the plain tables that must follow. */
export function localTablesOf(statements: readonly string[], database: string): readonly string[] {
  const changed = new RegExp(`^(?:CREATE TABLE(?: IF NOT EXISTS)?|ALTER TABLE) ${database}\\.(\\w+)_local\\b`)
  const tables = statements.map((statement) => changed.exec(statement)?.[1])
  return [...new Set(tables.filter((table) => table !== undefined))]
}

/** Makes the plain table, or makes it anew with the columns that its local one has now. It holds no rows. */
export function distributedTable(table: string, cluster: Cluster, { database, onCluster }: SchemaScope): string {
  return `CREATE OR REPLACE TABLE ${database}.${table} ${onCluster} AS ${database}.${table}_local
    ENGINE = Distributed('${cluster.name}', '${database}', '${table}_local', ${shardingKeyOf(table)})`
}
