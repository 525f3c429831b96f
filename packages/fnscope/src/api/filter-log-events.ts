// FilterLogEvents and GetLogEvents: the events of a group by pattern, and of a stream page by page in both directions.
import type { JsonObject } from '../codec/json.ts'
import type { LogEvent, LogEventQuery, LogPosition, Reader } from '../query/reader.ts'
import { filterEvents } from '../query/logs/filter-events.ts'
import { parseFilterPattern, type FilterPattern } from '../query/logs/filter-pattern.ts'
import { behind, eventIdOf, positionOf } from '../query/logs/log-event.ts'
import { PatternError } from '../query/logs/pattern-error.ts'
import { ranTooLong } from '../query/logs/within.ts'
import { NANOS_PER_DAY, nanosToWholeMillis } from '../span/time.ts'
import { booleanIn, listIn, numberIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import type { LogGroup, LogGroups } from './log-groups.ts'
import { groupOf, invalidParameter, notFound, streamNameIn } from './log-names.ts'

export interface LogReadOptions {
  readonly groups: LogGroups
  readonly reader: Pick<Reader, 'readLogEvents'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_EVENTS = 10_000
const MAX_STREAMS = 100
/** The last that nanoseconds of 64 bits hold. */
const MAX_MS = 9_223_372_036_854

export function filterLogEvents(options: LogReadOptions): AwsOperation {
  return async ({ input }) => {
    const { name, found } = groupOf(input, options.groups)
    const pattern = filterPatternIn(input)
    const streams = streamsIn(input)
    const prefix = textIn(input, 'logStreamNamePrefix')
    if (streams !== undefined && prefix !== undefined)
      throw invalidParameter('logStreamNamePrefix and logStreamNames are mutually exclusive parameters.')
    const [startMs, endMs] = timesIn(input)
    const order = booleanIn(input, 'startFromHead') === false ? 'newest' : 'oldest'
    const token = textIn(input, 'nextToken')
    const from = token === undefined ? undefined : tokenPosition(token)
    const limit = limitIn(input)
    if (found === undefined) throw notFound('log group')
    for (const stream of streams ?? []) if (!found.streams.has(stream)) throw notFound('log stream')
    const query: LogEventQuery = {
      groups: [{ name, startNanos: readFrom(found, startMs, options.now()) }],
      // The event at the end is in.
      endNanos: toNanos(endMs) + 1_000_000n,
      ...(streams === undefined ? {} : { logStreams: streams }),
      ...(prefix === undefined ? {} : { logStreamPrefix: prefix }),
      ...(from === undefined ? {} : { [order === 'oldest' ? 'after' : 'before']: from }),
      order,
      limit,
    }
    const { events, next } = await pageOf(options.reader, query, pattern)
    return {
      events: events.map((event) => ({
        logStreamName: event.logStream,
        ...shownEvent(event),
        eventId: eventIdOf(event),
      })),
      searchedLogStreams: [],
      ...(next === undefined ? {} : { nextToken: eventIdOf(next) }),
    }
  }
}

export function getLogEvents(options: LogReadOptions): AwsOperation {
  return async ({ input }) => {
    const { name, found } = groupOf(input, options.groups)
    const stream = streamNameIn(input)
    const [startMs, endMs] = timesIn(input)
    const limit = limitIn(input)
    const token = textIn(input, 'nextToken')
    const at = token === undefined ? undefined : directionOf(token)
    if (found === undefined) throw notFound('log group')
    if (!found.streams.has(stream)) throw notFound('log stream')
    const forward = at === undefined ? booleanIn(input, 'startFromHead') === true : at.forward
    const startNanos = readFrom(found, startMs, options.now())
    const endNanos = toNanos(endMs)
    const events = await options.reader.readLogEvents({
      groups: [{ name, startNanos }],
      endNanos,
      logStreams: [stream],
      ...(at === undefined ? {} : { [forward ? 'after' : 'before']: at.position }),
      order: forward ? 'oldest' : 'newest',
      limit,
    })
    if (!forward) events.reverse()
    const [first, last] = [events[0], events.at(-1)]
    // At an end the token is the one that came, and the other one leads back over all that was read.
    const none: LogPosition = at?.position ?? { timeNanos: 0n, receivedNanos: 0n, sequence: 0 }
    return {
      events: events.map(shownEvent),
      nextForwardToken: `f/${eventIdOf(last ?? (forward ? none : before(none)))}/s`,
      nextBackwardToken: `b/${eventIdOf(first ?? (forward ? behind(none) : none))}/s`,
    }
  }
}

/** What a group shows begins here: its retention is kept to also where lines are not deleted yet. */
export function readFrom({ retentionDays }: LogGroup, startMs: number, nowNanos: bigint): bigint {
  const startNanos = toNanos(startMs)
  if (retentionDays === undefined) return startNanos
  const oldest = nowNanos - BigInt(retentionDays) * NANOS_PER_DAY
  return startNanos > oldest ? startNanos : oldest
}

/** @throws ServiceError InvalidParameterException that says where the mistake is */
export function filterPatternIn(input: JsonObject): FilterPattern {
  const text = textIn(input, 'filterPattern') ?? ''
  try {
    return parseFilterPattern(text)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw invalidParameter(`Invalid filter pattern: ${error.message} (character ${error.position + 1}).`)
  }
}

async function pageOf(reader: LogReadOptions['reader'], query: LogEventQuery, pattern: FilterPattern) {
  try {
    return await filterEvents(reader, query, pattern)
  } catch (error) {
    throw patternFailure(error)
  }
}

/** What a client is told of an error while a pattern was tried. */
export function patternFailure(error: unknown): unknown {
  return ranTooLong(error) ? invalidParameter('The regular expression takes too long; make it simpler.') : error
}

function shownEvent(event: LogEvent): object {
  return {
    timestamp: nanosToWholeMillis(event.timeNanos),
    message: event.message,
    ingestionTime: nanosToWholeMillis(event.receivedNanos),
  }
}

function before({ timeNanos, receivedNanos, sequence }: LogPosition): LogPosition {
  if (sequence > 0) return { timeNanos, receivedNanos, sequence: sequence - 1 }
  return { timeNanos, receivedNanos: receivedNanos > 0n ? receivedNanos - 1n : 0n, sequence: 2 ** 32 - 1 }
}

function directionOf(token: string): { readonly forward: boolean; readonly position: LogPosition } {
  const [, direction, id] = /^([fb])\/(\d+)\/s$/.exec(token) ?? []
  return { forward: direction === 'f', position: tokenPosition(id ?? '') }
}

function tokenPosition(token: string): LogPosition {
  const position = positionOf(token)
  if (position === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return position
}

function timesIn(input: JsonObject): [startMs: number, endMs: number] {
  const [start, end] = ['startTime', 'endTime'].map((name) => {
    const ms = numberIn(input, name)
    if (ms !== undefined && (!Number.isSafeInteger(ms) || ms < 0))
      throw invalidParameter(
        `1 validation error detected: Value '${ms}' at '${name}' failed to satisfy constraint: Member must have value greater than or equal to 0`,
      )
    return ms === undefined ? undefined : Math.min(ms, MAX_MS)
  })
  if (start !== undefined && end !== undefined && start > end)
    throw invalidParameter('startTime must be less than or equal to endTime.')
  return [start ?? 0, end ?? MAX_MS - 1]
}

function streamsIn(input: JsonObject): readonly string[] | undefined {
  const names = listIn(input, 'logStreamNames')
  if (names === undefined) return undefined
  if (names.length < 1 || names.length > MAX_STREAMS)
    throw invalidParameter(
      `1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must have length between 1 and ${MAX_STREAMS}`,
    )
  return names.map((logStreamName) => streamNameIn({ logStreamName }))
}

function limitIn(input: JsonObject): number {
  const limit = numberIn(input, 'limit') ?? MAX_EVENTS
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_EVENTS)
    throw invalidParameter(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and ${MAX_EVENTS}`,
    )
  return limit
}

function toNanos(ms: number): bigint {
  return BigInt(ms) * 1_000_000n
}
