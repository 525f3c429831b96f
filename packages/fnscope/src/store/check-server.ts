// Whether a server can be used at all: it answers, lets us ask, and has what exact retries and the schema need.
import { FnscopeError, messageOf } from '../errors.ts'
import type { ClickHouseServer } from './clickhouse-server.ts'

const PING_TIMEOUT_MS = 5000

// What a server must have for exact retries and for the schema; each is checked by its name in a system table.
const NEEDED: readonly (readonly [table: string, name: string])[] = [
  ['settings', 'deduplicate_blocks_in_dependent_materialized_views'],
  ['settings', 'insert_deduplication_token'],
  ['settings', 'deduplicate_insert_select'],
  ['merge_tree_settings', 'non_replicated_deduplication_window'],
  ['merge_tree_settings', 'string_serialization_version'],
  ['functions', 'hasAllTokens'],
]

function adviceOn(error: unknown): string {
  if (/certificate/i.test(messageOf(error)))
    return 'Where a private authority signed its certificate, give that one (PEM) with --store-ca FILE; the name in the URL must be the one in the certificate.'
  return 'Check the host and its HTTP port (8123, or 8443 with https).'
}

/** @throws FnscopeError FNS_STORE_UNREACHABLE, FNS_STORE_REFUSED */
export async function checkServer(server: ClickHouseServer): Promise<void> {
  const { host } = server
  try {
    await server.ping(PING_TIMEOUT_MS)
  } catch (error) {
    throw new FnscopeError(
      'FNS_STORE_UNREACHABLE',
      `No ClickHouse answers at ${host}: ${messageOf(error)}. ${adviceOn(error)}`,
      { cause: error },
    )
  }
  let missing: string[]
  let version: string
  try {
    const [row] = await server.query<{ version: string; found: string[] }>(
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
