// The names that DataKit gives what it knows of a span, and what they are in OpenTelemetry.
import type { AttributeValue } from '../span/attribute-value.ts'
import { isDeeperThan, isJsonObject } from './json.ts'
import { isCustomKey } from './semantic-keys.ts'

/** What has a column of its own. */
export const COLUMN_KEYS: ReadonlySet<string> = new Set([
  'service',
  'operation',
  'trace_id',
  'span_id',
  'parent_id',
  'start',
  'duration',
])

/** A second name under which the value is kept: a search by it finds spans of every make. */
export const NAMES_OF: ReadonlyMap<string, string> = new Map([
  ['http_method', 'http.request.method'],
  ['http_status_code', 'http.response.status_code'],
  ['http_url', 'url.full'],
  ['http_route', 'http.route'],
  ['http_host', 'server.address'],
  ['out_host', 'server.address'],
  ['http_client_ip', 'client.address'],
  ['http_useragent', 'user_agent.original'],
  ['db_system', 'db.system.name'],
  ['db_name', 'db.namespace'],
  ['db_instance', 'db.namespace'],
  ['db_operation', 'db.operation.name'],
  ['db_statement', 'db.query.text'],
  ['messaging_system', 'messaging.system'],
  ['messaging_destination', 'messaging.destination.name'],
  ['peer_service', 'peer.service'],
  ['error_type', 'error.type'],
  ['resource', 'resource.name'],
])

const OWN = new Set(
  `resource resource.name message source source_type span_type span_kind status remote_ip sampling_rate env version host project
   container_host pid system_pid base_service operation_name dk_fingerprint create_time df_parent_id`.split(/\s+/),
)
const OWN_FAMILIES = /^(?:http|error|db|messaging|peer|out|aws|net|rpc|runtime|k8s)_/

/** Whether the key is DataKit's or the conventions' own: then it is kept, and not indexed. */
export function isOwnKey(key: string): boolean {
  return OWN.has(key) || OWN_FAMILIES.test(key) || !isCustomKey(key)
}

const KINDS: ReadonlyMap<string, number> = new Map([
  ['internal', 1],
  ['server', 2],
  ['client', 3],
  ['producer', 4],
  ['consumer', 5],
])

/** OpenTelemetry's kind: as said, or as DataKit's two types of a span have it. */
export function kindOfPoint(spanKind: string, spanType: string, sourceType: string): number {
  const said = KINDS.get(spanKind.toLowerCase())
  if (said !== undefined) return said
  if (sourceType === 'db' || sourceType === 'cache') return 3
  if (spanType !== 'entry') return 1
  return sourceType === 'message_queue' ? 5 : 2
}

const MAX_MESSAGE = 64 * 1024
const MAX_DEPTH = 32

/** What the rest of a ddtrace span, which DataKit keeps as JSON in `message`, says of the invocation. */
export function invocationOf(message: AttributeValue | undefined): readonly (readonly [string, string | boolean])[] {
  if (typeof message !== 'string' || !message.startsWith('{') || message.length > MAX_MESSAGE) return []
  if (isDeeperThan(message, MAX_DEPTH)) return []
  try {
    const said: unknown = JSON.parse(message)
    const meta = isJsonObject(said) && isJsonObject(said['meta']) ? said['meta'] : {}
    const found: (readonly [string, string | boolean])[] = []
    const { request_id: requestId, cold_start: coldStart, function_arn: arn } = meta
    if (typeof requestId === 'string' && requestId !== '') found.push(['faas.invocation_id', requestId])
    if (coldStart === 'true' || coldStart === 'false') found.push(['faas.coldstart', coldStart === 'true'])
    if (typeof arn === 'string' && arn !== '') found.push(['aws.lambda.invoked_arn', arn])
    return found
  } catch {
    return []
  }
}
