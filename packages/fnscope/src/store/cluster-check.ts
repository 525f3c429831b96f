// Whether every server of a cluster has the tables, asked through the cluster itself: also those whose URL nobody gave.
import { FnscopeError } from '../errors.ts'
import { WITHOUT_MISSING_SHARDS } from './cluster-settings.ts'
import type { SchemaPlace, SchemaScope } from './schema-scope.ts'

/** `shardNum()` counts the servers here, in the order of Cluster.hosts. */
const TABLES = `SELECT shardNum() AS server, groupArray(name) AS names
  FROM clusterAllReplicas({cluster:String}, system.tables)
  WHERE database = {database:String} GROUP BY server`
const PRESENT = 'SELECT shardNum() AS server FROM clusterAllReplicas({cluster:String}, system.one)'

/** The servers that did not answer. @throws FnscopeError FNS_STORE_REFUSED when one that did lacks a table */
export async function checkCluster(place: SchemaPlace, { cluster, database }: SchemaScope): Promise<readonly string[]> {
  if (cluster === undefined) return []
  const parameters = { cluster: cluster.name, database }
  const [present, tables, [own]] = await Promise.all([
    place.query<{ server: number }>(PRESENT, parameters, WITHOUT_MISSING_SHARDS),
    place.query<{ server: number; names: readonly string[] }>(TABLES, parameters, WITHOUT_MISSING_SHARDS),
    place.query<{ names: readonly string[] }>(
      'SELECT groupArray(name) AS names FROM system.tables WHERE database = {database:String}',
      parameters,
    ),
  ])
  const namesOf = new Map(tables.map(({ server, names }) => [Number(server), new Set(names)]))
  const there = new Set(present.map(({ server }) => Number(server)))
  for (const [i, host] of cluster.hosts.entries()) {
    if (!there.has(i + 1)) continue
    const missing = own?.names.filter((name) => namesOf.get(i + 1)?.has(name) !== true) ?? []
    if (missing.length === 0) continue
    throw new FnscopeError(
      'FNS_STORE_REFUSED',
      `The server ${host} of cluster "${cluster.name}" lacks ${missing.length} tables of database "${database}" (${missing.slice(0, 3).join(', ')} …). Give its HTTP URL to --store too, with a comma between, and they are made.`,
    )
  }
  return cluster.hosts.filter((_, i) => !there.has(i + 1))
}
