// A queue polled for its function, as Lambda's pollers do it: batches by size and window, deleted when the function has
// done them, else left to the queue's visibility timeout and its redrive policy.
import { matchesPattern, parsePattern } from '../../functions/triggers/event-pattern.ts'
import { sqsRecord, type SqsMessage } from '../../functions/triggers/source-events.ts'
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import type { SpanLink } from '../../span/span.ts'
import { parseTraceHeader } from '../../span/trace-header.ts'
import { messageOf } from '../../errors.ts'
import { failedItems } from './batch-answer.ts'
import { pause, pollAgain, type Poller, type Polling, type SourceContext } from './source-context.ts'

const WAIT_SECONDS = 20
/** What the cloud begins with. */
const CONCURRENCY = 5
const MAX_LINKS = 100

export function pollQueue(spec: EventSourceSpec, context: SourceContext): Poller {
  const { client, notify } = context
  const queueName = spec.arn.slice(spec.arn.lastIndexOf(':') + 1)
  const fifo = queueName.endsWith('.fifo')
  const concurrency = fifo ? 1 : (spec.maximumConcurrency ?? CONCURRENCY)
  const patterns = spec.filters.map(parsePattern)
  const running = new Set<Promise<void>>()
  let url: string | undefined
  let throttled = false

  const receive = async (count: number, waitSeconds: number, signal: AbortSignal): Promise<SqsMessage[]> => {
    url ??= String((await client.json('sqs', 'GetQueueUrl', { QueueName: queueName }, signal))['QueueUrl'])
    const answer = await client.json(
      'sqs',
      'ReceiveMessage',
      {
        QueueUrl: url,
        MaxNumberOfMessages: Math.min(count, 10),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
      signal,
    )
    return (answer['Messages'] ?? []) as SqsMessage[]
  }

  const remove = async (messages: readonly SqsMessage[]): Promise<void> => {
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages
        .slice(at, at + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      await client.json('sqs', 'DeleteMessageBatch', { QueueUrl: url, Entries })
    }
  }

  const run = async (messages: readonly SqsMessage[]): Promise<void> => {
    const passing = messages.filter((message) => passes(message, patterns))
    const dropped = messages.filter((message) => !passing.includes(message))
    if (dropped.length > 0) await remove(dropped)
    if (passing.length === 0) return
    const headers = passing.map((message) => traceOf(message, context))
    const place = { arn: spec.arn, region: context.region }
    const event = { Records: passing.map((message, index) => sqsRecord(message, place, headers[index])) }
    try {
      const links = linksOf(headers)
      const answer = await context.invoke({
        functionName: spec.functionName,
        event,
        invocationType: 'RequestResponse',
        links,
      })
      const failed = failedItems(
        answer,
        passing.map(({ MessageId }) => MessageId),
        spec.partialFailures,
      )
      if (failed !== 'all') await remove(passing.filter(({ MessageId }) => !failed.has(MessageId)))
      throttled = false
    } catch (error) {
      // Throttled, or there is no such function: the messages come again.
      if (!throttled) notify(`${queueName}: ${spec.functionName} was not called: ${messageOf(error)}`)
      throttled = true
    }
  }

  const turn = async ({ signal }: Polling): Promise<void> => {
    while (running.size >= concurrency) await Promise.race(running)
    const messages = await receive(spec.batchSize, WAIT_SECONDS, signal)
    if (messages.length === 0) return
    const until = performance.now() + spec.windowSeconds * 1000
    // The rest of a batch is waited for within the window; without one, what is there already is taken along.
    while (messages.length < spec.batchSize && !signal.aborted) {
      const more = await receive(spec.batchSize - messages.length, 0, signal)
      messages.push(...more)
      if (more.length > 0) continue
      if (performance.now() >= until) break
      await pause(200, signal)
    }
    const work: Promise<void> = run(messages)
      .catch((error: unknown) => context.log.warn({ err: error, queue: queueName }, 'batch not finished'))
      .finally(() => running.delete(work))
    running.add(work)
  }

  const poller = pollAgain(context, `Queue ${queueName}`, turn)
  return {
    async stop() {
      await poller.stop()
      await Promise.all(running)
    },
  }
}

/** The message's own, as an SDK set it, or what its sender's call carried. */
function traceOf(message: SqsMessage, { sent }: SourceContext): string | undefined {
  return message.Attributes?.['AWSTraceHeader'] ?? sent.of(`sqs ${message.MessageId}`)
}

function linksOf(headers: readonly (string | undefined)[]): SpanLink[] {
  const links = new Map<string, SpanLink>()
  for (const header of headers) {
    const { traceId, parentId } = parseTraceHeader(header)
    if (traceId === undefined) continue
    links.set(`${traceId} ${parentId}`, {
      traceId,
      ...(parentId === undefined ? {} : { spanId: parentId }),
      attributes: {},
    })
  }
  return [...links.values()].slice(0, MAX_LINKS)
}

/** A body that is JSON is matched as such. */
function passes(message: SqsMessage, patterns: readonly ReturnType<typeof parsePattern>[]): boolean {
  if (patterns.length === 0) return true
  let body: unknown = message.Body
  try {
    body = JSON.parse(message.Body)
  } catch {
    // Text.
  }
  return patterns.some((pattern) => matchesPattern(pattern, { ...message, body }))
}
