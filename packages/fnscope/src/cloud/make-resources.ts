// Makes the resources of an app at whoever has their service: queues, topics, tables, streams, buckets, buses. What is
// there already stays as it is; what fails is told and fails no deployment.
import { messageOf } from '../errors.ts'
import type { CloudResourceSpec } from '../functions/trigger-spec.ts'
import { CloudCallError, type CloudClient } from './cloud-client.ts'
import { createTopic, subscribeQueue } from './sns-calls.ts'

type Properties = CloudResourceSpec['properties']
type Json = Readonly<Record<string, unknown>>
type Make = (client: CloudClient, name: string, properties: Properties) => Promise<unknown>

/** Each waits for most of a minute. */
const MAX_TRIES = 15

/** Codes of "it is there already". */
const THERE =
  /AlreadyExists|AlreadyOwnedByYou|ResourceInUseException|QueueAlreadyExists|QueueNameExists|ParameterAlreadyExists|ResourceExistsException/

const table: Make = async (client, name, properties) => {
  const { StreamSpecification: stream } = properties
  const kept = pick(properties, [
    'AttributeDefinitions',
    'KeySchema',
    'BillingMode',
    'ProvisionedThroughput',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
  ])
  await client.json('dynamodb', 'CreateTable', {
    TableName: name,
    // On demand unless it says more: the cloud would refuse neither.
    ...(properties['ProvisionedThroughput'] === undefined ? { BillingMode: 'PAY_PER_REQUEST' } : {}),
    ...kept,
    ...(isMap(stream) ? { StreamSpecification: { StreamEnabled: true, ...stream } } : {}),
  })
}

/** Functions are subscribed by pollers, others than queues are not ours to reach. */
async function subscribe(client: CloudClient, topicArn: string, properties: Properties): Promise<void> {
  const { Protocol, Endpoint } = properties
  if (Protocol !== 'sqs') return
  const names = ['RawMessageDelivery', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy']
  const attributes = texts(pick(properties, names))
  await subscribeQueue(client, { topicArn, queueArn: String(Endpoint), attributes })
}

const MAKERS: ReadonlyMap<string, Make> = new Map<string, Make>([
  [
    'AWS::SQS::Queue',
    async (client, name, properties) => {
      const attributes = pick(properties, [
        'ContentBasedDeduplication',
        'DeduplicationScope',
        'DelaySeconds',
        'FifoQueue',
        'FifoThroughputLimit',
        'MaximumMessageSize',
        'MessageRetentionPeriod',
        'ReceiveMessageWaitTimeSeconds',
        'RedrivePolicy',
        'VisibilityTimeout',
      ])
      await client.json('sqs', 'CreateQueue', { QueueName: name, Attributes: texts(attributes) })
    },
  ],
  [
    'AWS::SNS::Topic',
    async (client, name, properties) => {
      const attributes = texts(pick(properties, ['FifoTopic', 'ContentBasedDeduplication']))
      const topicArn = await createTopic(client, name, attributes)
      const { Subscription: inline } = properties
      for (const one of (Array.isArray(inline) ? inline : []).filter(isMap)) await subscribe(client, topicArn, one)
    },
  ],
  ['AWS::DynamoDB::Table', table],
  ['AWS::DynamoDB::GlobalTable', table],
  [
    'AWS::Serverless::SimpleTable',
    async (client, name, { PrimaryKey: key }) => {
      const { Name = 'id', Type = 'String' } = isMap(key) ? key : {}
      const type = { String: 'S', Number: 'N', Binary: 'B' }[String(Type)] ?? 'S'
      await table(client, name, {
        AttributeDefinitions: [{ AttributeName: Name, AttributeType: type }],
        KeySchema: [{ AttributeName: Name, KeyType: 'HASH' }],
      })
    },
  ],
  [
    'AWS::Kinesis::Stream',
    async (client, name, { ShardCount }) => {
      await client.json('kinesis', 'CreateStream', { StreamName: name, ShardCount: Number(ShardCount ?? 1) })
    },
  ],
  ['AWS::S3::Bucket', async (client, name) => await client.s3('PUT', `/${name}`)],
  ['AWS::Events::EventBus', async (client, name) => await client.json('events', 'CreateEventBus', { Name: name })],
  [
    'AWS::SSM::Parameter',
    async (client, name, properties) =>
      await client.json('ssm', 'PutParameter', {
        Name: name,
        Overwrite: true,
        ...pick(properties, ['Type', 'Value', 'Description']),
      }),
  ],
  [
    'AWS::SecretsManager::Secret',
    async (client, name, { SecretString, GenerateSecretString }) =>
      await client.json('secretsmanager', 'CreateSecret', {
        Name: name,
        SecretString: SecretString ?? secretOf(GenerateSecretString),
      }),
  ],
  [
    'AWS::SNS::Subscription',
    async (client, _, properties) => await subscribe(client, String(properties['TopicArn']), properties),
  ],
  [
    'AWS::Events::Rule',
    async (client, name, { EventPattern, EventBusName, Targets }) => {
      const targets = (Array.isArray(Targets) ? Targets : []).filter(
        (target): target is Json => isMap(target) && !String(target['Arn']).includes(':function:'),
      )
      if (EventPattern === undefined || targets.length === 0) return
      const bus = EventBusName === undefined ? {} : { EventBusName }
      await client.json('events', 'PutRule', { Name: name, EventPattern: JSON.stringify(EventPattern), ...bus })
      await client.json('events', 'PutTargets', { Rule: name, Targets: targets, ...bus })
    },
  ],
])

/** Throws a CloudCallError of status 4xx where there is none. */
type Look = (client: CloudClient, name: string) => Promise<unknown>

/** Of types whose making says nothing of one that is there. */
const LOOKS: ReadonlyMap<string, Look> = new Map<string, Look>([
  ['AWS::SQS::Queue', (client, name) => client.json('sqs', 'GetQueueUrl', { QueueName: name })],
  ['AWS::SNS::Topic', (client, name) => findTopic(client, name)],
  ['AWS::S3::Bucket', (client, name) => client.s3('GET', `/${name}?location`)],
  ['AWS::SSM::Parameter', (client, name) => client.json('ssm', 'GetParameter', { Name: name })],
])

async function findTopic(client: CloudClient, name: string): Promise<void> {
  for (let token = ''; ;) {
    const page = await client.query('sns', '2010-03-31', {
      Action: 'ListTopics',
      ...(token !== '' && { NextToken: token }),
    })
    if (page.includes(`:${name}<`)) return
    token = /<NextToken>([^<]+)</.exec(page)?.[1] ?? ''
    if (token === '') throw new CloudCallError('NotFound', 404, `There is no topic ${name}.`)
  }
}

/** @throws what is no answer to the question: then nobody knows whose it is, and it must not go with the stack. */
async function isThere(client: CloudClient, { type, name }: CloudResourceSpec): Promise<boolean> {
  try {
    await LOOKS.get(type)?.(client, name)
    return LOOKS.has(type)
  } catch (error) {
    if (error instanceof CloudCallError && error.status < 500) return false
    throw error
  }
}

function isStarting(error: unknown): boolean {
  return error instanceof CloudCallError && error.code === 'ServiceUnavailable'
}

/** @returns those that were not there yet */
export async function makeResources(
  client: CloudClient,
  resources: readonly CloudResourceSpec[],
  notify: (line: string) => void,
): Promise<readonly CloudResourceSpec[]> {
  const made: CloudResourceSpec[] = []
  // A dead-letter queue is there before the queue that names it.
  const ordered = resources.toSorted(
    (a, b) => Number('RedrivePolicy' in a.properties) - Number('RedrivePolicy' in b.properties),
  )
  for (const resource of ordered) {
    const { type, name, logicalId, properties } = resource
    try {
      await onceStarted(async () => {
        const before = await isThere(client, resource)
        await MAKERS.get(type)?.(client, name, properties)
        if (!before) made.push(resource)
      })
    } catch (error) {
      if (error instanceof CloudCallError && THERE.test(error.code)) continue
      notify(`${logicalId} (${type}) could not be made: ${messageOf(error)}`)
    }
  }
  return made
}

/** A cloud's first start, which installs it, may take longer than one call waits. */
async function onceStarted(make: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await make()
      return
    } catch (error) {
      if (!isStarting(error) || tries === MAX_TRIES) throw error
    }
  }
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pick(properties: Properties, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])))
}

/** Attributes are text; a policy is JSON. */
function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : `${value as string | number | boolean}`,
    ]),
  )
}

/** GenerateSecretString: a template with one more member. */
function secretOf(generate: unknown): string {
  const password = crypto.randomUUID().replaceAll('-', '')
  if (!isMap(generate) || typeof generate['GenerateStringKey'] !== 'string') return password
  const template = (
    typeof generate['SecretStringTemplate'] === 'string' ? JSON.parse(generate['SecretStringTemplate']) : {}
  ) as Json
  return JSON.stringify({ ...template, [generate['GenerateStringKey']]: password })
}
