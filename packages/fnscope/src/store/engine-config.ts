// The configuration of the embedded engine: the files it is started with, and the password that guards it. Written anew
// at each start, readable by the owner only. Not the schema, and not what a query or an insert sets for itself.
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'

export const ENGINE_USER = 'fnscope'

const MIB = 1024 * 1024

/** The engine's own files inside a data directory. */
export interface EngineFiles {
  readonly directory: string
  readonly configFile: string
  readonly usersFile: string
  readonly dataPath: string
}

export function engineFiles(dataDir: string): EngineFiles {
  const directory = join(dataDir, 'engine')
  return {
    directory,
    configFile: join(directory, 'config.xml'),
    usersFile: join(directory, 'users.xml'),
    dataPath: join(directory, 'data'),
  }
}

/** Creates the directories; what the engine keeps is closed to other users of the machine. Throws the system's errors. */
export function prepareDataDir(dataDir: string): EngineFiles {
  const files = engineFiles(resolve(dataDir))
  mkdirSync(files.dataPath, { recursive: true, mode: 0o700 })
  chmodSync(files.directory, 0o700)
  return files
}

/** The password of this data directory: made once, kept beside the data. */
export function readOrCreatePassword(files: EngineFiles): string {
  const path = join(files.directory, 'password')
  try {
    const kept = readFileSync(path, 'utf8').trim()
    if (/^[\w-]{32,}$/.test(kept)) return kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const password = randomBytes(24).toString('base64url')
  writePrivate(path, `${password}\n`)
  return password
}

/** The engine's share of memory when nobody says: 1 GiB, at most half of what the machine or the container has. */
export function defaultMemoryMaxBytes(machineBytes: number = memoryOfMachine()): number {
  return Math.min(1024 * MIB, Math.floor(machineBytes / 2))
}

function memoryOfMachine(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

export interface EngineSettings {
  readonly password: string
  readonly memoryMaxBytes: number
  /** What /ping answers: tells this engine from whatever else may listen on the port. */
  readonly identity: string
}

export function writeEngineConfig(files: EngineFiles, settings: EngineSettings): void {
  writePrivate(files.usersFile, usersXml(settings))
  writePrivate(files.configFile, configXml(files, settings))
}

function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
}

/**
 * Only HTTP listens, only on loopback, and only for requests that carry the password: the header is compared before any
 * user is looked at, so nobody else reaches `default`, which the bootstrap query needs without a password.
 */
function configXml(files: EngineFiles, { password, memoryMaxBytes, identity }: EngineSettings): string {
  const authorization = `Basic ${Buffer.from(`${ENGINE_USER}:${password}`).toString('base64')}`
  return xml('clickhouse', {
    users_config: files.usersFile,
    listen_host: '127.0.0.1',
    send_crash_reports: { enabled: 'false' },
    http_handlers: [
      rule('/ping', undefined, { type: 'static', status: 200, response_content: identity }),
      rule('/', { Authorization: authorization }, { type: 'dynamic_query_handler', query_param_name: 'query' }),
      rule('regex:.*', undefined, { type: 'static', status: 401, response_content: 'this store belongs to fnscope\n' }),
    ],
    max_server_memory_usage: memoryMaxBytes,
    ...CACHES,
    ...POOLS,
    merge_tree: MERGE_TREE,
  })
}

function rule(url: string, headers: Tree | undefined, handler: Tree): Tree {
  return { rule: { url, ...(headers === undefined ? {} : { headers }), handler } }
}

/** The engine's defaults are for a large server: several GiB each. */
const CACHES: Tree = {
  mark_cache_size: 64 * MIB,
  primary_index_cache_size: 64 * MIB,
  index_mark_cache_size: 16 * MIB,
  uncompressed_cache_size: 0,
  index_uncompressed_cache_size: 0,
  mmap_cache_size: 0,
  text_index_tokens_cache_size: 16 * MIB,
  text_index_header_cache_size: 16 * MIB,
  text_index_postings_cache_size: 32 * MIB,
  query_condition_cache_size: 16 * MIB,
  vector_similarity_index_cache_size: MIB,
  parquet_metadata_cache_size: MIB,
  iceberg_metadata_files_cache_size: MIB,
  paimon_metadata_files_cache_size: MIB,
  unique_key_index_cache_size_bytes: MIB,
  unique_key_bitmap_cache_size_bytes: MIB,
  point_in_polygon_cache_size: MIB,
  compiled_expression_cache_size: 16 * MIB,
}

const POOLS: Tree = {
  background_pool_size: 2,
  background_merges_mutations_concurrency_ratio: 1,
  background_common_pool_size: 2,
  background_move_pool_size: 1,
  background_fetches_pool_size: 1,
  background_schedule_pool_size: 4,
  max_thread_pool_free_size: 16,
}

/** The three thresholds must fit a pool of two; parts beyond 2 GiB are left as they are, or merges cost ever more. */
const MERGE_TREE: Tree = {
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
  max_bytes_to_merge_at_max_space_in_pool: 2048 * MIB,
}

/**
 * `default` is the engine's own first session, which cannot have a password: two statements for the bootstrap, and a quota
 * of two over 68 years (a 32-bit number of seconds) so that the bootstrap uses it up.
 */
function usersXml({ password, memoryMaxBytes }: EngineSettings): string {
  const hash = createHash('sha256').update(password).digest('hex')
  return xml('clickhouse', {
    profiles: {
      default: {
        max_memory_usage: Math.floor(memoryMaxBytes / 2),
        max_bytes_before_external_group_by: Math.floor(memoryMaxBytes / 4),
        max_bytes_before_external_sort: Math.floor(memoryMaxBytes / 4),
      },
      bootstrap: { max_memory_usage: 16 * MIB, max_threads: 1 },
    },
    quotas: {
      unlimited: {},
      bootstrap: { interval: { duration: 2_147_483_647, queries: 2 } },
    },
    users: {
      [ENGINE_USER]: {
        password_sha256_hex: hash,
        networks: { ip: '127.0.0.1' },
        profile: 'default',
        quota: 'unlimited',
        grants: { query: 'GRANT ALL ON *.* WITH GRANT OPTION' },
      },
      default: {
        password: '',
        networks: [{ ip: '127.0.0.1' }, { ip: '::1' }],
        profile: 'bootstrap',
        quota: 'bootstrap',
        grants: [{ query: 'GRANT SYSTEM LISTEN ON *.*' }, { query: 'GRANT SELECT ON system.numbers' }],
      },
    },
  })
}

interface Tree {
  readonly [name: string]: string | number | Tree | readonly Tree[]
}

/** One element; a list holds elements of the same name side by side. */
function xml(name: string, value: Tree[string]): string {
  return `<${name}>${typeof value === 'object' ? inner(value) : escape(String(value))}</${name}>\n`
}

function inner(value: Tree | readonly Tree[]): string {
  const trees = Array.isArray(value) ? (value as readonly Tree[]) : [value as Tree]
  return trees.flatMap((tree) => Object.entries(tree).map(([name, child]) => xml(name, child))).join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
