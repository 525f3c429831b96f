// Says what a door dropped without letting junk fill the log: one line a reason and interval, with up to three ids.
import type { Logger } from '../log.ts'

const INTERVAL_MS = 10_000
const MAX_IDS = 3
const MAX_ID_LENGTH = 64

interface Dropped {
  count: number
  message: string
  readonly ids: string[]
}

export class DropLog {
  readonly #log: Logger
  readonly #door: string
  #dropped = new Map<string, Dropped>()
  #timer: NodeJS.Timeout | undefined

  constructor(door: string, log: Logger) {
    this.#door = door
    this.#log = log
  }

  /** The first is written at the end of this turn of the event loop, those that follow at the end of the interval. */
  add(
    reason: string,
    message: string,
    { id, count = 1 }: { readonly id?: string | undefined; readonly count?: number } = {},
  ): void {
    const dropped = this.#dropped.get(reason) ?? { count: 0, message, ids: [] }
    dropped.count += count
    if (id !== undefined && dropped.ids.length < MAX_IDS) dropped.ids.push(id.slice(0, MAX_ID_LENGTH))
    this.#dropped.set(reason, dropped)
    this.#timer ??= this.#wait(0)
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = this.#dropped.size === 0 ? undefined : this.#wait(INTERVAL_MS)
      this.write()
    }, ms).unref()
  }

  write(): void {
    for (const [reason, { count, message, ids }] of this.#dropped)
      this.#log.warn({ door: this.#door, reason, count, ids, example: message }, 'dropped')
    this.#dropped = new Map()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.write()
  }
}
