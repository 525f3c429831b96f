// A cluster for tests: several real ClickHouse servers of this machine, one shard each, that know one another by their
// native ports. The engine's own host process runs them; each can be killed and started again on its ports and files.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findEngineLibrary } from '../../packages/fnscope/src/store/engine-library.ts'
import { eventually, temporaryDir } from '../started-fnscope.ts'

export interface RigNode {
  readonly url: string
  /** `host:port` of the native protocol, as the cluster knows it. */
  readonly native: string
  kill(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Resolves when it answers. */
  start(): Promise<void>
  /** Of the present process. */
  readonly pid: number
}

export interface Rig extends AsyncDisposable {
  /** The name in remote_servers. */
  readonly cluster: string
  readonly nodes: readonly RigNode[]
  /** As `--store` takes them. */
  readonly urls: string
}

export interface RigOptions {
  readonly nodes?: number
  /** Put into every server's configuration. */
  readonly extraXml?: string
  /** Nodes of one shard. Default 1. */
  readonly replicas?: number
}

const HOST = fileURLToPath(new URL('../../packages/fnscope/src/store/engine-host.mjs', import.meta.url))
const CLUSTER = 'rig'
const START_TIMEOUT_MS = 60_000
const MIB = 1024 * 1024
const KEEP_RUNNING =
  'SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM system.numbers LIMIT 4000000000 ' +
  'SETTINGS max_block_size=1, max_execution_time=0 FORMAT Null'

/** Starts the servers; they end with the test file. */
export async function startRig({ nodes: count = 2, replicas = 1, extraXml = '' }: RigOptions = {}): Promise<Rig> {
  const dir = temporaryDir('rig')
  const ports = await freePorts(count * 2)
  const places = Array.from({ length: count }, (_, i) => ({ http: ports[2 * i]!, tcp: ports[2 * i + 1]! }))
  const servers: string[] = []
  for (let shard = 0; shard < count; shard += replicas) {
    const members = places.slice(shard, shard + replicas)
    const xml = members.map(({ tcp }) => `<replica><host>127.0.0.1</host><port>${tcp}</port></replica>`)
    servers.push(`<shard><internal_replication>true</internal_replication>${xml.join('')}</shard>`)
  }
  const nodes = places.map((place, i) => {
    const home = join(dir, `node${i}`)
    mkdirSync(home)
    const config = `${home}.xml`
    const macros = `<shard>${Math.floor(i / replicas) + 1}</shard><replica>${(i % replicas) + 1}</replica>`
    writeFileSync(
      config,
      `<clickhouse><listen_host>127.0.0.1</listen_host><macros>${macros}</macros>
       <remote_servers><${CLUSTER}>${servers.join('')}</${CLUSTER}></remote_servers>
       <mark_cache_size>${64 * MIB}</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
       <background_pool_size>2</background_pool_size>
       <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
       <merge_tree><number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
       <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
       <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition></merge_tree>
       ${extraXml}</clickhouse>`,
    )
    return startableNode({ ...place, config, home })
  })
  const rig: Rig = {
    cluster: CLUSTER,
    nodes,
    urls: nodes.map(({ url }) => url).join(','),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.kill('SIGKILL')))
      rmSync(dir, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await rig[Symbol.asyncDispose]()
    throw error
  }
  return rig
}

interface Place {
  readonly http: number
  readonly tcp: number
  readonly config: string
  readonly home: string
}

/**
 * Killed, it stays away until start(). Ended otherwise, it comes back by itself: this build of the engine, made for one
 * process, aborts when the peer of a native connection is killed in the middle of a packet; a real server does not.
 */
function startableNode({ http, tcp, config, home }: Place): RigNode {
  let child: ChildProcess | undefined
  let wanted = false
  const url = `http://127.0.0.1:${http}`
  const launch = (): void => {
    const engine = [`--config-file=${config}`, `--path=${home}`, `--http_port=${http}`, `--tcp_port=${tcp}`]
    const args = ['--experimental-ffi', '--no-warnings', HOST, findEngineLibrary(), String(process.pid), ...engine]
    const started = spawn(process.execPath, [...args, '--multiquery', `--query=${KEEP_RUNNING}`], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], HOME: home, TZ: 'UTC' },
    })
    child = started
    started.once('exit', () => {
      if (wanted && child === started) setTimeout(() => wanted && launch(), 100)
    })
  }
  return {
    url,
    native: `127.0.0.1:${tcp}`,
    get pid() {
      return child?.pid ?? 0
    },
    async kill(signal = 'SIGKILL') {
      wanted = false
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
    async start() {
      wanted = true
      launch()
      await eventually(async () => {
        try {
          return (await fetch(`${url}/ping`)).ok || undefined
        } catch {
          return undefined
        }
      }, START_TIMEOUT_MS)
    },
  }
}

/** Held until all are known, so that no port is given twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port)
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')))
  return ports
}
