// What a client span calls, as a node of the service graph. Pure: every codec describes the call in these words.

/** A call to something else, in no format's spelling. */
export interface Call {
  /** X-Ray's: 'aws' for an AWS API, 'remote' for anything else outside the process. */
  readonly namespace: string
  /** aws: the service as the SDK spells it; remote: the host or database. */
  readonly name: string
  readonly hasSql?: boolean
  readonly tableName?: string | undefined
  readonly queueUrl?: string | undefined
  readonly bucketName?: string | undefined
  readonly functionName?: string | undefined
  /** Or its ARN. */
  readonly topicName?: string | undefined
  /** As OpenTelemetry spells database systems: postgresql, redis … */
  readonly databaseSystem?: string | undefined
}

export interface Peer {
  readonly name: string
  /** X-Ray's node type: AWS::DynamoDB::Table, remote, Database::SQL … */
  readonly type: string
}

// The Python SDK writes services in lower case, the Node SDK as AWS does: one node for both.
const SPELLING: ReadonlyMap<string, string> = new Map(
  ['DynamoDB', 'SQS', 'S3', 'SNS', 'Lambda'].map((name) => [name.toLowerCase(), name]),
)

/** The node that is called, or undefined when the span calls nothing. */
export function peerOf(call: Call): Peer | undefined {
  if (call.name === '') return undefined
  if (call.namespace === 'aws') return awsPeer(call)
  if (call.databaseSystem) return { name: call.name, type: databaseType(call.databaseSystem) }
  if (call.hasSql === true) return { name: call.name, type: 'Database::SQL' }
  return call.namespace === 'remote' ? { name: call.name, type: 'remote' } : undefined
}

// X-Ray has one type, for SQL; others are fnscope's, of the same pattern.
const SQL_SYSTEMS: ReadonlySet<string> = new Set(
  `clickhouse cockroachdb db2 derby edb firebird firebirdsql h2 hanadb hsqldb ibm.db2 ingres mariadb maxdb
   microsoft.sql_server mssql mysql oracle oracle.db other_sql postgresql progress redshift sap.hana sap.maxdb spanner
   sqlite sybase teradata trino vertica`.split(/\s+/),
)

/** @param system as OpenTelemetry spells it, in current conventions or older ones */
export function isSqlSystem(system: string): boolean {
  return SQL_SYSTEMS.has(system)
}

function databaseType(system: string): string {
  return isSqlSystem(system) ? 'Database::SQL' : `Database::${system}`
}

function awsPeer(call: Call): Peer {
  const service = SPELLING.get(call.name.toLowerCase())
  if (service === 'DynamoDB' && call.tableName) return { name: call.tableName, type: 'AWS::DynamoDB::Table' }
  if (service === 'S3' && call.bucketName) return { name: call.bucketName, type: 'AWS::S3::Bucket' }
  if (service === 'Lambda' && call.functionName) return { name: functionOf(call.functionName), type: 'AWS::Lambda' }
  if (service === 'SQS' && call.queueUrl) {
    const queue = call.queueUrl.split('/').findLast((part) => part !== '')
    if (queue !== undefined) return { name: queue, type: 'AWS::SQS::Queue' }
  }
  if (service === 'SNS' && call.topicName)
    return { name: call.topicName.slice(call.topicName.lastIndexOf(':') + 1), type: 'AWS::SNS::Topic' }
  const name = service ?? call.name
  return { name, type: `AWS::${name}` }
}

/** The name in `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`, or in anything else the whole text. */
function functionOf(nameOrArn: string): string {
  const parts = nameOrArn.split(':')
  return (parts[0] === 'arn' && parts[6]) || nameOrArn
}
