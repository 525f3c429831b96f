// The queue behind InvocationType Event: each event is tried, and tried again after a function error, under one request
// id. Bounded in number and bytes. It knows nothing of traces: the job records each attempt and the end itself.
import type { EventEnd } from './event-destination.ts'
import { ThrottledError } from './throttled-error.ts'

export interface EventJob {
  /** Events of one function wait for its concurrency together. */
  readonly functionName: string
  readonly bytes: number
  /** Attempts after the first. */
  readonly retries: number
  /** From its acceptance; then it is given up. */
  readonly maxAgeMs: number
  /** Runs the function once, attempts counted from 1. Answers whether it succeeded. @throws ThrottledError: tried again, not counted */
  attempt(number: number): Promise<boolean>
  /** After the last attempt, or when it is too old for one, or when the queue was stopped before it. */
  done(attempts: number, end: EventEnd): Promise<void>
}

export interface EventQueueOptions {
  /** Before the second and the third attempt. The cloud waits 1 and 2 minutes; default 1 s and 2 s. */
  readonly retryDelaysMs?: readonly number[]
  readonly maxEvents?: number
  readonly maxBytes?: number
  /** Something that is no function error: reported, and the event is given up. */
  readonly onError: (error: unknown) => void
}

const THROTTLE_DELAYS_MS = [100, 200, 400, 800, 1600, 3200, 5000]

export class EventQueue {
  readonly #options: Required<EventQueueOptions>
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** By function, those who wait for their turn, first come first. */
  readonly #throttled = new Map<string, Set<() => void>>()
  #bytes = 0

  constructor(options: EventQueueOptions) {
    this.#options = { retryDelaysMs: [1000, 2000], maxEvents: 10_000, maxBytes: 64 * 1024 * 1024, ...options }
  }

  /** @throws ThrottledError when the queue is full */
  add(job: EventJob): void {
    const { maxEvents, maxBytes } = this.#options
    if (this.#running.size >= maxEvents || this.#bytes + job.bytes > maxBytes)
      throw new ThrottledError('CallerRateLimitExceeded')
    this.#bytes += job.bytes
    const run = this.#run(job)
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#bytes -= job.bytes
        this.#running.delete(run)
      })
    this.#running.add(run)
  }

  /** Resolves when no event is left. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Ends all waiting; attempts that run are not touched. Resolves when every job has been told. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.idle()
  }

  async #run(job: EventJob): Promise<void> {
    const giveUpAt = performance.now() + job.maxAgeMs
    const { retryDelaysMs } = this.#options
    let attempts = 0
    let end: EventEnd = 'stopped'
    try {
      for (;;) {
        if (attempts > 0) {
          const delay = retryDelaysMs[Math.min(attempts, retryDelaysMs.length) - 1] ?? 0
          if (!(await this.#wait(delay))) break
        }
        if (this.#stop.signal.aborted) break
        const outcome = await this.#untilAdmitted(job, attempts + 1, giveUpAt)
        if (outcome === 'stopped' || outcome === 'EventAgeExceeded') {
          end = outcome
          break
        }
        attempts += 1
        if (outcome === 'failed' && attempts <= job.retries) continue
        end = outcome === 'failed' ? 'RetriesExhausted' : 'Success'
        break
      }
    } finally {
      await job.done(attempts, end)
    }
  }

  // One attempt, put off while the function is throttled. An event that is too old is not tried.
  async #untilAdmitted(
    job: EventJob,
    attempt: number,
    giveUpAt: number,
  ): Promise<'succeeded' | 'failed' | 'stopped' | 'EventAgeExceeded'> {
    for (let throttles = 0; ; throttles++) {
      const leftMs = giveUpAt - performance.now()
      if (leftMs <= 0) return 'EventAgeExceeded'
      try {
        const succeeded = await job.attempt(attempt)
        // Where one has just ended, the next has room.
        this.#throttled.get(job.functionName)?.values().next().value?.()
        return succeeded ? 'succeeded' : 'failed'
      } catch (error) {
        if (!(error instanceof ThrottledError)) throw error
        const delay = THROTTLE_DELAYS_MS[Math.min(throttles, THROTTLE_DELAYS_MS.length - 1)]!
        if (!(await this.#waitForTurn(job.functionName, Math.min(delay, leftMs)))) return 'stopped'
      }
    }
  }

  async #waitForTurn(functionName: string, mostMs: number): Promise<boolean> {
    const waiting = this.#throttled.get(functionName) ?? new Set()
    this.#throttled.set(functionName, waiting)
    let wake = (): void => {}
    try {
      return await this.#wait(mostMs, (end) => {
        wake = end
        waiting.add(wake)
      })
    } finally {
      waiting.delete(wake)
      if (waiting.size === 0) this.#throttled.delete(functionName)
    }
  }

  // False when the queue was stopped meanwhile. `early` is given what ends the wait before its time.
  #wait(delayMs: number, early: (end: () => void) => void = () => {}): Promise<boolean> {
    const { signal } = this.#stop
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = (finished: boolean) => (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        resolve(finished)
      }
      const aborted = end(false)
      const timer = setTimeout(end(true), delayMs)
      signal.addEventListener('abort', aborted, { once: true })
      early(end(true))
    })
  }
}
