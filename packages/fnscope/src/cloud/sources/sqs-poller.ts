// A queue polled for its function, as Lambda's pollers do it: batches by size and window, deleted when the function has
// done them, else left to the queue's visibility timeout and its redrive policy.
import { sqsRecord, type SqsMessage } from '../../functions/triggers/source-events.ts'
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { messageOf } from '../../errors.ts'
import { failedItems } from './batch-answer.ts'
import { linksOf, sentTraceOf } from './batch-links.ts'
import { batchOf, sizeOf } from './batch-size.ts'
import { filtersOf, passesFilters } from './event-filters.ts'
import { pause, pollAgain, type Poller, type Polling, type SourceContext } from './source-context.ts'

const WAIT_SECONDS = 20
/** What the cloud begins with. */
const CONCURRENCY = 5

interface Item {
  readonly message: SqsMessage
  readonly traceHeader: string | undefined
  /** As the function gets it. */
  readonly record: Readonly<Record<string, unknown>>
  readonly bytes: number
}

export function pollQueue(spec: EventSourceSpec, context: SourceContext): Poller {
  const { client, notify } = context
  const queueName = spec.arn.slice(spec.arn.lastIndexOf(':') + 1)
  // A FIFO queue hands out nothing of a group that is underway: groups go side by side, each in order.
  const concurrency = spec.maximumConcurrency ?? CONCURRENCY
  const filters = filtersOf(spec.filters)
  const place = { arn: spec.arn, region: context.region }
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

  const itemOf = (message: SqsMessage): Item => {
    const traceHeader = sentTraceOf(message, context.sent)
    const record = sqsRecord(message, place, traceHeader)
    return { message, traceHeader, record, bytes: sizeOf(record) }
  }

  const run = async (messages: readonly SqsMessage[]): Promise<void> => {
    const items = messages.map(itemOf)
    const passing = items.filter(({ record }) => passesFilters(filters, filtered(record)))
    const dropped = items.filter((item) => !passing.includes(item))
    if (dropped.length > 0) await remove(dropped.map(({ message }) => message))
    for (let rest: readonly Item[] = passing; rest.length > 0;) {
      const batch = batchOf(rest, spec.batchSize)
      await call(batch)
      rest = rest.slice(batch.length)
    }
  }

  const call = async (batch: readonly Item[]): Promise<void> => {
    try {
      const answer = await context.invoke({
        functionName: spec.functionName,
        event: { Records: batch.map(({ record }) => record) },
        invocationType: 'RequestResponse',
        links: linksOf(batch.map(({ traceHeader }) => traceHeader)),
      })
      const messages = batch.map(({ message }) => message)
      const ids = messages.map(({ MessageId }) => MessageId)
      const failed = failedItems(answer, ids, spec.partialFailures)
      if (failed !== 'all') await remove(messages.filter(({ MessageId }) => !failed.has(MessageId)))
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

/** What patterns see: a body that is JSON is matched as such. */
function filtered(record: Item['record']): Item['record'] {
  try {
    return { ...record, body: JSON.parse(String(record['body'])) as unknown }
  } catch {
    return record
  }
}
