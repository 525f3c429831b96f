// The only reader of flags and environment for the long-running program: flag > FNSCOPE_* > default.
// Everyone else receives what they need as an argument.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { FnscopeError } from './errors.ts'
import { parseRoles, type Role } from './roles.ts'

export type CloudChoice =
  | { readonly kind: 'off' | 'ministack' | 'moto' }
  | { readonly kind: 'url'; readonly url: string }

export type DoorName = keyof typeof DOOR_PORTS

/** Where a door listens; undefined port 0 = any free one; 'off' = not at all. */
export type DoorAddress = { readonly host: string; readonly port: number; readonly explicit: boolean } | 'off'

export interface Config {
  readonly dataDir: string
  /** Installed runtimes and dependencies: kept between data directories. */
  readonly cacheDir: string
  readonly host: string
  readonly port: number
  /** The user named the port: then a taken one is fatal. */
  readonly portExplicit: boolean
  readonly doors: Readonly<Record<DoorName, DoorAddress>>
  /** A ClickHouse URL with credentials, several of a cluster joined by commas; undefined: the embedded engine. */
  readonly storeUrl: string | undefined
  /** Instead of one in the URL. */
  readonly storePassword: string | undefined
  /** PEM file of a private authority that signed the store's certificate. */
  readonly storeCa: string | undefined
  /** Name among the store's remote_servers: the tables are spread over it. */
  readonly cluster: string | undefined
  /** What this process does of what fnscope does. */
  readonly roles: readonly Role[]
  readonly token: string | undefined
  /** How long each signal is kept, days. */
  readonly retention: { readonly spansDays: number; readonly logsDays: number; readonly metricsDays: number }
  /** The user named it: what was set while it ran does not count. */
  readonly retentionExplicit: boolean
  readonly walMaxBytes: number
  /** Batches survive a power cut, not only kill -9: fdatasync before the answer. */
  readonly fsync: boolean
  /** When a client that waits is answered: its batch is in the write-ahead log, or in the store. */
  readonly ack: 'wal' | 'stored'
  /** all: record every invocation; cloud: 1/s + 5 %, PassThrough silent. */
  readonly sampling: 'all' | 'cloud'
  /** Overrides every function's style. */
  readonly segmentStyle: 'old' | 'new' | undefined
  /** sum: the init is billed, as since August 2025; duration: as before. */
  readonly billing: 'sum' | 'duration'
  /** Environments get no CPU between invocations. */
  readonly freeze: boolean
  /** Code that is changed on disk is run by the next invocation. */
  readonly watch: boolean
  /** Whether Function Compute's functions are traced; template: as their s.yaml says. */
  readonly fcTracing: 'on' | 'off' | 'template'
  /** Record what cold starts are made of, down to each import. */
  readonly anatomy: boolean
  /** How functions are kept apart from the machine. */
  readonly isolation: 'auto' | 'namespace' | 'none'
  /** Another version of a runtime never stands in for a missing one. */
  readonly strictRuntime: boolean
  readonly region: string
  readonly accountId: string
  /** Another local cloud's endpoint whose functions' logs are read. */
  readonly besideUrl: string | undefined
  /** Who has the AWS services that fnscope has not. */
  readonly cloud: CloudChoice
  /** Schedules fire. */
  readonly schedules: boolean
  readonly logLevel: string
}

/** As the command line gives it: all strings, nothing checked. */
export interface ConfigFlags {
  readonly data?: string
  readonly host?: string
  readonly port?: string
  readonly ports?: string
  readonly door?: readonly string[]
  readonly store?: string
  readonly storeCa?: string
  readonly cluster?: string
  readonly roles?: string
  readonly token?: string
  readonly retention?: string
  readonly sampling?: string
  readonly anatomy?: boolean
  readonly isolation?: string
  readonly strictRuntime?: boolean
  readonly fsync?: boolean
  readonly ack?: string
  readonly beside?: string
  readonly cloud?: string
  readonly schedules?: boolean
  readonly logLevel?: string
}

export const DEFAULT_PORT = 4747
/** What clients of each protocol use when they are told nothing. */
const DOOR_PORTS = {
  'xray-daemon': 2000,
  'otlp-http': 4318,
  'otlp-grpc': 4317,
  datadog: 8126,
  'datadog-extension': 8124,
  datakit: 9529,
  statsd: 8125,
  'jaeger-thrift-http': 14268,
  'jaeger-grpc': 14250,
  'jaeger-compact': 6831,
  'jaeger-binary': 6832,
  'jaeger-sampling': 5778,
  'jaeger-query': 16686,
  'jaeger-query-grpc': 16685,
  zipkin: 9411,
} as const
/** The daemon's is also how functions report to the process that runs them. */
const DOOR_ROLES: Readonly<Record<string, readonly Role[]>> = {
  'xray-daemon': ['receive', 'platform'],
  'jaeger-query': ['query'],
  'jaeger-query-grpc': ['query'],
} satisfies { readonly [door in DoorName]?: readonly Role[] }
/** What they speak has no place for a token: wider than loopback by their own --door alone. */
const DOORS_WITHOUT_TOKEN: readonly string[] = [
  'xray-daemon',
  'statsd',
  'jaeger-compact',
  'jaeger-binary',
] satisfies DoorName[]
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent']
export const MAX_RETENTION_DAYS = 3650
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1'])

function usage(message: string): FnscopeError {
  return new FnscopeError('FNS_USAGE', message)
}

function parsePort(text: string, flag: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw usage(`${flag} wants a port from 0 to 65535, not "${text}".`)
  return port
}

const DEFAULT_RETENTION_DAYS = 7

/** `7d` for every signal, `logs=3d` for one; several joined by commas, a later one wins. */
function parseRetention(text: string): Config['retention'] {
  const kept = {
    spansDays: DEFAULT_RETENTION_DAYS,
    logsDays: DEFAULT_RETENTION_DAYS,
    metricsDays: DEFAULT_RETENTION_DAYS,
  }
  for (const part of text.split(',')) {
    const match = /^(?:(spans|logs|metrics)=)?(\d+)(d|h)$/.exec(part.trim())
    const days = match ? Number(match[2]) / (match[3] === 'h' ? 24 : 1) : Number.NaN
    if (!(days > 0 && days <= MAX_RETENTION_DAYS))
      throw usage(
        `--retention wants days or hours like 7d or 12h, or by signal like spans=7d,logs=3d,metrics=30d, up to ${MAX_RETENTION_DAYS}d, not "${text.slice(0, 100)}".`,
      )
    const signal = match?.[1]
    if (signal === undefined || signal === 'spans') kept.spansDays = days
    if (signal === undefined || signal === 'logs') kept.logsDays = days
    if (signal === undefined || signal === 'metrics') kept.metricsDays = days
  }
  return kept
}

function parseDoors(flags: ConfigFlags): Config['doors'] {
  const auto = flags.ports === 'auto'
  if (flags.ports !== undefined && !auto) throw usage(`--ports knows only "auto", not "${flags.ports}".`)
  const doors: Record<string, DoorAddress> = {}
  for (const [door, port] of Object.entries(DOOR_PORTS))
    doors[door] = { host: '127.0.0.1', port: auto ? 0 : port, explicit: false }
  for (const door of flags.door ?? []) {
    const match = /^([a-z-]+)=(off|(.+):(\d+))$/.exec(door)
    const name = match?.[1] ?? ''
    if (!match || !Object.hasOwn(DOOR_PORTS, name)) {
      throw usage(
        `--door wants NAME=HOST:PORT or NAME=off with NAME one of ${Object.keys(DOOR_PORTS).join(', ')}, not "${door}".`,
      )
    }
    doors[name] = match[2] === 'off' ? 'off' : { host: match[3]!, port: parsePort(match[4]!, '--door'), explicit: true }
  }
  return doors as Config['doors']
}

function refuseWideDoors(doors: Config['doors']): void {
  for (const [name, door] of Object.entries(doors)) {
    if (door === 'off' || LOOPBACK.has(door.host) || DOORS_WITHOUT_TOKEN.includes(name)) continue
    throw new FnscopeError(
      'FNS_WIDE_WITHOUT_TOKEN',
      `--door ${name}=${door.host}:${door.port} would let other machines in without a password. Add --token SECRET (or FNSCOPE_TOKEN), or name 127.0.0.1.`,
    )
  }
}

/** A process without a door's role does not open it. Telemetry comes in where `receive` is. */
function doorsOfRoles(doors: Config['doors'], roles: readonly Role[]): Config['doors'] {
  const kept = Object.entries(doors).map(([name, door]) => {
    const wanted = DOOR_ROLES[name] ?? ['receive']
    const stays = wanted.some((role) => roles.includes(role))
    if (door !== 'off' && door.explicit && !stays)
      throw usage(`--door ${name} is the part of the role ${wanted[0]}, which --roles ${roles.join(',')} leaves out.`)
    return [name, stays ? door : 'off']
  })
  return Object.fromEntries(kept) as Config['doors']
}

function parseBeside(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw usage(`--beside wants the URL of another local cloud, like http://127.0.0.1:4566, not "${text.slice(0, 200)}".`)
}

/** `auto` is what starts fastest of those that need no container. */
function parseCloud(text: string): CloudChoice {
  if (text === 'auto') return { kind: 'ministack' }
  if (text === 'ministack' || text === 'moto' || text === 'off') return { kind: text }
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return { kind: 'url', url: text }
  throw usage(`--cloud is auto, ministack, moto, off, or the URL of a cloud, not "${text.slice(0, 200)}".`)
}

function isOn(env: Readonly<Record<string, string | undefined>>, name: string): boolean {
  const text = env[name] || '0'
  if (text === '1' || text === 'true') return true
  if (text === '0' || text === 'false') return false
  throw usage(`${name} is 1 or 0, not "${text}".`)
}

/** The checked configuration. @throws FnscopeError FNS_USAGE, FNS_WIDE_WITHOUT_TOKEN */
export function readConfig(flags: ConfigFlags, env: Readonly<Record<string, string | undefined>>): Config {
  const pick = (flag: string | undefined, name: string): string | undefined =>
    flag ?? (env[`FNSCOPE_${name}`] || undefined)
  const host = pick(flags.host, 'HOST') ?? '127.0.0.1'
  const token = pick(flags.token, 'TOKEN')
  if (!LOOPBACK.has(host) && token === undefined) {
    throw new FnscopeError(
      'FNS_WIDE_WITHOUT_TOKEN',
      `--host ${host} would let other machines in without a password. Add --token SECRET (or FNSCOPE_TOKEN), or leave --host out to stay on 127.0.0.1.`,
    )
  }
  const roles = parseRoles(pick(flags.roles, 'ROLES'))
  const doors = doorsOfRoles(parseDoors(flags), roles)
  if (token === undefined) refuseWideDoors(doors)
  const sampling = pick(flags.sampling, 'SAMPLING') ?? 'all'
  if (sampling !== 'all' && sampling !== 'cloud') throw usage(`--sampling is "all" or "cloud", not "${sampling}".`)
  const ack = pick(flags.ack, 'ACK') ?? 'wal'
  if (ack !== 'wal' && ack !== 'stored') throw usage(`--ack is "wal" or "stored", not "${ack}".`)
  const style = env['FNSCOPE_SEGMENT_STYLE'] || undefined
  if (style !== undefined && style !== 'old' && style !== 'new')
    throw usage(`FNSCOPE_SEGMENT_STYLE is "old" or "new", not "${style}".`)
  const fcTracing = env['FNSCOPE_FC_TRACING'] || 'template'
  if (fcTracing !== 'on' && fcTracing !== 'off' && fcTracing !== 'template')
    throw usage(`FNSCOPE_FC_TRACING is "on", "off" or "template", not "${fcTracing}".`)
  const billing = env['FNSCOPE_BILLING'] || 'sum'
  if (billing !== 'sum' && billing !== 'duration')
    throw usage(`FNSCOPE_BILLING is "sum" or "duration", not "${billing}".`)
  const isolation = pick(flags.isolation, 'ISOLATION') ?? 'auto'
  if (isolation !== 'auto' && isolation !== 'namespace' && isolation !== 'none')
    throw usage(`--isolation is "auto", "namespace" or "none", not "${isolation}".`)
  const logLevel = pick(flags.logLevel, 'LOG_LEVEL') ?? 'warn'
  if (!LOG_LEVELS.includes(logLevel)) throw usage(`--log-level is one of ${LOG_LEVELS.join(', ')}, not "${logLevel}".`)
  const store = {
    storeUrl: pick(flags.store, 'STORE'),
    storePassword: env['FNSCOPE_STORE_PASSWORD'] || undefined,
    storeCa: pick(flags.storeCa, 'STORE_CA'),
    cluster: pick(flags.cluster, 'CLUSTER'),
  }
  if (store.storeUrl === undefined && (store.cluster !== undefined || store.storeCa !== undefined))
    throw usage(
      `${store.cluster === undefined ? '--store-ca' : '--cluster'} says how to use a ClickHouse server: name it with --store URL.`,
    )
  const port = pick(flags.port, 'PORT')
  const retention = pick(flags.retention, 'RETENTION')
  return Object.freeze({
    dataDir: pick(flags.data, 'DATA') ?? '.fnscope',
    cacheDir: env['FNSCOPE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fnscope'),
    host,
    port: port === undefined ? (flags.ports === 'auto' ? 0 : DEFAULT_PORT) : parsePort(port, '--port'),
    portExplicit: port !== undefined,
    doors,
    ...store,
    roles,
    token,
    retention: parseRetention(retention ?? `${DEFAULT_RETENTION_DAYS}d`),
    retentionExplicit: retention !== undefined,
    walMaxBytes: 512 * 1024 * 1024,
    fsync: flags.fsync ?? isOn(env, 'FNSCOPE_FSYNC'),
    ack,
    sampling,
    segmentStyle: style,
    billing,
    freeze: isOn(env, 'FNSCOPE_FREEZE'),
    watch: isOn({ FNSCOPE_WATCH: '1', ...env }, 'FNSCOPE_WATCH'),
    isolation,
    strictRuntime: flags.strictRuntime ?? isOn(env, 'FNSCOPE_STRICT_RUNTIME'),
    fcTracing,
    anatomy: flags.anatomy ?? isOn(env, 'FNSCOPE_ANATOMY'),
    region: env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1',
    accountId: '000000000000',
    besideUrl: parseBeside(pick(flags.beside, 'BESIDE')),
    cloud: parseCloud(pick(flags.cloud, 'CLOUD') ?? 'auto'),
    // The flag can only switch them off.
    schedules: flags.schedules !== false && (!env['FNSCOPE_SCHEDULES'] || isOn(env, 'FNSCOPE_SCHEDULES')),
    logLevel,
  })
}
