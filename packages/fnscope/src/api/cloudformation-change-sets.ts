// CloudFormation's change sets: what sam and cdk deploy by. They are computed at once, so the first question finds them
// complete.
import type { JsonObject } from '../codec/json.ts'
import { anyNestedDiffers, nestedAt } from '../control/stacks/nested-stacks.ts'
import { stackChanges } from '../control/stacks/stack-diff.ts'
import type { ChangeSetRecord, StackRecord } from '../control/stacks/stack-record.ts'
import { blankStack, isInProgress } from '../control/stacks/stack-record.ts'
import { STACK_TYPE } from '../deploy/template-value.ts'
import { booleanIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { changeAnswer, changeSetAnswer, changeSetSummary } from './cloudformation-answers.ts'
import {
  requiredIn,
  validationError,
  withTemplateErrors,
  type CloudFormationContext,
} from './cloudformation-context.ts'
import { checkStackName, newUnique, readStackRequest } from './cloudformation-input.ts'
import { settledSoon } from './cloudformation-wait.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

/** What sam and cdk look for in a failed change set. */
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set."
const UPDATABLE =
  /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE|IMPORT_COMPLETE|IMPORT_ROLLBACK_COMPLETE|UPDATE_FAILED)$/
const CHANGES_A_PAGE = 200

export function changeSetOperations(context: CloudFormationContext): Readonly<Record<string, AwsOperation>> {
  const { store, engine, region, accountId } = {
    ...context.options,
  }
  const find = (input: JsonObject): { readonly stack: StackRecord; readonly set: ChangeSetRecord } => {
    const wanted = requiredIn(input, 'ChangeSetName')
    const name = textIn(input, 'StackName')
    if (name === undefined && !wanted.startsWith('arn:'))
      throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.')
    const stacks = name === undefined ? context.all() : [context.find(name)]
    for (const stack of stacks) {
      const set = stack.changeSets.find((one) => one.id === wanted || one.name === wanted)
      if (set !== undefined) return { stack, set }
    }
    throw new ServiceError('ChangeSetNotFoundException', `ChangeSet [${wanted}] does not exist`, {
      status: 404,
      queryCode: 'ChangeSetNotFound',
    })
  }
  const replaceSet = (stack: StackRecord, set: ChangeSetRecord): void => {
    const { changeSets } = store.get(stack.id)
    store.change(stack.id, { changeSets: [...changeSets.filter(({ id }) => id !== set.id), set] })
  }
  return {
    CreateChangeSet: async ({ input }) => {
      const stackName = requiredIn(input, 'StackName')
      const name = requiredIn(input, 'ChangeSetName')
      const type = textIn(input, 'ChangeSetType') ?? 'UPDATE'
      if (type !== 'CREATE' && type !== 'UPDATE')
        throw validationError(`ChangeSetType ${type} is not supported by fnscope: resources are not imported.`)
      const previous = type === 'CREATE' ? creating(context, stackName) : updating(context, input)
      if (previous?.changeSets.some((one) => one.name === name) === true) {
        const again = previous.changeSets.find((one) => one.name === name)
        const token = textIn(input, 'ClientToken')
        if (again !== undefined && token !== undefined && again.token === token)
          return { Id: again.id, StackId: previous.id }
        throw new ServiceError('AlreadyExistsException', `ChangeSet ${name} already exists`, { status: 400 })
      }
      const id = previous?.id ?? context.idOf(stackName, newUnique())
      const base = previous === undefined ? {} : { previous }
      const { opened, wanted } = await readStackRequest(
        context,
        input,
        { name: previous?.name ?? stackName, id, ...base },
        { expands: false },
      )
      const record = previous ?? inReview(id, stackName)
      const wantedStack = nestedAt(opened.stack, opened.path)
      const changes = stackChanges(record.resources, wantedStack.resources)
      const empty =
        changes.length === 0 &&
        type === 'UPDATE' &&
        !differs(record, wanted, wantedStack.outputs) &&
        !anyNestedDiffers(store, wantedStack)
      const token = textIn(input, 'ClientToken')
      const [description, onFailure] = [textIn(input, 'Description'), textIn(input, 'OnStackFailure')]
      const set: ChangeSetRecord = {
        id: `arn:aws:cloudformation:${region}:${accountId}:changeSet/${name}/${newUnique()}`,
        name,
        type,
        createdMs: Date.now(),
        status: empty ? 'FAILED' : 'CREATE_COMPLETE',
        ...(empty && { statusReason: NO_CHANGES }),
        executionStatus: empty ? 'UNAVAILABLE' : 'AVAILABLE',
        ...wanted,
        ...(description !== undefined && { description }),
        ...(onFailure !== undefined && { onFailure }),
        ...(token !== undefined && { token }),
        includeNested: booleanIn(input, 'IncludeNestedStacks') ?? false,
        changes,
      }
      if (previous === undefined) {
        store.put(record)
        store.note(id, {
          logicalId: stackName,
          physicalId: id,
          type: STACK_TYPE,
          status: 'REVIEW_IN_PROGRESS',
          reason: 'User Initiated',
        })
      }
      replaceSet(record, set)
      return { Id: set.id, StackId: id }
    },
    DescribeChangeSet: ({ input }) => {
      const { stack, set } = find(input)
      const { items, next } = pageOf(set.changes, {
        token: textIn(input, 'NextToken'),
        most: CHANGES_A_PAGE,
        errorCode: 'ValidationError',
      })
      return { ...changeSetAnswer(stack, set), Changes: items.map(changeAnswer), NextToken: next }
    },
    ListChangeSets: ({ input }) => {
      const stack = context.stackIn(input)
      const open = stack.changeSets.filter(({ executionStatus }) => executionStatus !== 'EXECUTE_COMPLETE')
      return { Summaries: open.map((set) => changeSetSummary(stack, set)) }
    },
    DeleteChangeSet: ({ input }) => {
      const wanted = requiredIn(input, 'ChangeSetName')
      const name = textIn(input, 'StackName')
      // One that is gone was deleted: cdk deletes the last deploy's before it makes its own.
      for (const stack of name === undefined ? context.all() : [context.find(name)]) {
        const left = stack.changeSets.filter((one) => one.id !== wanted && one.name !== wanted)
        if (left.length < stack.changeSets.length) store.change(stack.id, { changeSets: left })
      }
      return {}
    },
    DescribeChangeSetHooks: ({ input }) => {
      const { stack, set } = find(input)
      return {
        ChangeSetId: set.id,
        ChangeSetName: set.name,
        Hooks: [],
        Status: 'UNAVAILABLE',
        StackId: stack.id,
        StackName: stack.name,
      }
    },
    ExecuteChangeSet: async ({ input, header }) => {
      const { stack, set } = find(input)
      const token = textIn(input, 'ClientRequestToken')
      if (token !== undefined && stack.lastToken === token) return {}
      if (set.executionStatus !== 'AVAILABLE' || isInProgress(stack.status))
        throw new ServiceError(
          'InvalidChangeSetStatusException',
          `ChangeSet [${set.id}] cannot be executed in its current status of [${set.status}]`,
          { queryCode: 'InvalidChangeSetStatus' },
        )
      const { templates } = context.options
      const { name: stackName, id: stackId } = stack
      const opened = await withTemplateErrors(() =>
        templates.opened({ stackName, stackId, text: set.template, parameters: set.parameters }),
      )
      const disableRollback = booleanIn(input, 'DisableRollback') ?? false
      store.change(stack.id, { changeSets: [], changeSetId: set.id, disableRollback })
      const { template, parameters, capabilities, tags, notificationArns, roleArn } = set
      const wanted = {
        template,
        parameters,
        capabilities,
        tags,
        notificationArns,
        changeSetId: set.id,
        ...(roleArn !== undefined && { roleArn }),
        ...descriptionOf(templates.parse(template)),
      }
      const onFailure =
        disableRollback || set.onFailure === 'DO_NOTHING'
          ? 'DO_NOTHING'
          : set.onFailure === 'DELETE'
            ? 'DELETE'
            : 'ROLLBACK'
      const options = { onFailure, ...(token !== undefined && { token }) } as const
      const done =
        set.type === 'CREATE'
          ? engine.create(stack.id, opened, wanted, options)
          : engine.update(stack.id, opened, wanted, options)
      await settledSoon(done, header('user-agent'))
      return {}
    },
  }
}

function descriptionOf(template: Readonly<Record<string, unknown>>): { readonly description?: string } {
  const description = template['Description']
  return typeof description === 'string' ? { description } : {}
}

/** A stack that a change set would create: none, or one still in review. */
function creating(context: CloudFormationContext, name: string): StackRecord | undefined {
  checkStackName(name)
  const before = context.all().find((one) => one.name === name && one.deletedMs === undefined)
  if (before === undefined) return undefined
  if (before.status === 'REVIEW_IN_PROGRESS') return before
  throw validationError(`Stack [${name}] already exists and cannot be created again with the changeSet [CREATE].`)
}

function updating(context: CloudFormationContext, input: JsonObject): StackRecord {
  const stack = context.ownStackIn(input)
  if (stack.deletedMs !== undefined) throw validationError(`Stack [${stack.name}] does not exist`)
  checkUpdatable(stack)
  return stack
}

/** @throws ServiceError ValidationError in the words that sam and cdk look for */
export function checkUpdatable({ id, status }: StackRecord): void {
  if (!UPDATABLE.test(status)) throw validationError(`Stack:${id} is in ${status} state and can not be updated.`)
}

function differs(
  stack: StackRecord,
  wanted: { readonly tags: object; readonly notificationArns: readonly string[] },
  outputs: readonly { readonly key: string; readonly exportName?: string }[],
): boolean {
  const named = (list: readonly { readonly key: string; readonly exportName?: string }[]): string =>
    JSON.stringify(list.map(({ key, exportName }) => [key, exportName]))
  return (
    JSON.stringify(stack.tags) !== JSON.stringify(wanted.tags) ||
    JSON.stringify(stack.notificationArns) !== JSON.stringify(wanted.notificationArns) ||
    named(stack.outputs) !== named(outputs)
  )
}

export function inReview(id: string, name: string): StackRecord {
  return {
    ...blankStack(id, name),
    createdMs: Date.now(),
    status: 'REVIEW_IN_PROGRESS',
    statusReason: 'User Initiated',
  }
}
