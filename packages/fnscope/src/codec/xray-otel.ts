// A span's attributes under OpenTelemetry's names, for readers of other APIs than X-Ray's: fields of segment documents
// that have such a name stand under it, everything else as it was sent. The way back is xray-foreign*.ts.
import { allAttributes } from '../span/all-attributes.ts'
import type { AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { isNative } from './xray-parts.ts'

/** Where xray-span.ts put a document's field → OpenTelemetry's name for it. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['sql.sanitized_query', 'db.query.text'],
  ['sql.database_type', 'db.system.name'],
  ['sql.user', 'db.user'],
  ['sql.connection_string', 'db.connection_string'],
  ['aws.operation', 'rpc.method'],
  ['aws.region', 'cloud.region'],
  ['aws.queue_url', 'aws.sqs.queue.url'],
  ['aws.table_name', 'aws.dynamodb.table_names'],
  ['aws.table_names', 'aws.dynamodb.table_names'],
  ['aws.bucket_name', 'aws.s3.bucket'],
  ['aws.key', 'aws.s3.key'],
  ['aws.topic_arn', 'aws.sns.topic.arn'],
  ['aws.function_name', 'faas.invoked_name'],
  ['aws.function_arn', 'aws.lambda.invoked_arn'],
  ['http.response.content_length', 'http.response.body.size'],
])

const BY_NAME: ReadonlyMap<string, readonly string[]> = new Map(
  [...Map.groupBy(NAMES, ([, name]) => name)].map(([name, pairs]) => [name, pairs.map(([key]) => key)]),
)

/** Keys of attributes of X-Ray's own spans that are shown under the name. */
export function xrayKeysOf(name: string): readonly string[] {
  return BY_NAME.get(name) ?? []
}

/** Database systems as the X-Ray SDKs spell them, by OpenTelemetry's name. */
const SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  postgresql: ['PostgreSQL', 'postgres'],
  mysql: ['MySQL'],
  sqlite: ['sqlite3', 'SQLite'],
  'microsoft.sql_server': ['mssql', 'MSSQL'],
  'oracle.db': ['Oracle', 'oracle'],
  mariadb: ['MariaDB'],
}

const SYSTEM_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(SYSTEMS).flatMap(([system, spellings]) => spellings.map((spelled) => [spelled, system] as const)),
)

/** How a value of the attribute `name` may stand in X-Ray's own spans: they spell some otherwise. */
export function xrayValuesOf(name: string, value: string): readonly string[] {
  if (name === 'db.system.name') return [value, ...(SYSTEMS[value] ?? [])]
  const one = name === 'aws.dynamodb.table_names' ? /^\["([^"\\]*)"\]$/.exec(value)?.[1] : undefined
  return one === undefined ? [value] : [value, one]
}

/** Key and value of every attribute. */
export function otelAttributes(span: Span): readonly (readonly [string, AttributeValue])[] {
  if (!isNative(span)) return allAttributes(span)
  const found = new Map<string, AttributeValue>()
  for (const [key, value] of Object.entries(span.attributes)) {
    const name = NAMES.get(key) ?? key
    if (key === 'sql.database_type' && typeof value === 'string') found.set(name, SYSTEM_OF.get(value) ?? value)
    else found.set(name, key === 'aws.table_name' ? [value] : value)
  }
  if (span.namespace === 'aws') {
    found.set('rpc.system', 'aws-api')
    found.set('rpc.service', span.name)
  }
  if (found.has('db.system.name')) addDatabase(found, span.name)
  for (const [key, value] of Object.entries(span.annotations)) found.set(key, value)
  return [...found]
}

/** The SDKs name a subsegment of SQL `database@host`, or say both in its URL; SQLite's by its file. */
function addDatabase(found: Map<string, AttributeValue>, name: string): void {
  const at = name.lastIndexOf('@')
  const url = found.get('sql.url')
  const inUrl =
    typeof url === 'string' ? /^[a-z0-9+.-]+:\/\/(?:[^@]*@)?([^:/]+)(?::\d+)?\/([^/?]+)/i.exec(url) : undefined
  const [database, host] =
    at >= 0 ? [name.slice(0, at), name.slice(at + 1)] : inUrl ? [inUrl[2]!, inUrl[1]!] : [undefined, undefined]
  if (database !== undefined) found.set('db.namespace', database)
  else if (found.get('db.system.name') === 'sqlite') found.set('db.namespace', name)
  if (host !== undefined) found.set('server.address', host)
}
