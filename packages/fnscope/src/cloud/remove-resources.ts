// Takes resources away from whoever has their service. What is gone already is gone; what fails is told and fails nothing.
import { messageOf } from '../errors.ts'
import type { CloudResourceSpec } from '../functions/trigger-spec.ts'
import { CloudCallError, type CloudClient } from './cloud-client.ts'

interface Place {
  readonly region: string
  readonly accountId: string
}

type Remove = (client: CloudClient, name: string, place: Place) => Promise<unknown>

/** Codes of "there is no such thing". */
const GONE = /NotFound|NonExistent|DoesNotExist|NoSuch/

const table: Remove = (client, name) => client.json('dynamodb', 'DeleteTable', { TableName: name })

const REMOVERS: ReadonlyMap<string, Remove> = new Map<string, Remove>([
  [
    'AWS::SQS::Queue',
    async (client, name) => {
      const { QueueUrl } = await client.json('sqs', 'GetQueueUrl', { QueueName: name })
      await client.json('sqs', 'DeleteQueue', { QueueUrl })
    },
  ],
  [
    'AWS::SNS::Topic',
    (client, name, { region, accountId }) =>
      client.query('sns', '2010-03-31', {
        Action: 'DeleteTopic',
        TopicArn: `arn:aws:sns:${region}:${accountId}:${name}`,
      }),
  ],
  ['AWS::DynamoDB::Table', table],
  ['AWS::DynamoDB::GlobalTable', table],
  ['AWS::Serverless::SimpleTable', table],
  [
    'AWS::Kinesis::Stream',
    (client, name) => client.json('kinesis', 'DeleteStream', { StreamName: name, EnforceConsumerDeletion: true }),
  ],
  ['AWS::S3::Bucket', (client, name) => client.s3('DELETE', `/${name}`)],
  ['AWS::Events::EventBus', (client, name) => client.json('events', 'DeleteEventBus', { Name: name })],
  ['AWS::SSM::Parameter', (client, name) => client.json('ssm', 'DeleteParameter', { Name: name })],
  [
    'AWS::SecretsManager::Secret',
    (client, name) =>
      client.json('secretsmanager', 'DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: true }),
  ],
])

export async function removeResource(
  client: CloudClient,
  { type, name }: Pick<CloudResourceSpec, 'type' | 'name'>,
  options: Place & { readonly notify: (line: string) => void },
): Promise<void> {
  try {
    await REMOVERS.get(type)?.(client, name, options)
  } catch (error) {
    if (error instanceof CloudCallError && GONE.test(error.code)) return
    options.notify(`${name} (${type}) could not be removed: ${messageOf(error)}`)
  }
}
