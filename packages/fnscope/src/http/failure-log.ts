// Says what failed in fnscope itself while a request was served, with its stack, without letting a client that sends the
// same thing again and again fill the log: each place that fails is told once an interval. The counters have them all.
import type { Logger } from '../log.ts'

const INTERVAL_MS = 10_000
/** Of places; more than so many different ones share their turn. */
const MAX_PLACES = 100

interface Failing {
  readonly sinceMillis: number
  /** Not told yet. */
  more: number
}

export class FailureLog {
  readonly #log: Logger
  readonly #now: () => number
  readonly #failing = new Map<string, Failing>()

  /** @param now on the clock of performance.now() */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  add(error: unknown, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#now()
    const place = this.#failing.size < MAX_PLACES ? placeOf(error) : 'elsewhere'
    const before = this.#failing.get(place)
    if (before !== undefined && now - before.sinceMillis < INTERVAL_MS) {
      before.more += 1
      return
    }
    this.#failing.set(place, { sinceMillis: now, more: 0 })
    const repeated = before?.more ?? 0
    this.#log.error({ err: error, ...fields, ...(repeated > 0 ? { repeated } : {}) }, message)
  }
}

/** Where it was thrown. Its message may be different every time. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frame = /\n\s+at .*/.exec(error.stack ?? '')?.[0]
  return `${error.name}${frame ?? ''}`
}
