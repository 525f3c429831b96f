// Topics and queues that hear of them, made by SNS' query protocol.
import type { CloudClient } from './cloud-client.ts'

const VERSION = '2010-03-31'

/** @returns its ARN. A topic that is there already stays. @throws CloudCallError */
export async function createTopic(
  client: CloudClient,
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<string> {
  const entries = attributeEntries(attributes)
  const xml = await client.query('sns', VERSION, { Action: 'CreateTopic', Name: name, ...entries })
  return /<TopicArn>([^<]+)</.exec(xml)?.[1] ?? ''
}

export interface QueueSubscription {
  readonly topicArn: string
  readonly queueArn: string
  /** FilterPolicy, RawMessageDelivery … */
  readonly attributes: Readonly<Record<string, string>>
}

/** @returns the subscription's ARN, where the cloud says it. @throws CloudCallError */
export async function subscribeQueue(
  client: CloudClient,
  { topicArn, queueArn, attributes }: QueueSubscription,
): Promise<string | undefined> {
  const xml = await client.query('sns', VERSION, {
    Action: 'Subscribe',
    TopicArn: topicArn,
    Protocol: 'sqs',
    Endpoint: queueArn,
    ReturnSubscriptionArn: 'true',
    ...attributeEntries(attributes),
  })
  return /<SubscriptionArn>([^<]+)</.exec(xml)?.[1]
}

function attributeEntries(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value], index) => [
      [`Attributes.entry.${index + 1}.key`, key],
      [`Attributes.entry.${index + 1}.value`, value],
    ]),
  )
}
