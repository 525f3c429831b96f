// schema/NNN-name.sql applied once each, in order, and written down in `migrations`. A file that has been applied is
// never edited: a change is a new file.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { FnscopeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Connection } from './connection.ts'
import { retentionSeconds } from './retention.ts'
import type { Retention } from './store.ts'

interface Migration {
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
].join(', ')

/** What the templates name, for one server. A cluster fills local, on_cluster and the engines otherwise. */
function valuesOf(database: string, retention: Retention): Readonly<Record<string, string>> {
  const seconds = retentionSeconds(retention)
  return {
    db: database,
    local: '',
    on_cluster: '',
    mt: 'MergeTree',
    replacing_mt: 'ReplacingMergeTree',
    aggregating_mt: 'AggregatingMergeTree',
    settings: TABLE_SETTINGS,
    spans_seconds: String(seconds.spans),
    logs_seconds: String(seconds.logs),
    metrics_seconds: String(seconds.metrics),
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

/** The statements of a template, filled. A statement ends with a semicolon at the end of a line. */
export function statementsOf(text: string, values: Readonly<Record<string, string>>): readonly string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => {
      const value = values[name]
      if (value === undefined) throw new Error(`a schema template names ${whole}, which has no value`)
      return value
    })
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

function refused(host: string, reason: string): FnscopeError {
  return new FnscopeError('FNS_STORE_REFUSED', `The store at ${host} cannot be used: ${reason}`)
}

/** Brings the database to this program's schema. @throws FnscopeError FNS_STORE_REFUSED, StoreError */
export async function migrate(connection: Connection, retention: Retention, log: Logger): Promise<void> {
  const { database, host } = connection
  const values = valuesOf(database, retention)
  await connection.command(`CREATE DATABASE IF NOT EXISTS ${database}`)
  await connection.command(
    `CREATE TABLE IF NOT EXISTS ${database}.migrations (version UInt32, name String, checksum String, applied DateTime64(3, 'UTC'))
     ENGINE = MergeTree ORDER BY version`,
  )
  const applied = await connection.query<{ version: number; name: string; checksum: string }>(
    `SELECT version, name, checksum FROM ${database}.migrations ORDER BY version`,
  )
  const known = readMigrations()
  const newest = known.at(-1)?.version ?? 0
  const newer = applied.find(({ version }) => version > newest)
  if (newer) {
    throw refused(
      host,
      `database "${database}" has migration ${newer.version} (${newer.name}), this program knows them up to ${newest}. It was made by a newer fnscope: start that one, or name another database.`,
    )
  }
  for (const migration of known) {
    const before = applied.find(({ version }) => version === migration.version)
    if (before?.checksum === migration.checksum) continue
    if (before) {
      throw refused(
        host,
        `migration ${migration.version} (${migration.name}) of database "${database}" is not the one that this program has. Name another database or data directory.`,
      )
    }
    for (const statement of statementsOf(migration.text, values)) await connection.command(statement)
    await connection.command(
      `INSERT INTO ${database}.migrations SELECT {version:UInt32}, {name:String}, {checksum:String}, now64(3)`,
      { version: migration.version, name: migration.name, checksum: migration.checksum },
    )
    log.info({ version: migration.version, name: migration.name }, 'migrated')
  }
}
