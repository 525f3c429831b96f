// Streams of Kinesis and DynamoDB at the other cloud, as their pollers read them: shards, iterators, records.
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { dynamodbRecord, kinesisRecord } from '../../functions/triggers/source-events.ts'
import type { SourceContext } from './source-context.ts'

type Json = Readonly<Record<string, unknown>>

export interface StreamRecord {
  readonly sequenceNumber: string
  readonly timeMs: number
  /** Partition key, or the keys of the item: records of one key stay in order. */
  readonly key: string
  /** As the function gets it. */
  readonly event: Json
}

export interface StreamShard {
  readonly id: string
  /** Read to its end before this one begins. */
  readonly parentId: string | undefined
}

/** Where reading begins. */
export type StreamBegin =
  | { readonly kind: 'oldest' | 'latest' }
  | { readonly kind: 'at'; readonly timestampMs: number }
  /** Behind that record. */
  | { readonly kind: 'after'; readonly sequenceNumber: string }

/** Every call throws CloudCallError and what fetch throws. */
export interface Stream {
  /** A stream that was made anew under the same name has another one. */
  readonly identity: string
  shards(signal: AbortSignal): Promise<readonly StreamShard[]>
  iterator(shardId: string, begin: StreamBegin, signal: AbortSignal): Promise<string>
  /** `next` undefined: the shard is closed and read. */
  records(
    iterator: string,
    shardId: string,
    signal: AbortSignal,
  ): Promise<{ readonly records: readonly StreamRecord[]; readonly next: string | undefined }>
}

const READ_LIMIT = 1000

export async function openStream(spec: EventSourceSpec, context: SourceContext, signal: AbortSignal): Promise<Stream> {
  return await (spec.source === 'kinesis' ? kinesis(spec, context, signal) : dynamodb(spec, context, signal))
}

async function kinesis(
  { arn }: EventSourceSpec,
  { client, region }: SourceContext,
  signal: AbortSignal,
): Promise<Stream> {
  const StreamName = arn.slice(arn.lastIndexOf('/') + 1)
  const { StreamDescriptionSummary } = await client.json('kinesis', 'DescribeStreamSummary', { StreamName }, signal)
  const { StreamCreationTimestamp } = (StreamDescriptionSummary ?? {}) as Json
  return {
    identity: `${arn} ${String(StreamCreationTimestamp)}`,
    async shards(until) {
      const { Shards } = await client.json('kinesis', 'ListShards', { StreamName }, until)
      return shardsOf(Shards)
    },
    async iterator(ShardId, begin, until) {
      const type = iteratorType(begin, 'StartingSequenceNumber')
      return iteratorOf(await client.json('kinesis', 'GetShardIterator', { StreamName, ShardId, ...type }, until))
    },
    async records(ShardIterator, shardId, until) {
      const answer = await client.json('kinesis', 'GetRecords', { ShardIterator, Limit: READ_LIMIT }, until)
      const records = (answer['Records'] ?? []) as Json[]
      return {
        records: records.map((record) => ({
          sequenceNumber: String(record['SequenceNumber']),
          timeMs: Number(record['ApproximateArrivalTimestamp'] ?? 0) * 1000,
          key: String(record['PartitionKey']),
          event: kinesisRecord(record, { arn, region }, shardId),
        })),
        next: nextOf(answer),
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
  const { LatestStreamArn: StreamArn } = Table as { readonly LatestStreamArn?: string }
  if (StreamArn === undefined) throw new Error(`table ${TableName} has no stream; give it a StreamSpecification`)
  return {
    identity: StreamArn,
    async shards(until) {
      const { StreamDescription } = await client.json('dynamodb-streams', 'DescribeStream', { StreamArn }, until)
      return shardsOf((StreamDescription as Json)['Shards'])
    },
    async iterator(ShardId, begin, until) {
      const type = iteratorType(begin, 'SequenceNumber')
      return iteratorOf(
        await client.json('dynamodb-streams', 'GetShardIterator', { StreamArn, ShardId, ...type }, until),
      )
    },
    async records(ShardIterator, _, until) {
      const answer = await client.json('dynamodb-streams', 'GetRecords', { ShardIterator, Limit: READ_LIMIT }, until)
      const records = (answer['Records'] ?? []) as (Json & { readonly dynamodb: Json })[]
      return {
        records: records.map((record) => ({
          sequenceNumber: String(record.dynamodb['SequenceNumber']),
          timeMs: Number(record.dynamodb['ApproximateCreationDateTime'] ?? 0) * 1000,
          key: JSON.stringify(record.dynamodb['Keys']),
          event: dynamodbRecord(record, { arn: StreamArn, region }),
        })),
        next: nextOf(answer),
      }
    },
  }
}

function shardsOf(shards: unknown): StreamShard[] {
  return ((shards ?? []) as { readonly ShardId: string; readonly ParentShardId?: string }[]).map((shard) => ({
    id: shard.ShardId,
    parentId: shard.ParentShardId,
  }))
}

function iteratorType(begin: StreamBegin, sequenceMember: string): Json {
  if (begin.kind === 'after')
    return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', [sequenceMember]: begin.sequenceNumber }
  if (begin.kind === 'at') return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: begin.timestampMs / 1000 }
  return { ShardIteratorType: begin.kind === 'oldest' ? 'TRIM_HORIZON' : 'LATEST' }
}

function iteratorOf(answer: Json): string {
  return String(answer['ShardIterator'])
}

function nextOf(answer: Json): string | undefined {
  const next = answer['NextShardIterator']
  return typeof next === 'string' ? next : undefined
}
