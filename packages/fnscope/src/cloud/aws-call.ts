// What an AWS request asks for, from its signature, its headers and the beginning of its body: service, operation, and
// the thing it is about, in X-Ray's words. Pure.
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedBy {
  readonly accessKeyId: string
  readonly region: string
  /** As in the signature's scope: sqs, dynamodb, events … */
  readonly service: string
}

export interface AwsCall {
  /** As X-Ray SDKs spell it: SQS, DynamoDB, S3 … */
  readonly service: string
  readonly operation: string
  /** X-Ray's members of `aws`: queue_url, table_name, bucket_name, key, topic_arn, function_name … */
  readonly resource: Readonly<Record<string, string>>
}

const SCOPE = /^([^/]+)\/\d{8}\/([^/]*)\/([^/]+)\/aws4_request$/

/** Undefined: the request has no AWS signature of version 4. */
export function signedBy(url: string, headers: IncomingHttpHeaders): SignedBy | undefined {
  const { authorization = '' } = headers
  const credential = authorization.startsWith('AWS4-')
    ? /Credential=([^,\s]+)/.exec(authorization)?.[1]
    : url.includes('X-Amz-Credential=')
      ? new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('X-Amz-Credential')
      : undefined
  const [, accessKeyId, region, service] = SCOPE.exec(credential ?? '') ?? []
  return accessKeyId === undefined || region === undefined || service === undefined
    ? undefined
    : { accessKeyId, region, service }
}

/** Scope of the signature → the service as X-Ray SDKs spell it. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    dynamodb: 'DynamoDB',
    sqs: 'SQS',
    sns: 'SNS',
    s3: 'S3',
    lambda: 'Lambda',
    events: 'EventBridge',
    kinesis: 'Kinesis',
    firehose: 'Firehose',
    secretsmanager: 'SecretsManager',
    ssm: 'SSM',
    states: 'SFN',
    sts: 'STS',
    logs: 'CloudWatchLogs',
    monitoring: 'CloudWatch',
    kms: 'KMS',
    ses: 'SES',
    scheduler: 'Scheduler',
  }),
)

export function serviceName(scope: string): string {
  return NAMES.get(scope) ?? scope
}

export interface CallParts {
  readonly scope: string
  readonly method: string
  /** As sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Of the body: what was kept of it. */
  readonly body: Uint8Array
}

export function describeCall(parts: CallParts): AwsCall {
  const { scope, headers, body } = parts
  const service = serviceName(scope)
  const target = headers['x-amz-target']
  if (typeof target === 'string') {
    const operation = target.slice(target.lastIndexOf('.') + 1)
    return { service, operation, resource: jsonResource(scope, text(body)) }
  }
  const cbor = /^\/service\/[^/]+\/operation\/([^/?]+)/.exec(parts.url)?.[1]
  if (cbor !== undefined) return { service, operation: cbor, resource: {} }
  if (scope === 's3') return s3Call(parts)
  if (scope === 'lambda') return lambdaCall(parts)
  const rest = REST_PATHS[scope]?.[parts.url.split('?')[0]!]
  if (rest !== undefined) return { service, operation: rest, resource: {} }
  const form = new URLSearchParams(text(body))
  return { service, operation: form.get('Action') ?? parts.method, resource: formResource(form) }
}

/** Of services that name their operations by path. */
const REST_PATHS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  xray: {
    '/Traces': 'BatchGetTraces',
    '/TraceSummaries': 'GetTraceSummaries',
    '/ServiceGraph': 'GetServiceGraph',
    '/TraceGraph': 'GetTraceGraph',
    '/TimeSeriesServiceStatistics': 'GetTimeSeriesServiceStatistics',
  },
}

function text(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
}

/** Member of a JSON request → X-Ray's name for it. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dynamodb: { TableName: 'table_name', IndexName: 'index_name' },
  sqs: { QueueUrl: 'queue_url', QueueName: 'queue_name' },
  sns: { TopicArn: 'topic_arn' },
  kinesis: { StreamName: 'stream_name', StreamARN: 'stream_arn' },
  secretsmanager: { SecretId: 'secret_id' },
  ssm: { Name: 'parameter_name' },
  states: { stateMachineArn: 'state_machine_arn' },
  logs: { logGroupName: 'log_group_name' },
  events: { EventBusName: 'event_bus_name' },
}

// Read by its beginning: what was kept of a long body is no whole JSON.
function jsonResource(scope: string, body: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [member, name] of Object.entries(MEMBERS[scope] ?? {})) {
    const value = new RegExp(`"${member}"\\s*:\\s*"((?:[^"\\\\]|\\\\.){0,2048})"`).exec(body)?.[1]
    if (value !== undefined) found[name] = unescape(value)
  }
  return found
}

function unescape(inJson: string): string {
  try {
    return JSON.parse(`"${inJson}"`) as string
  } catch {
    return inJson
  }
}

function formResource(form: URLSearchParams): Record<string, string> {
  const names = { QueueUrl: 'queue_url', TopicArn: 'topic_arn', TargetArn: 'topic_arn', RoleArn: 'role_arn' }
  return Object.fromEntries(
    Object.entries(names).flatMap(([member, name]) => {
      const value = form.get(member)
      return value === null ? [] : [[name, value]]
    }),
  )
}

const S3_OPERATIONS: Readonly<Record<string, readonly [object: string, bucket: string]>> = {
  GET: ['GetObject', 'ListObjects'],
  HEAD: ['HeadObject', 'HeadBucket'],
  PUT: ['PutObject', 'CreateBucket'],
  DELETE: ['DeleteObject', 'DeleteBucket'],
  POST: ['PostObject', 'DeleteObjects'],
}

function s3Call({ method, url, headers }: CallParts): AwsCall {
  const [path = '', query = ''] = url.split('?')
  const host = /^(.+)\.(?:s3[.-]|localhost)/.exec(headers.host ?? '')?.[1]
  const parts = path.split('/').slice(1)
  const bucket = host ?? decode(parts.shift() ?? '')
  const key = decode(parts.join('/'))
  const asked = new URLSearchParams(query)
  const [ofObject = method, ofBucket = method] = S3_OPERATIONS[method] ?? []
  const operation = asked.has('uploadId')
    ? method === 'PUT'
      ? 'UploadPart'
      : method === 'POST'
        ? 'CompleteMultipartUpload'
        : 'AbortMultipartUpload'
    : asked.has('uploads') && method === 'POST'
      ? 'CreateMultipartUpload'
      : headers['x-amz-copy-source'] !== undefined
        ? 'CopyObject'
        : bucket === ''
          ? 'ListBuckets'
          : key !== ''
            ? ofObject
            : asked.get('list-type') === '2'
              ? 'ListObjectsV2'
              : ofBucket
  return {
    service: 'S3',
    operation,
    resource: { ...(bucket === '' ? {} : { bucket_name: bucket }), ...(key === '' ? {} : { key }) },
  }
}

function lambdaCall({ method, url }: CallParts): AwsCall {
  const [, name, rest = ''] = /^\/20\d\d-\d\d-\d\d\/functions\/([^/?]+)(?:\/([^?]*))?/.exec(url) ?? []
  const invoke = /^(invocations|invoke-async)$/.test(rest)
  const operation = invoke
    ? 'Invoke'
    : rest === 'response-streaming-invocations'
      ? 'InvokeWithResponseStream'
      : url.includes('/account-settings')
        ? 'GetAccountSettings'
        : `${method === 'GET' ? (name === undefined ? 'List' : 'Get') : method === 'DELETE' ? 'Delete' : 'Put'}Function${rest === 'configuration' ? 'Configuration' : name === undefined ? 's' : ''}`
  return { service: 'Lambda', operation, resource: name === undefined ? {} : { function_name: decode(name) } }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
