// One row of a Logs Insights query, and the values in it. Of a line the fields are found when somebody asks for them.
import type { LogEvent } from './log-event.ts'
import { eventIdOf } from './log-event.ts'
import { jsonOf } from './pattern-json.ts'

export type Value = string | number | boolean | undefined

export interface Row {
  get(field: string): Value
  /** A row with one field more; this one stays as it is. */
  with(field: string, value: Value): Row
}

const REPORT_FIELDS: Readonly<Record<string, RegExp>> = {
  '@duration': /\tDuration: ([\d.]+) ms/,
  '@billedDuration': /\tBilled Duration: ([\d.]+) ms/,
  '@initDuration': /\tInit Duration: ([\d.]+) ms/,
  '@xraySegmentId': /\tSegmentId: (\w+)/,
}
/** In bytes, as the cloud has them. */
const REPORT_MEGABYTES: Readonly<Record<string, RegExp>> = {
  '@memorySize': /\tMemory Size: (\d+) MB/,
  '@maxMemoryUsed': /\tMax Memory Used: (\d+) MB/,
}

/** What a line can have beside members of its own. */
export const OWN_FIELDS: readonly string[] = [
  '@timestamp',
  '@ingestionTime',
  '@message',
  '@logStream',
  '@log',
  '@requestId',
  '@xrayTraceId',
  '@type',
  ...Object.keys(REPORT_FIELDS),
  ...Object.keys(REPORT_MEGABYTES),
]

/** Every field of a line that has not its name from the query. */
export function lineRow(event: LogEvent, accountId: string): Row {
  let json: object | undefined | 'unread' = 'unread'
  return rowOf(new Map(), (field) => {
    if (field.startsWith('@')) return ownField(event, field, accountId)
    if (json === 'unread') json = jsonOf(event.message)
    return json === undefined ? undefined : memberOf(json, field)
  })
}

/** A row of these values alone. */
export function plainRow(values: ReadonlyMap<string, Value>): Row {
  return rowOf(values, () => undefined)
}

function rowOf(own: ReadonlyMap<string, Value>, find: (field: string) => Value): Row {
  return {
    get: (field) => (own.has(field) ? own.get(field) : find(field)),
    with: (field, value) => rowOf(new Map(own).set(field, value), find),
  }
}

function ownField(event: LogEvent, field: string, accountId: string): Value {
  switch (field) {
    case '@timestamp':
      return formatTime(Number(event.timeNanos / 1_000_000n))
    case '@ingestionTime':
      return formatTime(Number(event.receivedNanos / 1_000_000n))
    case '@message':
      return event.message
    case '@logStream':
      return event.logStream
    case '@log':
      return `${accountId}:${event.logGroup}`
    case '@ptr':
      return eventIdOf(event)
    case '@requestId':
      return event.requestId
    case '@xrayTraceId':
      return event.traceId === undefined ? undefined : `1-${event.traceId.slice(0, 8)}-${event.traceId.slice(8)}`
    case '@type':
      return /^(START|END|REPORT) RequestId: /.exec(event.message)?.[1]
  }
  const plain = REPORT_FIELDS[field]
  const megabytes = REPORT_MEGABYTES[field]
  if ((plain ?? megabytes) === undefined || !event.message.startsWith('REPORT ')) return undefined
  const found = (plain ?? megabytes)!.exec(event.message)?.[1]
  if (found === undefined || field === '@xraySegmentId') return found
  return megabytes === undefined ? Number(found) : Number(found) * 1_000_000
}

/** `a.b.0` of JSON; a member whose own name has a dot is found too. */
function memberOf(json: object, path: string): Value {
  if (Object.hasOwn(json, path)) return shown((json as Readonly<Record<string, unknown>>)[path])
  let value: unknown = json
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return shown(value)
}

function shown(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return value === null || value === undefined ? undefined : JSON.stringify(value)
}

/** `2026-11-21 21:03:40.123` */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}

/** Epoch milliseconds of a time as it is shown; undefined when the value is none. */
export function timeOf(value: Value): number | undefined {
  if (typeof value === 'number') return value
  const match = typeof value === 'string' ? /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})$/.exec(value) : null
  if (match !== null) return Date.parse(`${match[1]}T${match[2]}Z`)
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined
}

/** A number where it is one or reads as one. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return undefined
  return Number(value)
}

export function textOf(value: Value): string {
  return value === undefined ? '' : typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
}

export function compareValues(left: Value, right: Value): number {
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a !== undefined && b !== undefined) return a - b
  const [first, second] = [textOf(left), textOf(right)]
  return first < second ? -1 : first > second ? 1 : 0
}
