// What comes in, told to those who watch: traces as their roots come, log lines, and that the graph has changed. Nothing
// is kept for a watcher that does not keep up: it is told how much it missed. Who watches nothing costs nothing.
import { randomBytes } from 'node:crypto'
import type { Batch } from '../span/batch.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import { functionPhases } from '../span/function-phases.ts'
import { readPhaseSpans } from '../span/read-phase-spans.ts'
import { readRoots, type RootNote } from '../span/read-roots.ts'
import { nanosToMillis } from '../span/time.ts'
import { consolePhases } from './console-phases.ts'
import type { ConsoleLiveGraph, ConsoleLivePhases, ConsoleLiveTrace, ConsoleLogLine } from './console-types.ts'

export type LiveKind = 'trace' | 'log' | 'graph'
/** Who wants traces is told what their calls were made of too. */
type EventName = LiveKind | 'phases'
export const LIVE_KINDS: readonly LiveKind[] = ['trace', 'log', 'graph']

/** One watcher: a line of events to somewhere. */
export interface LiveWatcher {
  readonly kinds: ReadonlySet<LiveKind>
  /** False: it was not taken, there is no room. */
  readonly send: (text: string) => boolean
  readonly end: () => void
}

export interface LiveOptions {
  readonly logLine: (record: LogRecord) => ConsoleLogLine
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs?: () => number
}

interface LiveEvent {
  readonly number: number
  readonly kind: LiveKind
  readonly text: string
}

/** Events that a watcher who comes back can still have. */
const KEPT_EVENTS = 2000
/** How long they are collected for one who went away. */
const KEPT_MS = 60_000
/** Told of one kind in a second; the rest are counted. */
const MOST_A_SECOND = 2000
const GRAPH_EVERY_MS = 1000
/** Characters of a log line. */
const MOST_CHARACTERS = 32_768

export class Live {
  readonly #logLine: LiveOptions['logLine']
  readonly #nowMs: () => number
  /** Numbers are of this run alone. */
  readonly #run = randomBytes(4).toString('hex')
  readonly #watchers = new Map<LiveWatcher, number>()
  #kept: LiveEvent[] = []
  #number = 0
  #keptUntilMs = 0
  #secondMs = 0
  #toldInSecond = new Map<EventName, number>()
  #spans = 0
  #graph: NodeJS.Timeout | undefined
  #stopped = false

  constructor({ logLine, nowMs = () => performance.now() }: LiveOptions) {
    this.#logLine = logLine
    this.#nowMs = nowMs
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Tells what a batch has that was just taken. It is read before this returns. */
  note(batch: Batch): void {
    if (this.#watchers.size === 0 && this.#nowMs() >= this.#keptUntilMs) return
    const spans = batch.spans.rows + batch.openSpans.rows
    if (spans > 0) this.#noteGraph(spans)
    const { roots, more } = readRoots(batch.spans, this.#left('trace'))
    for (const root of roots) this.#tell('trace', traceNote(root))
    this.#miss('trace', more)
    this.#notePhases(batch)
    const records = batch.logs.slice(0, this.#left('log'))
    for (const record of records) {
      const line = this.#logLine(record)
      const body = line.body.length > MOST_CHARACTERS ? `${line.body.slice(0, MOST_CHARACTERS)}…` : line.body
      this.#tell('log', { ...line, body })
    }
    this.#miss('log', batch.logs.length - records.length)
  }

  /** As many as traces at most: who is not told of one sees its bar without parts. */
  #notePhases({ spans }: Batch): void {
    if (spans.rows === 0) return
    for (const phases of functionPhases(readPhaseSpans(spans)).slice(0, this.#left('phases')))
      this.#tell(
        'trace',
        { id: formatXrayTraceId(phases.traceId), ...consolePhases(phases) } satisfies ConsoleLivePhases,
        'phases',
      )
  }

  #miss(kind: LiveKind, events: number): void {
    if (events === 0) return
    for (const [watcher, missed] of this.#watchers)
      if (watcher.kinds.has(kind)) this.#watchers.set(watcher, missed + events)
  }

  /** At most one word a second: who wants the graph asks for it. */
  #noteGraph(spans: number): void {
    this.#spans += spans
    this.#graph ??= setTimeout(() => {
      this.#graph = undefined
      this.#tell('graph', { spans: this.#spans } satisfies ConsoleLiveGraph)
      this.#spans = 0
    }, GRAPH_EVERY_MS).unref()
  }

  #left(name: EventName): number {
    const second = Math.floor(this.#nowMs() / 1000)
    if (second !== this.#secondMs) this.#toldInSecond.clear()
    this.#secondMs = second
    return MOST_A_SECOND - (this.#toldInSecond.get(name) ?? 0)
  }

  #tell(kind: LiveKind, data: object, name: EventName = kind): void {
    this.#toldInSecond.set(name, (this.#toldInSecond.get(name) ?? 0) + 1)
    this.#number += 1
    const text = `id: ${this.#run}-${this.#number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
    const event = { number: this.#number, kind, text }
    this.#kept.push(event)
    if (this.#kept.length > 2 * KEPT_EVENTS) this.#kept = this.#kept.slice(-KEPT_EVENTS)
    for (const watcher of this.#watchers.keys()) this.#send(watcher, event)
  }

  #send(watcher: LiveWatcher, { kind, text }: LiveEvent): void {
    if (!watcher.kinds.has(kind)) return
    const missed = this.#watchers.get(watcher) ?? 0
    const sent = watcher.send(missed === 0 ? text : missedText(missed) + text)
    this.#watchers.set(watcher, sent ? 0 : missed + 1)
  }

  /** @param lastEventId of an earlier connection. False once it was stopped. */
  watch(watcher: LiveWatcher, lastEventId?: string): boolean {
    if (this.#stopped) return false
    const [run, number] = lastEventId?.split('-') ?? []
    const last = run === this.#run && /^\d{1,15}$/.test(number ?? '') ? Number(number) : undefined
    const first = this.#kept[0]?.number ?? this.#number + 1
    const isWhole = last !== undefined && last >= first - 1 && last <= this.#number
    // It cannot be told what it missed: it has to ask for everything again.
    if (lastEventId !== undefined && !isWhole) watcher.send('event: reset\ndata: {}\n\n')
    this.#watchers.set(watcher, 0)
    if (isWhole) for (const event of this.#kept) if (event.number > last) this.#send(watcher, event)
    return true
  }

  leave(watcher: LiveWatcher): void {
    if (!this.#watchers.delete(watcher)) return
    if (this.#watchers.size === 0) this.#keptUntilMs = this.#nowMs() + KEPT_MS
  }

  /** Keeps connections open through what closes idle ones; who missed the last of what came is told so. */
  heartbeat(): void {
    for (const [watcher, missed] of this.#watchers)
      if (watcher.send(missed === 0 ? ': heartbeat\n\n' : missedText(missed))) this.#watchers.set(watcher, 0)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#graph)
    for (const watcher of this.#watchers.keys()) watcher.end()
    this.#watchers.clear()
    this.#kept = []
  }
}

function missedText(events: number): string {
  return `event: missed\ndata: ${JSON.stringify({ events })}\n\n`
}

function traceNote(root: RootNote): ConsoleLiveTrace {
  const { traceId, startNanos, durationNanos, service, name, source, httpMethod, httpStatus, ...flags } = root
  return {
    id: formatXrayTraceId(traceId),
    name,
    service,
    source,
    startMs: nanosToMillis(startNanos),
    durationMs: nanosToMillis(durationNanos),
    ...(httpStatus === 0 ? {} : { status: httpStatus }),
    ...(httpMethod === '' ? {} : { method: httpMethod }),
    ...flags,
  }
}
