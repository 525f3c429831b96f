// The cluster that `--cluster` names, as its servers describe it: who is in it, and which of two ways its tables are made.
// Reads, changes nothing.
import { FnscopeError } from '../errors.ts'
import type { SchemaPlace } from './schema-scope.ts'

export interface Cluster {
  readonly name: string
  /**
   * keeper: its servers share a Keeper and know their macros; statements go ON CLUSTER, tables are Replicated ones.
   * nodes: they do not; statements go to every server by its own URL, tables are plain ones, and a shard is one server.
   */
  readonly mode: 'keeper' | 'nodes'
  readonly shards: number
  /** In the order of shard and replica, `host:port` of the native protocol. */
  readonly hosts: readonly string[]
}

interface Described {
  readonly keeper: number
  readonly macros: readonly string[]
  readonly names: readonly string[]
}

interface HostRow {
  readonly shard: number
  readonly host: string
  readonly internal: number
}

const QUERY_IS_PROHIBITED = 392

function refused(host: string, reason: string): FnscopeError {
  return new FnscopeError('FNS_STORE_REFUSED', `The store at ${host} cannot be used as a cluster: ${reason}`)
}

/** @throws FnscopeError FNS_STORE_REFUSED, StoreError */
export async function describeCluster(place: SchemaPlace, name: string, database: string): Promise<Cluster> {
  const [about] = await place.query<Described>(
    `SELECT (SELECT count() FROM system.tables WHERE database = 'system' AND name = 'zookeeper') > 0 AS keeper,
       (SELECT groupArray(macro) FROM system.macros WHERE macro IN ('shard', 'replica')) AS macros,
       (SELECT groupUniqArray(cluster) FROM system.clusters) AS names`,
  )
  const rows = await place.query<HostRow>(
    `SELECT shard_num AS shard, concat(host_name, ':', toString(port)) AS host, internal_replication AS internal
     FROM system.clusters WHERE cluster = {name:String} ORDER BY shard_num, replica_num`,
    { name },
  )
  if (rows.length === 0) {
    const known = about?.names.length ? `it knows ${[...about.names].sort().join(', ')}` : 'it knows none'
    throw refused(
      place.host,
      `it has no cluster "${name}" among its remote_servers; ${known}. Give one of these to --cluster.`,
    )
  }
  const hosts = rows.map(({ host }) => host)
  const shards = new Set(rows.map(({ shard }) => shard)).size
  const cluster = { name, shards, hosts }
  const replicated = hosts.length > shards
  if (replicated && rows.some(({ internal }) => Number(internal) === 0)) {
    throw refused(
      place.host,
      `"${name}" has replicas without internal_replication, so that every row would be sent to each of them. Set <internal_replication>true</internal_replication> in remote_servers.`,
    )
  }
  const macros = about?.macros.length === 2
  if (about?.keeper && macros && (await takesOnCluster(place, name, database))) return { ...cluster, mode: 'keeper' }
  if (!replicated) return { ...cluster, mode: 'nodes' }
  const lacks = about?.keeper
    ? macros
      ? 'no queue for ON CLUSTER (distributed_ddl)'
      : 'no macros shard and replica'
    : 'no Keeper'
  throw refused(
    place.host,
    `"${name}" has ${hosts.length} servers in ${shards} shards, and its servers have ${lacks}, without which replicas cannot be kept equal. Configure that, or name a cluster with one server in each shard.`,
  )
}

/** Only an attempt tells; what it makes is needed anyway. */
async function takesOnCluster(place: SchemaPlace, name: string, database: string): Promise<boolean> {
  try {
    await place.command(`CREATE DATABASE IF NOT EXISTS ${database} ON CLUSTER '${name}'`)
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === QUERY_IS_PROHIBITED) return false
    throw error
  }
}
