// The instances of Function Compute that serve several requests at once and have some now: which of them takes the next
// one. A new one is taken from the pool when all have as many as they may.
import type { Clock } from './clock.ts'
import type { Deployed } from './deployments.ts'
import type { FcInstance } from './fc-runner.ts'
import { FcSharedInstance } from './fc-shared-instance.ts'
import type { FunctionLine } from './invocation-record.ts'

export class FcSharedInstances {
  readonly #clock: Clock
  readonly #busy = new WeakMap<Deployed, Set<FcSharedInstance>>()
  /** Instances that are about to be among them. Never rejects. */
  readonly #opening = new WeakMap<Deployed, Promise<unknown>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param take a free instance of the pool, or a new one */
  async take(deployed: Deployed, take: () => Promise<FcInstance>): Promise<FcSharedInstance> {
    const busy = this.#busy.get(deployed) ?? new Set()
    this.#busy.set(deployed, busy)
    const most = deployed.spec.fc?.instanceConcurrency ?? 1
    for (;;) {
      const open = [...busy].find((each) => !each.failed && each.settled === undefined && each.taken < most)
      if (open !== undefined) {
        open.taken += 1
        return open
      }
      // One that has had its last request is free again sooner than a new one would have started.
      const soon = this.#opening.get(deployed) ?? [...busy].find((each) => each.settled !== undefined)?.settled
      if (soon === undefined) break
      await soon
    }
    const opening = take().then((own) => {
      const instance = new FcSharedInstance(own, this.#clock)
      busy.add(instance)
      return instance
    })
    const opened = opening.then(
      () => this.#opening.delete(deployed),
      () => this.#opening.delete(deployed),
    )
    this.#opening.set(deployed, opened)
    return await opening
  }

  /**
   * A request is over. After the last one the instance goes back to the pool, behind `freeze`, for which nobody waits.
   * @returns lines that came after all requests
   */
  async leave(
    deployed: Deployed,
    instance: FcSharedInstance,
    freeze: (() => Promise<void>) | undefined,
  ): Promise<readonly FunctionLine[]> {
    instance.taken -= 1
    if (instance.taken > 0) return []
    const lines = await instance.end()
    this.#busy.get(deployed)?.delete(instance)
    if (freeze === undefined || instance.failed) instance.own.release()
    else void freeze().finally(instance.own.release)
    return lines
  }
}
