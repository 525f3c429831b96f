// The execution environments of one deployed function: the most recently used idle one is taken again; one whose caller
// has the answer is about to be free and is waited for a moment; a new one is started when all are busy, and an idle one is
// ended after a while.
import { Environment } from './environment.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import type { FunctionLine } from './invocation-record.ts'

export interface EnvironmentPoolOptions {
  readonly idleTimeoutMs: number
  /**
   * A call that comes right after an answer finds the same environment, as it would after the way to the cloud and back.
   * What takes longer than this, as an extension's work does at times, is given up for a cold start.
   */
  readonly settleMs: number
  /** Idle environments get no CPU. */
  readonly freeze: boolean
  /** Lines of an environment that ends, which no invocation carried away. */
  readonly onLeftover: (environment: Environment, lines: readonly FunctionLine[]) => void
}

export class EnvironmentPool {
  readonly #options: EnvironmentPoolOptions
  readonly #idle: { readonly environment: Environment; readonly timer: NodeJS.Timeout | undefined }[] = []
  readonly #busy = new Set<Environment>()
  /** Busy ones whose callers have their answers. */
  readonly #settling = new Set<Environment>()
  /** Who waits for one of those, first come first; told undefined: it will not be. */
  #waiting: ((environment: Environment | undefined) => void)[] = []
  readonly #ending = new Map<Environment, Promise<void>>()
  #retired = false

  constructor(options: EnvironmentPoolOptions) {
    this.#options = options
  }

  /** Environments whose process may be there: at work, idle, and about to end. */
  get size(): number {
    return this.#busy.size + this.#idle.length + this.#ending.size
  }

  /** Environments at work, or about to be free. */
  get busy(): number {
    return this.#busy.size
  }

  /** Those of them whose callers have their answers. */
  get settling(): number {
    return this.#settling.size
  }

  /** An idle environment, or one that settles in time; undefined: there is none. */
  async free(): Promise<Environment | undefined> {
    const idle = this.#idle.pop()
    if (idle) {
      clearTimeout(idle.timer)
      this.#busy.add(idle.environment)
      return idle.environment
    }
    return this.#settling.size > this.#waiting.length && !this.#retired ? await this.#settled() : undefined
  }

  start(options: EnvironmentOptions): Environment {
    const environment = new Environment(options)
    this.#busy.add(environment)
    return environment
  }

  /** Its caller has the answer: it is about to be released. */
  settle(environment: Environment): void {
    if (this.#busy.has(environment)) this.#settling.add(environment)
  }

  /** Starts `count` environments that stay, and resolves when they are ready or have failed to be. */
  async provision(count: number, options: EnvironmentOptions): Promise<void> {
    const prepare = async (): Promise<void> => {
      const environment = new Environment({ ...options, initializationType: 'provisioned-concurrency' })
      this.#busy.add(environment)
      await environment.prepare()
      this.release(environment)
    }
    await Promise.all(Array.from({ length: count }, prepare))
  }

  release(environment: Environment): void {
    if (!this.#busy.has(environment)) return
    this.#settling.delete(environment)
    const waiter = this.#waiting.shift()
    if (waiter) {
      waiter(environment)
      return
    }
    this.#busy.delete(environment)
    if (this.#retired) {
      this.#beginEnd(environment)
      return
    }
    if (this.#options.freeze) environment.freeze()
    if (environment.initializationType === 'provisioned-concurrency') {
      this.#idle.push({ environment, timer: undefined })
      return
    }
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((entry) => entry.environment === environment)
      if (at >= 0) this.#idle.splice(at, 1)
      this.#beginEnd(environment)
    }, this.#options.idleTimeoutMs)
    timer.unref()
    this.#idle.push({ environment, timer })
  }

  /** Ends the idle environments now, the busy ones when their invocation is over. */
  retire(): void {
    this.#retired = true
    for (const waiter of this.#waiting.splice(0)) waiter(undefined)
    for (const { environment, timer } of this.#idle.splice(0)) {
      clearTimeout(timer)
      this.#beginEnd(environment)
    }
  }

  /** Ends all at once; running invocations fail. */
  kill(): void {
    this.retire()
    for (const environment of this.#busy) environment.stop()
  }

  /** Resolves when those that were to end have ended; it takes a second or two at most. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending.values())
  }

  #settled(): Promise<Environment | undefined> {
    return new Promise((resolve) => {
      const told = (environment: Environment | undefined): void => {
        clearTimeout(timer)
        resolve(environment)
      }
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== told)
        resolve(undefined)
      }
      // After what has come in by then: this process may itself have stood still for so long.
      const timer = setTimeout(() => setImmediate(giveUp), this.#options.settleMs)
      this.#waiting.push(told)
    })
  }

  #beginEnd(environment: Environment): void {
    this.#ending.set(environment, this.#end(environment))
  }

  async #end(environment: Environment): Promise<void> {
    await environment.end()
    this.#ending.delete(environment)
    const { lines } = environment.takeLines()
    if (lines.length > 0) this.#options.onLeftover(environment, lines)
  }
}
