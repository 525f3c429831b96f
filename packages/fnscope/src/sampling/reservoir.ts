// The sampling decision of one rule on one host: a reservoir of so many a second, then a fixed rate of the rest.
// The cloud's default for functions is 1 a second and 5 %. Clock and chance are injected: counts can be tested.

const NANOS_PER_SECOND = 1_000_000_000n

export interface ReservoirOptions {
  /** Requests a second that are always taken. Default 1. */
  readonly perSecond?: number
  /** Share of the rest that is taken, 0 to 1. Default 0.05. */
  readonly fixedRate?: number
  /** Epoch nanoseconds. */
  readonly nowNanos: () => bigint
  /** Uniform in [0, 1). Default Math.random. */
  readonly chance?: () => number
}

/** Counts by whole epoch second, as the X-Ray SDKs do: what one second leaves unused is lost. */
export class Reservoir {
  readonly #perSecond: number
  readonly #fixedRate: number
  readonly #nowNanos: () => bigint
  readonly #chance: () => number
  #second = -1n
  #taken = 0

  constructor(options: ReservoirOptions) {
    this.#perSecond = options.perSecond ?? 1
    this.#fixedRate = options.fixedRate ?? 0.05
    this.#nowNanos = options.nowNanos
    this.#chance = options.chance ?? Math.random
  }

  /** True when the request is to be sampled. */
  take(): boolean {
    const second = this.#nowNanos() / NANOS_PER_SECOND
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    if (this.#taken < this.#perSecond) {
      this.#taken += 1
      return true
    }
    return this.#chance() < this.#fixedRate
  }
}
