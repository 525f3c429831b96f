// SAM's policy templates (`DynamoDBCrudPolicy: {TableName: …}`) as statements that tools can list. The ones that samples
// use are written out; of any other the name is kept as the statement's Sid. Nothing is enforced by them.
import { intrinsicOf, isMap, mapAt, type TemplateMap, type TemplateValue } from '../template-value.ts'
import { sub } from './parts.ts'

interface PolicyTemplate {
  /** Without the service's prefix where it is the service's own. */
  readonly actions: readonly string[]
  readonly service: string
  /** Under `arn:…:service:region:account:`; `{}` is the parameter's value. Absent: any resource. */
  readonly paths?: readonly string[]
  /** Its ARNs carry neither region nor account. */
  readonly global?: true
}

const TABLE = ['table/{}', 'table/{}/index/*']
const BUCKET = ['{}', '{}/*']
const read = ['GetItem', 'Scan', 'Query', 'BatchGetItem', 'DescribeTable']

const TEMPLATES: Readonly<Record<string, PolicyTemplate>> = {
  AWSSecretsManagerGetSecretValuePolicy: { service: 'secretsmanager', actions: ['GetSecretValue'] },
  CloudWatchPutMetricPolicy: { service: 'cloudwatch', actions: ['PutMetricData'] },
  DynamoDBCrudPolicy: {
    service: 'dynamodb',
    actions: [...read, 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'ConditionCheckItem'],
    paths: TABLE,
  },
  DynamoDBReadPolicy: { service: 'dynamodb', actions: read, paths: TABLE },
  DynamoDBWritePolicy: { service: 'dynamodb', actions: ['PutItem', 'UpdateItem', 'BatchWriteItem'], paths: TABLE },
  DynamoDBStreamReadPolicy: {
    service: 'dynamodb',
    actions: ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'],
    paths: ['table/{}/stream/*'],
  },
  EC2DescribePolicy: { service: 'ec2', actions: ['DescribeRegions', 'DescribeInstances'] },
  EventBridgePutEventsPolicy: { service: 'events', actions: ['PutEvents'], paths: ['event-bus/{}'] },
  FirehoseWritePolicy: {
    service: 'firehose',
    actions: ['PutRecord', 'PutRecordBatch'],
    paths: ['deliverystream/{}'],
  },
  KMSDecryptPolicy: { service: 'kms', actions: ['Decrypt'], paths: ['key/{}'] },
  KMSEncryptPolicy: { service: 'kms', actions: ['Encrypt'], paths: ['key/{}'] },
  KinesisCrudPolicy: {
    service: 'kinesis',
    actions: ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListShards', 'PutRecord', 'PutRecords'],
    paths: ['stream/{}'],
  },
  KinesisStreamReadPolicy: {
    service: 'kinesis',
    actions: ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListStreams'],
    paths: ['stream/{}'],
  },
  LambdaInvokePolicy: { service: 'lambda', actions: ['InvokeFunction'], paths: ['function:{}*'] },
  S3CrudPolicy: {
    service: 's3',
    actions: ['GetObject', 'ListBucket', 'GetBucketLocation', 'GetObjectVersion', 'PutObject', 'DeleteObject'],
    paths: BUCKET,
    global: true,
  },
  S3ReadPolicy: {
    service: 's3',
    actions: ['GetObject', 'ListBucket', 'GetObjectVersion'],
    paths: BUCKET,
    global: true,
  },
  S3WritePolicy: { service: 's3', actions: ['PutObject', 'PutObjectAcl'], paths: BUCKET, global: true },
  SESCrudPolicy: { service: 'ses', actions: ['GetIdentityVerificationAttributes', 'SendEmail', 'VerifyEmailIdentity'] },
  SNSCrudPolicy: { service: 'sns', actions: ['ListSubscriptionsByTopic', 'Publish', 'Subscribe'], paths: ['{}*'] },
  SNSPublishMessagePolicy: { service: 'sns', actions: ['Publish'], paths: ['{}'] },
  SQSPollerPolicy: {
    service: 'sqs',
    actions: ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'],
    paths: ['{}'],
  },
  SQSSendMessagePolicy: { service: 'sqs', actions: ['SendMessage*'], paths: ['{}'] },
  SSMParameterReadPolicy: {
    service: 'ssm',
    actions: ['GetParameter', 'GetParameters', 'GetParametersByPath'],
    paths: ['parameter/{}'],
  },
  StepFunctionsExecutionPolicy: { service: 'states', actions: ['StartExecution'], paths: ['stateMachine:{}'] },
  VPCAccessPolicy: { service: 'ec2', actions: ['CreateNetworkInterface', 'DeleteNetworkInterface'] },
}

/** Undefined when `entry` is no policy template but a document or a reference. */
export function policyStatements(entry: TemplateMap): TemplateValue[] | undefined {
  const names = Object.keys(entry)
  const name = names[0]
  if (names.length !== 1 || name === undefined || !name.includes('Policy')) return undefined
  const argument = entry[name]!
  if (!isMap(argument) || intrinsicOf(argument)) return undefined
  const known = TEMPLATES[name]
  const parameter = Object.values(mapAt(argument, name))[0]
  if (known === undefined) return [{ Sid: name, Effect: 'Allow', Action: [], Resource: parameter ?? '*' }]
  const Action = known.actions.map((action) => `${known.service}:${action}`)
  return [{ Effect: 'Allow', Action, Resource: targets(known, parameter) }]
}

function targets(policy: PolicyTemplate, parameter: TemplateValue | undefined): TemplateValue {
  if (policy.paths === undefined || parameter === undefined) return parameter ?? '*'
  const place = policy.global ? ':' : '${AWS::Region}:${AWS::AccountId}'
  return policy.paths.map((path) =>
    sub(`arn:\${AWS::Partition}:${policy.service}:${place}:${path.replace('{}', '${name}')}`, { name: parameter }),
  )
}
