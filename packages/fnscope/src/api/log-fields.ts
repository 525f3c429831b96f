// What of a log line can be asked for: GetLogGroupFields, GetLogRecord.
import { jsonOf } from '../query/logs/pattern-json.ts'
import { eventIdOf, positionOf, type LogEvent } from '../query/logs/log-event.ts'
import { lineRow, OWN_FIELDS, textOf } from '../query/logs/insights-row.ts'
import type { Reader } from '../query/reader.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'
import { numberIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { readFrom } from './filter-log-events.ts'
import type { LogGroups } from './log-groups.ts'
import { groupOf, invalidParameter, notFound } from './log-names.ts'
import { ServiceError } from './service-error.ts'

export interface LogFieldsOptions {
  readonly groups: LogGroups
  readonly reader: Pick<Reader, 'readLogEvents'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly accountId: string
}

/** The newest of a time are looked at. */
const MAX_SAMPLED = 1000
const MAX_FIELDS = 1000

export function logFields(options: LogFieldsOptions): Readonly<Record<string, AwsOperation>> {
  return {
    GetLogGroupFields: async ({ input }) => {
      const { name, found } = groupOf(input, options.groups)
      if (found === undefined) throw notFound('log group')
      const at = numberIn(input, 'time')
      const now = options.now()
      const [startNanos, endNanos] =
        at === undefined
          ? [now - 15n * NANOS_PER_MINUTE, now + NANOS_PER_MINUTE]
          : [secondsAround(at, -8n), secondsAround(at, 8n)]
      const events = await options.reader.readLogEvents({
        groups: [{ name, startNanos: readFrom(found, Number(startNanos / 1_000_000n), now) }],
        endNanos,
        order: 'newest',
        limit: MAX_SAMPLED,
      })
      return { logGroupFields: sharesOf(events, options.accountId) }
    },
    GetLogRecord: async ({ input }) => {
      const pointer = textIn(input, 'logRecordPointer') ?? ''
      const position = positionOf(pointer)
      if (position === undefined) throw invalidParameter('The specified log record pointer is invalid.')
      const now = options.now()
      const events = await options.reader.readLogEvents({
        groups: options.groups
          .list()
          .map(([name, group]) => ({ name, startNanos: latest(position.timeNanos, readFrom(group, 0, now)) })),
        endNanos: position.timeNanos + 1n,
        order: 'oldest',
        limit: MAX_SAMPLED,
      })
      const event = events.find((one) => eventIdOf(one) === pointer)
      if (event === undefined)
        throw new ServiceError('ResourceNotFoundException', 'The specified log record does not exist.')
      return { logRecord: Object.fromEntries(fieldsOf(event, options.accountId)) }
    },
  }
}

function secondsAround(seconds: number, minutes: bigint): bigint {
  if (!(seconds >= 0 && seconds < 9e9)) throw invalidParameter('time is in seconds since 1970.')
  const nanos = BigInt(Math.floor(seconds)) * NANOS_PER_SECOND + minutes * NANOS_PER_MINUTE
  return latest(nanos, 0n)
}

function latest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** Fields with a value of their own, as Insights sees them. */
function fieldsOf(event: LogEvent, accountId: string): readonly (readonly [name: string, text: string])[] {
  const row = lineRow(event, accountId)
  const json = jsonOf(event.message)
  const names = [...OWN_FIELDS, ...(json === undefined ? [] : leavesOf(json))]
  return names.flatMap((name) => {
    const value = row.get(name)
    return value === undefined ? [] : [[name, textOf(value)] as const]
  })
}

function leavesOf(json: object, path = ''): readonly string[] {
  return Object.entries(json).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? leavesOf(value, `${path}${name}.`) : [`${path}${name}`],
  )
}

/** The fields of these lines, and in which percentage of them each is. */
function sharesOf(events: readonly LogEvent[], accountId: string): readonly object[] {
  const counts = new Map<string, number>()
  for (const event of events)
    for (const [name] of fieldsOf(event, accountId)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_FIELDS)
    .map(([name, count]) => ({ name, percent: Math.max(1, Math.floor((100 * count) / events.length)) }))
}
