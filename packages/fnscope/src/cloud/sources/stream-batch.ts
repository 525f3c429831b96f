// One batch of a shard, called for until it is done or given up: retries, halves, ages, and who is told of what is dropped.
import { messageOf } from '../../errors.ts'
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { deliver } from '../deliver.ts'
import { failedItems } from './batch-answer.ts'
import { pause, type SourceContext } from './source-context.ts'
import type { StreamRecord } from './stream.ts'

export interface ShardOf {
  readonly spec: EventSourceSpec
  readonly context: Pick<SourceContext, 'client' | 'region' | 'accountId' | 'invoke' | 'notify' | 'log'>
  readonly shardId: string
}

const RETRY_MS = 500
const MAX_RETRY_MS = 10_000

/**
 * @param attempts how often the function has failed with these records already
 * @returns false: the poller ended before the batch was done
 */
export async function deliverBatch(
  shard: ShardOf,
  records: readonly StreamRecord[],
  signal: AbortSignal,
  attempts = 0,
): Promise<boolean> {
  const { spec } = shard
  const limit = spec.maximumRetryAttempts ?? -1
  let rest = records
  for (let turn = 0; !signal.aborted; turn++) {
    rest = await withoutOld(shard, rest, attempts)
    if (rest.length === 0) return true
    const outcome = await call(shard, rest)
    if (outcome.kind === 'done') return true
    // A function that is not there or throttled has not failed: that uses up no attempt.
    if (outcome.kind === 'failed') {
      const { failedFrom, whole } = outcome
      if (spec.bisectOnError === true && whole && rest.length > 1) {
        // Splitting uses up no attempt either.
        const half = Math.ceil(rest.length / 2)
        if (!(await deliverBatch(shard, rest.slice(0, half), signal, attempts))) return false
        rest = rest.slice(half)
        continue
      }
      attempts = failedFrom > 0 ? 1 : attempts + 1
      rest = rest.slice(failedFrom)
      if (limit >= 0 && attempts > limit) {
        await giveUp(shard, rest, { condition: 'RetryAttemptsExhausted', attempts })
        return true
      }
    }
    await pause(Math.min(RETRY_MS * 2 ** turn, MAX_RETRY_MS), signal)
  }
  return false
}

async function withoutOld(
  shard: ShardOf,
  records: readonly StreamRecord[],
  attempts: number,
): Promise<readonly StreamRecord[]> {
  const { maximumRecordAgeSeconds } = shard.spec
  if (maximumRecordAgeSeconds === undefined) return records
  const oldest = Date.now() - maximumRecordAgeSeconds * 1000
  const old = records.filter(({ timeMs }) => timeMs < oldest)
  if (old.length > 0) await giveUp(shard, old, { condition: 'RecordAgeExceeded', attempts })
  return records.filter(({ timeMs }) => timeMs >= oldest)
}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'not called' }
  /** `whole`: the function failed, rather than naming records. */
  | { readonly kind: 'failed'; readonly failedFrom: number; readonly whole: boolean }

async function call({ spec, context }: ShardOf, batch: readonly StreamRecord[]): Promise<Outcome> {
  const event = { Records: batch.map((record) => record.event) }
  const ids = batch.map(({ sequenceNumber }) => sequenceNumber)
  try {
    const answer = await context.invoke({ functionName: spec.functionName, event, invocationType: 'RequestResponse' })
    const failed = failedItems(answer, ids, spec.partialFailures)
    if (failed === 'all') return { kind: 'failed', failedFrom: 0, whole: answer.functionError !== undefined }
    const failedFrom = ids.findIndex((id) => failed.has(id))
    return failedFrom < 0 ? { kind: 'done' } : { kind: 'failed', failedFrom, whole: false }
  } catch (error) {
    context.log.debug({ reason: messageOf(error), source: spec.arn }, 'function not called')
    return { kind: 'not called' }
  }
}

async function giveUp(
  { spec, context, shardId }: ShardOf,
  records: readonly StreamRecord[],
  { condition, attempts }: { readonly condition: string; readonly attempts: number },
): Promise<void> {
  const count = records.length === 1 ? '1 record' : `${records.length} records`
  context.notify(`${spec.functionName}: ${count} of ${spec.arn} given up after ${attempts} attempts (${condition}).`)
  const { onFailureArn } = spec
  if (onFailureArn === undefined) return
  const time = (record: StreamRecord): string => new Date(record.timeMs).toISOString()
  const said = JSON.stringify({
    requestContext: {
      requestId: crypto.randomUUID(),
      functionArn: `arn:aws:lambda:${context.region}:${context.accountId}:function:${spec.functionName}`,
      condition,
      approximateInvokeCount: attempts,
    },
    ...(attempts === 0
      ? {}
      : { responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' } }),
    version: '1.0',
    timestamp: new Date().toISOString(),
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
    await deliver(context.client, onFailureArn, { body: said })
  } catch (error) {
    context.notify(`${onFailureArn} was not told of given-up records: ${messageOf(error)}`)
  }
}
