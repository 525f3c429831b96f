// StartLiveTail: an event stream of the lines of some groups as they come in, an update a second, for three hours at most.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { encodeEvent, encodeException } from '../codec/event-stream.ts'
import type { JsonObject } from '../codec/json.ts'
import type { FilterPattern } from '../query/logs/filter-pattern.ts'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import type { LogRecord } from '../span/log-record.ts'
import { nanosToWholeMillis } from '../span/time.ts'
import { listIn, textIn } from './aws-input.ts'
import { EventStreamAnswer, type AwsOperation } from './aws-service.ts'
import { filterPatternIn } from './filter-log-events.ts'
import type { LogGroups } from './log-groups.ts'
import { groupOf, invalidParameter, notFound } from './log-names.ts'
import { ServiceError } from './service-error.ts'

export interface LiveTailOptions {
  readonly groups: LogGroups
  readonly accountId: string
}

const MAX_SESSIONS = 15
const MAX_GROUPS = 10
const MAX_STREAMS = 100
const MAX_EVENTS = 500
/** Beyond them a client that does not read loses the oldest. */
const MAX_UPDATES = 10
const UPDATE_EVERY_MS = 1000
const ENDS_AFTER_MS = 3 * 3_600_000
const REGEX_MS = 1000
const JSON_TYPE = 'application/json'

/** What a session wants of the lines. */
interface Wanted {
  readonly groups: ReadonlySet<string>
  readonly isStream: (name: string) => boolean
  readonly pattern: FilterPattern
}

export class LiveTail {
  readonly #sessions = new Set<Session>()
  readonly #options: LiveTailOptions

  constructor(options: LiveTailOptions) {
    this.#options = options
  }

  readonly start: AwsOperation = ({ input }) => {
    const identifiers = texts(input, 'logGroupIdentifiers', MAX_GROUPS) ?? []
    const wanted = this.#wantedIn(input, identifiers)
    if (this.#sessions.size >= MAX_SESSIONS)
      throw new ServiceError('LimitExceededException', `There are ${MAX_SESSIONS} live tail sessions already.`)
    const session = new Session(wanted, this.#options.accountId)
    this.#sessions.add(session)
    session.messages.once('close', () => {
      this.#sessions.delete(session)
      session.stop()
    })
    const { logStreamNames, logStreamNamePrefixes, logEventFilterPattern } = input
    session.begin({
      requestId: randomUUID(),
      sessionId: randomUUID(),
      logGroupIdentifiers: identifiers,
      logStreamNames,
      logStreamNamePrefixes,
      logEventFilterPattern,
    })
    return new EventStreamAnswer(session.messages)
  }

  hear(lines: readonly LogRecord[]): void {
    for (const session of this.#sessions) session.hear(lines)
  }

  /** Ends every session. Twice is fine. */
  stop(): void {
    for (const session of this.#sessions) session.stop()
  }

  #wantedIn(input: JsonObject, identifiers: readonly string[]): Wanted {
    if (identifiers.length === 0) throw invalidParameter('logGroupIdentifiers must be 1 to 10 ARNs of log groups.')
    const names = texts(input, 'logStreamNames', MAX_STREAMS)
    const prefixes = texts(input, 'logStreamNamePrefixes', MAX_STREAMS)
    if (names !== undefined && prefixes !== undefined)
      throw invalidParameter('logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.')
    if ((names ?? prefixes) !== undefined && identifiers.length > 1)
      throw invalidParameter('Streams can be named of one log group alone.')
    const groups = identifiers.map((logGroupIdentifier) => {
      if (logGroupIdentifier.endsWith(':*'))
        throw invalidParameter('An ARN in logGroupIdentifiers must not end with an asterisk.')
      const { name, found } = groupOf({ logGroupIdentifier }, this.#options.groups)
      if (found === undefined) throw notFound('log group')
      return name
    })
    return {
      groups: new Set(groups),
      isStream: (stream) => names?.includes(stream) ?? prefixes?.some((prefix) => stream.startsWith(prefix)) ?? true,
      pattern: filterPatternIn({ filterPattern: textIn(input, 'logEventFilterPattern') ?? '' }),
    }
  }
}

class Session {
  readonly messages = new Readable({ read: () => this.#hand() })
  readonly #wanted: Wanted
  readonly #accountId: string
  readonly #waiting: Buffer[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #lines: LogRecord[] = []
  #sampled = false
  #takesMore = true
  #ended = false

  constructor(wanted: Wanted, accountId: string) {
    this.#wanted = wanted
    this.#accountId = accountId
  }

  begin(start: object): void {
    this.#put(event('initial-response', {}))
    this.#put(event('sessionStart', start))
    this.#timers.push(setInterval(() => this.#update(), UPDATE_EVERY_MS).unref())
    const end = (): void => this.#fail('SessionTimeoutException', 'The live tail session was open for three hours.')
    this.#timers.push(setTimeout(end, ENDS_AFTER_MS).unref())
  }

  hear(lines: readonly LogRecord[]): void {
    const { groups, isStream, pattern } = this.#wanted
    const own = lines.filter(({ logGroup, logStream }) => groups.has(logGroup) && isStream(logStream))
    if (own.length === 0) return
    const fitting = (): LogRecord[] => own.filter(({ body }) => pattern.matches(body))
    try {
      const found = pattern.regexes > 0 ? withinMs(REGEX_MS, fitting) : fitting()
      const room = MAX_EVENTS - this.#lines.length
      if (found.length > room) this.#sampled = true
      this.#lines.push(...found.slice(0, room))
    } catch (error) {
      if (!ranTooLong(error)) throw error
      this.#fail('SessionStreamingException', 'The regular expression takes too long; make it simpler.')
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#ended) return
    this.#ended = true
    this.#hand()
  }

  #update(): void {
    const lines = this.#lines
    this.#lines = []
    this.#put(
      event('sessionUpdate', {
        sessionMetadata: { sampled: this.#sampled },
        sessionResults: lines.map((line) => ({
          logStreamName: line.logStream,
          logGroupIdentifier: `${this.#accountId}:${line.logGroup}`,
          message: line.body,
          timestamp: nanosToWholeMillis(line.timeNanos),
          ingestionTime: nanosToWholeMillis(line.receivedNanos),
        })),
      }),
    )
    this.#sampled = false
  }

  #fail(type: string, message: string): void {
    this.#put(encodeException(type, message))
    this.stop()
  }

  #put(message: Buffer): void {
    if (this.#ended) return
    this.#waiting.push(message)
    if (this.#waiting.length > MAX_UPDATES) this.#waiting.shift()
    if (this.#takesMore) this.#hand()
  }

  #hand(): void {
    this.#takesMore = true
    while (this.#takesMore && this.#waiting.length > 0) this.#takesMore = this.messages.push(this.#waiting.shift())
    if (this.#ended && this.#waiting.length === 0) this.messages.push(null)
  }
}

function event(type: string, payload: object): Buffer {
  return encodeEvent(type, JSON_TYPE, Buffer.from(JSON.stringify(payload)))
}

function texts(input: JsonObject, name: string, most: number): readonly string[] | undefined {
  const list = listIn(input, name)
  if (list === undefined) return undefined
  if (list.length === 0 || list.length > most || !list.every((one) => typeof one === 'string' && one !== ''))
    throw invalidParameter(`${name} must be 1 to ${most} texts.`)
  return list as readonly string[]
}
