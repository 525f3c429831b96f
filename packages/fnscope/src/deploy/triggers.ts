// Everything of a template that calls its functions or that they call, by one reader a kind. Events that nothing here
// reads are told.
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { AppTriggers } from '../functions/trigger-spec.ts'
import type { AppContext } from './app-context.ts'
import { readCloudResources, CLOUD_RESOURCE_TYPES } from './cloud-resources.ts'
import { readEventBridge } from './event-rules.ts'
import { readEventSources } from './event-source.ts'
import { readFunctionUrls } from './function-url.ts'
import { readHttpApis } from './http-api.ts'
import { readHttpApiResources } from './http-api-resources.ts'
import { readMetricFilters } from './metric-filters.ts'
import { readBucketNotifications, readLogSubscriptions, readTopicSubscriptions } from './notifications.ts'
import { readRestApis } from './rest-api.ts'
import { readRestApiResources } from './rest-api-resources.ts'
import type { TemplateMap } from './template-value.ts'
import { openTriggerContext } from './trigger-context.ts'

/** Resource types whose meaning is read here: nothing is missing when they are not made. */
export const TRIGGER_TYPES: ReadonlySet<string> = new Set([
  ...CLOUD_RESOURCE_TYPES,
  'AWS::Serverless::Api',
  'AWS::Serverless::HttpApi',
  ...['RestApi', 'Resource', 'Method', 'Stage', 'Deployment', 'Authorizer', 'Account', 'Model', 'GatewayResponse'].map(
    (kind) => `AWS::ApiGateway::${kind}`,
  ),
  ...['Api', 'Integration', 'Route', 'Stage', 'Deployment', 'Authorizer'].map((kind) => `AWS::ApiGatewayV2::${kind}`),
  'AWS::Lambda::Url',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Scheduler::Schedule',
  'AWS::Logs::SubscriptionFilter',
  'AWS::Logs::MetricFilter',
  'AWS::SQS::QueuePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::S3::BucketPolicy',
  'Custom::S3BucketNotifications',
])

const EVENT_TYPES = new Set([
  'Api',
  'HttpApi',
  'SQS',
  'SNS',
  'S3',
  'DynamoDB',
  'Kinesis',
  'Schedule',
  'ScheduleV2',
  'EventBridgeRule',
  'CloudWatchEvent',
  'CloudWatchLogs',
])

/** `template` for its Globals. @throws FnscopeError FNS_TEMPLATE_INVALID */
export function readTriggers(app: AppContext, template: TemplateMap, functions: readonly FunctionSpec[]): AppTriggers {
  const context = openTriggerContext(app, functions)
  for (const { type, id, spec } of context.events) {
    if (!EVENT_TYPES.has(type))
      app.notice(`${spec.logicalId}: event ${id} (${type}) is not emulated; invoke the function directly.`)
  }
  return {
    restApis: [...readRestApis(context, template), ...readRestApiResources(context)],
    httpApis: [...readHttpApis(context, template), ...readHttpApiResources(context)],
    functionUrls: readFunctionUrls(context),
    fcTriggers: [],
    eventSources: readEventSources(context),
    ...readEventBridge(context),
    topicSubscriptions: readTopicSubscriptions(context),
    bucketNotifications: readBucketNotifications(context),
    logSubscriptions: readLogSubscriptions(context),
    metricFilters: readMetricFilters(context),
    cloudResources: readCloudResources(context),
  }
}
