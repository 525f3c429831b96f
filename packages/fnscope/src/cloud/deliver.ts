// Carries what fnscope itself has to tell to a queue, a topic or a bus, by its ARN: what asynchronous events and given-up
// batches leave. Functions are called by the platform, not here.
import { FnscopeError } from '../errors.ts'
import type { CloudClient } from './cloud-client.ts'

export interface Delivery {
  readonly body: string
  /** Of a topic's message. */
  readonly subject?: string
  /** Message attributes, where the target has such. */
  readonly attributes?: Readonly<Record<string, string>>
  /** X-Amzn-Trace-Id that the receiver's trace continues or links. */
  readonly traceHeader?: string
  /** Of an event on a bus: its source, detail type and what it is about. */
  readonly event?: { readonly source: string; readonly detailType: string; readonly resources: readonly string[] }
}

/**
 * @returns what SentTraces knows the message by
 * @throws CloudCallError; FnscopeError FNS_CONFIG for a target of another service
 */
export async function deliver(client: CloudClient, arn: string, delivery: Delivery): Promise<string> {
  const service = arn.split(':')[2]
  if (service === 'sqs') return `sqs ${await toQueue(client, arn, delivery)}`
  if (service === 'sns') return `sns ${await toTopic(client, arn, delivery)}`
  if (service === 'events') return `events ${await toBus(client, arn, delivery)}`
  throw new FnscopeError('FNS_CONFIG', `${arn} is no queue, topic or event bus: nothing can be sent there.`)
}

async function toQueue(
  client: CloudClient,
  arn: string,
  { body, attributes = {}, traceHeader }: Delivery,
): Promise<string> {
  const { QueueUrl } = await client.json('sqs', 'GetQueueUrl', { QueueName: nameOf(arn) })
  const text = (value: string): object => ({ DataType: 'String', StringValue: value })
  const { MessageId } = await client.json('sqs', 'SendMessage', {
    QueueUrl,
    MessageBody: body,
    MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, text(value)])),
    ...(traceHeader === undefined ? {} : { MessageSystemAttributes: { AWSTraceHeader: text(traceHeader) } }),
  })
  return String(MessageId)
}

async function toTopic(
  client: CloudClient,
  arn: string,
  { body, subject, attributes = {} }: Delivery,
): Promise<string> {
  const entries = Object.entries(attributes).flatMap(([name, value], index) => {
    const entry = `MessageAttributes.entry.${index + 1}`
    return [
      [`${entry}.Name`, name],
      [`${entry}.Value.DataType`, 'String'],
      [`${entry}.Value.StringValue`, value],
    ]
  })
  const said = { TopicArn: arn, Message: body, ...(subject === undefined ? {} : { Subject: subject }) }
  const parameters = { Action: 'Publish', ...said, ...Object.fromEntries(entries) }
  const xml = await client.query('sns', '2010-03-31', parameters)
  return /<MessageId>([^<]+)</.exec(xml)?.[1] ?? ''
}

async function toBus(client: CloudClient, arn: string, { body, event, traceHeader }: Delivery): Promise<string> {
  const { source, detailType, resources } = event ?? { source: 'lambda', detailType: 'Event', resources: [] }
  const entry = {
    EventBusName: nameOf(arn),
    Source: source,
    DetailType: detailType,
    Detail: body,
    Resources: resources,
  }
  const traced = traceHeader === undefined ? {} : { TraceHeader: traceHeader }
  const { Entries } = await client.json('events', 'PutEvents', { Entries: [{ ...entry, ...traced }] })
  return String((Entries as readonly { readonly EventId?: string }[] | undefined)?.[0]?.EventId)
}

/** `arn:aws:sqs:region:account:name`, `arn:aws:events:region:account:event-bus/name` */
function nameOf(arn: string): string {
  const name = arn.slice(arn.lastIndexOf(':') + 1)
  return name.slice(name.lastIndexOf('/') + 1)
}
