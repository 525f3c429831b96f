// What happens to an environment, in its order, and the wait for the next of it. It decides nothing.
import type { Clock } from './clock.ts'
import type { ExtensionFailure } from './extension.ts'
import type { ExitStatus } from './function-process.ts'
import type { ApiError } from './runtime-api.ts'

export type Signal =
  | { readonly kind: 'next' | 'timeout'; readonly atNanos: bigint }
  /** An extension registered, or asked for an event. */
  | { readonly kind: 'extension'; readonly atNanos: bigint }
  | { readonly kind: 'extension-failed'; readonly atNanos: bigint; readonly failure: ExtensionFailure }
  | {
      readonly kind: 'response'
      readonly atNanos: bigint
      readonly beganNanos: bigint
      readonly body: Buffer
      readonly streamedBytes: number | undefined
    }
  | {
      readonly kind: 'error' | 'init-error'
      readonly atNanos: bigint
      readonly beganNanos: bigint
      readonly error: ApiError
    }
  | { readonly kind: 'rejected'; readonly atNanos: bigint; readonly errorType: string; readonly message: string }
  | { readonly kind: 'exit'; readonly atNanos: bigint; readonly status: ExitStatus }

export class SignalQueue {
  readonly #clock: Clock
  #signals: Signal[] = []
  #wake: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  push(signal: Signal): void {
    this.#signals.push(signal)
    this.#wake?.()
  }

  clear(): void {
    this.#signals = []
  }

  /** Already there, not taken yet. */
  has(kind: Signal['kind']): boolean {
    return this.#signals.some((signal) => signal.kind === kind)
  }

  /** The next one, or `timeout` when the clock passes `deadline`. */
  async take(deadline: bigint): Promise<Signal> {
    while (this.#signals.length === 0) {
      const left = Number((deadline - this.#clock()) / 1000n) / 1000
      if (left <= 0) return { kind: 'timeout', atNanos: this.#clock() }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(left))
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
    return this.#signals.shift()!
  }
}
