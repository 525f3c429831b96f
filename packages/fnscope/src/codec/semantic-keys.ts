// The attribute keys of OpenTelemetry's semantic conventions: which have a meaning in the model, and which are nobody's
// own. Current names and those that SDKs in the field still send.
import { SPAN_FLAG } from '../span/span-batch.ts'

/** What a span's attributes can say. Below 32: a set of them is the bits of one number. */
export const MEANING = {
  method: 0,
  status: 1,
  url: 2,
  scheme: 3,
  /** The server's, as either side names it. */
  host: 4,
  /** The server's, as the server alone names it. */
  localHost: 5,
  port: 6,
  path: 7,
  query: 8,
  userAgent: 9,
  clientAddress: 10,
  /** Of the other end of the connection. */
  peerAddress: 11,
  remoteService: 12,
  rpcSystem: 13,
  rpcService: 14,
  awsService: 15,
  table: 16,
  /** A queue's URL or a topic's ARN. */
  channel: 17,
  bucket: 18,
  function: 19,
  messagingSystem: 20,
  destination: 21,
  databaseSystem: 22,
  databaseName: 23,
  connection: 24,
  origin: 25,
  localService: 26,
  arn: 27,
  accountId: 28,
  user: 29,
} as const

export type Meaning = (typeof MEANING)[keyof typeof MEANING]

/** The bits of several. */
export function meanings(...list: readonly Meaning[]): number {
  let bits = 0
  for (const one of list) bits |= 1 << one
  return bits
}

/** Keys that mean the same, the one to be believed first. */
const KEYS: Readonly<Record<keyof typeof MEANING, readonly string[]>> = {
  method: ['http.request.method', 'http.method'],
  status: ['http.response.status_code', 'http.status_code'],
  url: ['url.full', 'http.url'],
  scheme: ['url.scheme', 'http.scheme'],
  host: ['server.address', 'http.host', 'net.peer.name'],
  localHost: ['http.server_name', 'net.host.name'],
  port: ['server.port', 'net.host.port'],
  path: ['http.target', 'url.path'],
  query: ['url.query'],
  userAgent: ['user_agent.original', 'http.user_agent'],
  clientAddress: ['client.address', 'http.client_ip'],
  peerAddress: ['network.peer.address', 'net.sock.peer.addr', 'net.peer.ip'],
  remoteService: ['aws.remote.service', 'peer.service'],
  rpcSystem: ['rpc.system', 'rpc.system.name'],
  rpcService: ['rpc.service'],
  awsService: ['aws.service'],
  table: ['aws.dynamodb.table_names', 'aws.table.name'],
  channel: [
    'aws.sqs.queue.url',
    'aws.sqs.queue_url',
    'aws.queue.url',
    'aws.queue_url',
    'aws.sns.topic.arn',
    'messaging.url',
  ],
  bucket: ['aws.s3.bucket'],
  function: ['faas.invoked_name'],
  messagingSystem: ['messaging.system'],
  destination: ['messaging.destination.name', 'messaging.destination'],
  databaseSystem: ['db.system.name', 'db.system'],
  databaseName: ['db.namespace', 'db.name'],
  connection: ['db.connection_string'],
  origin: ['aws.xray.origin'],
  localService: ['aws.local.service'],
  arn: ['aws.resource_arn', 'cloud.resource_id', 'aws.lambda.invoked_arn', 'faas.id'],
  accountId: ['cloud.account.id'],
  user: ['enduser.id', 'user.id'],
}

export interface KeyMeaning {
  readonly meaning: Meaning
  /** 0 of the key that is believed before all others of the meaning. */
  readonly rank: number
}

const BY_KEY: ReadonlyMap<string, KeyMeaning> = new Map(
  (Object.keys(KEYS) as (keyof typeof MEANING)[]).flatMap((name) =>
    KEYS[name].map((key, rank) => [key, { meaning: MEANING[name], rank }] as const),
  ),
)

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['faas.coldstart', SPAN_FLAG.coldStart],
  ['aws.xray.traced', SPAN_FLAG.traced],
])

/** The SPAN_FLAG that the key sets when its value is true; 0 when it sets none. */
export function flagOf(key: string): number {
  return FLAGS.get(key) ?? 0
}

export function meaningOf(key: string): KeyMeaning | undefined {
  return BY_KEY.get(key)
}

// Keys that Datadog's libraries write, and that are kept as they were sent, beside OpenTelemetry's for the same.
const OTHERS: Partial<Readonly<Record<keyof typeof MEANING, readonly string[]>>> = {
  userAgent: ['http.useragent'],
  host: ['out.host'],
  databaseSystem: ['db.type'],
  databaseName: ['db.instance'],
}

const ENVIRONMENT = ['deployment.environment.name', 'deployment.environment', 'env']

const SAME: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...(Object.keys(KEYS) as (keyof typeof MEANING)[]).map((name) => [...KEYS[name], ...(OTHERS[name] ?? [])]),
    ENVIRONMENT,
  ].flatMap((keys) => keys.map((key) => [key, keys] as const)),
)

/** All keys that mean what `key` means, itself among them. */
export function sameKeys(key: string): readonly string[] {
  return SAME.get(key) ?? [key]
}

// What stands before the first point. user, app and the like are not among them: they are the user's own more often.
const NAMESPACES: ReadonlySet<string> = new Set(
  `android artifact aspnetcore aws az azure browser cassandra cicd client cloud cloudevents cloudfoundry code container
   cpu cpython db deployment destination device disk dns dotnet elasticsearch enduser error event exception faas
   feature_flag fnscope file gcp gen_ai geo go graphql heroku host http hw ios jvm k8s kestrel linux log mcp messaging net
   network nodejs oci openai opentracing oracle_cloud os otel peer pool process profile rpc server service session
   signalr source system telemetry thread tls url user_agent v8js vcs webengine`.split(/\s+/),
)

/** Whether the key is the user's own: in no namespace of the semantic conventions. */
export function isCustomKey(key: string): boolean {
  const point = key.indexOf('.')
  return point === -1 || !NAMESPACES.has(key.slice(0, point))
}
