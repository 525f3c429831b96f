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
  if (call.hasSql === true) return { name: call.name, type: 'Database::SQL' }
  return call.namespace === 'remote' ? { name: call.name, type: 'remote' } : undefined
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
  const name = service ?? call.name
  return { name, type: `AWS::${name}` }
}

/** The name in `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`, or in anything else the whole text. */
function functionOf(nameOrArn: string): string {
  const parts = nameOrArn.split(':')
  return (parts[0] === 'arn' && parts[6]) || nameOrArn
}
