// Events that are rules of EventBridge: Schedule, EventBridgeRule, CloudWatchEvent.
import { isMap, type TemplateMap } from '../template-value.ts'
import { type EventTarget, permission, type SamEvent } from './event-target.ts'
import type { Expand, Expansion } from './expansion.ts'
import { getAtt, ref, resource, written } from './parts.ts'
import { allow, assumedBy } from './role.ts'

/** A rule of EventBridge, by time or by pattern, with the queue for what it cannot deliver. */
function expandRule(event: SamEvent, target: EventTarget, into: Expansion, rule: TemplateMap): void {
  const { properties } = event
  const Enabled = into.known(properties['Enabled'])
  const State = properties['State'] ?? (Enabled === undefined ? undefined : Enabled === false ? 'DISABLED' : 'ENABLED')
  const machine = target.kind === 'stateMachine'
  const given = isMap(properties['Target']) ? properties['Target']['Id'] : undefined
  const Target = written({
    Arn: target.arn,
    Id: given ?? `${event.id.slice(0, 64 - (machine ? 27 : 12))}${machine ? 'StepFunctionsTarget' : 'LambdaTarget'}`,
    Input: properties['Input'],
    InputPath: properties['InputPath'],
    InputTransformer: properties['InputTransformer'],
    RetryPolicy: properties['RetryPolicy'],
    DeadLetterConfig: expandDeadLetters(event, target, into),
    RoleArn: machine ? getAtt(`${event.id}Role`, 'Arn') : undefined,
  })
  into.add(event.id, resource('AWS::Events::Rule', { ...rule, State, Targets: [Target] }, target.attributes))
  if (machine) {
    const start = allow(`${event.id}RoleStartExecutionPolicy`, 'states:StartExecution', target.arn)
    into.add(
      `${event.id}Role`,
      resource(
        'AWS::IAM::Role',
        { AssumeRolePolicyDocument: assumedBy('events'), Policies: [start] },
        target.attributes,
      ),
    )
    return
  }
  into.add(
    `${event.id}Permission`,
    permission(event, target, { Principal: 'events.amazonaws.com', SourceArn: getAtt(event.id, 'Arn') }),
  )
}

function expandDeadLetters(event: SamEvent, target: EventTarget, into: Expansion): TemplateMap | undefined {
  const config = event.properties['DeadLetterConfig']
  if (!isMap(config)) return undefined
  if (config['Type'] !== 'SQS') return config['Arn'] === undefined ? undefined : { Arn: config['Arn'] }
  const queueId = typeof config['QueueLogicalId'] === 'string' ? config['QueueLogicalId'] : `${event.id}Queue`
  into.add(queueId, resource('AWS::SQS::Queue', {}, target.attributes))
  const statement = {
    Action: 'sqs:SendMessage',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Resource: getAtt(queueId, 'Arn'),
    Condition: { ArnEquals: { 'aws:SourceArn': getAtt(event.id, 'Arn') } },
  }
  into.add(
    `${event.id}QueuePolicy`,
    resource(
      'AWS::SQS::QueuePolicy',
      { Queues: [ref(queueId)], PolicyDocument: { Version: '2012-10-17', Statement: [statement] } },
      target.attributes,
    ),
  )
  return { Arn: getAtt(queueId, 'Arn') }
}

export const expandSchedule: Expand = (event, target, into) => {
  const { Schedule, Name, Description } = event.properties
  expandRule(event, target, into, written({ ScheduleExpression: Schedule, Name, Description }))
}

export const expandPattern: Expand = (event, target, into) => {
  const { EventBusName, Pattern, RuleName } = event.properties
  expandRule(event, target, into, written({ EventBusName, EventPattern: Pattern, Name: RuleName }))
}
