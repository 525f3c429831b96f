// Stacks of apps that are deployed from directories, as records: what they have, what their custom resources answered, and
// their events. The platform makes everything but custom resources; those are called as for stacks of the API. What was
// answered is known again after a restart, so that the next deploy of the directory is an update.
import { isCustom } from '../../deploy/emulated-types.ts'
import type { MadeLookups } from '../../deploy/lookups.ts'
import { FnscopeError } from '../../errors.ts'
import { DirectoryChange, failureOf, type DirectoryHost } from './directory-change.ts'
import { ownValues } from './resource-records.ts'
import { StackChange } from './stack-change.ts'
import type { RecordedOutput, ResourceRecord, StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'
import { madeLookups, type MadeValues } from './stack-templates.ts'

export interface DirectoryStacksOptions {
  readonly store: StackStore
  readonly host: DirectoryHost
}

export class DirectoryStacks {
  readonly #options: DirectoryStacksOptions
  /** App → ids of its stacks, of those that are deployed now. */
  readonly #live = new Map<string, readonly string[]>()

  constructor(options: DirectoryStacksOptions) {
    this.#options = options
  }

  /** What a stack's custom resources answered, also in an earlier run. */
  made(stack: string): MadeLookups {
    return madeLookups(this.#answered(stack))
  }

  begin(): DirectoryChange {
    const { store, host } = this.#options
    return new DirectoryChange({ store, host, answered: (stack) => this.#answered(stack) })
  }

  /** The app is deployed, with these stacks and no other ones. */
  noteLive(app: string, ids: readonly string[]): void {
    this.#live.set(app, ids)
  }

  setOutputs(id: string, outputs: readonly RecordedOutput[]): void {
    this.#options.store.change(id, { outputs })
  }

  /** Those that are deployed now, with those nested in them. */
  records(): readonly StackRecord[] {
    const { store } = this.#options
    const live = new Set([...this.#live.values()].flat())
    return store.all().filter(({ id, rootId, deletedMs }) => deletedMs === undefined && live.has(rootId ?? id))
  }

  /**
   * Has the app's custom resources deleted.
   * @returns functions that stay
   * @throws FnscopeError FNS_DEPLOY_FAILED: what is left is still deployed
   */
  async remove(app: string): Promise<readonly ResourceRecord[]> {
    const { store, host } = this.#options
    const kept: ResourceRecord[] = []
    for (const id of this.#live.get(app)?.toReversed() ?? []) {
      const change = new StackChange({ store, host, token: undefined })
      const { resources, name, deletedMs } = store.get(id)
      if (deletedMs !== undefined) continue
      change.journal.status(id, 'DELETE_IN_PROGRESS', 'User Initiated')
      const left = await change.removeAll(id, resources, {})
      if (left.length > 0) {
        store.change(id, { resources: left })
        change.journal.status(id, 'DELETE_FAILED')
        throw new FnscopeError('FNS_DEPLOY_FAILED', `Stack ${name} was not removed. ${left.map(failureOf).join(' ')}`)
      }
      change.journal.gone(id)
      kept.push(...change.kept)
    }
    this.#live.delete(app)
    return kept
  }

  /** Somebody else has the app's stacks from now on. */
  forget(app: string): void {
    const { store } = this.#options
    for (const { id } of this.records().filter((one) => this.#live.get(app)?.includes(one.rootId ?? one.id) === true))
      store.forget(id)
    this.#live.delete(app)
  }

  #answered(stack: string): MadeValues {
    const { store } = this.#options
    const record = store.find(stack)
    if (record === undefined) return new Map()
    return new Map(ownValues(record, (id) => store.find(id)).filter(([, { type }]) => isCustom(type)))
  }
}
