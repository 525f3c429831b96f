// What every CloudFormation operation is handed, how it finds a stack, and the service's errors.
import type { JsonObject } from '../codec/json.ts'
import type { StackEngine } from '../control/stacks/stack-engine.ts'
import { blankStack, type StackRecord } from '../control/stacks/stack-record.ts'
import type { StackStore } from '../control/stacks/stack-store.ts'
import type { StackTemplates } from '../control/stacks/stack-templates.ts'
import { FnscopeError } from '../errors.ts'
import { textIn } from './aws-input.ts'
import { ServiceError } from './service-error.ts'

/** An app of a directory that has no template of CloudFormation's: of its resources the functions alone. */
export interface Stack {
  readonly name: string
  readonly deployedMs: number
  readonly outputs: Readonly<Record<string, string>>
  readonly functions: readonly { readonly logicalId: string; readonly name: string }[]
}

export interface CloudFormationOptions {
  readonly region: string
  readonly accountId: string
  /** Apps deployed from directories, beside what the API itself deployed. */
  readonly apps: () => readonly Stack[]
  /** Their stacks. */
  readonly directories: () => readonly StackRecord[]
  readonly store: StackStore
  readonly engine: StackEngine
  readonly templates: StackTemplates
}

const FUNCTION = 'AWS::Lambda::Function'

export class CloudFormationContext {
  readonly options: CloudFormationOptions

  constructor(options: CloudFormationOptions) {
    this.options = options
  }

  idOf(name: string, unique: string): string {
    const { region, accountId } = this.options
    return `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${unique}`
  }

  /** All that are there or were, the newest first; those of directories are as if they had been created here. */
  all(): readonly StackRecord[] {
    const { store, apps, directories } = this.options
    const own = store.all()
    const names = new Set(own.filter(({ deletedMs }) => deletedMs === undefined).map(({ name }) => name))
    const recorded = directories()
    const known = new Set([...names, ...recorded.map(({ name }) => name)])
    return [
      ...apps()
        .filter(({ name }) => !known.has(name))
        .map((app) => this.#recordOf(app)),
      ...recorded.filter(({ name }) => !names.has(name)),
      ...own,
    ]
  }

  /** By name or ARN. @throws ServiceError ValidationError in the words that clients look for */
  find(nameOrId: string): StackRecord {
    const found =
      this.options.store.find(nameOrId) ??
      this.all().find(({ name, id, deletedMs }) => id === nameOrId || (name === nameOrId && deletedMs === undefined))
    if (found === undefined) throw validationError(`Stack with id ${nameOrId} does not exist`)
    return found
  }

  /** The stack that the request's StackName names. @throws ServiceError ValidationError */
  stackIn(input: JsonObject): StackRecord {
    return this.find(requiredIn(input, 'StackName'))
  }

  /** The same, when it is not nested in another. @throws ServiceError ValidationError */
  rootStackIn(input: JsonObject): StackRecord {
    const record = this.ownStackIn(input)
    if (record.rootId !== undefined) throw nestedError(record, this.find(record.rootId))
    return record
  }

  /** The same, as a record of the store: one of a directory is taken over. @throws ServiceError for one nested there */
  ownStackIn(input: JsonObject): StackRecord {
    const record = this.stackIn(input)
    const { store, directories } = this.options
    if (store.find(record.id) !== undefined) return record
    if (record.rootId !== undefined) throw nestedError(record, this.find(record.rootId))
    store.put(record)
    for (const one of directories()) if (one.rootId === record.id) store.put(one)
    return record
  }

  #recordOf({ name, deployedMs, outputs, functions }: Stack): StackRecord {
    return {
      ...blankStack(this.idOf(name, name), name),
      createdMs: deployedMs,
      status: 'CREATE_COMPLETE',
      outputs: Object.entries(outputs).map(([key, value]) => ({ key, value })),
      resources: functions.map((one) => ({
        logicalId: one.logicalId,
        physicalId: one.name,
        type: FUNCTION,
        status: 'CREATE_COMPLETE',
        updatedMs: deployedMs,
        properties: {},
        attributes: {},
        metadata: {},
        deletionPolicy: 'Delete',
        updateReplacePolicy: 'Delete',
        emulated: true,
      })),
    }
  }
}

function nestedError({ name }: StackRecord, root: StackRecord): ServiceError {
  return validationError(`Stack [${name}] is nested in [${root.name}]: ask for it there.`)
}

export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', message)
}

/** @throws ServiceError ValidationError */
export function requiredIn(input: JsonObject, name: string): string {
  const value = textIn(input, name)
  if (value !== undefined && value !== '') return value
  const spelled = `${name[0]!.toLowerCase()}${name.slice(1)}`
  throw validationError(
    `1 validation error detected: Value at '${spelled}' failed to satisfy constraint: Member must not be null`,
  )
}

/** Does `work`; what is wrong with a template is the caller's mistake. */
export async function withTemplateErrors<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FnscopeError) throw validationError(error.message)
    throw error
  }
}
