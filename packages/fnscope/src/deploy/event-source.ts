// Queues and streams that are polled for a function: SAM's events SQS, DynamoDB and Kinesis, AWS::Lambda::EventSourceMapping.
import { eventSourceFault, type EventSourceSpec } from '../functions/trigger-spec.ts'
import { stableUuid } from './physical-name.ts'
import { integerOf } from './value-reader.ts'
import { functionNameOf, jsonOf, enabledIn, resourcesOf, type TriggerContext } from './trigger-context.ts'
import { invalid } from './template-value.ts'
import type { ValueReader } from './value-reader.ts'

const SAM_SOURCES: ReadonlyMap<string, string> = new Map([
  ['SQS', 'Queue'],
  ['DynamoDB', 'Stream'],
  ['Kinesis', 'Stream'],
])

export function readEventSources(context: TriggerContext): EventSourceSpec[] {
  const sam = context.events.flatMap(({ type, logicalId, properties, spec }) => {
    const key = SAM_SOURCES.get(type)
    if (key === undefined) return []
    return readSource(context, logicalId, { properties, arn: properties.required(key), functionName: spec.name })
  })
  const own = resourcesOf(context, 'AWS::Lambda::EventSourceMapping').flatMap(([id, properties]) => {
    const functionName = functionNameOf(properties.required('FunctionName'))
    const arn = properties.text('EventSourceArn')
    if (arn === undefined) {
      context.app.notice(`${id} (AWS::Lambda::EventSourceMapping) has no EventSourceArn: not emulated.`)
      return []
    }
    return readSource(context, id, { properties, arn, functionName })
  })
  return [...sam, ...own]
}

function readSource(
  context: TriggerContext,
  logicalId: string,
  {
    properties,
    arn,
    functionName,
  }: { readonly properties: ValueReader; readonly arn: string; readonly functionName: string },
): EventSourceSpec[] {
  const source = sourceOf(arn)
  if (source === undefined) {
    context.app.notice(`${logicalId}: an event source like ${arn} is not emulated; invoke the function directly.`)
    return []
  }
  const position = properties.oneOf('StartingPosition', ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'])
  const concurrency = properties.map('ScalingConfig')['MaximumConcurrency']
  const timestamp = properties.value('StartingPositionTimestamp')
  const onFailureArn = properties.inner('DestinationConfig').inner('OnFailure').text('Destination')
  const retries = properties.integer('MaximumRetryAttempts', -1, 10_000)
  const age = properties.integer('MaximumRecordAgeInSeconds', -1, 604_800)
  const factor = properties.integer('ParallelizationFactor', 1, 10)
  if (properties.value('TumblingWindowInSeconds') !== undefined)
    context.app.notice(`${logicalId}: TumblingWindowInSeconds is not emulated; batches come without window and state.`)
  const spec: EventSourceSpec = {
    uuid: stableUuid(context.app.seed, logicalId),
    stack: context.app.seed.stack,
    functionName,
    source,
    arn,
    enabled: enabledIn(properties),
    batchSize: properties.integer('BatchSize', 1, 10_000) ?? (source === 'sqs' ? 10 : 100),
    windowSeconds: properties.integer('MaximumBatchingWindowInSeconds', 0, 300) ?? 0,
    partialFailures: properties.texts('FunctionResponseTypes').includes('ReportBatchItemFailures'),
    filters: properties
      .inner('FilterCriteria')
      .items('Filters')
      .flatMap((filter) => jsonOf(filter.value('Pattern')) ?? []),
    ...(concurrency === undefined
      ? {}
      : { maximumConcurrency: integerOf(concurrency, properties.at('ScalingConfig'), 2, 1000) }),
    ...(position === undefined ? {} : { startingPosition: position }),
    ...(typeof timestamp === 'number' ? { startingTimestampMs: timestamp * 1000 } : {}),
    ...(retries === undefined ? {} : { maximumRetryAttempts: retries }),
    ...(age === undefined || age < 0 ? {} : { maximumRecordAgeSeconds: age }),
    ...(properties.flag('BisectBatchOnFunctionError') === true ? { bisectOnError: true } : {}),
    ...(factor === undefined ? {} : { parallelizationFactor: factor }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  }
  const fault = eventSourceFault(spec)
  if (fault !== undefined) throw invalid(`${context.app.file}: ${properties.place}: ${fault}`)
  return [spec]
}

/** By the service in the ARN. */
export function sourceOf(arn: string): EventSourceSpec['source'] | undefined {
  const service = arn.split(':')[2]
  return service === 'sqs' || service === 'dynamodb' || service === 'kinesis' ? service : undefined
}
