// One deploy of a directory as its stacks see it: their resources recorded, their custom resources called; and back again
// when something fails.
import type { MadeLookups } from '../../deploy/lookups.ts'
import type { Stack } from '../../deploy/stack.ts'
import { FnscopeError } from '../../errors.ts'
import { describedBy } from './nested-stacks.ts'
import { ResourceFailure } from './resource-failure.ts'
import { merged } from './resource-records.ts'
import { StackChange } from './stack-change.ts'
import type { StackHost } from './stack-host.ts'
import { blankStack, type ResourceRecord, type StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'
import { madeLookups, type MadeValues } from './stack-templates.ts'

/** Makers of custom resources; every other type is the platform's. */
export type DirectoryHost = Pick<StackHost, 'makerOf'>

export interface DirectoryChangeOptions {
  readonly store: StackStore
  readonly host: DirectoryHost
  /** What a stack's custom resources answered before. */
  readonly answered: (stack: string) => MadeValues
}

/** Opens the app's templates again. */
export type Reopen = (made: (stack: string) => MadeLookups) => Promise<readonly Stack[]>

interface Step {
  readonly id: string
  readonly name: string
  readonly change: StackChange
  readonly before: StackRecord | undefined
}

/** Step by step: `apply`, then `settle`; or `rollBack` when `apply` or what stands between them has failed. */
export class DirectoryChange {
  readonly #options: DirectoryChangeOptions
  readonly #steps: Step[] = []
  readonly #made = new Map<string, MadeValues>()
  #stacks: readonly Stack[] = []

  constructor(options: DirectoryChangeOptions) {
    this.#options = options
  }

  /**
   * Calls the custom resources that differ.
   * @returns whether they answered something: the app, opened again, may say more
   * @throws FnscopeError FNS_DEPLOY_FAILED, naming the resource
   */
  async apply(stacks: readonly Stack[], reopen: Reopen): Promise<boolean> {
    this.#stacks = stacks
    for (const { name } of stacks) {
      const stack = this.#named(name)
      const step = this.#begin(stack)
      const opened = {
        stack,
        path: [],
        again: async (made: MadeValues) => {
          this.#made.set(name, made)
          this.#stacks = await reopen((one) => this.#lookups(one))
          return this.#named(name)
        },
      }
      try {
        await step.change.apply(step.id, opened, step.before?.resources ?? [])
      } catch (error) {
        if (!(error instanceof ResourceFailure)) throw error
        throw new FnscopeError(
          'FNS_DEPLOY_FAILED',
          `Stack ${name} was not deployed: ${error.logicalId} failed. ${error.message}`,
          { cause: error },
        )
      }
    }
    return this.#made.size > 0
  }

  /**
   * Everything went well: what the templates no longer have goes.
   * @returns functions that stay
   */
  async settle(): Promise<readonly ResourceRecord[]> {
    const { store } = this.#options
    for (const { id, name, change, before } of this.#steps) {
      const stack = this.#named(name)
      const old = before?.resources ?? []
      const { imports } = stack
      store.change(id, { ...describedBy(stack), imports, resources: merged(stack.resources, old, change.done) })
      await change.cleanUp()
      await change.removeLeftBehind(id, old, { stack, done: change.done })
      change.journal.status(id, before === undefined ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE')
    }
    return this.#steps.flatMap(({ change }) => change.kept)
  }

  /** The stacks as they are now. */
  get stacks(): readonly Stack[] {
    return this.#stacks
  }

  /** Custom resources are what they were. Never rejects: what fails is in the stack's events. */
  async rollBack(): Promise<void> {
    const { store } = this.#options
    for (const { id, change, before } of this.#steps.toReversed()) {
      if (before !== undefined) {
        change.journal.status(id, 'UPDATE_ROLLBACK_IN_PROGRESS')
        await change.rollBack(id, change.done, before)
        continue
      }
      const made = change.done.map(({ now }) => now)
      store.change(id, { resources: made })
      change.journal.status(id, 'ROLLBACK_IN_PROGRESS')
      await change.removeAll(id, made, { rollback: true })
      change.journal.gone(id)
    }
  }

  #begin({ id, name }: Stack): Step {
    const { store, host } = this.#options
    const found = store.find(id)
    const before = found?.deletedMs === undefined ? found : undefined
    if (before === undefined)
      store.put({ ...blankStack(id, name), createdMs: Date.now(), status: 'CREATE_IN_PROGRESS' })
    else store.change(id, { updatedMs: Date.now() })
    const change = new StackChange({ store, host, token: undefined })
    change.journal.status(id, before === undefined ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS', 'User Initiated')
    const step = { id, name, change, before }
    this.#steps.push(step)
    return step
  }

  #named(name: string): Stack {
    const found = this.#stacks.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no stack ${name} in the app`)
    return found
  }

  #lookups(stack: string): MadeLookups {
    return madeLookups(new Map([...this.#options.answered(stack), ...(this.#made.get(stack) ?? [])]))
  }
}

/** What a user reads of a resource that could not be removed. */
export function failureOf({ logicalId, statusReason }: ResourceRecord): string {
  return `${logicalId} failed: ${statusReason ?? 'no reason given'}`
}
