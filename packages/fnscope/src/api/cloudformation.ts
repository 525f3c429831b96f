// CloudFormation (query protocol): stacks as sam, cdk and the aws CLI create, follow and delete them. Templates are read by
// deploy/, what happens to them is control/stacks/.
import { importersOf } from '../control/stacks/exports.ts'
import { anyNestedDiffers, nestedAt } from '../control/stacks/nested-stacks.ts'
import { isInProgress, type StackRecord } from '../control/stacks/stack-record.ts'
import { requestOf } from '../control/stacks/stack-templates.ts'
import { booleanIn, listIn, numberIn, textIn } from './aws-input.ts'
import type { AwsOperation, AwsService } from './aws-service.ts'
import { eventAnswer, resourceAnswer, stackAnswer, stackSummary } from './cloudformation-answers.ts'
import { changeSetOperations, checkUpdatable, inReview } from './cloudformation-change-sets.ts'
import {
  CloudFormationContext,
  requiredIn,
  validationError,
  withTemplateErrors,
  type CloudFormationOptions,
} from './cloudformation-context.ts'
import { checkStackName, newUnique, readStackRequest } from './cloudformation-input.ts'
import { templateOperations } from './cloudformation-templates.ts'
import { settledSoon } from './cloudformation-wait.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

const BOOLEANS = [
  'DisableRollback',
  'EnableTerminationProtection',
  'UsePreviousTemplate',
  'IncludeNestedStacks',
  'ImportExistingResources',
  'RetainExceptOnCreate',
  'Parameters.*.UsePreviousValue',
]
const NOTHING_TO_UPDATE = 'No updates are to be performed.'

export function cloudFormationService(options: CloudFormationOptions): AwsService {
  const context = new CloudFormationContext(options)
  const operations: Readonly<Record<string, AwsOperation>> = {
    ...stackOperations(context),
    ...resourceOperations(context),
    ...changeSetOperations(context),
    ...templateOperations(context),
  }
  return {
    target: 'CloudFormation',
    namespace: 'com.amazonaws.cloudformation',
    operations,
    query: {
      version: '2010-05-15',
      xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
      types: Object.fromEntries(
        Object.keys(operations).map((name) => [
          name,
          { booleans: BOOLEANS, numbers: ['TimeoutInMinutes', 'MaxResults'] },
        ]),
      ),
    },
  }
}

function stackOperations(context: CloudFormationContext): Readonly<Record<string, AwsOperation>> {
  const { store, engine, templates } = context.options
  return {
    CreateStack: async ({ input }) => {
      const name = requiredIn(input, 'StackName')
      checkStackName(name)
      const before = context.all().find((one) => one.name === name && one.deletedMs === undefined)
      const token = textIn(input, 'ClientRequestToken')
      if (before !== undefined) {
        if (token !== undefined && before.lastToken === token) return { StackId: before.id }
        throw new ServiceError('AlreadyExistsException', `Stack [${name}] already exists`)
      }
      const id = context.idOf(name, newUnique())
      const { opened, wanted } = await readStackRequest(context, input, { name, id }, { expands: true })
      const disableRollback = booleanIn(input, 'DisableRollback') ?? false
      const onFailure = textIn(input, 'OnFailure') ?? (disableRollback ? 'DO_NOTHING' : 'ROLLBACK')
      if (onFailure !== 'ROLLBACK' && onFailure !== 'DO_NOTHING' && onFailure !== 'DELETE')
        throw validationError(
          `Value '${onFailure}' at 'onFailure' must satisfy enum value set: [DELETE, DO_NOTHING, ROLLBACK]`,
        )
      const policy = textIn(input, 'StackPolicyBody')
      const timeoutMinutes = numberIn(input, 'TimeoutInMinutes')
      store.put({
        ...inReview(id, name),
        ...wanted,
        disableRollback,
        terminationProtection: booleanIn(input, 'EnableTerminationProtection') ?? false,
        ...(policy !== undefined && { policy }),
        ...(timeoutMinutes !== undefined && { timeoutMinutes }),
      })
      await settledSoon(engine.create(id, opened, wanted, { onFailure, ...(token !== undefined && { token }) }))
      return { StackId: id }
    },
    UpdateStack: async ({ input }) => {
      const stack = context.ownStackIn(input)
      const token = textIn(input, 'ClientRequestToken')
      if (token !== undefined && stack.lastToken === token) return { StackId: stack.id }
      checkUpdatable(stack)
      const place = { name: stack.name, id: stack.id, previous: stack }
      const { opened, wanted } = await readStackRequest(context, input, place, { expands: true })
      if (
        stack.template === wanted.template &&
        !anyNestedDiffers(store, nestedAt(opened.stack, opened.path)) &&
        JSON.stringify([stack.parameters, stack.tags]) === JSON.stringify([wanted.parameters, wanted.tags])
      )
        throw validationError(NOTHING_TO_UPDATE)
      const onFailure = booleanIn(input, 'DisableRollback') === true ? 'DO_NOTHING' : 'ROLLBACK'
      await settledSoon(engine.update(stack.id, opened, wanted, { onFailure, ...(token !== undefined && { token }) }))
      return { StackId: stack.id }
    },
    DeleteStack: async ({ input }) => {
      const name = requiredIn(input, 'StackName')
      const found = context.all().find((one) => one.id === name || (one.name === name && one.deletedMs === undefined))
      // Deleting what is not there is done already.
      if (found === undefined || found.deletedMs !== undefined) return undefined
      const stack = context.ownStackIn({ StackName: found.id })
      const token = textIn(input, 'ClientRequestToken')
      if (stack.terminationProtection)
        throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`)
      checkNoImports(context, stack)
      if (isInProgress(stack.status)) return undefined
      const retain = (listIn(input, 'RetainResources') ?? []).filter((one) => typeof one === 'string')
      const force = textIn(input, 'DeletionMode') === 'FORCE_DELETE_STACK'
      if (stack.status === 'REVIEW_IN_PROGRESS') {
        store.forget(stack.id)
        return undefined
      }
      const alone = stack.parentId !== undefined && { without: () => templates.without(stack.id) }
      await settledSoon(engine.remove(stack.id, { retain, force, ...alone, ...(token !== undefined && { token }) }))
      return undefined
    },
    CancelUpdateStack: ({ input }) => {
      const stack = context.stackIn(input)
      throw validationError(`CancelUpdateStack cannot be called from current stack status: ${stack.status}`)
    },
    ContinueUpdateRollback: async ({ input }) => {
      const stack = context.rootStackIn(input)
      if (stack.status !== 'UPDATE_ROLLBACK_FAILED')
        throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not continue update rollback.`)
      const skip = (listIn(input, 'ResourcesToSkip') ?? []).filter((one) => typeof one === 'string')
      checkSkipped(stack, skip)
      const token = textIn(input, 'ClientRequestToken')
      const opened = await withTemplateErrors(() => templates.opened(requestOf(stack)))
      await settledSoon(engine.continueRollback(stack.id, opened, { skip, ...(token !== undefined && { token }) }))
      return {}
    },
    RollbackStack: async ({ input }) => {
      const stack = context.rootStackIn(input)
      if (stack.status !== 'CREATE_FAILED' && stack.status !== 'UPDATE_FAILED')
        throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be rolled back.`)
      if (stack.status === 'CREATE_FAILED') {
        await settledSoon(engine.remove(stack.id))
        return { StackId: stack.id }
      }
      const opened = await withTemplateErrors(() => templates.opened(requestOf(stack)))
      await settledSoon(engine.update(stack.id, opened, stack))
      return { StackId: stack.id }
    },
    DescribeStacks: ({ input }) => {
      const name = textIn(input, 'StackName')
      const found =
        name === undefined ? context.all().filter(({ deletedMs }) => deletedMs === undefined) : [context.find(name)]
      const { items, next } = pageOf(found, {
        token: textIn(input, 'NextToken'),
        most: 100,
        errorCode: 'ValidationError',
      })
      return { Stacks: items.map(stackAnswer), NextToken: next }
    },
    ListStacks: ({ input }) => {
      const wanted = listIn(input, 'StackStatusFilter')
      const found = context.all().filter(({ status }) => wanted === undefined || wanted.includes(status))
      const { items, next } = pageOf(found, {
        token: textIn(input, 'NextToken'),
        most: 100,
        errorCode: 'ValidationError',
      })
      return { StackSummaries: items.map(stackSummary), NextToken: next }
    },
    DescribeStackEvents: ({ input }) => {
      const stack = context.stackIn(input)
      const page = { token: textIn(input, 'NextToken'), most: 100, errorCode: 'ValidationError' }
      const { items, next } = pageOf(stack.events.toReversed(), page)
      return { StackEvents: items.map((event) => eventAnswer(stack, event)), NextToken: next }
    },
    UpdateTerminationProtection: ({ input }) => {
      const stack = context.rootStackIn(input)
      store.change(stack.id, { terminationProtection: booleanIn(input, 'EnableTerminationProtection') ?? false })
      return { StackId: stack.id }
    },
    SetStackPolicy: ({ input }) => {
      const stack = context.ownStackIn(input)
      store.change(stack.id, { policy: textIn(input, 'StackPolicyBody') ?? '' })
      return undefined
    },
    GetStackPolicy: ({ input }) => ({ StackPolicyBody: context.stackIn(input).policy }),
    ListExports: ({ input }) => {
      const all = context
        .all()
        .flatMap(({ id, deletedMs, outputs }) =>
          deletedMs === undefined
            ? outputs.flatMap(({ exportName, value }) =>
                exportName === undefined ? [] : [{ ExportingStackId: id, Name: exportName, Value: value }],
              )
            : [],
        )
      const { items, next } = pageOf(all, {
        token: textIn(input, 'NextToken'),
        most: 100,
        errorCode: 'ValidationError',
      })
      return { Exports: items, NextToken: next }
    },
    ListImports: ({ input }) => {
      const name = requiredIn(input, 'ExportName')
      const importing = importersOf(context.all(), name)
      if (importing.length === 0) throw validationError(`Export '${name}' is not imported by any stack.`)
      return { Imports: importing.map((stack) => stack.name) }
    },
    DescribeAccountLimits: () => ({
      AccountLimits: [
        { Name: 'StackLimit', Value: 2000 },
        { Name: 'StackOutputsLimit', Value: 200 },
      ],
    }),
  }
}

function resourceOperations(context: CloudFormationContext): Readonly<Record<string, AwsOperation>> {
  return {
    ListStackResources: ({ input }) => {
      const stack = context.stackIn(input)
      const { items, next } = pageOf(stack.resources, {
        token: textIn(input, 'NextToken'),
        most: 100,
        errorCode: 'ValidationError',
      })
      return { StackResourceSummaries: items.map((resource) => resourceAnswer(stack, resource)), NextToken: next }
    },
    DescribeStackResources: ({ input }) => {
      const [physicalId, logicalId] = [textIn(input, 'PhysicalResourceId'), textIn(input, 'LogicalResourceId')]
      const stack = physicalId === undefined ? context.stackIn(input) : ownerOf(context, physicalId)
      const found = stack.resources.filter((one) => logicalId === undefined || one.logicalId === logicalId)
      return { StackResources: found.map((resource) => resourceAnswer(stack, resource)) }
    },
    DescribeStackResource: ({ input }) => {
      const stack = context.stackIn(input)
      const logicalId = requiredIn(input, 'LogicalResourceId')
      const resource = stack.resources.find((one) => one.logicalId === logicalId)
      if (resource === undefined) throw validationError(`Resource ${logicalId} does not exist for stack ${stack.name}`)
      const metadata = Object.keys(resource.metadata).length > 0 && { Metadata: JSON.stringify(resource.metadata) }
      return { StackResourceDetail: { ...resourceAnswer(stack, resource), ...metadata } }
    },
  }
}

/** @throws ServiceError ValidationError */
function checkSkipped({ resources }: StackRecord, skip: readonly string[]): void {
  const failed = resources.filter(({ status }) => status === 'UPDATE_FAILED').map(({ logicalId }) => logicalId)
  const other = skip.filter((one) => !failed.includes(one))
  if (other.length > 0)
    throw validationError(
      `The following resources to skip are not in UPDATE_FAILED state: [${other.join(', ')}]. Failed: [${failed.join(', ')}].`,
    )
}

function ownerOf(context: CloudFormationContext, physicalId: string): StackRecord {
  const owner = context.all().find(({ resources }) => resources.some((one) => one.physicalId === physicalId))
  if (owner === undefined) throw validationError(`Stack for ${physicalId} does not exist`)
  return owner
}

/** @throws ServiceError ValidationError */
function checkNoImports(context: CloudFormationContext, stack: StackRecord): void {
  for (const { exportName } of stack.outputs) {
    if (exportName === undefined) continue
    const [importer] = importersOf(context.all(), exportName)
    if (importer !== undefined)
      throw validationError(`Export ${exportName} cannot be deleted as it is in use by ${importer.name}`)
  }
}
