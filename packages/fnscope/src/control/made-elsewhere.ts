// What stacks had made at the other cloud: remembered, so that a stack takes away what it made and nothing that was there
// before it.
import type { CloudResourceSpec } from '../functions/trigger-spec.ts'
import type { Logger } from '../log.ts'
import { StateFile } from './state-file.ts'

type Named = Pick<CloudResourceSpec, 'type' | 'name'>

export interface MadeElsewhereOptions {
  readonly path: string
  /** Answers those that were not there yet. Never rejects. */
  readonly make: (resources: readonly CloudResourceSpec[]) => Promise<readonly Named[]>
  /** Never rejects: what fails is told. */
  readonly remove: (resource: Named) => Promise<void>
  readonly log: Logger
}

export class MadeElsewhere {
  readonly #options: MadeElsewhereOptions
  readonly #file: StateFile<{ readonly made: readonly Named[] }>

  constructor(options: MadeElsewhereOptions) {
    this.#options = options
    this.#file = new StateFile({ path: options.path, empty: { made: [] }, log: options.log })
  }

  async make(resources: readonly CloudResourceSpec[]): Promise<void> {
    const made = await this.#options.make(resources)
    if (made.length === 0) return
    const before = this.#file.current.made.filter((one) => !made.some((other) => isSame(one, other)))
    this.#file.replace({ made: [...before, ...made.map(({ type, name }) => ({ type, name }))] })
  }

  async remove(resources: readonly Named[]): Promise<void> {
    for (const resource of resources.toReversed()) {
      if (!this.#file.current.made.some((one) => isSame(one, resource))) continue
      await this.#options.remove(resource)
      this.#file.replace({ made: this.#file.current.made.filter((one) => !isSame(one, resource)) })
    }
  }
}

function isSame(one: Named, other: Named): boolean {
  return one.type === other.type && one.name === other.name
}
