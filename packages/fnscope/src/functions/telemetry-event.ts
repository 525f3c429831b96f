// What happens in an environment, as a subscriber's API and schema version give it. Pure.
import { platformEvent, type PlatformEvent } from './platform-event.ts'
import type { Subscription, TelemetryType } from './telemetry-subscription.ts'

/** Something that happened: a platform event as the Telemetry API has it, or a line. */
export interface Happening {
  readonly of: TelemetryType
  readonly timeNanos: bigint
  /** platform.start …; function, extension for a line. */
  readonly type: string
  /** The line with its newline, or the event's record. */
  readonly record: unknown
  /** The function's lines are JSON by configuration: from 2022-12-13 on such a line is delivered as what it says. */
  readonly structured?: boolean
}

type Members = Readonly<Record<string, unknown>>

/** The events that a subscriber gets of it: none, one, or two. */
export function eventFor(subscription: Subscription, happening: Happening): PlatformEvent[] {
  if (!subscription.types.includes(happening.of)) return []
  if (happening.of !== 'platform') return [lineEvent(subscription, happening)]
  return subscription.api === 'logs' ? logsEvents(subscription, happening) : telemetryEvents(subscription, happening)
}

function lineEvent({ schemaVersion }: Subscription, { timeNanos, type, record, structured }: Happening): PlatformEvent {
  const asObject = structured === true && schemaVersion >= '2022-12-13'
  return platformEvent(timeNanos, type, asObject ? (objectIn(record) ?? record) : record)
}

function telemetryEvents({ schemaVersion }: Subscription, { timeNanos, type, record }: Happening): PlatformEvent[] {
  if (type === 'platform.logsSubscription' || type === 'platform.fault') return []
  const members = record as Members
  if (schemaVersion === '2025-01-29') {
    if (type === 'platform.runtimeDone') return []
    if (type === 'platform.report') {
      const { durationMs } = members['metrics'] as Members
      return [platformEvent(timeNanos, type, { ...members, metrics: { durationMs } })]
    }
    return [platformEvent(timeNanos, type, members)]
  }
  const { functionArn: _, ...known } = members
  return [platformEvent(timeNanos, type, known)]
}

/** The old API's platform events: no init, no tracing, and an end of its own before the report. */
function logsEvents({ schemaVersion }: Subscription, { timeNanos, type, record }: Happening): PlatformEvent[] {
  const event = (name: string, body: unknown): PlatformEvent[] => [platformEvent(timeNanos, name, body)]
  const { requestId, version, status, metrics } = record as Members
  switch (type) {
    case 'platform.start':
      return event(type, { requestId, version })
    case 'platform.runtimeDone':
      return schemaVersion === '2021-03-18' ? event(type, { requestId, status }) : []
    case 'platform.report':
      return [...event('platform.end', { requestId }), ...event(type, { requestId, metrics })]
    case 'platform.extension':
    case 'platform.logsSubscription':
    case 'platform.logsDropped':
    case 'platform.fault':
      return event(type, record)
    default:
      return []
  }
}

function objectIn(line: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(line))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
