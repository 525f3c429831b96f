// The platform's events as the Telemetry API delivers them and as a log in JSON format prints them: `{time, type, record}`.
import { formatIsoMillis } from '../span/time.ts'
import type { ExtensionNote } from './extension.ts'

export interface PlatformEvent {
  /** ISO 8601, to the millisecond. */
  readonly time: string
  readonly type: string
  readonly record: unknown
}

export function platformEvent(timeNanos: bigint, type: string, record: unknown): PlatformEvent {
  return { time: formatIsoMillis(timeNanos), type, record }
}

export function noteEvent(note: ExtensionNote, timeNanos: bigint): PlatformEvent {
  if (note.about === 'dropped') {
    const { records: droppedRecords, bytes: droppedBytes, reason } = note
    return platformEvent(timeNanos, 'platform.logsDropped', { droppedRecords, droppedBytes, reason })
  }
  const { name } = note
  if (note.about === 'subscription') {
    const type = note.api === 'logs' ? 'platform.logsSubscription' : 'platform.telemetrySubscription'
    return platformEvent(timeNanos, type, { name, state: 'Subscribed', types: note.types })
  }
  const { state, events, errorType } = note
  const error = errorType === undefined ? {} : { errorType }
  return platformEvent(timeNanos, 'platform.extension', { name, state, events, ...error })
}
