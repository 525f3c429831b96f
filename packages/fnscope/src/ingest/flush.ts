// Frozen segments into the store, oldest first, one insert in flight. Retries for ever what may succeed later, under the
// same token; what is refused for good is bisect.ts's.
import { setTimeout as delay } from 'node:timers/promises'

import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { StoreError, type EncodedBlock, type Writer } from '../store/store.ts'
import { insertBisecting, type RowRange } from './bisect.ts'
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
const LONGEST_GATHER_MS = 1000
const GATHER_PER_INSERT_TIME = 3
/** Rows of one segment from which on they are many. */
const MANY_ROWS = 100
/** So long without anything to store is a pause. */
const PAUSE_MS = 250
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
const LOG_INTERVAL_MS = 10_000
/** What an insert needs more memory for than there is (MEMORY_LIMIT_EXCEEDED) is halved after so many tries. */
const TOO_LARGE_CODE = 241
const TOO_LARGE_TRIES = 3

export interface FlusherOptions {
  readonly wal: Wal
  readonly writer: Pick<Writer, 'insert' | 'recycle'>
  readonly counters: Counters
  readonly log: Logger
}

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
    const { wal, writer, counters } = this.#options
    const content = await wal.take(segment)
    if (content === undefined) return
    const stopTimer = counters.flushSeconds.startTimer()
    let [rows, bytes, hopeless] = [0, 0, false]
    // The memory of a table's blocks is free as soon as they are stored.
    const tables = blocksByTable(content.blocks.splice(0))
    for (let next = tables.shift(); next !== undefined; next = tables.shift()) {
      const [table, blocks] = next
      for (const block of blocks) {
        rows += block.rows
        bytes += block.bytes.length
      }
      const outcome = await this.#insert(segment, table, blocks, content.refused)
      if (outcome === undefined) return
      hopeless ||= outcome.hopeless
      for (const block of blocks) writer.recycle(block)
    }
    counters.flushRows.observe(rows)
    counters.flushBytes.observe(bytes)
    this.#pace(rows, stopTimer() * 1000)
    if (hopeless) await wal.setAside(segment, '.refused')
    else await wal.remove(segment)
  }

  /** Undefined when stopped in the middle. */
  async #insert(
    segment: Segment,
    table: string,
    blocks: readonly EncodedBlock[],
    refused: ReadonlySet<string>,
  ): Promise<{ readonly hopeless: boolean } | undefined> {
    const { wal, counters, log } = this.#options
    const rows = rowsOf(blocks)
    try {
      const { taken, poisoned, hopeless } = await insertBisecting(
        { segment, table, blocks, refused },
        {
          tryInsert: (bytes, token, range) => this.#tryInsert(table, bytes, token, range),
          onRefused: async (token, error, { from, to }) => {
            await wal.markRefused(segment, token)
            if (to - from === rows)
              log.warn({ table, rows, reason: error.message }, 'insert refused, looking for the row')
          },
        },
      )
      if (taken > 0) counters.stored.inc({ table }, taken)
      if (taken < rows) {
        counters.poisoned.inc({ table }, rows - taken)
        const where = { token: segment.token, rows: poisoned.slice(0, 3) }
        log.error({ table, refused: rows - taken, ...where }, 'rows dropped that the store refuses')
      }
      return { hopeless }
    } catch (error) {
      if (this.#stopping.signal.aborted) return undefined
      throw error
    }
  }

  /** The error when the store refuses for good, undefined when it took the rows. Everything else is tried again. */
  async #tryInsert(
    table: string,
    blocks: readonly Uint8Array[],
    token: string,
    rows: RowRange | undefined,
  ): Promise<StoreError | undefined> {
    const { signal } = this.#stopping
    let tooLarge = 0
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      try {
        await untilAborted(this.#options.writer.insert(table, blocks, token, rows), signal)
        return undefined
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof StoreError) {
          if (!error.retryable) return error
          if (error.code === TOO_LARGE_CODE && blocks.length > 1 && ++tooLarge === TOO_LARGE_TRIES) return error
        }
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

function rowsOf(blocks: readonly EncodedBlock[]): number {
  return blocks.reduce((sum, block) => sum + block.rows, 0)
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
