// X-Ray's aws and sql blocks from OpenTelemetry's attributes, as the OpenTelemetry collector builds them; beyond it, sql
// from the current names, and bucket, key, topic and function of the call.
import type { Span } from '../span/span.ts'
import { isSqlSystem } from '../span/peer.ts'
import { put, putFilled, type Members } from './xray-members.ts'
import { TakenAttributes } from './taken-attributes.ts'

/** Empty in a cloud that is not AWS. */
export function foreignAws(span: Span, attributes: TakenAttributes): Members {
  const resource = new TakenAttributes(Object.entries(span.resource))
  const provider = resource.text('cloud.provider') || attributes.text('cloud.provider')
  if (provider !== '' && provider !== 'aws') return {}
  const aws: Members = {}
  put(aws, 'account_id', resource.text('cloud.account.id'))
  put(aws, 'cloudwatch_logs', logGroups(resource))
  putFilled(aws, 'xray', sdkOf(resource))
  putFilled(aws, ...placeOf(resource))
  addCall(aws, attributes)
  return aws
}

function addCall(aws: Members, attributes: TakenAttributes): void {
  const call = attributes.text('rpc.system', 'rpc.system.name') === 'aws-api' || attributes.text('aws.service') !== ''
  put(aws, 'operation', attributes.text('aws.operation') || (call ? attributes.text('rpc.method') : ''))
  put(aws, 'region', attributes.text('aws.region') || (call ? attributes.text('cloud.region') : ''))
  put(aws, 'request_id', attributes.text('aws.request_id', 'aws.requestId'))
  put(aws, 'queue_url', attributes.text(...QUEUE_KEYS, 'messaging.url'))
  const tables = attributes.texts('aws.table.name', 'aws.dynamodb.table_names')
  if (tables.length > 1) aws['table_names'] = tables
  else put(aws, 'table_name', tables[0])
  put(aws, 'bucket_name', attributes.text('aws.s3.bucket'))
  put(aws, 'key', attributes.text('aws.s3.key'))
  put(aws, 'topic_arn', attributes.text('aws.sns.topic.arn'))
  if (call) put(aws, 'function_name', attributes.text('faas.invoked_name'))
  if (call) attributes.take('rpc.method')
  attributes.take('aws.operation', 'aws.region', 'aws.request_id', 'aws.requestId', 'aws.table.name', ...QUEUE_KEYS)
}

const QUEUE_KEYS = ['aws.queue.url', 'aws.queue_url', 'aws.sqs.queue.url', 'aws.sqs.queue_url']

function logGroups(resource: TakenAttributes): readonly Members[] | undefined {
  const names = resource.texts('aws.log.group.names')
  const arns = resource.texts('aws.log.group.arns')
  if (names.length === 0 && arns.length === 0) return undefined
  return Array.from({ length: Math.max(names.length, arns.length) }, (_, at) => {
    const arn = arns[at]
    const name = names[at] ?? arn?.split(':')[6]
    return { ...(name && { log_group: name }), ...(arn && { arn }) }
  })
}

function sdkOf(resource: TakenAttributes): Members {
  const name = resource.text('telemetry.sdk.name')
  const language = resource.text('telemetry.sdk.language')
  if (name === '') return {}
  const sdk: Members = { sdk: language === '' ? name : `${name} for ${language}` }
  put(sdk, 'sdk_version', resource.text('telemetry.sdk.version'))
  sdk['auto_instrumentation'] = resource.text('telemetry.auto.version', 'telemetry.distro.version') !== ''
  return sdk
}

/** Where it runs, under X-Ray's name for that. */
function placeOf(resource: TakenAttributes): [string, Members] {
  const named = (fields: Readonly<Record<string, readonly string[]>>): Members => {
    const members: Members = {}
    for (const [field, keys] of Object.entries(fields)) put(members, field, resource.text(...keys))
    return members
  }
  switch (resource.text('cloud.platform')) {
    case 'aws_ec2':
      return ['ec2', named(EC2)]
    case 'aws_ecs':
      return ['ecs', named(ECS)]
    case 'aws_eks':
      return ['eks', named(EKS)]
    case 'aws_elastic_beanstalk':
      return ['elastic_beanstalk', named(BEANSTALK)]
    default:
      return ['', {}]
  }
}

const EC2 = {
  instance_id: ['host.id'],
  instance_size: ['host.type'],
  ami_id: ['host.image.id'],
  availability_zone: ['cloud.availability_zone'],
}
const ECS = {
  container: ['container.name'],
  container_id: ['container.id'],
  container_arn: ['aws.ecs.container.arn'],
  cluster_arn: ['aws.ecs.cluster.arn'],
  task_arn: ['aws.ecs.task.arn'],
  task_family: ['aws.ecs.task.family'],
  launch_type: ['aws.ecs.launchtype'],
  availability_zone: ['cloud.availability_zone'],
}
const EKS = { cluster_name: ['k8s.cluster.name'], pod: ['k8s.pod.name'], container_id: ['container.id'] }
const BEANSTALK = {
  environment_name: ['service.namespace'],
  version_label: ['service.version'],
  deployment_id: ['service.instance.id'],
}

/** Empty when the span calls no SQL database. */
export function foreignSql(span: Span, attributes: TakenAttributes): Members {
  const system = attributes.text('db.system.name', 'db.system')
  if (!isSqlSystem(system)) return {}
  const database = attributes.text('db.namespace', 'db.name')
  const server = attributes.text('db.connection_string') || attributes.text('server.address') || 'localhost'
  const sql: Members = { connection_string: database === '' ? server : `${server}/${database}` }
  put(sql, 'url', span.name)
  put(sql, 'sanitized_query', attributes.text('db.query.text', 'db.statement'))
  put(sql, 'database_type', system)
  put(sql, 'user', attributes.text('db.user'))
  attributes.take('db.system', 'db.name', 'db.connection_string', 'db.user', 'db.statement', 'server.address')
  return sql
}
