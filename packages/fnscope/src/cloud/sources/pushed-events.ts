// Topics and event buses call functions by pushing, which another cloud cannot do to functions here: each subscription
// gets a queue of fnscope's own there, and what arrives in it is handed on as the source would have.
import { createHash } from 'node:crypto'
import type { EventRuleSpec, TopicSubscriptionSpec } from '../../functions/trigger-spec.ts'
import { inputOf } from '../../functions/triggers/event-pattern.ts'
import { snsEvent, type SqsMessage } from '../../functions/triggers/source-events.ts'
import { messageOf } from '../../errors.ts'
import { deliver } from '../deliver.ts'
import { subscribeQueue } from '../sns-calls.ts'
import { pollAgain, type Poller, type SourceContext } from './source-context.ts'

type Json = Readonly<Record<string, unknown>>

const WAIT_SECONDS = 20

interface Pushed {
  readonly functionName: string
  readonly event: unknown
  readonly traceHeader: string | undefined
  /** Where it goes when the function cannot be given it. */
  readonly deadLetter: { readonly arn: string; readonly attributes: Readonly<Record<string, string>> } | undefined
}

export function pollTopic(spec: TopicSubscriptionSpec, context: SourceContext): Poller {
  const { client, sent } = context
  let subscriptionArn = `${spec.topicArn}:${hashOf(spec)}`
  const subscribe = async (queueArn: string): Promise<void> => {
    const attributes = {
      ...(spec.filterPolicy === undefined ? {} : { FilterPolicy: spec.filterPolicy }),
      ...(spec.filterPolicyScope === undefined ? {} : { FilterPolicyScope: spec.filterPolicyScope }),
    }
    subscriptionArn =
      (await subscribeQueue(client, { topicArn: spec.topicArn, queueArn, attributes })) ?? subscriptionArn
  }
  return pollOwnQueue(context, { name: `fnscope-sns-${hashOf(spec)}`, connect: subscribe }, (body) => ({
    functionName: spec.functionName,
    event: snsEvent(body, subscriptionArn),
    traceHeader: sent.of(`sns ${String(body['MessageId'])}`),
    deadLetter: spec.deadLetterArn === undefined ? undefined : { arn: spec.deadLetterArn, attributes: {} },
  }))
}

export function pollRule(spec: EventRuleSpec, context: SourceContext): Poller {
  const { client, sent } = context
  const id = `fnscope-${hashOf(spec)}`
  const connect = async (queueArn: string): Promise<void> => {
    const EventBusName = spec.bus
    await client.json('events', 'PutRule', { Name: id, EventBusName, EventPattern: spec.pattern, State: 'ENABLED' })
    await client.json('events', 'PutTargets', { Rule: id, EventBusName, Targets: [{ Id: 'fnscope', Arn: queueArn }] })
  }
  return pollOwnQueue(context, { name: `fnscope-events-${hashOf(spec)}`, connect }, (body) => ({
    functionName: spec.functionName,
    event: JSON.parse(inputOf(body, spec)) as unknown,
    traceHeader: sent.of(`events ${String(body['id'])}`),
    deadLetter: deadLetterOf(spec, context),
  }))
}

function deadLetterOf(
  { deadLetterArn, bus, name, functionName }: EventRuleSpec,
  { region, accountId }: SourceContext,
): Pushed['deadLetter'] {
  if (deadLetterArn === undefined) return undefined
  const place = `${region}:${accountId}`
  const rule = bus === 'default' ? name : `${bus}/${name}`
  return {
    arn: deadLetterArn,
    attributes: {
      RULE_ARN: `arn:aws:events:${place}:rule/${rule}`,
      TARGET_ARN: `arn:aws:lambda:${place}:function:${functionName}`,
    },
  }
}

function hashOf(spec: object): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 20)
}

/** @param own its name, and what makes it hear */
function pollOwnQueue(
  context: SourceContext,
  own: { readonly name: string; readonly connect: (queueArn: string) => Promise<void> },
  read: (body: Json) => Pushed,
): Poller {
  const { client, region, accountId, log } = context
  let url: string | undefined
  return pollAgain(context, own.name, async ({ signal }) => {
    if (url === undefined) {
      const made = await client.json('sqs', 'CreateQueue', { QueueName: own.name }, signal)
      await own.connect(`arn:aws:sqs:${region}:${accountId}:${own.name}`)
      url = String(made['QueueUrl'])
    }
    const asked = { QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: WAIT_SECONDS }
    const answer = await client.json('sqs', 'ReceiveMessage', asked, signal)
    for (const { Body, ReceiptHandle } of (answer['Messages'] ?? []) as SqsMessage[]) {
      await client.json('sqs', 'DeleteMessage', { QueueUrl: url, ReceiptHandle })
      const { deadLetter, ...pushed } = read(JSON.parse(Body) as Json)
      try {
        // The platform's own queue tries again, as Lambda's does for these sources.
        await context.invoke({ ...pushed, invocationType: 'Event' })
      } catch (error) {
        log.warn({ reason: messageOf(error), functionName: pushed.functionName }, 'event not handed on')
        if (deadLetter === undefined) continue
        const said = { ERROR_CODE: 'NO_RESOURCE', ERROR_MESSAGE: messageOf(error) }
        const attributes = Object.keys(deadLetter.attributes).length === 0 ? {} : { ...deadLetter.attributes, ...said }
        await deliver(client, deadLetter.arn, { body: Body, attributes })
      }
    }
  })
}
