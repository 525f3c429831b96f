// What Datadog's tracers call things: tags that the codec looks at, tags that mean what OpenTelemetry calls otherwise, and
// tags that are the library's own. https://docs.datadoghq.com/tracing/trace_collection/tracing_naming_convention/
import { isCustomKey, MEANING, type KeyMeaning } from './semantic-keys.ts'
import type { RowMake } from './span-row-writer.ts'
import { CLIENT, CONSUMER, INTERNAL, SERVER } from '../span/span-kind.ts'

/** Tags that the codec is told of. Below 32. */
export const TAG = {
  traceIdUpper: 1,
  kind: 2,
  errorType: 3,
  errorMessage: 4,
  errorStack: 5,
  env: 6,
  version: 7,
  runtimeId: 8,
  language: 9,
  requestId: 10,
  functionArn: 11,
  functionName: 12,
  functionVersion: 13,
  coldStart: 14,
  events: 15,
  links: 16,
  inferred: 17,
  databaseSystem: 18,
  priority: 19,
  host: 20,
} as const

export const TAGS = 32

const ROLES: ReadonlyMap<string, number> = new Map([
  ['_dd.p.tid', TAG.traceIdUpper],
  ['span.kind', TAG.kind],
  ['error.type', TAG.errorType],
  ['error.message', TAG.errorMessage],
  ['error.msg', TAG.errorMessage],
  ['error.stack', TAG.errorStack],
  ['env', TAG.env],
  ['version', TAG.version],
  ['runtime-id', TAG.runtimeId],
  ['language', TAG.language],
  ['request_id', TAG.requestId],
  ['function_arn', TAG.functionArn],
  ['functionname', TAG.functionName],
  ['function_version', TAG.functionVersion],
  ['cold_start', TAG.coldStart],
  ['events', TAG.events],
  ['_dd.span_links', TAG.links],
  ['_inferred_span.tag_source', TAG.inferred],
  ['db.system', TAG.databaseSystem],
  ['db.type', TAG.databaseSystem],
  ['_sampling_priority_v1', TAG.priority],
  ['_dd.hostname', TAG.host],
])

// Behind the names of the semantic conventions, of which Datadog's tracers write some as well.
const LATE = 8

const MEANINGS: ReadonlyMap<string, KeyMeaning> = new Map([
  ['out.host', { meaning: MEANING.host, rank: LATE }],
  ['network.destination.name', { meaning: MEANING.host, rank: LATE + 1 }],
  ['network.destination.port', { meaning: MEANING.port, rank: LATE }],
  ['out.port', { meaning: MEANING.port, rank: LATE + 1 }],
  ['http.useragent', { meaning: MEANING.userAgent, rank: LATE }],
  ['http.source_ip', { meaning: MEANING.clientAddress, rank: LATE }],
  ['network.client.ip', { meaning: MEANING.clientAddress, rank: LATE + 1 }],
  ['db.type', { meaning: MEANING.databaseSystem, rank: LATE }],
  ['db.instance', { meaning: MEANING.databaseName, rank: LATE }],
  ['aws_service', { meaning: MEANING.awsService, rank: LATE }],
  ['tablename', { meaning: MEANING.table, rank: LATE }],
  ['queuename', { meaning: MEANING.channel, rank: LATE }],
  ['topicname', { meaning: MEANING.channel, rank: LATE + 1 }],
  ['bucketname', { meaning: MEANING.bucket, rank: LATE }],
  ['functionname', { meaning: MEANING.function, rank: LATE }],
  ['usr.id', { meaning: MEANING.user, rank: LATE }],
])

/** What the library writes about itself and its process: kept, and not indexed. */
const OWN: ReadonlySet<string> = new Set(
  `runtime-id language process_id component span.kind span.name datadog_lambda dd_trace resource_names env version
   service system.pid functionname function_arn function_version cold_start request_id operation.name span.type
   dd_resource_key operation_name _sampling_priority_v1 _top_level`.split(/\s+/),
)
const OWN_SPACES = /^(?:_dd|_inferred_span|_|function_trigger|out|dd)\./

export const DATADOG: RowMake = {
  source: 'datadog',
  roles: ROLES,
  meanings: MEANINGS,
  isCustomKey: (key) => !OWN.has(key) && !OWN_SPACES.test(key) && isCustomKey(key),
}

export interface TypeFacts {
  /** OpenTelemetry's SpanKind of a span that names none. */
  readonly kind: number
  /** What is served: the resource says more of it than the operation. */
  readonly isWeb: boolean
  readonly isFunction: boolean
  readonly isSql: boolean
  /** The type is a database's name, in OpenTelemetry's spelling. */
  readonly isDatabase: boolean
}

const PLAIN = { kind: INTERNAL, isWeb: false, isFunction: false, isSql: false, isDatabase: false }

const TYPES: ReadonlyMap<string, TypeFacts> = new Map<string, TypeFacts>([
  ['web', { ...PLAIN, kind: SERVER, isWeb: true }],
  ['server', { ...PLAIN, kind: SERVER, isWeb: true }],
  ['serverless', { ...PLAIN, kind: SERVER, isFunction: true }],
  ['http', { ...PLAIN, kind: CLIENT }],
  ['sql', { ...PLAIN, kind: CLIENT, isSql: true }],
  ['db', { ...PLAIN, kind: CLIENT, isSql: true }],
  ['cache', { ...PLAIN, kind: CLIENT }],
  ['queue', { ...PLAIN, kind: CONSUMER }],
  ...['redis', 'mongodb', 'cassandra', 'elasticsearch', 'opensearch', 'memcached', 'couchbase', 'neo4j'].map(
    (name) => [name, { ...PLAIN, kind: CLIENT, isDatabase: true }] as const,
  ),
])

/** @param type of the span, as it came */
export function factsOfType(type: string): TypeFacts {
  return TYPES.get(type.toLowerCase()) ?? PLAIN
}
