// The schema as files: schema/NNN-name.sql, templates that say nothing of clusters. Reads and fills them; migrate.ts
// carries them out.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { deploymentExpressions } from './deployment-sql.ts'
import { retentionSeconds } from './retention.ts'
import type { SchemaScope } from './schema-scope.ts'
import type { Retention } from './store.ts'

export interface Migration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly text: string
}

const SCHEMA = new URL('schema/', import.meta.url)

// The deduplication window makes a retried insert exact; views' targets need it as much as the tables. Merges are few
// (16 parts of a size at once) and capped, so that their cost per row does not grow with the store.
const TABLE_SETTINGS = [
  'non_replicated_deduplication_window = 10000',
  'ttl_only_drop_parts = 1',
  'merge_with_ttl_timeout = 3600',
  'materialize_ttl_recalculate_only = 1',
  'max_bytes_to_merge_at_max_space_in_pool = 268435456',
  'merge_selector_base = 16',
  'old_parts_lifetime = 30',
  // Lengths beside the text: in a column of their own they took as much room again as the keys of the map.
  "string_serialization_version = 'single_stream'",
]

// The same window where Keeper has it. By default it forgets after an hour: a log that waited longer would be stored twice.
const REPLICATED_SETTINGS = [
  'replicated_deduplication_window = 10000',
  'replicated_deduplication_window_seconds = 604800',
]

// {uuid} is the same on every replica, because such tables are made ON CLUSTER.
const REPLICATED = "('/clickhouse/tables/{uuid}/{shard}', '{replica}')"

export function tableSettings({ cluster }: Pick<SchemaScope, 'cluster'>): string {
  return [...TABLE_SETTINGS, ...(cluster?.mode === 'keeper' ? REPLICATED_SETTINGS : [])].join(', ')
}

/** `MergeTree`, or its replicated make with the place of its replicas. */
export function engineOf(name: string, { cluster }: Pick<SchemaScope, 'cluster'>): string {
  return cluster?.mode === 'keeper' ? `Replicated${name}${REPLICATED}` : name
}

/** What the templates name, there. */
export function templateValues(scope: SchemaScope, retention: Retention): Readonly<Record<string, string>> {
  const seconds = retentionSeconds(retention)
  return {
    db: scope.database,
    local: scope.local,
    on_cluster: scope.onCluster,
    mt: engineOf('MergeTree', scope),
    replacing_mt: engineOf('ReplacingMergeTree', scope),
    aggregating_mt: engineOf('AggregatingMergeTree', scope),
    settings: tableSettings(scope),
    spans_seconds: String(seconds.spans),
    logs_seconds: String(seconds.logs),
    metrics_seconds: String(seconds.metrics),
    ...deploymentExpressions(),
  }
}

/** All migrations that this program knows, oldest first. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(SCHEMA)
    .filter((file) => /^\d{3}-.+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, SCHEMA), 'utf8')
      return {
        version: Number(file.slice(0, 3)),
        name: file.slice(4, -'.sql'.length),
        checksum: createHash('sha256').update(text).digest('hex'),
        text,
      }
    })
}

/**
 * The statements of a template, filled. A statement ends with a semicolon at the end of a line. `{replacing_mt}(column)`:
 * what the template gives an engine comes after what the engine has.
 */
export function statementsOf(text: string, values: Readonly<Record<string, string>>): readonly string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .replaceAll(/\{([a-z_]+)\}(\(?)/g, (whole, name: string, open: string) => {
      const value = values[name]
      if (value === undefined) throw new Error(`a schema template names ${whole}, which has no value`)
      return open !== '' && value.endsWith(')') ? `${value.slice(0, -1)}, ` : `${value}${open}`
    })
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
