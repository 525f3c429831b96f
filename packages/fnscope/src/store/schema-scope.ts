// Where the schema's statements go, and what its templates name there: one server, the servers of a cluster one by one, or
// any of them ON CLUSTER. Everything else only ever names the plain table.
import type { QueryParameters, Settings } from './clickhouse-server.ts'
import type { Cluster } from './cluster.ts'

/** A server, or several of which any will do. */
export interface SchemaPlace {
  readonly host: string
  query<Row>(query: string, parameters?: QueryParameters, settings?: Settings): Promise<Row[]>
  command(query: string, parameters?: QueryParameters, settings?: Settings): Promise<void>
}

export interface SchemaScope {
  readonly database: string
  /** A statement is carried out at each. */
  readonly places: readonly SchemaPlace[]
  readonly cluster: Cluster | undefined
  /** What follows the name of a table that holds rows itself. */
  readonly local: '' | '_local'
  /** What follows the name of what a statement makes or changes. */
  readonly onCluster: string
}

/** `any` asks any server, `each` every one that could be reached. */
export function schemaScope(
  database: string,
  cluster: Cluster | undefined,
  { any, each }: { readonly any: SchemaPlace; readonly each: readonly SchemaPlace[] },
): SchemaScope {
  return {
    database,
    cluster,
    places: cluster?.mode === 'nodes' ? each : [any],
    local: cluster === undefined ? '' : '_local',
    onCluster: cluster?.mode === 'keeper' ? `ON CLUSTER '${cluster.name}'` : '',
  }
}
