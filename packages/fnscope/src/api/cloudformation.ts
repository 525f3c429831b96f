// CloudFormation (query protocol), as much as asks what is deployed: which stack has which function under which name.
// Deploying is not done this way.
import type { JsonObject } from '../codec/json.ts'
import { textIn } from './aws-input.ts'
import type { AwsOperation, AwsService } from './aws-service.ts'
import { ServiceError } from './service-error.ts'

/** A deployed stack; of its resources the functions alone. */
export interface Stack {
  readonly name: string
  readonly deployedMs: number
  readonly outputs: Readonly<Record<string, string>>
  readonly functions: readonly { readonly logicalId: string; readonly name: string }[]
}

export interface CloudFormationOptions {
  readonly region: string
  readonly accountId: string
  readonly stacks: () => readonly Stack[]
}

const FUNCTION = 'AWS::Lambda::Function'
const STATUS = 'CREATE_COMPLETE'

export function cloudFormationService(options: CloudFormationOptions): AwsService {
  const { region, accountId, stacks } = options
  const idOf = ({ name }: Stack): string => `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${name}`
  const find = (wanted: string): Stack => {
    const found = stacks().find((stack) => stack.name === wanted || idOf(stack) === wanted)
    if (found === undefined) throw validationError(`Stack with id ${wanted} does not exist`)
    return found
  }
  const stackOf = (input: JsonObject): Stack => {
    const name = textIn(input, 'StackName')
    if (name === undefined || name === '')
      throw validationError(
        "1 validation error detected: Value at 'stackName' failed to satisfy constraint: Member must not be null",
      )
    return find(name)
  }
  const resourcesOf = (stack: Stack): object[] =>
    stack.functions.map(({ logicalId, name }) => ({
      StackId: idOf(stack),
      StackName: stack.name,
      LogicalResourceId: logicalId,
      PhysicalResourceId: name,
      ResourceType: FUNCTION,
      Timestamp: new Date(stack.deployedMs),
      LastUpdatedTimestamp: new Date(stack.deployedMs),
      ResourceStatus: STATUS,
      DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
    }))
  const described = (stack: Stack): object => ({
    StackId: idOf(stack),
    StackName: stack.name,
    CreationTime: new Date(stack.deployedMs),
    StackStatus: STATUS,
  })
  const describeResources: AwsOperation = ({ input }) => {
    const [physicalId, logicalId] = [textIn(input, 'PhysicalResourceId'), textIn(input, 'LogicalResourceId')]
    const owner = stacks().find(({ functions }) => functions.some(({ name }) => name === physicalId))
    if (physicalId !== undefined && owner === undefined) throw validationError(`Stack for ${physicalId} does not exist`)
    const stack = owner === undefined || physicalId === undefined ? stackOf(input) : owner
    const only = {
      ...stack,
      functions: stack.functions.filter((one) => (logicalId ?? one.logicalId) === one.logicalId),
    }
    return { StackResources: resourcesOf(only) }
  }
  return {
    target: 'CloudFormation',
    namespace: 'com.amazonaws.cloudformation',
    operations: {
      ListStackResources: ({ input }) => ({ StackResourceSummaries: resourcesOf(stackOf(input)) }),
      DescribeStackResources: describeResources,
      DescribeStackResource: ({ input }) => {
        const [stack, logicalId] = [stackOf(input), textIn(input, 'LogicalResourceId') ?? '']
        const functions = stack.functions.filter((one) => one.logicalId === logicalId)
        const [detail] = resourcesOf({ ...stack, functions })
        if (detail === undefined) throw validationError(`Resource ${logicalId} does not exist for stack ${stack.name}`)
        return { StackResourceDetail: detail }
      },
      ListStacks: () => ({ StackSummaries: stacks().map(described) }),
      DescribeStacks: ({ input }) => {
        const name = textIn(input, 'StackName')
        return {
          Stacks: (name === undefined ? stacks() : [find(name)]).map((stack) => ({
            ...described(stack),
            Outputs: Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
          })),
        }
      },
    },
    query: { version: '2010-05-15', xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/', types: {} },
  }
}

function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', message)
}
