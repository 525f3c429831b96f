// Events of services that call by a setting of their own: buckets, log groups, rules of IoT, skills, user pools.
import { invalid, isList, mapAt, spell, type TemplateValue } from '../template-value.ts'
import { permission } from './event-target.ts'
import type { Expand } from './expansion.ts'
import { getAtt, ref, resource, sub, written } from './parts.ts'

export const expandS3: Expand = (event, target, into) => {
  const bucket = into.target(event.properties['Bucket'])
  if (bucket === undefined) {
    throw invalid(
      `Resource with id [${target.id}] is invalid. Event with id [${event.name}] is invalid. ` +
        `S3 events must reference an S3 bucket in the same template (${event.place}.Properties.Bucket).`,
    )
  }
  const permissionId = `${event.id}Permission`
  into.add(
    permissionId,
    permission(event, target, { Principal: 's3.amazonaws.com', SourceAccount: ref('AWS::AccountId') }),
  )
  const kinds = event.properties['Events']
  const added = (isList(kinds) ? kinds : [kinds ?? null]).map((Event) =>
    written({ Event, Function: target.arn, Filter: event.properties['Filter'] }),
  )
  const before = into.resources[bucket] ?? into.sources[bucket] ?? {}
  const needs = before['DependsOn']
  const DependsOn = [...(isList(needs) ? needs : needs === undefined ? [] : [needs]), permissionId]
  const conditional = target.attributes['Condition'] !== undefined
  into.change(
    bucket,
    (properties) => {
      const config = mapAt(properties['NotificationConfiguration'], bucket)
      const listed = isList(config['LambdaConfigurations']) ? config['LambdaConfigurations'] : []
      return { ...properties, NotificationConfiguration: { ...config, LambdaConfigurations: [...listed, ...added] } }
    },
    conditional ? {} : { DependsOn },
  )
}

export const expandLogs: Expand = (event, target, into) => {
  const { LogGroupName, FilterPattern } = event.properties
  into.add(
    `${event.id}Permission`,
    permission(event, target, {
      Principal: 'logs.amazonaws.com',
      SourceArn: sub('arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*', {
        __LogGroupName__: LogGroupName ?? '',
      }),
    }),
  )
  into.add(
    event.id,
    resource(
      'AWS::Logs::SubscriptionFilter',
      { LogGroupName, FilterPattern, DestinationArn: target.arn },
      { ...target.attributes, DependsOn: [`${event.id}Permission`] },
    ),
  )
}

export const expandIot: Expand = (event, target, into) => {
  const { Sql, AwsIotSqlVersion } = event.properties
  into.add(
    `${event.id}Permission`,
    permission(event, target, {
      Principal: 'iot.amazonaws.com',
      SourceArn: sub('arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}', {
        RuleName: ref(event.id),
      }),
    }),
  )
  const TopicRulePayload = written({
    Sql,
    AwsIotSqlVersion,
    Actions: [{ Lambda: { FunctionArn: target.arn } }],
    RuleDisabled: false,
  })
  into.add(event.id, resource('AWS::IoT::TopicRule', { TopicRulePayload }, target.attributes))
}

export const expandAlexa: Expand = (event, target, into) => {
  into.add(
    `${event.id}Permission`,
    permission(event, target, { Principal: 'alexa-appkit.amazon.com', EventSourceToken: event.properties['SkillId'] }),
  )
}

export const expandCognito: Expand = (event, target, into) => {
  const pool = into.target(event.properties['UserPool'])
  if (pool === undefined) {
    throw invalid(
      `Resource with id [${target.id}] is invalid. Event with id [${event.name}] is invalid. ` +
        `Cognito events must reference a Cognito UserPool in the same template (${event.place}.Properties.UserPool).`,
    )
  }
  into.add(
    `${target.id}CognitoPermission`,
    permission(event, target, { Principal: 'cognito-idp.amazonaws.com', SourceArn: getAtt(pool, 'Arn') }),
  )
  const triggers = event.properties['Trigger']
  into.change(pool, (properties) => {
    const config: Record<string, TemplateValue> = { ...mapAt(properties['LambdaConfig'], pool) }
    for (const trigger of isList(triggers) ? triggers : [triggers]) config[spell(trigger)] ??= target.arn
    return { ...properties, LambdaConfig: config }
  })
}
