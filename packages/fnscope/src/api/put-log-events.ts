// PutLogEvents: what of a batch is taken, by CloudWatch's rules and in its words.
import { decodeLogEvents, type LogEvent, type StreamState } from '../codec/cloudwatch-log.ts'
import type { JsonObject } from '../codec/json.ts'
import type { Counters } from '../counters.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { newBatch } from '../span/batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import { nanosToMillis } from '../span/time.ts'
import type { AwsOperation } from './aws-service.ts'
import { numberIn, objectsIn, textIn } from './aws-input.ts'
import { EVENT_OVERHEAD_BYTES, type LogGroup, type LogGroups } from './log-groups.ts'
import { groupOf, invalidParameter, notFound, streamNameIn } from './log-names.ts'

export interface PutLogEventsOptions {
  readonly groups: LogGroups
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** How long lines are kept, now. */
  readonly keptMs: () => number
  /** What has been taken, after it is safe. */
  readonly onTaken: (logs: readonly LogRecord[]) => void
}

const MAX_EVENTS = 10_000
const MAX_BYTES = 1_048_576
const DAY_MS = 86_400_000
const OLDEST_MS = 14 * DAY_MS
const AHEAD_MS = 2 * 3_600_000
/** Streams whose running invocation is remembered. */
const MAX_STATES = 10_000

interface Rejected {
  tooNewLogEventStartIndex?: number
  tooOldLogEventEndIndex?: number
  expiredLogEventEndIndex?: number
}

export function putLogEvents(options: PutLogEventsOptions): AwsOperation {
  const states = new Map<string, StreamState>()
  return async ({ input }) => {
    const { name: group, found } = groupOf(input, options.groups)
    const stream = streamNameIn(input)
    const events = eventsIn(input)
    if (found === undefined) throw notFound('log group')
    if (!found.streams.has(stream)) throw notFound('log stream')
    checkBatch(events)
    const receivedNanos = options.now()
    const [taken, rejected] = sortOut(events, nanosToMillis(receivedNanos), keptMsOf(found, options.keptMs()))
    const refused = events.length - taken.length
    if (refused > 0) options.counters.dropped.inc({ door: 'cloudwatch', reason: 'bad_time' }, refused)
    if (taken.length > 0) {
      const state = stateOf(states, `${group}\n${stream}`)
      const { logs, metrics } = decodeLogEvents(taken, { group, stream }, state, receivedNanos)
      const batch = newBatch()
      batch.logs.push(...logs)
      batch.metrics.push(...metrics)
      await options.ingest.accept(batch)
      options.counters.received.inc({ door: 'cloudwatch', signal: 'log' }, logs.length)
      if (metrics.length > 0) options.counters.received.inc({ door: 'cloudwatch', signal: 'metric' }, metrics.length)
      options.onTaken(logs)
    }
    return {
      nextSequenceToken: nextToken(receivedNanos),
      ...(rejected === undefined ? {} : { rejectedLogEventsInfo: rejected }),
    }
  }
}

/** Nobody needs it since 2023; writers that still hand it on get a new one each time. */
export function nextToken(nowNanos: bigint): string {
  return `4959${nowNanos.toString().padStart(52, '0')}`
}

function eventsIn(input: JsonObject): readonly LogEvent[] {
  const given = objectsIn(input, 'logEvents')
  if (given === undefined || given.length === 0)
    throw invalidParameter(
      "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  if (given.length > MAX_EVENTS)
    throw invalidParameter(
      `1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to ${MAX_EVENTS}`,
    )
  return given.map((event, index) => {
    const timestampMs = numberIn(event, 'timestamp')
    const message = textIn(event, 'message')
    const place = `logEvents.${index + 1}.member`
    if (timestampMs === undefined || !Number.isSafeInteger(timestampMs) || timestampMs < 0)
      throw invalidParameter(
        `1 validation error detected: Value at '${place}.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0`,
      )
    if (message === undefined || message === '')
      throw invalidParameter(
        `1 validation error detected: Value at '${place}.message' failed to satisfy constraint: Member must have length greater than or equal to 1`,
      )
    return { timestampMs, message }
  })
}

function checkBatch(events: readonly LogEvent[]): void {
  let bytes = 0
  let lastMs = 0
  for (const { timestampMs, message } of events) {
    bytes += Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES
    if (timestampMs < lastMs)
      throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
    lastMs = timestampMs
  }
  if (bytes > MAX_BYTES) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BYTES}`)
  if (lastMs - events[0]!.timestampMs > DAY_MS)
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
}

function keptMsOf({ retentionDays }: LogGroup, keptMs: number): number {
  return retentionDays === undefined ? keptMs : Math.min(keptMs, retentionDays * DAY_MS)
}

/** The events are in order of time: those refused stand at the two ends. */
function sortOut(
  events: readonly LogEvent[],
  nowMs: number,
  keptMs: number,
): [taken: readonly LogEvent[], rejected: Rejected | undefined] {
  const before = (limitMs: number): number => {
    const at = events.findIndex(({ timestampMs }) => timestampMs >= limitMs)
    return at === -1 ? events.length : at
  }
  const tooOld = before(nowMs - OLDEST_MS)
  const expired = before(nowMs - keptMs)
  const tooNew = events.findIndex(({ timestampMs }) => timestampMs > nowMs + AHEAD_MS)
  const taken = events.slice(Math.max(tooOld, expired), tooNew === -1 ? events.length : tooNew)
  if (taken.length === events.length) return [taken, undefined]
  const rejected: Rejected = {}
  if (tooNew !== -1) rejected.tooNewLogEventStartIndex = tooNew
  if (tooOld > 0) rejected.tooOldLogEventEndIndex = tooOld
  if (expired > 0) rejected.expiredLogEventEndIndex = expired
  return [taken, rejected]
}

function stateOf(states: Map<string, StreamState>, key: string): StreamState {
  const known = states.get(key) ?? {}
  // Last used last: the oldest goes when there are too many.
  states.delete(key)
  states.set(key, known)
  if (states.size > MAX_STATES) states.delete(states.keys().next().value!)
  return known
}
