// Brings the database to this program's schema: each migration once, in order, written down in `migrations`. Several
// processes may start at once, also on a cluster: every statement may be carried out twice, and one process at a time
// goes through the files. A file that has been applied is never edited: a change is a new file.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { FnscopeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { distributedTable, localTablesOf } from './cluster-tables.ts'
import { LEASE_COLUMNS } from './lease.ts'
import { engineOf, readMigrations, statementsOf, tableSettings, templateValues, type Migration } from './migrations.ts'
import type { SchemaPlace, SchemaScope } from './schema-scope.ts'
import { StoreError, type Retention } from './store.ts'

export interface MigrateOptions {
  readonly scope: SchemaScope
  readonly retention: Retention
  readonly log: Logger
  /** Servers that did not answer: nothing can be changed without them where each is changed by itself. */
  readonly away: readonly string[]
  /** See Store.lease. */
  readonly lease: (name: string, holder: string, seconds: number) => Promise<boolean>
}

const LOCK = 'migrate'
const LOCK_SECONDS = 60
const LOCK_TIMEOUT_MS = 180_000
const LOCK_EVERY_MS = 200

// Two made the same thing at once: it is there. 57 TABLE_ALREADY_EXISTS, 82 DATABASE_ALREADY_EXISTS, 517
// CANNOT_ASSIGN_ALTER, 999 KEEPER_EXCEPTION, 253 REPLICA_ALREADY_EXISTS.
const MADE_AT_ONCE = new Set([57, 82, 253, 517, 999])
const ATTEMPTS = 5

function refused(host: string, reason: string): FnscopeError {
  return new FnscopeError('FNS_STORE_REFUSED', `The store at ${host} cannot be used: ${reason}`)
}

/** A statement that may be carried out twice, also at the same time. @throws StoreError */
async function carryOut(place: SchemaPlace, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await place.command(statement)
    } catch (error) {
      if (!(error instanceof StoreError) || !MADE_AT_ONCE.has(error.code) || attempt === ATTEMPTS) throw error
      await delay(attempt * 100)
    }
  }
}

/** @throws FnscopeError FNS_STORE_REFUSED, StoreError */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { scope, lease } = options
  for (const place of scope.places) await prepare(place, scope)
  if (!(await anyPending(scope))) return
  refuseWithout(options)
  const holder = randomUUID()
  await takeLock(options, holder)
  try {
    for (const place of scope.places)
      for (const migration of await pending(place, scope)) {
        await apply(place, migration, options)
        await lease(LOCK, holder, LOCK_SECONDS)
      }
  } finally {
    await lease(LOCK, holder, 0)
  }
}

/** The two tables that must be there before anything else. */
async function prepare(place: SchemaPlace, scope: SchemaScope): Promise<void> {
  const { database, cluster, local, onCluster } = scope
  const [row] = await place.query<{ found: readonly string[] }>(
    'SELECT groupArray(name) AS found FROM system.tables WHERE database = {database:String}',
    { database },
  )
  const found = new Set(row?.found)
  if (found.has('migrations') && found.has('leases')) return
  await carryOut(place, `CREATE DATABASE IF NOT EXISTS ${database} ${onCluster}`)
  // One table over all shards: each server knows what was applied to all of them.
  const everywhere =
    cluster?.mode === 'keeper' ? "ReplicatedMergeTree('/clickhouse/tables/{uuid}', '{shard}-{replica}')" : 'MergeTree'
  await carryOut(
    place,
    `CREATE TABLE IF NOT EXISTS ${database}.migrations ${onCluster}
     (version UInt32, name String, checksum String, applied DateTime64(3, 'UTC'))
     ENGINE = ${everywhere} ORDER BY version SETTINGS non_replicated_deduplication_window = 100`,
  )
  const engine = engineOf('ReplacingMergeTree', scope)
  await carryOut(
    place,
    `CREATE TABLE IF NOT EXISTS ${database}.leases${local} ${onCluster} (${LEASE_COLUMNS})
     ENGINE = ${engine.endsWith(')') ? `${engine.slice(0, -1)}, epoch)` : `${engine}(epoch)`}
     ORDER BY name SETTINGS ${tableSettings(scope).replace('ttl_only_drop_parts = 1, ', '')}`,
  )
  if (cluster) await carryOut(place, distributedTable('leases', cluster, scope))
}

/** What that server lacks, oldest first. @throws FnscopeError when it has what this program does not know */
async function pending(place: SchemaPlace, { database }: SchemaScope): Promise<readonly Migration[]> {
  const applied = await place.query<{ version: number; name: string; checksum: string }>(
    `SELECT version, name, checksum FROM ${database}.migrations ORDER BY version`,
  )
  const known = readMigrations()
  const newest = known.at(-1)?.version ?? 0
  const newer = applied.find(({ version }) => version > newest)
  if (newer) {
    throw refused(
      place.host,
      `database "${database}" has migration ${newer.version} (${newer.name}), this program knows them up to ${newest}. It was made by a newer fnscope: start that one, or name another database.`,
    )
  }
  return known.filter((migration) => {
    const before = applied.find(({ version }) => version === migration.version)
    if (before === undefined) return true
    if (before.checksum === migration.checksum) return false
    throw refused(
      place.host,
      `migration ${migration.version} (${migration.name}) of database "${database}" is not the one that this program has. Name another database or data directory.`,
    )
  })
}

async function anyPending(scope: SchemaScope): Promise<boolean> {
  const lists = await Promise.all(scope.places.map((place) => pending(place, scope)))
  return lists.some((list) => list.length > 0)
}

/** A server left behind would refuse the rows of the others' schema. */
function refuseWithout({ scope, away }: MigrateOptions): void {
  const { cluster, places, database } = scope
  if (cluster?.mode !== 'nodes') return
  const host = places.map((place) => place.host).join(', ')
  if (away.length > 0)
    throw refused(
      host,
      `the schema of "${database}" must be changed on every server, and ${away.join(', ')} does not answer.`,
    )
  if (places.length === cluster.hosts.length) return
  throw refused(
    host,
    `"${cluster.name}" has ${cluster.hosts.length} servers (${cluster.hosts.join(', ')}) and no queue for ON CLUSTER, so tables are made on each by itself: give --store the HTTP URL of each of them, with commas between; it has ${places.length}.`,
  )
}

async function takeLock({ scope, lease }: MigrateOptions, holder: string): Promise<void> {
  const until = performance.now() + LOCK_TIMEOUT_MS
  while (!(await lease(LOCK, holder, LOCK_SECONDS))) {
    if (performance.now() > until)
      throw refused(
        scope.places[0]?.host ?? '',
        `another fnscope has been changing the schema of "${scope.database}" for ${LOCK_TIMEOUT_MS / 1000} s. See what it waits for, then start again.`,
      )
    await delay(LOCK_EVERY_MS)
  }
}

async function apply(place: SchemaPlace, migration: Migration, options: MigrateOptions): Promise<void> {
  const { scope, retention, log } = options
  const { database, cluster } = scope
  const { version, name, checksum, text } = migration
  const statements = statementsOf(text, templateValues(scope, retention))
  for (const statement of statements) await carryOut(place, statement)
  if (cluster)
    for (const table of localTablesOf(statements, database))
      await carryOut(place, distributedTable(table, cluster, scope))
  await place.command(
    `INSERT INTO ${database}.migrations SELECT {version:UInt32}, {name:String}, {checksum:String}, now64(3)`,
    { version, name, checksum },
    { insert_deduplication_token: `migration-${version}`, deduplicate_insert_select: 'force_enable' },
  )
  log.info({ version, name, host: place.host }, 'migrated')
}
