// Events of a function or a state machine that call it: permissions, rules, schedules, subscriptions. Those that Lambda
// polls for are in pull-events.ts, routes of APIs are gathered here and written by api.ts.
import {
  invalid,
  isList,
  isMap,
  mapAt,
  type TemplateMap,
  type TemplateValue,
  typeOf,
  spell,
} from '../template-value.ts'
import type { Expansion } from './expansion.ts'
import { getAtt, idSuffix, ref, resource, sub, written, type Attributes } from './parts.ts'
import { expandPullEvent, isPullEvent } from './pull-events.ts'
import { allow, assumedBy } from './role.ts'

/** What an event calls. */
export interface EventTarget {
  readonly id: string
  readonly kind: 'function' | 'stateMachine'
  readonly arn: TemplateValue
  /** What a permission names: the function, or its alias. */
  readonly name: TemplateValue
  readonly attributes: Attributes
  /** Inline policies that its role needs for them. */
  readonly inline: TemplateMap[]
  /** Managed policies likewise. */
  readonly managed: string[]
  readonly propagatedTags: TemplateValue | undefined
}

export interface SamEvent {
  /** `<Function><Event>`: what it adds begins with it. */
  readonly id: string
  readonly name: string
  readonly properties: TemplateMap
  readonly place: string
}

type Expand = (event: SamEvent, target: EventTarget, into: Expansion) => void

/** @throws FnscopeError FNS_TEMPLATE_INVALID for a type that SAM does not have */
export function expandEvents(events: TemplateValue | undefined, target: EventTarget, into: Expansion): void {
  const place = `${into.file}: Resources.${target.id}.Properties.Events`
  for (const [name, event] of Object.entries(mapAt(events, place))) {
    const at = `${place}.${name}`
    if (!isMap(event)) throw invalid(`${at} must be a map with a Type.`)
    const type = typeOf(event)
    const properties = mapAt(event['Properties'], `${at}.Properties`)
    const one: SamEvent = { id: target.id + name, name, properties, place: at }
    if (isPullEvent(type)) {
      expandPullEvent(type, one, target, into)
      continue
    }
    const expand = EVENTS[type]
    if (expand === undefined) {
      throw invalid(
        `Resource with id [${target.id}] is invalid. Event with id [${name}] is invalid. ` +
          `${at} has Type "${type}"; one of ${eventTypes().join(', ')} is wanted.`,
      )
    }
    expand(one, target, into)
  }
}

export function eventTypes(): string[] {
  return [...Object.keys(EVENTS), 'SQS', 'Kinesis', 'DynamoDB', 'MSK', 'MQ', 'SelfManagedKafka', 'DocumentDB']
}

function permission(event: SamEvent, target: EventTarget, draft: Readonly<Record<string, TemplateValue | undefined>>) {
  return resource(
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunction', FunctionName: target.name, ...draft },
    target.attributes,
  )
}

const expandApi: Expand = (event, target, into) => {
  const { Path, Method } = event.properties
  const rest = into.target(event.properties['RestApiId'])
  const api = event.properties['RestApiId'] === undefined ? 'ServerlessRestApi' : (rest ?? 'ServerlessRestApi')
  const foreign =
    event.properties['RestApiId'] !== undefined && rest === undefined && !isImplicit(event.properties['RestApiId'])
  const method = spell(into.known(Method) ?? 'any').toLowerCase()
  const path = spell(into.known(Path) ?? '/')
  if (!foreign) into.addRoute(api, { path, method, target, event: event.properties })
  if (target.kind === 'stateMachine') return expandMachineRoute(event, target, into)
  const stage = into.stageOf(api)
  const suffix = foreign ? 'AllStages' : typeof stage === 'string' ? stage : 'Stage'
  const verb = method === 'any' || method === 'x-amazon-apigateway-any-method' ? '*' : method.toUpperCase()
  const id = foreign ? (event.properties['RestApiId'] ?? ref(api)) : ref(api)
  into.add(
    idSuffix(`${event.id}Permission`, suffix),
    permission(event, target, {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: executeArn(id, `${verb}${permittedPath(path)}`),
    }),
  )
}

function expandMachineRoute(event: SamEvent, target: EventTarget, into: Expansion): void {
  const role = resource(
    'AWS::IAM::Role',
    {
      AssumeRolePolicyDocument: assumedBy('apigateway'),
      Policies: [allow(`${event.id}RoleStartExecutionPolicy`, 'states:StartExecution', target.arn)],
    },
    target.attributes,
  )
  into.add(`${event.id}Role`, role)
}

const expandHttpApi: Expand = (event, target, into) => {
  const api = into.target(event.properties['ApiId']) ?? 'ServerlessHttpApi'
  const foreign =
    event.properties['ApiId'] !== undefined && api === 'ServerlessHttpApi' && !isImplicit(event.properties['ApiId'])
  const path = spell(into.known(event.properties['Path']) ?? '$default')
  const method = spell(into.known(event.properties['Method']) ?? 'x-amazon-apigateway-any-method').toLowerCase()
  if (!foreign) into.addRoute(api, { path, method, target, event: event.properties })
  const verb = method === 'any' || method === 'x-amazon-apigateway-any-method' ? '*' : method.toUpperCase()
  const id = foreign ? (event.properties['ApiId'] ?? ref(api)) : ref(api)
  into.add(
    `${event.id}Permission`,
    permission(event, target, {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: executeArn(id, path === '$default' ? '*' : `${verb}${permittedPath(path)}`),
    }),
  )
}

function isImplicit(value: TemplateValue | undefined): boolean {
  return isMap(value) && (value['Ref'] === 'ServerlessRestApi' || value['Ref'] === 'ServerlessHttpApi')
}

function executeArn(api: TemplateValue, path: string): TemplateMap {
  return sub(
    `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/${path}`,
    { __ApiId__: api, __Stage__: '*' },
  )
}

function permittedPath(path: string): string {
  return path.replace(/^(.+)\/$/, '$1').replaceAll(/\{[^}]*\}/g, '*')
}

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

const expandSchedule: Expand = (event, target, into) => {
  const { Schedule, Name, Description } = event.properties
  expandRule(event, target, into, written({ ScheduleExpression: Schedule, Name, Description }))
}

const expandPattern: Expand = (event, target, into) => {
  const { EventBusName, Pattern, RuleName } = event.properties
  expandRule(event, target, into, written({ EventBusName, EventPattern: Pattern, Name: RuleName }))
}

const expandScheduleV2: Expand = (event, target, into) => {
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

const expandSns: Expand = (event, target, into) => {
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

const expandS3: Expand = (event, target, into) => {
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

const expandLogs: Expand = (event, target, into) => {
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

const expandIot: Expand = (event, target, into) => {
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

const expandAlexa: Expand = (event, target, into) => {
  into.add(
    `${event.id}Permission`,
    permission(event, target, { Principal: 'alexa-appkit.amazon.com', EventSourceToken: event.properties['SkillId'] }),
  )
}

const expandCognito: Expand = (event, target, into) => {
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

const EVENTS: Readonly<Record<string, Expand>> = {
  AlexaSkill: expandAlexa,
  Api: expandApi,
  CloudWatchEvent: expandPattern,
  CloudWatchLogs: expandLogs,
  Cognito: expandCognito,
  EventBridgeRule: expandPattern,
  HttpApi: expandHttpApi,
  IoTRule: expandIot,
  S3: expandS3,
  SNS: expandSns,
  Schedule: expandSchedule,
  ScheduleV2: expandScheduleV2,
}
