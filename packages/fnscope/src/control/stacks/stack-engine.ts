// Creates, updates and deletes stacks, resource by resource, with the events that clients follow, and back again when
// something fails. One change after the other: a stack's functions and names are everybody's.
import { isCustom } from '../../deploy/emulated-types.ts'
import { messageOf } from '../../errors.ts'
import type { StackResource } from '../../deploy/resource-graph.ts'
import type { Stack } from '../../deploy/stack.ts'
import type { AppSpec } from '../../functions/function-spec.ts'
import type { Logger } from '../../log.ts'
import type { StackPlace, WantedResource } from './resource-maker.ts'
import { stackChanges } from './stack-diff.ts'
import type { StackHost } from './stack-host.ts'
import { STACK_TYPE, type RecordedOutput, type ResourceRecord, type StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'
import type { MadeValues } from './stack-templates.ts'

export interface StackEngineOptions {
  readonly store: StackStore
  readonly host: StackHost
  readonly log: Logger
}

export interface ChangeOptions {
  /** What a failed creation leaves. Default ROLLBACK. */
  readonly onFailure?: 'ROLLBACK' | 'DO_NOTHING' | 'DELETE'
  readonly token?: string
}

/** A template that was opened, and can be again once more is known of what was made. */
export interface OpenedStack {
  readonly stack: Stack
  again(made: MadeValues): Promise<Stack>
}

/** What the record is to say once the change went well. */
export type Wanted = Pick<StackRecord, 'template' | 'parameters' | 'capabilities' | 'tags' | 'notificationArns'> &
  Pick<Partial<StackRecord>, 'description' | 'roleArn' | 'changeSetId'>

/** What was done of a change, in order: to be undone in the other one. */
type Done = { readonly now: ResourceRecord; readonly before: ResourceRecord | undefined }

class ResourceFailure extends Error {
  readonly logicalId: string

  constructor(logicalId: string, error: unknown) {
    super(messageOf(error), { cause: error })
    this.logicalId = logicalId
  }
}

export class StackEngine {
  readonly #store: StackStore
  readonly #host: StackHost
  readonly #log: Logger
  /** Stack name → what the platform has of it. */
  readonly #apps = new Map<string, AppSpec>()
  #underway: Promise<unknown> = Promise.resolve()

  constructor({ store, host, log }: StackEngineOptions) {
    this.#store = store
    this.#host = host
    this.#log = log
  }

  /** Makes the stack of a record that is there, in review or in creation. Resolves when it is done, however it ended. */
  create(id: string, opened: OpenedStack, wanted: Wanted, options: ChangeOptions = {}): Promise<void> {
    const { onFailure = 'ROLLBACK', token } = options
    this.#begin(id, 'CREATE_IN_PROGRESS', 'User Initiated', token)
    return this.#inTurn(id, async () => {
      const done: Done[] = []
      try {
        const { outputs } = await this.#apply(id, opened, [], done, token)
        this.#finish(id, { ...wanted, outputs, resources: done.map(({ now }) => now) }, 'CREATE_COMPLETE', token)
      } catch (error) {
        this.#store.change(id, { ...wanted, resources: done.map(({ now }) => now) })
        const reason = failedTo('create', error)
        if (onFailure === 'DO_NOTHING') return this.#end(id, 'CREATE_FAILED', reason, token)
        const into = onFailure === 'DELETE' ? 'DELETE' : 'ROLLBACK'
        this.#status(
          id,
          `${into}_IN_PROGRESS`,
          `${reason}${into === 'ROLLBACK' ? ' Rollback requested by user.' : ' Delete requested by user.'}`,
          token,
        )
        const left = await this.#removeAll(
          id,
          done.map(({ now }) => now),
          token,
          { rollback: true },
        )
        await this.#dropApp(opened.stack.name)
        this.#store.change(id, { outputs: [], resources: left })
        if (left.length > 0) this.#end(id, `${into}_FAILED`, failedList('delete', left), token)
        else if (into === 'DELETE') this.#gone(id, token)
        else this.#end(id, 'ROLLBACK_COMPLETE', undefined, token)
      }
    })
  }

  update(id: string, opened: OpenedStack, wanted: Wanted, options: ChangeOptions = {}): Promise<void> {
    const { token } = options
    const before = this.#store.get(id)
    this.#begin(id, 'UPDATE_IN_PROGRESS', 'User Initiated', token)
    this.#store.change(id, { updatedMs: Date.now() })
    return this.#inTurn(id, async () => {
      const done: Done[] = []
      const { stack } = opened
      const app = this.#apps.get(stack.name)
      try {
        const { outputs } = await this.#apply(id, opened, before.resources, done, token)
        const resources = merged(stack.resources, before.resources, done)
        this.#store.change(id, { ...wanted, outputs, resources })
        this.#status(id, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', undefined, token)
        await this.#removeAll(id, leftBehind(before.resources, stack.resources, done), token, { replaced: true })
        this.#end(id, 'UPDATE_COMPLETE', undefined, token)
      } catch (error) {
        this.#log.debug({ stack: stack.name, reason: messageOf(error) }, 'stack update failed')
        const reason = failedTo('update', error)
        if (options.onFailure === 'DO_NOTHING') {
          this.#store.change(id, { resources: merged(stack.resources, before.resources, done) })
          return this.#end(id, 'UPDATE_FAILED', reason, token)
        }
        this.#status(id, 'UPDATE_ROLLBACK_IN_PROGRESS', reason, token)
        await this.#undo(id, done, token)
        if (app !== undefined) await this.#giveApp(app)
        this.#status(id, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', undefined, token)
        const made = done.filter(({ before: was }) => was === undefined).map(({ now }) => now)
        await this.#removeAll(id, made, token, { rollback: true })
        this.#store.change(id, { resources: before.resources, outputs: before.outputs })
        this.#end(id, 'UPDATE_ROLLBACK_COMPLETE', undefined, token)
      }
    })
  }

  remove(
    id: string,
    options: { readonly token?: string; readonly retain?: readonly string[]; readonly force?: boolean } = {},
  ): Promise<void> {
    const { token, retain = [], force = false } = options
    this.#begin(id, 'DELETE_IN_PROGRESS', 'User Initiated', token)
    return this.#inTurn(id, async () => {
      const { resources, name } = this.#store.get(id)
      const left = await this.#removeAll(id, resources, token, { retain, force })
      if (left.length > 0) {
        this.#store.change(id, { resources: left })
        return this.#end(id, 'DELETE_FAILED', failedList('delete', left), token)
      }
      await this.#dropApp(name)
      this.#gone(id, token)
    })
  }

  /** A stack of an earlier run: its functions and fronts are started again, nothing else is touched. */
  restore(id: string, stack: Stack): Promise<void> {
    return this.#inTurn(id, async () => {
      const app = await this.#host.read(stack)
      const outputs = await this.#giveApp(app)
      this.#store.change(id, { outputs: outputsOf(stack, outputs) })
    })
  }

  #begin(id: string, status: string, reason: string, token: string | undefined): void {
    this.#status(id, status, reason, token)
    if (token !== undefined) this.#store.change(id, { lastToken: token })
  }

  /** Never rejects: what nobody expected ends the stack as failed. */
  #inTurn(id: string, work: () => Promise<void>): Promise<void> {
    const done = this.#underway.then(work).catch((error: unknown) => {
      this.#log.error({ err: error, stack: id }, 'stack change failed')
      const { status } = this.#store.get(id)
      if (status.endsWith('_IN_PROGRESS')) this.#end(id, status.replace('_IN_PROGRESS', '_FAILED'), messageOf(error))
    })
    this.#underway = done
    return done
  }

  /** Makes and updates what differs. @throws ResourceFailure; what was done until then is in `done` */
  async #apply(
    id: string,
    opened: OpenedStack,
    before: readonly ResourceRecord[],
    done: Done[],
    token: string | undefined,
  ): Promise<{ readonly outputs: readonly RecordedOutput[] }> {
    let { stack } = opened
    let outputs = await this.#startFunctions(id, stack, before, token)
    const old = new Map(before.map((one) => [one.logicalId, one]))
    const made = new Map(before.filter(hasOwnValues).map((one) => [one.logicalId, one]))
    let learned = made.size > 0
    for (const { logicalId } of stack.resources) {
      if (learned) stack = await opened.again(made)
      const resource = stack.resources.find((one) => one.logicalId === logicalId)
      const [change] = resource === undefined ? [] : stackChanges(just(old.get(logicalId)), [resource])
      learned = false
      if (resource === undefined || change === undefined) continue
      const was = change.action === 'Modify' ? old.get(logicalId) : undefined
      const now = await this.#make(id, resource, was, change.replacement === 'True', token)
      done.push({ now, before: was })
      if (!hasOwnValues(now)) continue
      made.set(logicalId, now)
      learned = true
    }
    if (made.size === 0) return { outputs: outputsOf(stack, outputs) }
    // Functions and outputs may name what custom resources answered.
    stack = await opened.again(made)
    outputs = await this.#startFunctions(id, stack, before, token)
    return { outputs: outputsOf(stack, outputs) }
  }

  /** Functions first: a custom resource may call one. */
  async #startFunctions(
    id: string,
    stack: Stack,
    before: readonly ResourceRecord[],
    token: string | undefined,
  ): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.#giveApp(await this.#host.read(stack))
    } catch (error) {
      const culprit = culpritOf(stack, messageOf(error))
      if (culprit === undefined) throw error
      const verb = before.some(({ logicalId }) => logicalId === culprit.logicalId) ? 'UPDATE' : 'CREATE'
      this.#note(id, culprit, `${verb}_IN_PROGRESS`, undefined, token)
      this.#note(
        id,
        { ...culprit, physicalId: verb === 'CREATE' ? '' : culprit.physicalId },
        `${verb}_FAILED`,
        messageOf(error),
        token,
      )
      throw new ResourceFailure(culprit.logicalId, error)
    }
  }

  async #make(
    id: string,
    resource: StackResource,
    was: ResourceRecord | undefined,
    replaced: boolean,
    token: string | undefined,
  ): Promise<ResourceRecord> {
    const { host, place } = { host: this.#host, place: placeOf(this.#store.get(id)) }
    const maker = host.makerOf(resource.type, resource.emulated)
    const verb = was === undefined ? 'CREATE' : 'UPDATE'
    const begun = { ...resource, physicalId: was?.physicalId ?? '' }
    const why = replaced
      ? 'Requested update requires the creation of a new physical resource; hence creating one.'
      : undefined
    this.#note(id, begun, `${verb}_IN_PROGRESS`, why, token)
    try {
      const made =
        was === undefined || replaced ? await maker.create(resource, place) : await maker.update(resource, was, place)
      const physicalId = made.physicalId ?? (was === undefined || replaced ? resource.physicalId : was.physicalId)
      const record: ResourceRecord = {
        logicalId: resource.logicalId,
        physicalId,
        type: resource.type,
        status: `${verb}_COMPLETE`,
        ...(made.reason !== undefined && { statusReason: made.reason }),
        updatedMs: Date.now(),
        properties: resource.properties,
        attributes: made.attributes ?? {},
        metadata: resource.metadata,
        deletionPolicy: resource.deletionPolicy,
        updateReplacePolicy: resource.updateReplacePolicy,
        emulated: resource.emulated,
      }
      if (verb === 'CREATE' || replaced)
        this.#note(id, record, `${verb}_IN_PROGRESS`, 'Resource creation Initiated', token)
      this.#note(id, record, `${verb}_COMPLETE`, made.reason, token)
      return record
    } catch (error) {
      this.#note(id, begun, `${verb}_FAILED`, messageOf(error), token)
      throw new ResourceFailure(resource.logicalId, error)
    }
  }

  /** In the other direction; what could not be removed is left. */
  async #removeAll(
    id: string,
    resources: readonly ResourceRecord[],
    token: string | undefined,
    how: {
      readonly retain?: readonly string[]
      readonly force?: boolean
      readonly rollback?: boolean
      readonly replaced?: boolean
    },
  ): Promise<readonly ResourceRecord[]> {
    const place = placeOf(this.#store.get(id))
    const left: ResourceRecord[] = []
    for (const resource of resources.toReversed()) {
      const policy = how.replaced === true ? resource.updateReplacePolicy : resource.deletionPolicy
      const kept = how.retain?.includes(resource.logicalId) === true
      if (kept || policy === 'Retain' || (policy === 'RetainExceptOnCreate' && how.rollback !== true)) {
        this.#note(id, resource, 'DELETE_SKIPPED', undefined, token)
        continue
      }
      this.#note(id, resource, 'DELETE_IN_PROGRESS', undefined, token)
      try {
        await this.#host.makerOf(resource.type, resource.emulated).remove(resource, place)
        this.#note(id, resource, 'DELETE_COMPLETE', undefined, token)
      } catch (error) {
        this.#note(id, resource, 'DELETE_FAILED', messageOf(error), token)
        if (how.force !== true) left.unshift({ ...resource, status: 'DELETE_FAILED', statusReason: messageOf(error) })
      }
    }
    return left
  }

  /** Back to what the resources were, those that were there; new ones go with the cleanup. */
  async #undo(id: string, done: readonly Done[], token: string | undefined): Promise<void> {
    const place = placeOf(this.#store.get(id))
    for (const { now, before } of done.toReversed()) {
      if (before === undefined) continue
      this.#note(id, before, 'UPDATE_IN_PROGRESS', undefined, token)
      const maker = this.#host.makerOf(before.type, before.emulated)
      try {
        if (now.physicalId === before.physicalId) await maker.update(before, now, place)
        else await maker.remove(now, place)
        this.#note(id, before, 'UPDATE_COMPLETE', undefined, token)
      } catch (error) {
        this.#note(id, before, 'UPDATE_FAILED', messageOf(error), token)
      }
    }
  }

  async #giveApp(app: AppSpec): Promise<Readonly<Record<string, string>>> {
    const outputs = await this.#host.deploy(app)
    this.#apps.set(app.stack, app)
    return outputs
  }

  async #dropApp(name: string): Promise<void> {
    this.#apps.delete(name)
    await this.#host.remove(name)
  }

  #note(
    id: string,
    { logicalId, physicalId, type, properties }: WantedResource,
    status: string,
    reason: string | undefined,
    token: string | undefined,
  ): void {
    this.#store.note(id, {
      logicalId,
      physicalId,
      type,
      status,
      properties,
      ...(reason !== undefined && { reason }),
      ...(token !== undefined && { token }),
    })
  }

  #status(id: string, status: string, reason?: string, token?: string): void {
    const { name } = this.#store.get(id)
    this.#store.note(id, {
      logicalId: name,
      physicalId: id,
      type: STACK_TYPE,
      status,
      ...(reason !== undefined && { reason }),
      ...(token !== undefined && { token }),
    })
    const { statusReason: _, ...rest } = this.#store.get(id)
    this.#store.put({ ...rest, status, ...(reason !== undefined && { statusReason: reason }) })
  }

  #end(id: string, status: string, reason: string | undefined, token?: string): void {
    this.#status(id, status, reason, token)
  }

  #finish(id: string, part: Partial<StackRecord>, status: string, token: string | undefined): void {
    this.#store.change(id, part)
    this.#end(id, status, undefined, token)
  }

  #gone(id: string, token: string | undefined): void {
    this.#store.change(id, { deletedMs: Date.now(), resources: [], outputs: [], changeSets: [] })
    this.#end(id, 'DELETE_COMPLETE', undefined, token)
  }
}

/** It says more than follows from the template: a custom resource. */
function hasOwnValues({ type }: ResourceRecord): boolean {
  return isCustom(type)
}

function just<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item]
}

function placeOf({ id, name, tags }: StackRecord): StackPlace {
  return { stackId: id, stackName: name, tags }
}

function outputsOf(stack: Stack, values: Readonly<Record<string, string>>): readonly RecordedOutput[] {
  return stack.outputs.map((output) => ({ ...output, value: values[output.key] ?? output.value }))
}

/** The record of every resource of the template: as it was made now, or as it was. */
function merged(
  wanted: readonly StackResource[],
  before: readonly ResourceRecord[],
  done: readonly Done[],
): readonly ResourceRecord[] {
  const made = new Map(done.map(({ now }) => [now.logicalId, now]))
  const old = new Map(before.map((one) => [one.logicalId, one]))
  return wanted.flatMap(({ logicalId }) => made.get(logicalId) ?? old.get(logicalId) ?? [])
}

/** Those that the template no longer has, and those that were replaced. */
function leftBehind(
  before: readonly ResourceRecord[],
  wanted: readonly StackResource[],
  done: readonly Done[],
): readonly ResourceRecord[] {
  const types = new Map(wanted.map(({ logicalId, type }) => [logicalId, type]))
  const now = new Map(done.map((one) => [one.now.logicalId, one.now]))
  return before.filter((old) => {
    if (types.get(old.logicalId) !== old.type) return true
    const made = now.get(old.logicalId)
    return made !== undefined && made.physicalId !== old.physicalId
  })
}

/** The resource that a message about functions means: the one it names, else the first function. */
function culpritOf(stack: Stack, message: string): StackResource | undefined {
  const functions = stack.resources.filter(({ type }) => type.startsWith('AWS::Lambda::'))
  return functions.find(({ logicalId }) => message.includes(logicalId)) ?? functions[0]
}

function failedTo(verb: 'create' | 'update', error: unknown): string {
  return error instanceof ResourceFailure
    ? `The following resource(s) failed to ${verb}: [${error.logicalId}].`
    : messageOf(error)
}

function failedList(verb: 'delete', resources: readonly ResourceRecord[]): string {
  return `The following resource(s) failed to ${verb}: [${resources.map(({ logicalId }) => logicalId).join(', ')}]. `
}
