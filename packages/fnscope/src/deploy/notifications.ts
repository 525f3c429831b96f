// What others push to a function: SNS subscriptions, S3 notifications, subscription filters of log groups.
import type { BucketNotificationSpec, LogSubscriptionSpec, TopicSubscriptionSpec } from '../functions/trigger-spec.ts'
import { functionNameIn, jsonOf, resourcesOf, type TriggerContext } from './trigger-context.ts'
import { spell } from './template-value.ts'
import type { ValueReader } from './value-reader.ts'

export function readTopicSubscriptions(context: TriggerContext): TopicSubscriptionSpec[] {
  const { stack } = context.app.seed
  const sam = context.events.flatMap(({ type, logicalId, properties, spec }) =>
    type === 'SNS'
      ? [{ logicalId, stack, topicArn: properties.required('Topic'), functionName: spec.name, ...filterOf(properties) }]
      : [],
  )
  const own = resourcesOf(context, 'AWS::SNS::Subscription').flatMap(([logicalId, properties]) => {
    const functionName = functionNameIn(properties.text('Endpoint') ?? '')
    if (properties.text('Protocol') !== 'lambda' || functionName === undefined) return []
    return [{ logicalId, stack, topicArn: properties.required('TopicArn'), functionName, ...filterOf(properties) }]
  })
  const inline = resourcesOf(context, 'AWS::SNS::Topic').flatMap(([logicalId, topic]) =>
    topic.items('Subscription').flatMap((item) => {
      const functionName = functionNameIn(item.text('Endpoint') ?? '')
      if (item.text('Protocol') !== 'lambda' || functionName === undefined) return []
      return [{ logicalId, stack, topicArn: spell(context.app.scope.ref(logicalId, logicalId)), functionName }]
    }),
  )
  return [...sam, ...own, ...inline]
}

function filterOf(
  properties: ValueReader,
): Pick<TopicSubscriptionSpec, 'filterPolicy' | 'filterPolicyScope' | 'deadLetterArn'> {
  const filterPolicy = jsonOf(properties.value('FilterPolicy'))
  const filterPolicyScope = properties.oneOf('FilterPolicyScope', ['MessageAttributes', 'MessageBody'])
  const deadLetterArn = properties.inner('RedrivePolicy').text('deadLetterTargetArn')
  return {
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    ...(filterPolicy === undefined ? {} : { filterPolicy }),
    ...(filterPolicyScope === undefined ? {} : { filterPolicyScope }),
  }
}

export function readBucketNotifications(context: TriggerContext): BucketNotificationSpec[] {
  const { stack } = context.app.seed
  const sam = context.events.flatMap(({ type, logicalId, properties, spec }) =>
    type === 'S3'
      ? [
          {
            logicalId,
            stack,
            bucket: properties.required('Bucket'),
            events: properties.texts('Events'),
            ...keyRules(properties.inner('Filter').inner('S3Key').items('Rules')),
            target: spec.name,
          },
        ]
      : [],
  )
  const own = resourcesOf(context, 'AWS::S3::Bucket').flatMap(([logicalId, properties]) => {
    const bucket = spell(context.app.scope.ref(logicalId, logicalId))
    return configured(properties, OWN_WORDS).map((one) => ({ logicalId, stack, bucket, ...one }))
  })
  // CDK's: a custom resource calls PutBucketNotificationConfiguration with what stands here.
  const cdk = resourcesOf(context, 'Custom::S3BucketNotifications').flatMap(([logicalId, properties]) => {
    const bucket = properties.required('BucketName')
    return configured(properties, CDK_WORDS).map((one) => ({ logicalId, stack, bucket, ...one }))
  })
  return [...sam, ...own, ...cdk]
}

/** What the same settings are called: CloudFormation's words, and those of the S3 API. */
interface NotificationWords {
  /** Where in a configuration those stand who are told. */
  readonly targets: readonly (readonly [list: string, member: string])[]
  readonly events: string
  readonly key: string
  readonly rules: string
}

const OWN_WORDS: NotificationWords = {
  targets: [
    ['LambdaConfigurations', 'Function'],
    ['QueueConfigurations', 'Queue'],
    ['TopicConfigurations', 'Topic'],
  ],
  events: 'Event',
  key: 'S3Key',
  rules: 'Rules',
}
const CDK_WORDS: NotificationWords = {
  targets: [
    ['LambdaFunctionConfigurations', 'LambdaFunctionArn'],
    ['QueueConfigurations', 'QueueArn'],
    ['TopicConfigurations', 'TopicArn'],
  ],
  events: 'Events',
  key: 'Key',
  rules: 'FilterRules',
}

/** Of each configuration what happens, and who is told: a function by its name, a queue or a topic by its ARN. */
function configured(
  properties: ValueReader,
  words: NotificationWords,
): readonly Pick<BucketNotificationSpec, 'events' | 'prefix' | 'suffix' | 'target'>[] {
  const configuration = properties.inner('NotificationConfiguration')
  return words.targets.flatMap(([list, member]) =>
    configuration.items(list).flatMap((item) => {
      const said = item.text(member) ?? ''
      const target = /^arn:[^:]+:(sqs|sns):/.test(said) ? said : functionNameIn(said)
      if (target === undefined) return []
      const rules = keyRules(item.inner('Filter').inner(words.key).items(words.rules))
      return [{ events: item.texts(words.events), ...rules, target }]
    }),
  )
}

function keyRules(rules: readonly ValueReader[]): { readonly prefix: string; readonly suffix: string } {
  const value = (name: string): string =>
    rules.find((rule) => rule.text('Name')?.toLowerCase() === name)?.text('Value') ?? ''
  return { prefix: value('prefix'), suffix: value('suffix') }
}

export function readLogSubscriptions(context: TriggerContext): LogSubscriptionSpec[] {
  const { stack } = context.app.seed
  const sam = context.events.flatMap(({ type, logicalId, properties, spec }) =>
    type === 'CloudWatchLogs'
      ? [
          {
            logicalId,
            stack,
            filterName: logicalId,
            logGroup: properties.required('LogGroupName'),
            pattern: properties.text('FilterPattern') ?? '',
            functionName: spec.name,
          },
        ]
      : [],
  )
  const own = resourcesOf(context, 'AWS::Logs::SubscriptionFilter').flatMap(([logicalId, properties]) => {
    const functionName = functionNameIn(properties.required('DestinationArn'))
    if (functionName === undefined) {
      context.app.notice(`${logicalId} (AWS::Logs::SubscriptionFilter): only functions are called.`)
      return []
    }
    return [
      {
        logicalId,
        stack,
        filterName: properties.text('FilterName') ?? logicalId,
        logGroup: properties.required('LogGroupName'),
        pattern: properties.text('FilterPattern') ?? '',
        functionName,
      },
    ]
  })
  return [...sam, ...own]
}
