// Frozen segments into the store, oldest first, one insert in flight. Retries for ever what may succeed later, under the
// same token; halves what is refused for good until the one bad row stands alone, so that it cannot fail its neighbours.
import { setTimeout as delay } from 'node:timers/promises'

import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { StoreError, type EncodedBlock, type Writer } from '../store/store.ts'
import type { Wal } from './wal.ts'
import type { Segment } from './wal-segment.ts'

/** How long the first segment after a pause gathers: what comes alone is soon there. */
const FIRST_GATHER_MS = 50
/**
 * While data keeps coming, each segment gathers twice as long as the one before, or a few times the time of its insert: that
 * costs the engine about the same whatever it holds, and as much again for the merges of its parts. Two bounds: few rows
 * are seen within 200 ms, many within a second.
 */
const LONGEST_OF_FEW_MS = 120
const LONGEST_GATHER_MS = 700
const GATHER_PER_INSERT_TIME = 3
/** Rows of one segment from which on they are many. */
const MANY_ROWS = 100
/** So long without anything to store is a pause. */
const PAUSE_MS = 250
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
const LOG_INTERVAL_MS = 10_000
/** So many rows refused, or all of several, and none taken: it is not the rows. The file is kept and the others go on. */
const HOPELESS_ROWS = 100

export interface FlusherOptions {
  readonly wal: Wal
  readonly writer: Pick<Writer, 'insert' | 'recycle'>
  readonly counters: Counters
  readonly log: Logger
}

/** All blocks of one table in one segment. */
interface TableInsert {
  readonly segment: Segment
  readonly table: string
  readonly blocks: readonly Uint8Array[]
  readonly rows: number
  readonly refused: ReadonlySet<string>
  takenRows: number
  readonly poisonedRows: number[]
}

class Hopeless extends Error {}

export class Flusher {
  readonly #options: FlusherOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #gatherMs = FIRST_GATHER_MS
  #lastStoredMillis = -Infinity
  #lastRetryLogMillis = -Infinity

  constructor(options: FlusherOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.wal.onChange = () => this.wake()
    this.#running ??= this.#run()
  }

  /** Something was appended, frozen or made urgent. */
  wake(): void {
    this.#wake?.()
  }

  /** Lets go at once: an insert in flight is not waited for, its segment stays in the log. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { wal } = this.#options
    while (!this.#stopping.signal.aborted) {
      const segment = wal.takeClosed()
      if (segment === undefined) await this.#gather()
      else await this.#flush(segment)
    }
  }

  async #gather(): Promise<void> {
    const { wal } = this.#options
    const segment = wal.openSegment
    if (segment === undefined) return this.#sleep()
    if (segment.openedMillis - this.#lastStoredMillis > PAUSE_MS) this.#gatherMs = FIRST_GATHER_MS
    const leftMs = segment.urgent ? 0 : segment.openedMillis + this.#gatherMs - performance.now()
    return leftMs <= 0 ? wal.freeze() : this.#sleep(leftMs)
  }

  /** How long the next segment gathers, by what this one held and how long it took. */
  #pace(rows: number, insertMs: number): void {
    const longest = rows < MANY_ROWS ? LONGEST_OF_FEW_MS : LONGEST_GATHER_MS
    this.#gatherMs = Math.min(longest, Math.max(this.#gatherMs * 2, insertMs * GATHER_PER_INSERT_TIME))
    this.#lastStoredMillis = performance.now()
  }

  /** Until wake(), or for so long. */
  async #sleep(ms?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
    this.#wake = resolve
    await promise
    clearTimeout(timer)
    this.#wake = undefined
  }

  async #flush(segment: Segment): Promise<void> {
    const { wal, counters, log } = this.#options
    const content = await wal.read(segment)
    if (content === undefined) return
    const rows = content.blocks.reduce((sum, block) => sum + block.rows, 0)
    const stopTimer = counters.flushSeconds.startTimer()
    let hopeless = false
    for (const [table, blocks] of blocksByTable(content.blocks)) {
      const insert: TableInsert = {
        segment,
        table,
        blocks: blocks.map((block) => block.bytes),
        rows: blocks.reduce((sum, block) => sum + block.rows, 0),
        refused: content.refused,
        takenRows: 0,
        poisonedRows: [],
      }
      try {
        await this.#insert(insert, 0, insert.rows)
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        if (!(error instanceof Hopeless)) throw error
        hopeless = true
      }
      const lost = hopeless ? insert.rows - insert.takenRows : insert.poisonedRows.length
      if (insert.takenRows > 0) counters.stored.inc({ table }, insert.takenRows)
      if (lost > 0) {
        counters.poisoned.inc({ table }, lost)
        const rows = insert.poisonedRows.slice(0, 3)
        log.error({ table, token: segment.token, refused: lost, rows }, 'rows dropped that the store refuses')
      }
    }
    counters.flushRows.observe(rows)
    this.#pace(rows, stopTimer() * 1000)
    if (hopeless) await wal.setAside(segment, '.refused')
    else await wal.remove(segment)
    for (const block of content.blocks) this.#options.writer.recycle(block)
  }

  /** Stores rows [from, to) but for the ones that are refused for good. The token is the same in every process. */
  async #insert(insert: TableInsert, from: number, to: number): Promise<void> {
    const whole = from === 0 && to === insert.rows
    const token = `${insert.segment.token}-${insert.table}${whole ? '' : `-${from}-${to}`}`
    // Its parts may be stored under their own tokens since before a crash: the whole must not be tried again.
    if (!insert.refused.has(token)) {
      const error = await this.#tryInsert(insert, token, whole ? undefined : { from, to })
      if (error === undefined) {
        insert.takenRows += to - from
        return
      }
      await this.#options.wal.markRefused(insert.segment, token)
      if (whole) {
        const { table } = insert
        this.#options.log.warn(
          { table, rows: insert.rows, reason: error.message },
          'insert refused, looking for the row',
        )
      }
    }
    if (to - from > 1) {
      const middle = from + Math.floor((to - from) / 2)
      await this.#insert(insert, from, middle)
      await this.#insert(insert, middle, to)
      return
    }
    insert.poisonedRows.push(from)
    const many = insert.rows > 1 && insert.poisonedRows.length >= Math.min(HOPELESS_ROWS, insert.rows)
    if (insert.takenRows === 0 && many) throw new Hopeless()
  }

  /** The error when the store refuses for good, undefined when it took the rows. Everything else is tried again. */
  async #tryInsert(
    insert: TableInsert,
    token: string,
    rows: { readonly from: number; readonly to: number } | undefined,
  ): Promise<StoreError | undefined> {
    const { table, blocks } = insert
    const { signal } = this.#stopping
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      try {
        await untilAborted(this.#options.writer.insert(table, blocks, token, rows), signal)
        return undefined
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof StoreError && !error.retryable) return error
        this.#options.counters.insertRetries.inc({ table })
        this.#logRetry(table, error)
      }
      await delay(waitMs, undefined, { signal })
    }
  }

  #logRetry(table: string, error: unknown): void {
    const now = performance.now()
    if (now - this.#lastRetryLogMillis < LOG_INTERVAL_MS) return
    this.#lastRetryLogMillis = now
    this.#options.log.warn(
      { table, reason: messageOf(error), walBytes: this.#options.wal.bytes },
      'store does not take inserts, trying again',
    )
  }
}

/** In the order of the tables' names: the same in every replay, and documents before the spans that make them visible. */
function blocksByTable(blocks: readonly EncodedBlock[]): [string, EncodedBlock[]][] {
  const tables = new Map<string, EncodedBlock[]>()
  for (const block of blocks) {
    const sofar = tables.get(block.table)
    if (sofar === undefined) tables.set(block.table, [block])
    else sofar.push(block)
  }
  return [...tables].sort(([a], [b]) => (a < b ? -1 : 1))
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
