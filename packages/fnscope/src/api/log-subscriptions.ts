// Subscription filters at work: lines of a group that fit a filter's pattern go to the filter's function, as CloudWatch
// Logs sends them. Other destinations are kept and get nothing. A function never hears of its own group.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { messageOf } from '../errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { LogSubscriptionSpec } from '../functions/trigger-spec.ts'
import type { Logger } from '../log.ts'
import { eventIdOf } from '../query/logs/log-event.ts'
import { parseFilterPattern, type FilterPattern } from '../query/logs/filter-pattern.ts'
import type { LogRecord } from '../span/log-record.ts'
import { nanosToWholeMillis } from '../span/time.ts'
import type { LogGroups } from './log-groups.ts'

export interface LogSubscriptionsOptions {
  readonly groups: Pick<LogGroups, 'find'>
  /** Of templates. */
  readonly declared: () => readonly LogSubscriptionSpec[]
  readonly find: (functionName: string) => FunctionSpec | undefined
  readonly invoke: (functionName: string, event: object) => Promise<unknown>
  readonly accountId: string
  readonly log: Logger
}

interface Filter {
  readonly name: string
  readonly pattern: string
  readonly functionName: string
}

interface Waiting {
  readonly logGroup: string
  readonly logStream: string
  readonly filter: Filter
  readonly records: LogRecord[]
}

const zip = promisify(gzip)
/** Lines that come close together go as one event. */
const GATHER_MS = 200
const MAX_EVENTS = 1000
const MAX_PATTERNS = 1000

export class LogSubscriptions {
  readonly #options: LogSubscriptionsOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #patterns = new Map<string, FilterPattern | undefined>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogSubscriptionsOptions) {
    this.#options = options
  }

  hear(records: readonly LogRecord[]): void {
    for (const [logGroup, lines] of Map.groupBy(records, (record) => record.logGroup)) {
      if (logGroup === '') continue
      for (const filter of this.#filtersOf(logGroup)) {
        const fitting = lines.filter(({ body }) => this.#pattern(filter.pattern)?.matches(body) === true)
        for (const record of fitting) this.#keep(filter, record)
      }
    }
  }

  /** What is gathered goes out now. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#send()
  }

  #filtersOf(logGroup: string): Filter[] {
    const { groups, declared, find } = this.#options
    const put = (groups.find(logGroup)?.subscriptionFilters ?? []).flatMap(({ name, pattern, destinationArn }) =>
      destinationArn.includes(':function:') ? [{ name, pattern, functionName: destinationArn }] : [],
    )
    const own = declared().flatMap((spec) =>
      spec.logGroup === logGroup
        ? [{ name: spec.filterName, pattern: spec.pattern, functionName: spec.functionName }]
        : [],
    )
    // One put under a template's name replaces it.
    const names = new Set(put.map(({ name }) => name))
    return [...put, ...own.filter(({ name }) => !names.has(name))].filter(({ functionName }) => {
      const spec = find(parseFunctionName(functionName).name)
      return spec !== undefined && spec.logGroup !== logGroup
    })
  }

  #pattern(text: string): FilterPattern | undefined {
    if (!this.#patterns.has(text)) {
      if (this.#patterns.size >= MAX_PATTERNS) this.#patterns.clear()
      try {
        this.#patterns.set(text, parseFilterPattern(text))
      } catch (error) {
        this.#options.log.warn({ pattern: text, reason: messageOf(error) }, 'subscription filter fits nothing')
        this.#patterns.set(text, undefined)
      }
    }
    return this.#patterns.get(text)
  }

  #keep(filter: Filter, record: LogRecord): void {
    const { logGroup, logStream } = record
    const key = JSON.stringify([logGroup, logStream, filter])
    const waiting = this.#waiting.get(key) ?? { logGroup, logStream, filter, records: [] }
    this.#waiting.set(key, waiting)
    waiting.records.push(record)
    this.#timer ??= setTimeout(() => void this.#send(), GATHER_MS).unref()
  }

  async #send(): Promise<void> {
    this.#timer = undefined
    const batches = [...this.#waiting.values()]
    this.#waiting.clear()
    await Promise.all(
      batches.flatMap((batch) => {
        const parts: Promise<void>[] = []
        for (let at = 0; at < batch.records.length; at += MAX_EVENTS)
          parts.push(this.#sendPart({ ...batch, records: batch.records.slice(at, at + MAX_EVENTS) }))
        return parts
      }),
    )
  }

  async #sendPart({ logGroup, logStream, filter, records }: Waiting): Promise<void> {
    const { accountId, invoke, log } = this.#options
    const message = {
      messageType: 'DATA_MESSAGE',
      owner: accountId,
      logGroup,
      logStream,
      subscriptionFilters: [filter.name],
      logEvents: records.map(({ timeNanos, receivedNanos, body }, sequence) => ({
        id: eventIdOf({ timeNanos, receivedNanos, sequence }),
        timestamp: nanosToWholeMillis(timeNanos),
        message: body,
      })),
    }
    try {
      const data = await zip(JSON.stringify(message))
      await invoke(filter.functionName, { awslogs: { data: data.toString('base64') } })
    } catch (error) {
      log.warn({ functionName: filter.functionName, reason: messageOf(error) }, 'subscription filter not delivered')
    }
  }
}
