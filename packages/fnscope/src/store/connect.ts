// A ClickHouse URL, the embedded engine's or a server's, opened as a Store: checked, migrated, ready. Same code for both.
import { FnscopeError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Batch } from '../span/batch.ts'
import { Connection } from './connection.ts'
import { encodeBatch } from './encode.ts'
import { listTraces } from './list-traces.ts'
import { migrate } from './migrate.ts'
import {
  lastMinuteVersion,
  minutesTouchedSince,
  readMinutes,
  replaceMinutes,
  traceIdsStarting,
  traceStarts,
} from './minutes.ts'
import { readLogs, readMetrics } from './read-signals.ts'
import { readDocuments, readSpans } from './read-traces.ts'
import { alterRetention, deleteExpired } from './retention.ts'
import { StoreError, type MinuteGraph, type Retention, type Store } from './store.ts'
import { insertBlocks } from './writer.ts'

export interface OpenStoreOptions {
  /** http(s)://[user:password@]host:port[/database]. A function is asked before each call: an engine may come back elsewhere. */
  readonly url: string | (() => string)
  /** Before what the URL says. */
  readonly username?: string
  readonly password?: string
  /** Before the URL's path; `fnscope` when neither says one. */
  readonly database?: string
  readonly retention: Retention
  readonly log: Logger
  /** The clock, milliseconds since 1970; for tests. */
  readonly now?: () => number
}

const PING_TIMEOUT_MS = 5000

// What a server must have for exact retries and for the schema; each is checked by its name in a system table.
const NEEDED: readonly (readonly [table: string, name: string])[] = [
  ['settings', 'deduplicate_blocks_in_dependent_materialized_views'],
  ['settings', 'insert_deduplication_token'],
  ['settings', 'deduplicate_insert_select'],
  ['merge_tree_settings', 'non_replicated_deduplication_window'],
  ['functions', 'hasAllTokens'],
]

function databaseOf(options: OpenStoreOptions): string {
  const url = typeof options.url === 'function' ? options.url() : options.url
  if (!URL.canParse(url))
    throw new FnscopeError('FNS_USAGE', 'The store wants a URL like http://user:password@host:8123/fnscope.')
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new FnscopeError(
      'FNS_USAGE',
      `The store's URL begins with http:// or https:// (ClickHouse's HTTP port), not ${parsed.protocol}//.`,
    )
  }
  const name = options.database ?? (decodeURIComponent(parsed.pathname).replaceAll('/', '') || 'fnscope')
  // The one name that stands in statements as it is.
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
    throw new FnscopeError(
      'FNS_USAGE',
      `The store's database may have letters, digits and underscores in its name, not "${name}".`,
    )
  }
  return name
}

/** @throws FnscopeError FNS_STORE_UNREACHABLE, FNS_STORE_REFUSED */
async function checkServer(connection: Connection): Promise<void> {
  const { host } = connection
  try {
    await connection.ping(PING_TIMEOUT_MS)
  } catch (error) {
    throw new FnscopeError(
      'FNS_STORE_UNREACHABLE',
      `No ClickHouse answers at ${host}: ${messageOf(error)}. Check the host and its HTTP port (8123, or 8443 with https).`,
      { cause: error },
    )
  }
  let missing: string[]
  let version: string
  try {
    const [row] = await connection.query<{ version: string; found: string[] }>(
      `SELECT version() AS version, groupArray(name) AS found FROM (
         SELECT name FROM system.settings UNION ALL SELECT name FROM system.merge_tree_settings
         UNION ALL SELECT name FROM system.functions
       ) WHERE name IN ({names:Array(String)})`,
      { names: NEEDED.map(([, name]) => name) },
    )
    version = row?.version ?? 'unknown'
    missing = NEEDED.filter(([, name]) => !row?.found.includes(name)).map(([table, name]) => `${name} (${table})`)
  } catch (error) {
    throw new FnscopeError(
      'FNS_STORE_REFUSED',
      `The store at ${host} answered, but not our questions: ${messageOf(error)}. Check user and password in its URL, and the grants.`,
      { cause: error },
    )
  }
  if (missing.length > 0) {
    throw new FnscopeError(
      'FNS_STORE_REFUSED',
      `The ClickHouse ${version} at ${host} lacks ${missing.join(', ')}, without which retried inserts could double rows or logs could not be searched. Use ClickHouse 26.2 or newer.`,
    )
  }
}

/**
 * Opens the store: reaches the server, checks that it can do what we need, creates or migrates the database, and sets
 * the retention for what comes. @throws FnscopeError FNS_USAGE, FNS_STORE_UNREACHABLE, FNS_STORE_REFUSED
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const connection = new Connection({ ...options, database: databaseOf(options) })
  try {
    await checkServer(connection)
    await migrate(connection, options.retention, options.log)
    await alterRetention(connection, options.retention, options.log)
  } catch (error) {
    await connection.close()
    if (!(error instanceof StoreError)) throw error
    throw new FnscopeError(
      'FNS_STORE_REFUSED',
      `The store at ${connection.host} refused to set up database "${connection.database}": ${error.message}`,
      { cause: error },
    )
  }
  return storeOver(connection, options)
}

function storeOver(connection: Connection, options: OpenStoreOptions): Store {
  const now = options.now ?? Date.now
  const nowNanos = (): bigint => BigInt(Math.floor(now())) * 1_000_000n
  let lastVersion = 0n
  const nextVersion = (): bigint => {
    const time = nowNanos()
    lastVersion = time > lastVersion ? time : lastVersion + 1n
    return lastVersion
  }
  return {
    encode: (batch: Batch) => encodeBatch(batch),
    insert: (table, blocks, token, rows) => insertBlocks(connection, table, blocks, token, rows),
    replaceMinutes: (minutes: readonly MinuteGraph[], coveredNanos?: bigint) => {
      const version = nextVersion()
      return replaceMinutes(connection, minutes, version, coveredNanos ?? version)
    },
    setRetention: async (retention) => {
      // In this order: the deletion would wait for the parts that the change goes through.
      await deleteExpired(connection, retention, nowNanos())
      await alterRetention(connection, retention, options.log)
    },
    readSpans: (traceIds) => readSpans(connection, traceIds, options),
    readDocuments: (traceIds) => readDocuments(connection, traceIds, options),
    listTraces: (list) => listTraces(connection, list),
    traceIdsStarting: (range, limit) => traceIdsStarting(connection, range, limit),
    traceStarts: (traceIds) => traceStarts(connection, traceIds),
    minutesTouchedSince: (receivedNanos) => minutesTouchedSince(connection, receivedNanos),
    lastMinuteVersion: () => lastMinuteVersion(connection),
    readMinutes: (range) => readMinutes(connection, range),
    readLogs: (query) => readLogs(connection, query),
    readMetrics: (query) => readMetrics(connection, query),
    ping: (timeoutMs) => connection.ping(timeoutMs),
    close: () => connection.close(),
  }
}
