// The execution environments of one deployed function: the most recently used idle one is taken again, a new one is
// started when all are busy, and an idle one is ended after a while.
import { Environment, type EnvironmentOptions } from './environment.ts'
import type { FunctionLine } from './invocation-record.ts'

export interface EnvironmentPoolOptions {
  readonly idleTimeoutMs: number
  /** Idle environments get no CPU. */
  readonly freeze: boolean
  /** Lines of an environment that ends, which no invocation carried away. */
  readonly onLeftover: (environment: Environment, lines: readonly FunctionLine[]) => void
}

export class EnvironmentPool {
  readonly #options: EnvironmentPoolOptions
  readonly #idle: { readonly environment: Environment; readonly timer: NodeJS.Timeout | undefined }[] = []
  readonly #busy = new Set<Environment>()
  readonly #ending = new Map<Environment, Promise<void>>()
  #retired = false

  constructor(options: EnvironmentPoolOptions) {
    this.#options = options
  }

  /** Environments whose process may be there: at work, idle, and about to end. */
  get size(): number {
    return this.#busy.size + this.#idle.length + this.#ending.size
  }

  take(options: EnvironmentOptions): Environment {
    const free = this.#idle.pop()
    if (free) clearTimeout(free.timer)
    const environment = free?.environment ?? new Environment(options)
    this.#busy.add(environment)
    return environment
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
    if (!this.#busy.delete(environment)) return
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
