// Creates, updates and deletes stacks, with the statuses that clients follow, and back again when something fails. One
// change after the other: a stack's functions and names are everybody's. What happens to resources is stack-change.ts.
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import type { StackResource } from '../../deploy/resource-graph.ts'
import type { Stack } from '../../deploy/stack.ts'
import { withFunctionsOf, type AppSpec } from '../../functions/function-spec.ts'
import type { Logger } from '../../log.ts'
import { checkExports } from './exports.ts'
import { liveNested, nestedAt } from './nested-stacks.ts'
import { failedList, failedTo, ResourceFailure } from './resource-failure.ts'
import { merged, remaining } from './resource-records.ts'
import { StackChange, type OpenedStack } from './stack-change.ts'
import type { StackHost } from './stack-host.ts'
import type { RecordedOutput, ResourceRecord, StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'

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

/** What the record is to say once the change went well. */
export type Wanted = Pick<StackRecord, 'template' | 'parameters' | 'capabilities' | 'tags' | 'notificationArns'> &
  Pick<Partial<StackRecord>, 'description' | 'roleArn' | 'changeSetId'>

interface Applied {
  readonly stack: Stack
  readonly app: AppSpec
  /** What the platform had of the stack before. */
  readonly old: AppSpec | undefined
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
    const change = this.#begin(id, 'CREATE_IN_PROGRESS', token)
    const { journal } = change
    return this.#inTurn(id, async () => {
      try {
        await this.#apply(id, opened, { change, wanted, before: [] })
        journal.status(id, 'CREATE_COMPLETE')
      } catch (error) {
        const made = change.done.map(({ now }) => now)
        this.#store.change(id, { ...wanted, resources: made })
        const reason = failedTo('create', error)
        if (onFailure === 'DO_NOTHING') return journal.status(id, 'CREATE_FAILED', reason)
        const into = onFailure === 'DELETE' ? 'DELETE' : 'ROLLBACK'
        const requested = into === 'ROLLBACK' ? ' Rollback requested by user.' : ' Delete requested by user.'
        journal.status(id, `${into}_IN_PROGRESS`, reason + requested)
        const left = await change.removeAll(id, made, { rollback: true })
        await this.#dropApp(opened.stack.name)
        this.#store.change(id, { outputs: [], resources: left })
        if (left.length > 0) journal.status(id, `${into}_FAILED`, failedList('delete', left))
        else if (into === 'DELETE') journal.gone(id)
        else journal.status(id, 'ROLLBACK_COMPLETE')
      }
    })
  }

  update(id: string, opened: OpenedStack, wanted: Wanted, options: ChangeOptions = {}): Promise<void> {
    const before = this.#store.get(id)
    const change = this.#begin(id, 'UPDATE_IN_PROGRESS', options.token)
    const { journal } = change
    this.#store.change(id, { updatedMs: Date.now() })
    return this.#inTurn(id, async () => {
      const app = this.#apps.get(opened.stack.name)
      try {
        const applied = await this.#apply(id, opened, { change, wanted, before: before.resources })
        journal.status(id, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')
        await this.#cleanUp(id, applied, change, before.resources)
        journal.status(id, 'UPDATE_COMPLETE')
      } catch (error) {
        this.#log.debug({ stack: opened.stack.name, reason: messageOf(error) }, 'stack update failed')
        const reason = failedTo('update', error)
        if (options.onFailure === 'DO_NOTHING') {
          this.#store.change(id, { resources: remaining(before.resources, change.done) })
          return journal.status(id, 'UPDATE_FAILED', reason)
        }
        journal.status(id, 'UPDATE_ROLLBACK_IN_PROGRESS', reason)
        const failed = this.#apps.get(opened.stack.name)
        await change.rollBack(id, change.done, before, {
          // New custom resources go by functions that may be new as well.
          between: async () => {
            if (app !== undefined) await this.#giveApp(withFunctionsOf(app, failed))
          },
          last: async () => {
            if (app !== undefined && withFunctionsOf(app, failed) !== app) await this.#giveApp(app)
          },
        })
      }
    })
  }

  /**
   * After a rollback that failed: the template of before once more, over what there is.
   * @param skip logical ids that are taken to be what the template says
   */
  continueRollback(
    id: string,
    opened: OpenedStack,
    { skip = [], token }: { readonly skip?: readonly string[]; readonly token?: string } = {},
  ): Promise<void> {
    const change = this.#begin(id, 'UPDATE_ROLLBACK_IN_PROGRESS', token)
    const { journal } = change
    return this.#inTurn(id, async () => {
      const record = this.#store.get(id)
      const before = skipping(record.resources, opened.stack.resources, skip)
      try {
        const applied = await this.#apply(id, opened, { change, wanted: record, before })
        journal.status(id, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS')
        await this.#cleanUp(id, applied, change, before)
        journal.status(id, 'UPDATE_ROLLBACK_COMPLETE')
      } catch (error) {
        this.#store.change(id, { resources: remaining(before, change.done) })
        journal.status(id, 'UPDATE_ROLLBACK_FAILED', failedTo('update', error))
      }
    })
  }

  remove(
    id: string,
    options: {
      readonly token?: string
      readonly retain?: readonly string[]
      readonly force?: boolean
      /** Of a nested stack that goes by itself: the outermost one without it. */
      readonly without?: () => Promise<Stack>
    } = {},
  ): Promise<void> {
    const { token, retain = [], force = false, without } = options
    const change = this.#begin(id, 'DELETE_IN_PROGRESS', token)
    return this.#inTurn(id, async () => {
      const { resources, name, outputs } = this.#store.get(id)
      const left = await change.removeAll(id, resources, { retain, force })
      if (left.length > 0) {
        this.#store.change(id, { resources: left })
        return change.journal.status(id, 'DELETE_FAILED', failedList('delete', left))
      }
      const rest = await without?.()
      const app = this.#apps.get(rest?.name ?? name)
      if (rest === undefined) await this.#dropApp(name)
      else await this.#giveApp(await this.#host.read(rest))
      await this.#keep(change, app)
      change.journal.gone(id)
      // The stack that holds it goes on to say what it said.
      if (rest !== undefined) this.#store.change(id, { outputs, changedAlone: true })
    })
  }

  /** A stack of an earlier run: its functions and fronts are started again, nothing else is touched. */
  restore(id: string, stack: Stack): Promise<void> {
    return this.#inTurn(id, async () => {
      await this.#giveApp(await this.#host.read(stack))
      this.#recordOutputs(id, stack)
    })
  }

  #begin(id: string, status: string, token: string | undefined): StackChange {
    const change = new StackChange({ store: this.#store, host: this.#host, token })
    change.journal.status(id, status, 'User Initiated')
    if (token !== undefined) this.#store.change(id, { lastToken: token })
    return change
  }

  /** Never rejects: what nobody expected ends the stack as failed. */
  #inTurn(id: string, work: () => Promise<void>): Promise<void> {
    // What is asked for is answered before it is begun: reading templates and code keeps the thread.
    const done = this.#underway
      .then(() => setImmediate())
      .then(work)
      .catch((error: unknown) => {
        this.#log.error({ err: error, stack: id }, 'stack change failed')
        const { status } = this.#store.get(id)
        if (status.endsWith('_IN_PROGRESS'))
          new StackChange({ store: this.#store, host: this.#host, token: undefined }).journal.status(
            id,
            status.replace('_IN_PROGRESS', '_FAILED'),
            messageOf(error),
          )
      })
    this.#underway = done
    return done
  }

  /** Functions, then the resources that differ; the record says so. @throws ResourceFailure, and what reading throws */
  async #apply(
    id: string,
    opened: OpenedStack,
    course: { readonly change: StackChange; readonly wanted: Wanted; readonly before: readonly ResourceRecord[] },
  ): Promise<Applied> {
    const { change, wanted, before } = course
    const old = this.#apps.get(opened.stack.name)
    // Functions first: a custom resource may call one. Those that go are there until it has gone as well.
    const start = (root: Stack): Promise<AppSpec> =>
      this.#startFunctions(id, { root, path: opened.path }, { change, before, old })
    let app = await start(opened.stack)
    const root = await change.apply(id, opened, before, start)
    // They may name what custom resources answered.
    if (root !== opened.stack) app = await start(root)
    const stack = nestedAt(root, opened.path)
    this.#checkExports(id, stack)
    const alone = opened.path.length > 0 && { changedAlone: true }
    this.#store.change(id, { ...wanted, ...alone, resources: merged(stack.resources, before, change.done) })
    this.#recordOutputs(id, stack)
    return { stack, app, old }
  }

  async #cleanUp(
    id: string,
    { stack, app, old }: Applied,
    change: StackChange,
    before: readonly ResourceRecord[],
  ): Promise<void> {
    await change.cleanUp()
    await change.removeLeftBehind(id, before, { stack, done: change.done })
    if (withFunctionsOf(app, old) === app) return
    await this.#giveApp(app)
    await this.#keep(change, old)
  }

  /** Functions that their resources' policies retain are there without the stack. */
  async #keep({ kept }: StackChange, app: AppSpec | undefined): Promise<void> {
    for (const resource of kept) {
      const spec = app?.functions.find(({ name }) => name === resource.physicalId)
      if (spec !== undefined) await this.#host.keep(spec, resource)
    }
  }

  async #startFunctions(
    id: string,
    { root, path }: { readonly root: Stack; readonly path: readonly string[] },
    course: {
      readonly change: StackChange
      readonly before: readonly ResourceRecord[]
      readonly old: AppSpec | undefined
    },
  ): Promise<AppSpec> {
    const { before, old } = course
    const { journal } = course.change
    try {
      const app = await this.#host.read(root)
      await this.#giveApp(withFunctionsOf(app, old))
      return app
    } catch (error) {
      const culprit = culpritOf(nestedAt(root, path), messageOf(error))
      if (culprit === undefined) throw error
      const verb = before.some(({ logicalId }) => logicalId === culprit.logicalId) ? 'UPDATE' : 'CREATE'
      journal.resource(id, culprit, `${verb}_IN_PROGRESS`)
      const begun = { ...culprit, physicalId: verb === 'CREATE' ? '' : culprit.physicalId }
      journal.resource(id, begun, `${verb}_FAILED`, messageOf(error))
      throw new ResourceFailure(culprit.logicalId, error)
    }
  }

  /** Of the stack and those nested in it, with local addresses. */
  #recordOutputs(id: string, stack: Stack): void {
    this.#store.change(id, { outputs: this.#outputsOf(stack), imports: stack.imports })
    for (const nested of stack.nested.values())
      if (liveNested(this.#store, nested.id) !== undefined) this.#recordOutputs(nested.id, nested)
  }

  #outputsOf(stack: Stack): readonly RecordedOutput[] {
    const values = this.#host.localUrls(Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value])))
    return stack.outputs.map((one) => ({ ...one, value: values[one.key]! }))
  }

  /** @throws Error */
  #checkExports(id: string, stack: Stack): void {
    checkExports(this.#store.all(), id, this.#outputsOf(stack))
    for (const nested of stack.nested.values())
      if (liveNested(this.#store, nested.id) !== undefined) this.#checkExports(nested.id, nested)
  }

  async #giveApp(app: AppSpec): Promise<void> {
    await this.#host.deploy(app)
    this.#apps.set(app.stack, app)
  }

  async #dropApp(name: string): Promise<void> {
    this.#apps.delete(name)
    await this.#host.remove(name)
  }
}

/** The resource that a message about functions means: the one it names, else the first function. */
function culpritOf(stack: Stack, message: string): StackResource | undefined {
  const functions = stack.resources.filter(({ type }) => type.startsWith('AWS::Lambda::'))
  const named = functions.find(({ physicalId, logicalId }) =>
    [`'${physicalId}'`, logicalId].some((one) => message.includes(one)),
  )
  return named ?? functions[0]
}

function skipping(
  resources: readonly ResourceRecord[],
  wanted: readonly StackResource[],
  skip: readonly string[],
): readonly ResourceRecord[] {
  const said = new Map(wanted.map((one) => [one.logicalId, one]))
  return resources.map((one) => {
    const resource = skip.includes(one.logicalId) ? said.get(one.logicalId) : undefined
    if (resource === undefined) return one
    return { ...one, properties: resource.properties, metadata: resource.metadata, status: 'UPDATE_COMPLETE' }
  })
}
