// Events of a function or a state machine that call it, each expanded by its type. Those that Lambda polls for are in
// pull-events.ts.
import { invalid, isMap, mapAt, type TemplateValue, typeOf } from '../template-value.ts'
import type { EventTarget, SamEvent } from './event-target.ts'
import type { Expand, Expansion } from './expansion.ts'
import { expandPullEvent, isPullEvent } from './pull-events.ts'
import { expandApi, expandHttpApi } from './api-events.ts'
import { expandPattern, expandSchedule } from './rule-events.ts'
import { expandScheduleV2 } from './schedule-event.ts'
import { expandAlexa, expandCognito, expandIot, expandLogs, expandS3 } from './service-events.ts'
import { expandSns } from './topic-event.ts'

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
