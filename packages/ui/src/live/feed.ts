// What comes in, as the Live page shows it: the newest rows, held while paused, without those that are muted. At most one
// change a frame is told to who listens, however much comes. No DOM and no network: events are handed in.
import type { ConsoleLiveTrace, ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'

export type LiveRow =
  | {
      readonly kind: 'trace'
      readonly key: string
      readonly trace: ConsoleLiveTrace
      readonly logs: number
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

export const MOST_ROWS = 2000
export const MOST_LINES = 200

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
      this.#forgetLogs()
    }
  }

  #forgetLogs(): void {
    const kept = new Set([...this.#rows, ...this.#held].flatMap((row) => (row.kind === 'trace' ? [row.trace.id] : [])))
    for (const id of this.#logsOf.keys()) if (!kept.has(id)) this.#logsOf.delete(id)
  }

  #change(): void {
    if (this.#due) return
    this.#due = true
    this.#onFrame(() => {
      this.#due = false
      const rows = this.#rows.slice(-MOST_ROWS).reverse()
      this.#state = {
        rows: rows.map((row) => (row.kind === 'mark' ? row : withLogs(row, this.#logsOf.get(row.trace.id) ?? 0))),
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

function withLogs(row: Extract<LiveRow, { kind: 'trace' }>, logs: number): LiveRow {
  return row.logs === logs ? row : { ...row, logs }
}

/** What can be muted: one thing that one service is asked for. */
export function muteKey({ service, name, method }: Pick<ConsoleLiveTrace, 'service' | 'name' | 'method'>): string {
  return [service, method ?? '', name].filter(Boolean).join(' ')
}
