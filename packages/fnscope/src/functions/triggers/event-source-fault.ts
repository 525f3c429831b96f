// What the cloud refuses of a mapping of a queue or stream: settings that do not go together. Pure.
import { messageOf } from '../../errors.ts'
import type { EventSourceSpec } from '../trigger-spec.ts'
import { parsePattern } from './event-pattern.ts'

/** A sentence; undefined: nothing is wrong. */
export function eventSourceFault(spec: EventSourceSpec): string | undefined {
  for (const filter of spec.filters) {
    try {
      parsePattern(filter)
    } catch (error) {
      return `Invalid filter pattern definition: ${messageOf(error)}.`
    }
  }
  return spec.source === 'sqs' ? queueFault(spec) : streamFault(spec)
}

function queueFault({
  arn,
  batchSize,
  windowSeconds,
  maximumConcurrency,
  ...spec
}: EventSourceSpec): string | undefined {
  if (arn.endsWith('.fifo')) {
    if (windowSeconds > 0) return 'Batching window is not supported for FIFO queues.'
    if (batchSize > 10) return 'Batch size must be at most 10 for FIFO queues.'
  }
  if (batchSize > 10 && windowSeconds === 0)
    return 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10.'
  if (maximumConcurrency !== undefined && (maximumConcurrency < 2 || maximumConcurrency > 1000))
    return 'MaximumConcurrency must be from 2 to 1000.'
  const ofStreams = Object.entries({
    StartingPosition: spec.startingPosition,
    ParallelizationFactor: spec.parallelizationFactor,
    BisectBatchOnFunctionError: spec.bisectOnError,
    MaximumRetryAttempts: spec.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: spec.maximumRecordAgeSeconds,
  }).find(([, value]) => value !== undefined)
  return ofStreams && `${ofStreams[0]} is not supported for SQS event sources.`
}

function streamFault(spec: EventSourceSpec): string | undefined {
  const { source, startingPosition, startingTimestampMs, maximumRecordAgeSeconds: age } = spec
  if (startingPosition === undefined) return 'StartingPosition is required for this event source.'
  if (startingPosition === 'AT_TIMESTAMP' && source === 'dynamodb')
    return 'Unsupported starting position for event source: AT_TIMESTAMP is for Kinesis alone.'
  if (startingPosition === 'AT_TIMESTAMP' && startingTimestampMs === undefined)
    return 'StartingPositionTimestamp is required with AT_TIMESTAMP.'
  if (spec.maximumConcurrency !== undefined) return 'ScalingConfig is supported for SQS event sources alone.'
  // -1, for ever, is no age.
  if (age !== undefined && (age < 60 || age > 604_800))
    return 'MaximumRecordAgeInSeconds must be -1 or from 60 to 604800.'
  const factor = spec.parallelizationFactor ?? 1
  return factor < 1 || factor > 10 ? 'ParallelizationFactor must be from 1 to 10.' : undefined
}
