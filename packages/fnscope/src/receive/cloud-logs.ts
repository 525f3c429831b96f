// Reads the log lines of another local cloud through its CloudWatch Logs API, as any client of that cloud would: group by
// group, from where it stopped. What becomes of them is the caller's.
import { setTimeout as delay } from 'node:timers/promises'
import { decodeLogEvents, type DecodedEvents, type LogEvent, type StreamState } from '../codec/cloudwatch-log.ts'
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'

export interface CloudLogsOptions {
  /** http://localhost:4566 */
  readonly url: string
  readonly region: string
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly log: Logger
  /** For the person at the terminal. */
  readonly notify: (line: string) => void
  /** Group → where reading stopped, of an earlier run; kept up to date. */
  readonly positions: Map<string, GroupPosition>
  /** Takes what one look found over. A rejection: it is read again. */
  readonly take: (found: DecodedEvents) => Promise<void>
}

export interface GroupPosition {
  /** Up to which time everything has been taken. */
  sinceMs: number
  /** Keys of the events from then on that have been taken. */
  taken: ReadonlySet<string>
}

const POLL_MS = 1000
/** Lines that come late may be older than the newest that was seen. */
const OVERLAP_MS = 10_000
const CALL_TIMEOUT_MS = 10_000
const MAX_PAGES = 100
const PAGE = 10_000

interface FoundEvent extends LogEvent {
  readonly stream: string
  readonly key: string
}

export class CloudLogs {
  readonly #options: CloudLogsOptions
  readonly #stopping = new AbortController()
  readonly #states = new Map<string, StreamState>()
  readonly #running: Promise<void>
  #silent = false

  /** Starts at once. Lines from before are read where `positions` knows their group, else those of the last minute. */
  constructor(options: CloudLogsOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#look()
        if (this.#silent) this.#options.notify(`${this.#options.url} answers again; its log lines are read.`)
        this.#silent = false
      } catch (error) {
        if (!signal.aborted) this.#say(error)
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {})
    }
  }

  /** Once, until it answers again. */
  #say(error: unknown): void {
    if (this.#silent) return
    this.#silent = true
    const { url, notify, log } = this.#options
    log.info({ url, err: error }, 'the cloud beside does not answer')
    notify(`${url} (--beside) does not answer yet: ${messageOf(error)}. It is asked again every second.`)
  }

  async #look(): Promise<void> {
    const { positions, take, now } = this.#options
    for (const group of await this.#groups()) {
      const nowMs = Number(now() / 1_000_000n)
      const position = positions.get(group) ?? { sinceMs: nowMs - 60_000, taken: new Set<string>() }
      const events = await this.#events(group, position.sinceMs)
      const fresh = events.filter(({ key }) => !position.taken.has(key))
      if (fresh.length > 0) await take(this.#decode(group, fresh))
      const newestMs = events.reduce((newest, { timestampMs }) => Math.max(newest, timestampMs), position.sinceMs)
      // A full page may end in the middle: what follows it is asked for next.
      const overlapMs = events.length >= PAGE ? 0 : OVERLAP_MS
      const sinceMs = Math.max(position.sinceMs, newestMs - overlapMs)
      const kept = events.filter(({ timestampMs }) => timestampMs >= sinceMs)
      positions.set(group, { sinceMs, taken: new Set(kept.map(({ key }) => key)) })
    }
  }

  async #groups(): Promise<string[]> {
    const names: string[] = []
    let token: unknown
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.#call('DescribeLogGroups', token === undefined ? {} : { nextToken: token })
      for (const group of listOf(answer['logGroups']))
        if (typeof group['logGroupName'] === 'string') names.push(group['logGroupName'])
      token = answer['nextToken']
      if (typeof token !== 'string') return names
    }
    return names
  }

  async #events(group: string, startTime: number): Promise<FoundEvent[]> {
    const found: FoundEvent[] = []
    const times = new Map<string, number>()
    let token: unknown
    for (let page = 0; page < MAX_PAGES; page++) {
      const more = token === undefined ? {} : { nextToken: token }
      const answer = await this.#call('FilterLogEvents', { logGroupName: group, startTime, limit: PAGE, ...more })
      for (const event of listOf(answer['events'])) {
        const { timestamp, message, logStreamName: stream, eventId } = event
        if (typeof timestamp !== 'number' || typeof message !== 'string' || typeof stream !== 'string') continue
        // Not every cloud gives ids: equal lines of one millisecond are told apart by their order.
        const name = typeof eventId === 'string' ? eventId : `${stream} ${timestamp} ${message}`
        const nth = times.get(name) ?? 0
        times.set(name, nth + 1)
        found.push({ timestampMs: timestamp, message, stream, key: nth === 0 ? name : `${name} ${nth}` })
      }
      token = answer['nextToken']
      if (typeof token !== 'string') return found
    }
    return found
  }

  #decode(group: string, events: readonly FoundEvent[]): DecodedEvents {
    const decoded: DecodedEvents = { logs: [], metrics: [] }
    const receivedNanos = this.#options.now()
    for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
      const key = `${group}\n${stream}`
      const state = this.#states.get(key) ?? {}
      const { logs, metrics } = decodeLogEvents(own, { group, stream }, state, receivedNanos)
      decoded.logs.push(...logs)
      decoded.metrics.push(...metrics)
      if (state.requestId === undefined) this.#states.delete(key)
      else this.#states.set(key, state)
    }
    return decoded
  }

  async #call(operation: string, body: object): Promise<JsonObject> {
    const { url, region } = this.#options
    const day = new Date(Number(this.#options.now() / 1_000_000n)).toISOString().slice(0, 10).replaceAll('-', '')
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Logs_20140328.${operation}`,
        // Local clouds read account and region from it, and check no signature.
        authorization: `AWS4-HMAC-SHA256 Credential=test/${day}/${region}/logs/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${operation} was answered ${answer.status}: ${text.slice(0, 200)}`)
    const parsed: unknown = JSON.parse(text)
    return isJsonObject(parsed) ? parsed : {}
  }
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
