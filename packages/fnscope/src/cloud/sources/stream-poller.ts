// A stream of DynamoDB or Kinesis polled for its function: each shard in order, a batch that fails is tried again until it
// is done or given up. Where reading stopped is not kept: after a restart it begins where the mapping says.
import { matchesPattern, parsePattern } from '../../functions/triggers/event-pattern.ts'
import { dynamodbRecord, kinesisRecord } from '../../functions/triggers/source-events.ts'
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { messageOf } from '../../errors.ts'
import { deliver as deliverTo } from '../deliver.ts'
import { failedItems } from './batch-answer.ts'
import { pause, pollAgain, type Poller, type SourceContext } from './source-context.ts'

type Json = Readonly<Record<string, unknown>>

interface StreamRecord {
  readonly sequenceNumber: string
  readonly timeMs: number
  /** As the function gets it. */
  readonly event: Json
}

/** One kind of stream, at the other cloud. */
interface Stream {
  shards(signal: AbortSignal): Promise<readonly string[]>
  iterator(shardId: string, type: Json, signal: AbortSignal): Promise<string>
  records(
    iterator: string,
    shardId: string,
    signal: AbortSignal,
  ): Promise<{ readonly records: StreamRecord[]; readonly next: string | undefined }>
}

const IDLE_MS = 250
const RETRY_MS = 500
const NEW_SHARDS_MS = 5000
const READ_LIMIT = 1000

export function pollStream(spec: EventSourceSpec, context: SourceContext): Poller {
  const readers = new Map<string, Poller>()
  let stream: Stream | undefined
  // A shard that was there at the start begins where the mapping says, a later one at its beginning.
  let first = true
  const watch = pollAgain(context, `Stream ${spec.arn}`, async ({ signal }) => {
    stream ??= await (spec.source === 'kinesis' ? kinesis(spec, context) : dynamodb(spec, context, signal))
    for (const shardId of await stream.shards(signal)) {
      if (readers.has(shardId)) continue
      const begin = first ? startOf(spec) : { ShardIteratorType: 'TRIM_HORIZON' }
      // Before the next record comes: LATEST is what is later than now.
      const iterator = await stream.iterator(shardId, begin, signal)
      readers.set(shardId, readShard({ spec, context, stream, shardId, iterator }))
    }
    first = false
    await pause(NEW_SHARDS_MS, signal)
  })
  return {
    async stop() {
      await watch.stop()
      await Promise.all([...readers.values()].map((reader) => reader.stop()))
    },
  }
}

function startOf({ startingPosition = 'LATEST', startingTimestampMs }: EventSourceSpec): Json {
  return {
    ShardIteratorType: startingPosition,
    ...(startingPosition === 'AT_TIMESTAMP' ? { Timestamp: (startingTimestampMs ?? 0) / 1000 } : {}),
  }
}

interface Shard {
  readonly spec: EventSourceSpec
  readonly context: SourceContext
  readonly stream: Stream
  readonly shardId: string
  readonly iterator: string
}

function readShard(shard: Shard): Poller {
  const { spec, context, stream, shardId } = shard
  const patterns = spec.filters.map(parsePattern)
  let iterator: string | undefined = shard.iterator
  let waiting: StreamRecord[] = []
  let since = 0
  return pollAgain(context, `Shard ${shardId}`, async ({ signal }) => {
    if (iterator !== undefined && waiting.length < spec.batchSize) {
      const { records, next } = await stream.records(iterator, shardId, signal)
      iterator = next
      if (waiting.length === 0) since = performance.now()
      waiting.push(...records.filter(({ event }) => passes(event, patterns)))
    }
    const full = waiting.length >= spec.batchSize || performance.now() - since >= spec.windowSeconds * 1000
    if (waiting.length === 0 || !full) return await pause(IDLE_MS, signal)
    const batch = waiting.slice(0, spec.batchSize)
    await deliver(shard, batch, signal)
    waiting = waiting.slice(batch.length)
    since = performance.now()
  })
}

function passes(event: Json, patterns: readonly Json[]): boolean {
  if (patterns.length === 0) return true
  const { kinesis: record } = event as { readonly kinesis?: { readonly data: string } }
  let seen: Json = event
  if (record !== undefined) {
    try {
      seen = { ...event, data: JSON.parse(Buffer.from(record.data, 'base64').toString()) as unknown }
    } catch {
      seen = { ...event, data: record.data }
    }
  }
  return patterns.some((pattern) => matchesPattern(pattern, seen))
}

/** Until the batch is done, given up, or the poller ends. */
async function deliver(
  { spec, context, shardId }: Pick<Shard, 'spec' | 'context' | 'shardId'>,
  all: readonly StreamRecord[],
  signal: AbortSignal,
): Promise<void> {
  let batch = all
  for (let attempt = 0; batch.length > 0 && !signal.aborted; attempt++) {
    const failed = await failedFrom(spec, context, batch)
    if (failed === undefined) return
    if (failed > 0) attempt = 0
    const rest = batch.slice(failed)
    const limit = spec.maximumRetryAttempts ?? -1
    const oldest = spec.maximumRecordAgeSeconds
    const tooOld = oldest !== undefined && Date.now() - rest[0]!.timeMs > oldest * 1000
    if ((limit >= 0 && attempt >= limit) || tooOld) {
      await giveUp(spec, context, { shardId, records: rest, attempts: attempt + 1 })
      return
    }
    if (spec.bisectOnError === true && rest.length > 1 && failed === 0) {
      const half = Math.ceil(rest.length / 2)
      await deliver({ spec, context, shardId }, rest.slice(0, half), signal)
      batch = rest.slice(half)
    } else batch = rest
    await pause(Math.min(RETRY_MS * 2 ** attempt, 10_000), signal)
  }
}

/** Index of the first record that is to come again; undefined: none. */
async function failedFrom(
  spec: EventSourceSpec,
  context: SourceContext,
  batch: readonly StreamRecord[],
): Promise<number | undefined> {
  const event = { Records: batch.map((record) => record.event) }
  const ids = batch.map(({ sequenceNumber }) => sequenceNumber)
  try {
    const answer = await context.invoke({ functionName: spec.functionName, event, invocationType: 'RequestResponse' })
    const failed = failedItems(answer, ids, spec.partialFailures)
    if (failed === 'all') return 0
    const at = ids.findIndex((id) => failed.has(id))
    return at < 0 ? undefined : at
  } catch (error) {
    context.log.debug({ reason: messageOf(error), source: spec.arn }, 'function not called')
    return 0
  }
}

async function giveUp(
  spec: EventSourceSpec,
  context: SourceContext,
  {
    shardId,
    records,
    attempts,
  }: { readonly shardId: string; readonly records: readonly StreamRecord[]; readonly attempts: number },
): Promise<void> {
  context.notify(
    `${spec.functionName}: ${records.length} records of ${spec.arn} are given up after ${attempts} attempts.`,
  )
  const { onFailureArn } = spec
  if (onFailureArn === undefined) return
  const time = (record: StreamRecord): string => new Date(record.timeMs).toISOString()
  const said = JSON.stringify({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      functionArn: `arn:aws:lambda:${context.region}:${context.accountId}:function:${spec.functionName}`,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: attempts,
    },
    [spec.source === 'kinesis' ? 'KinesisBatchInfo' : 'DDBStreamBatchInfo']: {
      shardId,
      startSequenceNumber: records[0]!.sequenceNumber,
      endSequenceNumber: records.at(-1)!.sequenceNumber,
      approximateArrivalOfFirstRecord: time(records[0]!),
      approximateArrivalOfLastRecord: time(records.at(-1)!),
      batchSize: records.length,
      streamArn: spec.arn,
    },
  })
  try {
    await deliverTo(context.client, onFailureArn, { body: said })
  } catch (error) {
    context.notify(`${onFailureArn} was not told of given-up records: ${messageOf(error)}`)
  }
}

function kinesis({ arn }: EventSourceSpec, { client, region }: SourceContext): Stream {
  const StreamName = arn.slice(arn.lastIndexOf('/') + 1)
  return {
    async shards(signal) {
      const { Shards } = await client.json('kinesis', 'ListShards', { StreamName }, signal)
      return (Shards as { readonly ShardId: string }[]).map(({ ShardId }) => ShardId)
    },
    async iterator(ShardId, type, signal) {
      return String(
        (await client.json('kinesis', 'GetShardIterator', { StreamName, ShardId, ...type }, signal))['ShardIterator'],
      )
    },
    async records(ShardIterator, shardId, signal) {
      const answer = await client.json('kinesis', 'GetRecords', { ShardIterator, Limit: READ_LIMIT }, signal)
      const records = (answer['Records'] ?? []) as Json[]
      return {
        records: records.map((record) => ({
          sequenceNumber: String(record['SequenceNumber']),
          timeMs: Number(record['ApproximateArrivalTimestamp'] ?? 0) * 1000,
          event: kinesisRecord(record, { arn, region }, shardId),
        })),
        next: answer['NextShardIterator'] as string | undefined,
      }
    },
  }
}

/** The ARN's label is the cloud's to choose: the table's stream of now is meant. */
async function dynamodb(
  spec: EventSourceSpec,
  { client, region }: SourceContext,
  signal: AbortSignal,
): Promise<Stream> {
  const TableName = /:table\/([^/]+)/.exec(spec.arn)?.[1] ?? spec.arn
  const { Table } = await client.json('dynamodb', 'DescribeTable', { TableName }, signal)
  const StreamArn = (Table as { readonly LatestStreamArn?: string }).LatestStreamArn
  if (StreamArn === undefined) throw new Error(`table ${TableName} has no stream; give it a StreamSpecification`)
  return {
    async shards(until) {
      const { StreamDescription } = await client.json('dynamodb-streams', 'DescribeStream', { StreamArn }, until)
      return (StreamDescription as { readonly Shards: { readonly ShardId: string }[] }).Shards.map(
        ({ ShardId }) => ShardId,
      )
    },
    async iterator(ShardId, type, until) {
      return String(
        (await client.json('dynamodb-streams', 'GetShardIterator', { StreamArn, ShardId, ...type }, until))[
          'ShardIterator'
        ],
      )
    },
    async records(ShardIterator, _, until) {
      const answer = await client.json('dynamodb-streams', 'GetRecords', { ShardIterator, Limit: READ_LIMIT }, until)
      const records = (answer['Records'] ?? []) as (Json & { readonly dynamodb: Json })[]
      return {
        records: records.map((record) => ({
          sequenceNumber: String(record.dynamodb['SequenceNumber']),
          timeMs: Number(record.dynamodb['ApproximateCreationDateTime'] ?? 0) * 1000,
          event: dynamodbRecord(record, { arn: StreamArn, region }),
        })),
        next: answer['NextShardIterator'] as string | undefined,
      }
    },
  }
}
