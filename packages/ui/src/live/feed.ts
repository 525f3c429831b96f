// What comes in, as the Live page shows it: the newest rows, held while paused, without those that are muted. At most one
// change a frame is told to who listens, however much comes. No DOM and no network: events are handed in.
import type { ConsoleLivePhases, ConsoleLiveTrace, ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'

export type LiveRow =
  | {
      readonly kind: 'trace'
      readonly key: string
      readonly trace: ConsoleLiveTrace
      readonly logs: number
      /** Of the call that the row is: absent where no function is known. */
      readonly phases?: ConsoleLivePhases | undefined
      readonly isNew: boolean
    }
  | { readonly kind: 'mark'; readonly key: string; readonly text: string; readonly atMs: number }

export interface FeedState {
  /** Newest first, at most 2000. */
  readonly rows: readonly LiveRow[]
  /** Newest last, at most 200. */
  readonly lines: readonly ConsoleLogLine[]
  readonly paused: boolean
  /** Came while paused. */
  readonly waiting: number
  /** Not shown, by a mute. */
  readonly muted: number
  /** The server could not tell so many. */
  readonly missed: number
}

type TraceRow = Extract<LiveRow, { kind: 'trace' }>

export const MOST_ROWS = 2000
export const MOST_LINES = 200
/** Traces that something is known of, with a row or not. */
const MOST_NOTES = 4 * MOST_ROWS
/** Of the newest of them the row may still come. */
const MOST_AHEAD = 200
/** Of one trace: its own row shows one of them. */
const MOST_CALLS = 8

export interface FeedOptions {
  /** Runs what it is given before the next picture; tests have their own. */
  readonly onFrame: (run: () => void) => void
}

export class Feed {
  readonly #onFrame: FeedOptions['onFrame']
  readonly #listeners = new Set<() => void>()
  /** Oldest first. */
  #rows: LiveRow[] = []
  #held: LiveRow[] = []
  #lines: ConsoleLogLine[] = []
  #logsOf = new Map<string, number>()
  #phasesOf = new Map<string, readonly ConsoleLivePhases[]>()
  #mutes: ReadonlySet<string> = new Set()
  #paused = false
  #muted = 0
  #missed = 0
  #number = 0
  #due = false
  #state: FeedState = { rows: [], lines: [], paused: false, waiting: 0, muted: 0, missed: 0 }

  constructor({ onFrame }: FeedOptions) {
    this.#onFrame = onFrame
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): FeedState => this.#state

  /** @param isNew false for what was there before */
  addTrace(trace: ConsoleLiveTrace, isNew = true): void {
    if (this.#mutes.has(muteKey(trace))) this.#muted += 1
    else this.#add({ kind: 'trace', key: `${trace.id}-${(this.#number += 1)}`, trace, logs: 0, isNew })
    this.#change()
  }

  addLine(line: ConsoleLogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > 2 * MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES)
    if (line.traceId !== undefined) this.#logsOf.set(line.traceId, (this.#logsOf.get(line.traceId) ?? 0) + 1)
    if (this.#logsOf.size > MOST_NOTES) this.#forget()
    this.#change()
  }

  /** What a call in a trace was made of: before or after the trace itself. */
  addPhases(phases: ConsoleLivePhases): void {
    const others = this.#phasesOf.get(phases.id) ?? []
    if (others.length < MOST_CALLS) this.#phasesOf.set(phases.id, [...others, phases])
    if (this.#phasesOf.size > MOST_NOTES) this.#forget()
    this.#change()
  }

  /** A line between what came before and what comes after: a new run, a restart. */
  mark(text: string, atMs: number): void {
    this.#add({ kind: 'mark', key: `mark-${(this.#number += 1)}`, text, atMs })
    this.#change()
  }

  miss(events: number): void {
    this.#missed += events
    this.#change()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    if (!paused) {
      this.#rows.push(...this.#held)
      this.#held = []
    }
    this.#change()
  }

  /** Hides, from now on and before, traces of these; see muteKey. */
  mute(keys: ReadonlySet<string>): void {
    this.#mutes = keys
    const isShown = (row: LiveRow): boolean => row.kind === 'mark' || !keys.has(muteKey(row.trace))
    this.#rows = this.#rows.filter(isShown)
    this.#held = this.#held.filter(isShown)
    this.#change()
  }

  clear(): void {
    this.#rows = []
    this.#held = []
    this.#lines = []
    this.#logsOf = new Map()
    this.#phasesOf = new Map()
    this.#muted = 0
    this.#missed = 0
    this.#change()
  }

  #add(row: LiveRow): void {
    const list = this.#paused ? this.#held : this.#rows
    list.push(row)
    if (list.length > 2 * MOST_ROWS) {
      const kept = list.slice(-MOST_ROWS)
      if (this.#paused) this.#held = kept
      else this.#rows = kept
      this.#forget()
    }
  }

  /** What is known of traces that have no row any more. */
  #forget(): void {
    const kept = new Set([...this.#rows, ...this.#held].flatMap((row) => (row.kind === 'trace' ? [row.trace.id] : [])))
    for (const notes of [this.#logsOf, this.#phasesOf])
      for (const id of [...notes.keys()].slice(0, -MOST_AHEAD)) if (!kept.has(id)) notes.delete(id)
  }

  #withNotes(row: TraceRow): LiveRow {
    const { id, service } = row.trace
    const logs = this.#logsOf.get(id) ?? 0
    const calls = this.#phasesOf.get(id)
    const phases = calls?.find((call) => call.function === service) ?? calls?.[0]
    return row.logs === logs && row.phases === phases ? row : { ...row, logs, phases }
  }

  #change(): void {
    if (this.#due) return
    this.#due = true
    this.#onFrame(() => {
      this.#due = false
      for (let at = Math.max(0, this.#rows.length - MOST_ROWS); at < this.#rows.length; at++) {
        const row = this.#rows[at]!
        if (row.kind === 'trace') this.#rows[at] = this.#withNotes(row)
      }
      this.#state = {
        rows: this.#rows.slice(-MOST_ROWS).reverse(),
        lines: this.#lines.slice(-MOST_LINES),
        paused: this.#paused,
        waiting: this.#held.length,
        muted: this.#muted,
        missed: this.#missed,
      }
      for (const listener of this.#listeners) listener()
    })
  }
}

/** What can be muted: one thing that one service is asked for. */
export function muteKey({ service, name, method }: Pick<ConsoleLiveTrace, 'service' | 'name' | 'method'>): string {
  return [service, method ?? '', name].filter(Boolean).join(' ')
}
