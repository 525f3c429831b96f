// Events of type SNS: a subscription of the function, or of a queue that it polls.
import { isMap, type TemplateValue } from '../template-value.ts'
import { permission } from './event-target.ts'
import type { Expand } from './expansion.ts'
import { getAtt, ref, resource } from './parts.ts'

export const expandSns: Expand = (event, target, into) => {
  const { Topic, Region, FilterPolicy, FilterPolicyScope, RedrivePolicy, SqsSubscription } = event.properties
  const subscription = { TopicArn: Topic, Region, FilterPolicy, FilterPolicyScope, RedrivePolicy }
  const subscribe = (Protocol: string, Endpoint: TemplateValue): void =>
    void into.add(
      event.id,
      resource('AWS::SNS::Subscription', { Protocol, Endpoint, ...subscription }, target.attributes),
    )
  if (SqsSubscription === undefined || SqsSubscription === false) {
    into.add(`${event.id}Permission`, permission(event, target, { Principal: 'sns.amazonaws.com', SourceArn: Topic }))
    return subscribe('lambda', target.arn)
  }
  const given = isMap(SqsSubscription) ? SqsSubscription : undefined
  const queueId = `${event.id}Queue`
  if (given === undefined) into.add(queueId, resource('AWS::SQS::Queue', {}, target.attributes))
  const arn = given?.['QueueArn'] ?? getAtt(queueId, 'Arn')
  const url = given?.['QueueUrl'] ?? ref(queueId)
  const statement = {
    Action: 'sqs:SendMessage',
    Effect: 'Allow',
    Principal: '*',
    Resource: arn,
    Condition: { ArnEquals: { 'aws:SourceArn': Topic! } },
  }
  const policyId = given?.['QueuePolicyLogicalId']
  into.add(
    typeof policyId === 'string' ? policyId : `${event.id}QueuePolicy`,
    resource(
      'AWS::SQS::QueuePolicy',
      { Queues: [url], PolicyDocument: { Version: '2012-10-17', Statement: [statement] } },
      target.attributes,
    ),
  )
  target.managed.push('AWSLambdaSQSQueueExecutionRole')
  into.add(
    `${event.id}EventSourceMapping`,
    resource(
      'AWS::Lambda::EventSourceMapping',
      {
        FunctionName: target.name,
        EventSourceArn: arn,
        BatchSize: given?.['BatchSize'] ?? 10,
        Enabled: given?.['Enabled'] ?? true,
      },
      target.attributes,
    ),
  )
  subscribe('sqs', arn)
}
