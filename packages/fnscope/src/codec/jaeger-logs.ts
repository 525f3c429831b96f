// A span's events as Jaeger's logs; X-Ray's exceptions, which have no time, stand as events of OpenTelemetry's name at the
// span's end.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { CauseException, Span } from '../span/span.ts'
import { sortedTags, type JaegerTag } from './jaeger-tag.ts'

export interface JaegerLog {
  /** Microseconds. */
  readonly timestamp: number
  /** The event's name first, then by key. */
  readonly fields: readonly JaegerTag[]
}

export function jaegerLogs({ events, cause, startNanos, endNanos }: Span): JaegerLog[] {
  const logs = events.map(({ timeNanos, name, attributes }) => ({
    timestamp: Number(timeNanos / 1000n),
    fields: fieldsOf(name, attributes),
  }))
  const exceptions = typeof cause === 'object' ? (cause.exceptions ?? []) : []
  const timestamp = Number((endNanos ?? startNanos) / 1000n)
  return [...logs, ...exceptions.map((one) => ({ timestamp, fields: fieldsOf('exception', exceptionOf(one)) }))]
}

function fieldsOf(name: string, attributes: Readonly<Record<string, AttributeValue>>): JaegerTag[] {
  const fields = sortedTags(Object.entries(attributes))
  return name === '' ? fields : [{ key: 'event', type: 'string', value: name }, ...fields]
}

function exceptionOf({ type, message, stack }: CauseException): Record<string, string> {
  const lines = (stack ?? []).map(({ path, line, label }) => `at ${label ?? '?'} (${path ?? '?'}:${line ?? '?'})`)
  return {
    ...(type === undefined ? {} : { 'exception.type': type }),
    ...(message === undefined ? {} : { 'exception.message': message }),
    ...(lines.length === 0 ? {} : { 'exception.stacktrace': lines.join('\n') }),
  }
}
