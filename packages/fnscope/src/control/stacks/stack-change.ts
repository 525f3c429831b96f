// One change of a stack and of those nested in it, carried out: resources made, updated and removed one by one, and put back
// when something fails. What a stack's status is before and after is the engine's; a nested one's is said here.
import { isCustom } from '../../deploy/emulated-types.ts'
import type { StackResource } from '../../deploy/resource-graph.ts'
import type { Stack } from '../../deploy/stack.ts'
import { STACK_TYPE } from '../../deploy/template-value.ts'
import { messageOf } from '../../errors.ts'
import { describedBy, liveNested, nestedAt, nestedDiffers, newNested } from './nested-stacks.ts'
import { failedList, failedTo, ResourceFailure } from './resource-failure.ts'
import type { StackPlace } from './resource-maker.ts'
import {
  FUNCTION_VERSION_TYPE,
  hasOwnValues,
  leftBehind,
  merged,
  newOnes,
  pathOf,
  recordOf,
  remaining,
  type Done,
} from './resource-records.ts'
import { stackChanges } from './stack-diff.ts'
import type { StackHost } from './stack-host.ts'
import { StackJournal } from './stack-journal.ts'
import type { ResourceRecord, StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'
import type { MadeValues } from './stack-templates.ts'

/** A template that was opened, and can be again once more is known of what was made. */
export interface OpenedStack {
  /** The outermost one. */
  readonly stack: Stack
  /** Logical ids that lead from it to the stack that is changed; none where that is itself. */
  readonly path: readonly string[]
  again(made: MadeValues): Promise<Stack>
}

export interface StackChangeOptions {
  readonly store: StackStore
  readonly host: Pick<StackHost, 'makerOf'>
  /** Of the request, for events. */
  readonly token: string | undefined
}

export interface RemoveOptions {
  /** Logical ids that stay. */
  readonly retain?: readonly string[]
  /** What cannot be removed is forgotten. */
  readonly force?: boolean
  /** Of a change that failed: RetainExceptOnCreate retains nothing. */
  readonly rollback?: boolean
  /** Logical ids of which another was made: UpdateReplacePolicy holds, not DeletionPolicy. */
  readonly replaced?: readonly string[]
}

export interface RollBackOptions {
  /** Done once the resources are what they were, before new ones go. */
  readonly between?: () => Promise<void>
  /** Done before the stack says that it is over. */
  readonly last?: () => Promise<void>
}

const FUNCTION_TYPE = 'AWS::Lambda::Function'
const REPLACED = 'Requested update requires the creation of a new physical resource; hence creating one.'

export class StackChange {
  readonly journal: StackJournal
  readonly #store: StackStore
  readonly #host: Pick<StackHost, 'makerOf'>
  /** Steps of the outermost stack. */
  readonly done: Done[] = []
  /** Functions that outlive their stack, or their replacement. */
  readonly kept: ResourceRecord[] = []
  /** By their path. */
  readonly #made = new Map<string, ResourceRecord>()
  /** Whether something was made that references may ask since the template was opened. */
  #learned = false
  /** Whether the functions run without an answer that they may name. */
  #stale = false
  #restart: (root: Stack) => Promise<unknown> = async () => {}
  /** Nested stacks whose replaced and dropped resources go once all is well. */
  readonly #cleanups: (() => Promise<void>)[] = []

  constructor({ store, host, token }: StackChangeOptions) {
    this.#store = store
    this.#host = host
    this.journal = new StackJournal(store, token)
  }

  /**
   * Makes and updates what differs; each step is in `done`, also when one fails.
   * @param restart gives the functions to the platform as they are now
   * @returns the outermost template as it was opened last
   * @throws ResourceFailure
   */
  async apply(
    id: string,
    opened: OpenedStack,
    before: readonly ResourceRecord[],
    restart?: (root: Stack) => Promise<unknown>,
  ): Promise<Stack> {
    if (restart !== undefined) this.#restart = restart
    return await this.#applyIn({ id, path: opened.path, before, done: this.done }, opened, opened.stack)
  }

  async #applyIn(
    place: {
      readonly id: string
      readonly path: readonly string[]
      readonly before: readonly ResourceRecord[]
      readonly done: Done[]
    },
    opened: OpenedStack,
    first: Stack,
  ): Promise<Stack> {
    let root = first
    const { path, done } = place
    const old = new Map(place.before.map((one) => [one.logicalId, one]))
    for (const { logicalId } of nestedAt(root, path).resources) {
      root = await this.#reopened(opened, root)
      const stack = nestedAt(root, path)
      const resource = stack.resources.find((one) => one.logicalId === logicalId)
      if (resource === undefined) continue
      const known = old.get(logicalId)
      const was = known?.type === resource.type ? known : undefined
      const [change] = stackChanges(was === undefined ? [] : [was], [resource])
      const nested = stack.nested.get(logicalId)
      if (nested !== undefined) {
        if (change !== undefined || nestedDiffers(this.#store, nested))
          root = await this.#applyNested({ ...place, resource, was }, opened, root)
      } else if (change !== undefined) {
        if (resource.type === FUNCTION_VERSION_TYPE) await this.#freshen(root)
        const now = await this.#make(place.id, resource, was, change.replacement === 'True')
        done.push({ now, before: was })
        if (!hasOwnValues(now.type)) continue
        this.#made.set(pathOf(path, logicalId), now)
        // A layer's number was known before.
        if (isCustom(now.type) || now.type === FUNCTION_VERSION_TYPE) this.#learned = true
        if (isCustom(now.type)) this.#stale = true
      }
    }
    return await this.#reopened(opened, root)
  }

  /** A version is what its function is by then, with what custom resources have answered. */
  async #freshen(root: Stack): Promise<void> {
    if (!this.#stale) return
    this.#stale = false
    await this.#restart(root)
  }

  async #reopened(opened: OpenedStack, root: Stack): Promise<Stack> {
    if (!this.#learned) return root
    this.#learned = false
    return await opened.again(this.#made)
  }

  async #applyNested(
    place: {
      readonly id: string
      readonly path: readonly string[]
      readonly done: Done[]
      readonly resource: StackResource
      readonly was: ResourceRecord | undefined
    },
    opened: OpenedStack,
    first: Stack,
  ): Promise<Stack> {
    const { journal } = this
    const { resource, was } = place
    const path = [...place.path, resource.logicalId]
    const { id } = nestedAt(first, path)
    const before = liveNested(this.#store, id)
    const verb = before === undefined ? 'CREATE' : 'UPDATE'
    const inner: Done[] = []
    const step = (status: string): Done => ({
      now: recordOf(resource, { physicalId: id, status }),
      before: was,
      inner: { done: inner, before },
    })
    journal.resource(place.id, { ...resource, physicalId: was?.physicalId ?? '' }, `${verb}_IN_PROGRESS`)
    if (before === undefined) {
      this.#store.put(newNested(nestedAt(first, path), this.#store.get(place.id)))
      journal.resource(place.id, { ...resource, physicalId: id }, 'CREATE_IN_PROGRESS', 'Resource creation Initiated')
    } else this.#store.change(id, { updatedMs: Date.now() })
    journal.status(id, `${verb}_IN_PROGRESS`)
    try {
      const old = before?.resources ?? []
      const root = await this.#applyIn({ id, path, before: old, done: inner }, opened, first)
      const stack = nestedAt(root, path)
      const resources = merged(stack.resources, old, inner)
      this.#store.change(id, { ...describedBy(stack), changedAlone: false, resources })
      if (verb === 'UPDATE') {
        journal.status(id, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')
        this.#cleanups.push(async () => {
          await this.removeLeftBehind(id, old, { stack, done: inner })
          journal.status(id, 'UPDATE_COMPLETE')
        })
      } else journal.status(id, 'CREATE_COMPLETE')
      const complete = step(`${verb}_COMPLETE`)
      journal.resource(place.id, complete.now, complete.now.status)
      place.done.push(complete)
      return root
    } catch (error) {
      const [what, participle] = verb === 'CREATE' ? (['create', 'created'] as const) : (['update', 'updated'] as const)
      const reason = failedTo(what, error)
      this.#store.change(id, { resources: remaining(before?.resources ?? [], inner) })
      journal.status(id, `${verb}_FAILED`, reason)
      const failed = step(`${verb}_FAILED`)
      place.done.push(failed)
      const message = `Embedded stack ${id} was not successfully ${participle}: ${reason}`
      journal.resource(place.id, failed.now, failed.now.status, message)
      throw new ResourceFailure(resource.logicalId, new Error(message, { cause: error }))
    }
  }

  async #make(
    id: string,
    resource: StackResource,
    was: ResourceRecord | undefined,
    replaced: boolean,
  ): Promise<ResourceRecord> {
    const { journal } = this
    const place = this.#placeOf(id)
    const maker = this.#host.makerOf(resource.type, resource.emulated)
    const verb = was === undefined ? 'CREATE' : 'UPDATE'
    const begun = { ...resource, physicalId: was?.physicalId ?? '' }
    journal.resource(id, begun, `${verb}_IN_PROGRESS`, replaced ? REPLACED : undefined)
    try {
      const made =
        was === undefined || replaced ? await maker.create(resource, place) : await maker.update(resource, was, place)
      const record = recordOf(resource, {
        physicalId: made.physicalId ?? (was === undefined || replaced ? resource.physicalId : was.physicalId),
        status: `${verb}_COMPLETE`,
        ...(made.reason !== undefined && { statusReason: made.reason }),
        ...(made.attributes !== undefined && { attributes: made.attributes }),
      })
      if (verb === 'CREATE' || replaced)
        journal.resource(id, record, `${verb}_IN_PROGRESS`, 'Resource creation Initiated')
      journal.resource(id, record, record.status, made.reason)
      return record
    } catch (error) {
      journal.resource(id, begun, `${verb}_FAILED`, messageOf(error))
      throw new ResourceFailure(resource.logicalId, error)
    }
  }

  /** What the change left in nested stacks, once it went well. */
  async cleanUp(): Promise<void> {
    for (const one of this.#cleanups) await one()
  }

  /** What the template no longer has, and what was replaced. */
  async removeLeftBehind(
    id: string,
    before: readonly ResourceRecord[],
    { stack, done }: { readonly stack: Stack; readonly done: readonly Done[] },
  ): Promise<void> {
    const replaced = done.flatMap((one) => (one.before === undefined ? [] : [one.now.logicalId]))
    await this.removeAll(id, leftBehind(before, stack.resources, done), { replaced })
  }

  /** In the other direction; what could not be removed is left. */
  async removeAll(
    id: string,
    resources: readonly ResourceRecord[],
    how: RemoveOptions,
  ): Promise<readonly ResourceRecord[]> {
    const { journal } = this
    const left: ResourceRecord[] = []
    for (const resource of resources.toReversed()) {
      if (isRetained(resource, how)) {
        journal.resource(id, resource, 'DELETE_SKIPPED')
        if (resource.type === FUNCTION_TYPE) this.kept.push(resource)
        continue
      }
      journal.resource(id, resource, 'DELETE_IN_PROGRESS')
      try {
        await this.#remove(id, resource, how)
        journal.resource(id, resource, 'DELETE_COMPLETE')
      } catch (error) {
        journal.resource(id, resource, 'DELETE_FAILED', messageOf(error))
        if (how.force !== true) left.unshift({ ...resource, status: 'DELETE_FAILED', statusReason: messageOf(error) })
      }
    }
    return left
  }

  async #remove(id: string, resource: ResourceRecord, how: RemoveOptions): Promise<void> {
    const nested = resource.type === STACK_TYPE ? liveNested(this.#store, resource.physicalId) : undefined
    if (nested === undefined) {
      await this.#host.makerOf(resource.type, resource.emulated).remove(resource, this.#placeOf(id))
      return
    }
    this.journal.status(nested.id, 'DELETE_IN_PROGRESS')
    const left = await this.removeAll(nested.id, nested.resources, { ...how, retain: [], replaced: [] })
    if (left.length > 0) {
      const reason = failedList('delete', left)
      this.#store.change(nested.id, { resources: left })
      this.journal.status(nested.id, 'DELETE_FAILED', reason)
      throw new Error(`Embedded stack ${nested.id} was not successfully deleted: ${reason}`)
    }
    this.journal.gone(nested.id)
  }

  /** Takes the steps back: resources are what they were, new ones go, and so does the status. */
  async rollBack(
    id: string,
    done: readonly Done[],
    before: StackRecord,
    { between, last }: RollBackOptions = {},
  ): Promise<void> {
    const { journal } = this
    const failed = await this.#undo(id, done)
    await between?.()
    if (failed.length > 0) {
      const stuck = new Map(failed.map((one) => [one.logicalId, one]))
      const resources = before.resources.map((one) => stuck.get(one.logicalId) ?? one)
      this.#store.change(id, { resources: [...resources, ...newOnes(done)] })
      await last?.()
      return journal.status(id, 'UPDATE_ROLLBACK_FAILED', failedList('update', failed))
    }
    journal.status(id, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS')
    await this.removeAll(id, newOnes(done), { rollback: true })
    const { template, parameters, resources, outputs, imports = [], changedAlone = false } = before
    this.#store.change(id, { template, parameters, resources, outputs, imports, changedAlone })
    await last?.()
    journal.status(id, 'UPDATE_ROLLBACK_COMPLETE')
  }

  /** @returns those that could not be put back */
  async #undo(id: string, done: readonly Done[]): Promise<readonly ResourceRecord[]> {
    const { journal } = this
    const place = this.#placeOf(id)
    const failed: ResourceRecord[] = []
    for (const { now, before, inner } of done.toReversed()) {
      if (before === undefined) continue
      journal.resource(id, before, 'UPDATE_IN_PROGRESS')
      const maker = this.#host.makerOf(before.type, before.emulated)
      try {
        if (inner?.before !== undefined) await this.#undoNested(inner.before, inner.done)
        else if (now.physicalId === before.physicalId) await maker.update(before, now, place)
        else await maker.remove(now, place)
        journal.resource(id, before, 'UPDATE_COMPLETE')
      } catch (error) {
        journal.resource(id, before, 'UPDATE_FAILED', messageOf(error))
        failed.push({ ...now, status: 'UPDATE_FAILED', statusReason: messageOf(error) })
      }
    }
    return failed
  }

  async #undoNested(before: StackRecord, done: readonly Done[]): Promise<void> {
    this.journal.status(before.id, 'UPDATE_ROLLBACK_IN_PROGRESS')
    await this.rollBack(before.id, done, before)
    const { status, statusReason } = this.#store.get(before.id)
    if (status === 'UPDATE_ROLLBACK_FAILED')
      throw new Error(`Embedded stack ${before.id} was not successfully updated: ${statusReason}`)
  }

  #placeOf(id: string): StackPlace {
    const { name, tags } = this.#store.get(id)
    return { stackId: id, stackName: name, tags }
  }
}

function isRetained({ logicalId, deletionPolicy, updateReplacePolicy }: ResourceRecord, how: RemoveOptions): boolean {
  const policy = how.replaced?.includes(logicalId) === true ? updateReplacePolicy : deletionPolicy
  if (how.retain?.includes(logicalId) === true || policy === 'Retain') return true
  return policy === 'RetainExceptOnCreate' && how.rollback !== true
}
