// Which CloudWatch log groups and streams there are, with their retention: what writers made, and what lines came under
// on any way. Kept in one file of the data directory; the lines themselves are in the store.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isJsonObject } from '../codec/json.ts'
import { messageOf } from '../errors.ts'
import type { MetricTransformation } from '../functions/trigger-spec.ts'
import type { Logger } from '../log.ts'
import type { LogRecord } from '../span/log-record.ts'

export interface LogStream {
  readonly creationMs: number
  firstEventMs?: number
  lastEventMs?: number
  lastIngestionMs?: number
}

export interface SubscriptionFilter {
  readonly name: string
  readonly pattern: string
  readonly destinationArn: string
  readonly roleArn?: string
  readonly distribution: 'Random' | 'ByLogStream'
  readonly creationMs: number
}

export interface MetricFilter {
  readonly name: string
  readonly pattern: string
  readonly transformation: MetricTransformation
  readonly creationMs: number
}

export interface LogGroup {
  readonly creationMs: number
  retentionDays?: number
  tags: { readonly [key: string]: string }
  /** Bytes of the lines taken, as the cloud counts them; never less again. */
  storedBytes: number
  subscriptionFilters: readonly SubscriptionFilter[]
  metricFilters: readonly MetricFilter[]
  readonly streams: Map<string, LogStream>
}

export interface LogGroupsOptions {
  /** Absent: nothing is kept between runs. */
  readonly file?: string
  readonly nowMs: () => number
  /** A stream is forgotten when its last line is older: nobody can read anything of it. */
  readonly keptMs: () => number
  readonly log: Logger
}

/** Beside its text, what the cloud counts of an event. */
export const EVENT_OVERHEAD_BYTES = 26
const SAVE_AFTER_MS = 1000
/** An environment makes a stream: of a busy function the oldest are forgotten. */
const MAX_STREAMS_PER_GROUP = 10_000

export class LogGroups {
  readonly #options: LogGroupsOptions
  readonly #groups = new Map<string, LogGroup>()
  #timer: NodeJS.Timeout | undefined
  #warned = false

  constructor(options: LogGroupsOptions) {
    this.#options = options
    this.#load()
  }

  find(group: string): LogGroup | undefined {
    return this.#groups.get(group)
  }

  /** By name, as the cloud lists them. */
  list(): (readonly [name: string, group: LogGroup])[] {
    return [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** False when it is there already. */
  createGroup(name: string, tags: LogGroup['tags'] = {}): boolean {
    if (this.#groups.has(name)) return false
    this.#groups.set(name, newGroup(this.#options.nowMs(), tags))
    this.save()
    return true
  }

  /** False when it is there already. */
  createStream(group: LogGroup, name: string): boolean {
    if (group.streams.has(name)) return false
    this.#addStream(group, name)
    this.save()
    return true
  }

  deleteGroup(name: string): boolean {
    const deleted = this.#groups.delete(name)
    if (deleted) this.save()
    return deleted
  }

  deleteStream(group: LogGroup, name: string): boolean {
    const deleted = group.streams.delete(name)
    if (deleted) this.save()
    return deleted
  }

  setRetention(group: LogGroup, days: number | undefined): void {
    if (days === undefined) delete group.retentionDays
    else group.retentionDays = days
    this.save()
  }

  setTags(group: LogGroup, tags: LogGroup['tags']): void {
    group.tags = tags
    this.save()
  }

  setSubscriptionFilters(group: LogGroup, filters: LogGroup['subscriptionFilters']): void {
    group.subscriptionFilters = filters
    this.save()
  }

  setMetricFilters(group: LogGroup, filters: LogGroup['metricFilters']): void {
    group.metricFilters = filters
    this.save()
  }

  nowMs(): number {
    return this.#options.nowMs()
  }

  /** Lines that were taken in, on whatever way: makes what they name. */
  noteLines(lines: readonly LogRecord[]): void {
    const ingestionMs = this.#options.nowMs()
    for (const line of lines) {
      if (line.logGroup === '') continue
      let group = this.#groups.get(line.logGroup)
      if (group === undefined) this.#groups.set(line.logGroup, (group = newGroup(ingestionMs, {})))
      group.storedBytes += Buffer.byteLength(line.body) + EVENT_OVERHEAD_BYTES
      if (line.logStream === '') continue
      const stream = group.streams.get(line.logStream) ?? this.#addStream(group, line.logStream)
      const eventMs = Number(line.timeNanos / 1_000_000n)
      stream.firstEventMs = Math.min(stream.firstEventMs ?? eventMs, eventMs)
      stream.lastEventMs = Math.max(stream.lastEventMs ?? eventMs, eventMs)
      stream.lastIngestionMs = ingestionMs
    }
    this.#timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS)
  }

  #addStream(group: LogGroup, name: string): LogStream {
    const { streams } = group
    if (streams.size >= MAX_STREAMS_PER_GROUP) {
      const [oldest] = streams.keys()
      streams.delete(oldest!)
    }
    const stream: LogStream = { creationMs: this.#options.nowMs() }
    streams.set(name, stream)
    return stream
  }

  /** Writes the file: whole, or not at all. */
  save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { file, log } = this.#options
    this.#forgetOld()
    if (file === undefined) return
    try {
      const groups = this.list().map(([name, { streams, ...group }]) => ({
        name,
        ...group,
        streams: [...streams].map(([stream, times]) => ({ name: stream, ...times })),
      }))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.new`, JSON.stringify({ groups }), { mode: 0o600 })
      renameSync(`${file}.new`, file)
      this.#warned = false
    } catch (error) {
      if (!this.#warned) log.warn({ file, reason: messageOf(error) }, 'log groups not saved')
      this.#warned = true
    }
  }

  /** Saves what is not yet saved. Twice is fine. */
  stop(): void {
    if (this.#timer !== undefined) this.save()
  }

  #forgetOld(): void {
    const oldestMs = this.#options.nowMs() - this.#options.keptMs()
    for (const { streams } of this.#groups.values())
      for (const [name, { lastEventMs, creationMs }] of streams)
        if (Math.max(lastEventMs ?? 0, creationMs) < oldestMs) streams.delete(name)
  }

  #load(): void {
    const { file, log } = this.#options
    if (file === undefined) return
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      return
    }
    try {
      const { groups } = JSON.parse(text) as { readonly groups: readonly unknown[] }
      for (const one of groups) this.#restore(one)
    } catch (error) {
      log.warn({ file, reason: messageOf(error) }, 'log groups of earlier runs not read')
    }
  }

  #restore(value: unknown): void {
    if (!isJsonObject(value)) return
    const { name, creationMs, retentionDays, tags, storedBytes, subscriptionFilters, metricFilters, streams } =
      value as unknown as SavedGroup
    this.#groups.set(name, {
      creationMs,
      ...(retentionDays === undefined ? {} : { retentionDays }),
      tags,
      storedBytes,
      // Not in files of before.
      subscriptionFilters: subscriptionFilters ?? [],
      metricFilters: metricFilters ?? [],
      streams: new Map(streams.map(({ name: stream, ...times }) => [stream, times])),
    })
  }
}

function newGroup(creationMs: number, tags: LogGroup['tags']): LogGroup {
  return { creationMs, tags, storedBytes: 0, subscriptionFilters: [], metricFilters: [], streams: new Map() }
}

interface SavedGroup extends Omit<LogGroup, 'streams' | 'subscriptionFilters' | 'metricFilters'> {
  readonly name: string
  readonly subscriptionFilters?: readonly SubscriptionFilter[]
  readonly metricFilters?: readonly MetricFilter[]
  readonly streams: readonly (LogStream & { readonly name: string })[]
}
