// Events of type ScheduleV2: a schedule of EventBridge Scheduler with its role.
import { isMap, mapAt, type TemplateMap } from '../template-value.ts'
import type { EventTarget, SamEvent } from './event-target.ts'
import type { Expand, Expansion } from './expansion.ts'
import { getAtt, resource, written } from './parts.ts'
import { allow, assumedBy } from './role.ts'

export const expandScheduleV2: Expand = (event, target, into) => {
  const { properties } = event
  const given = properties['RoleArn']
  const roleId = `${event.id}Role`
  const action = target.kind === 'function' ? 'lambda:InvokeFunction' : 'states:StartExecution'
  const policy = target.kind === 'function' ? 'LambdaPolicy' : 'StartExecutionPolicy'
  const DeadLetterConfig = isMap(properties['DeadLetterConfig']) ? scheduleDeadLetters(event, target, into) : undefined
  const queue =
    DeadLetterConfig === undefined ? [] : [allow(`${event.id}SQSPolicy`, 'sqs:SendMessage', DeadLetterConfig['Arn']!)]
  const Target = written({
    Arn: target.arn,
    RoleArn: given ?? getAtt(roleId, 'Arn'),
    Input: properties['Input'],
    RetryPolicy: properties['RetryPolicy'],
    DeadLetterConfig,
  })
  const named = properties['OmitName'] === true ? undefined : event.id
  const same = Object.fromEntries(
    [
      'ScheduleExpression',
      'State',
      'StartDate',
      'EndDate',
      'ScheduleExpressionTimezone',
      'GroupName',
      'KmsKeyArn',
      'Description',
    ].map((key) => [key, properties[key]]),
  )
  into.add(
    event.id,
    resource(
      'AWS::Scheduler::Schedule',
      {
        ...same,
        Name: properties['Name'] ?? named,
        FlexibleTimeWindow: properties['FlexibleTimeWindow'] ?? { Mode: 'OFF' },
        Target,
      },
      target.attributes,
    ),
  )
  if (given !== undefined) return
  into.add(
    roleId,
    resource(
      'AWS::IAM::Role',
      {
        AssumeRolePolicyDocument: assumedBy('scheduler'),
        Policies: [allow(`${event.id}${policy}`, action, target.arn), ...queue],
        PermissionsBoundary: properties['PermissionsBoundary'],
      },
      target.attributes,
    ),
  )
}

function scheduleDeadLetters(event: SamEvent, target: EventTarget, into: Expansion): TemplateMap | undefined {
  const config = mapAt(event.properties['DeadLetterConfig'], event.place)
  if (config['Arn'] !== undefined) return { Arn: config['Arn'] }
  const queueId = typeof config['QueueLogicalId'] === 'string' ? config['QueueLogicalId'] : `${event.id}Queue`
  into.add(queueId, resource('AWS::SQS::Queue', {}, target.attributes))
  return { Arn: getAtt(queueId, 'Arn') }
}
