// Resources of a template that fnscope does not have itself and another cloud does: queues, topics, buckets, tables,
// streams, buses. Only read here; making them is cloud/'s.
import type { CloudResourceSpec } from '../functions/trigger-spec.ts'
import { mapAt, spell, type TemplateMap } from './template-value.ts'
import { resourcesOf, type TriggerContext } from './trigger-context.ts'

/** In the order of making: what others need comes first. */
export const CLOUD_RESOURCE_TYPES = [
  'AWS::SQS::Queue',
  'AWS::SNS::Topic',
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Serverless::SimpleTable',
  'AWS::Kinesis::Stream',
  'AWS::S3::Bucket',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::SNS::Subscription',
  'AWS::SSM::Parameter',
  'AWS::SecretsManager::Secret',
] as const

export function readCloudResources(context: TriggerContext): CloudResourceSpec[] {
  return CLOUD_RESOURCE_TYPES.flatMap((type) =>
    resourcesOf(context, type).map(([logicalId, properties]) => ({
      logicalId,
      type,
      name: context.app.scope.nameOf(logicalId, properties.place),
      properties: Object.fromEntries(
        Object.keys(properties.raw).flatMap((key) => {
          const value = properties.value(key)
          return value === undefined ? [] : [[key, value]]
        }),
      ),
      ...(isRetained(mapAt(context.app.resources[logicalId], logicalId)) && { retained: true }),
    })),
  )
}

function isRetained(resource: TemplateMap): boolean {
  return spell(resource['DeletionPolicy']).startsWith('Retain')
}
