// EventBridge: rules with a pattern or a schedule and functions for targets, and EventBridge Scheduler's schedules.
import type { EventRuleSpec, ScheduleSpec } from '../functions/trigger-spec.ts'
import { textOf } from './intrinsics.ts'
import { physicalName } from './physical-name.ts'
import { enabledIn, functionNameIn, jsonOf, resourcesOf, type TriggerContext } from './trigger-context.ts'
import type { ValueReader } from './value-reader.ts'

export interface EventBridgeSpecs {
  readonly schedules: readonly ScheduleSpec[]
  readonly eventRules: readonly EventRuleSpec[]
}

interface Target {
  readonly functionName: string
  /** Input, InputPath, InputTransformer. */
  readonly properties: ValueReader
}

export function readEventBridge(context: TriggerContext): EventBridgeSpecs {
  const schedules: ScheduleSpec[] = []
  const eventRules: EventRuleSpec[] = []
  const rule = (logicalId: string, properties: ValueReader, target: Target): void => {
    const name = properties.text('Name') ?? physicalName(context.app.seed, logicalId)
    const expression = properties.text('ScheduleExpression') ?? properties.text('Schedule')
    if (expression !== undefined)
      schedules.push(scheduleOf(context, { logicalId, name, expression, properties, target }))
    const pattern = jsonOf(properties.value('EventPattern') ?? properties.value('Pattern'))
    if (pattern !== undefined) eventRules.push(ruleOf(context, { logicalId, name, pattern, properties, target }))
  }
  for (const { type, logicalId, properties, spec } of context.events) {
    const target = { functionName: spec.name, properties }
    if (['Schedule', 'EventBridgeRule', 'CloudWatchEvent'].includes(type)) rule(logicalId, properties, target)
    if (type === 'ScheduleV2') schedules.push(readScheduler(context, logicalId, properties, target))
  }
  for (const [id, properties] of resourcesOf(context, 'AWS::Events::Rule')) {
    for (const item of properties.items('Targets')) {
      const functionName = functionNameIn(item.required('Arn'))
      if (functionName !== undefined) rule(id, properties, { functionName, properties: item })
    }
  }
  for (const [id, properties] of resourcesOf(context, 'AWS::Scheduler::Schedule')) {
    const item = properties.inner('Target')
    const functionName = functionNameIn(item.required('Arn'))
    if (functionName === undefined) context.app.notice(`${id} (AWS::Scheduler::Schedule): only functions are called.`)
    else schedules.push(readScheduler(context, id, properties, { functionName, properties: item }))
  }
  return { schedules, eventRules }
}

interface Rule {
  readonly logicalId: string
  readonly name: string
  readonly properties: ValueReader
  readonly target: Target
}

function scheduleOf(
  { app }: TriggerContext,
  { logicalId, name, expression, properties, target }: Rule & { readonly expression: string },
): ScheduleSpec {
  const input = jsonOf(target.properties.value('Input'))
  return {
    logicalId,
    stack: app.seed.stack,
    kind: 'rule',
    name,
    arn: `arn:aws:events:${app.region}:${app.accountId}:rule/${name}`,
    expression,
    timezone: 'UTC',
    functionName: target.functionName,
    ...(input === undefined ? {} : { input }),
    enabled: enabledIn(properties),
  }
}

function readScheduler(
  { app }: TriggerContext,
  logicalId: string,
  properties: ValueReader,
  { functionName, properties: target }: Target,
): ScheduleSpec {
  const name = properties.text('Name') ?? physicalName(app.seed, logicalId)
  const input = jsonOf(target.value('Input'))
  return {
    logicalId,
    stack: app.seed.stack,
    kind: 'scheduler',
    name,
    arn: `arn:aws:scheduler:${app.region}:${app.accountId}:schedule/${properties.text('GroupName') ?? 'default'}/${name}`,
    expression: properties.required('ScheduleExpression'),
    timezone: properties.text('ScheduleExpressionTimezone') ?? 'UTC',
    functionName,
    ...(input === undefined ? {} : { input }),
    enabled: enabledIn(properties),
  }
}

function ruleOf(
  { app }: TriggerContext,
  { logicalId, name, pattern, properties, target }: Rule & { readonly pattern: string },
): EventRuleSpec {
  const input = jsonOf(target.properties.value('Input'))
  const inputPath = target.properties.text('InputPath')
  const transformer =
    target.properties.raw['InputTransformer'] === undefined ? undefined : target.properties.inner('InputTransformer')
  const deadLetterArn = target.properties.inner('DeadLetterConfig').text('Arn')
  const bus = properties.text('EventBusName') ?? 'default'
  return {
    logicalId,
    stack: app.seed.stack,
    name,
    bus: bus.slice(bus.lastIndexOf('/') + 1),
    pattern,
    functionName: target.functionName,
    enabled: enabledIn(properties),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    ...(input === undefined ? {} : { input }),
    ...(inputPath === undefined ? {} : { inputPath }),
    ...(transformer === undefined
      ? {}
      : {
          inputTransformer: {
            paths: Object.fromEntries(
              Object.entries(transformer.map('InputPathsMap')).map(([key, path]) => [key, textOf(path, key)]),
            ),
            template: transformer.required('InputTemplate'),
          },
        }),
  }
}
