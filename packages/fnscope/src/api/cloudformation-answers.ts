// Stacks, resources, events and change sets as CloudFormation answers them.
import type {
  ChangeSetRecord,
  ResourceChange,
  ResourceRecord,
  StackEvent,
  StackParameter,
  StackRecord,
} from '../control/stacks/stack-record.ts'

const DRIFT = { StackDriftStatus: 'NOT_CHECKED' }
const RESOURCE_DRIFT = { StackResourceDriftStatus: 'NOT_CHECKED' }

export function stackAnswer(stack: StackRecord): object {
  return {
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: stack.changeSetId,
    Description: stack.description,
    Parameters: stack.parameters.map(parameterAnswer),
    CreationTime: new Date(stack.createdMs),
    DeletionTime: timeOf(stack.deletedMs),
    LastUpdatedTime: timeOf(stack.updatedMs),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: stack.notificationArns,
    TimeoutInMinutes: stack.timeoutMinutes,
    Capabilities: stack.capabilities,
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
    RoleARN: stack.roleArn,
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    EnableTerminationProtection: stack.terminationProtection,
    ParentId: stack.parentId,
    RootId: stack.rootId,
    DriftInformation: DRIFT,
  }
}

export function stackSummary(stack: StackRecord): object {
  return {
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: stack.description,
    CreationTime: new Date(stack.createdMs),
    LastUpdatedTime: timeOf(stack.updatedMs),
    DeletionTime: timeOf(stack.deletedMs),
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    ParentId: stack.parentId,
    RootId: stack.rootId,
    DriftInformation: DRIFT,
  }
}

/** `timestamp` is called Timestamp in one list and LastUpdatedTimestamp in the others. */
export function resourceAnswer(stack: StackRecord, resource: ResourceRecord): object {
  const { statusReason, updatedMs } = resource
  return {
    StackId: stack.id,
    StackName: stack.name,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: resource.type,
    Timestamp: new Date(updatedMs),
    LastUpdatedTimestamp: new Date(updatedMs),
    ResourceStatus: resource.status,
    ResourceStatusReason: statusReason,
    DriftInformation: RESOURCE_DRIFT,
  }
}

export function eventAnswer(stack: StackRecord, event: StackEvent): object {
  return {
    StackId: stack.id,
    EventId: event.id,
    StackName: stack.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.timestampMs),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties === undefined ? undefined : JSON.stringify(event.properties),
    ClientRequestToken: event.token,
  }
}

export function parameterAnswer({ key, value, resolvedValue, noEcho }: StackParameter): object {
  return { ParameterKey: key, ParameterValue: noEcho === true ? '****' : value, ResolvedValue: resolvedValue }
}

export function changeSetSummary(stack: StackRecord, set: ChangeSetRecord): object {
  return {
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: set.id,
    ChangeSetName: set.name,
    ExecutionStatus: set.executionStatus,
    Status: set.status,
    StatusReason: set.statusReason,
    CreationTime: new Date(set.createdMs),
    Description: set.description,
    IncludeNestedStacks: set.includeNested,
    ImportExistingResources: false,
  }
}

export function changeSetAnswer(stack: StackRecord, set: ChangeSetRecord): object {
  return {
    ...changeSetSummary(stack, set),
    Parameters: set.parameters.map(parameterAnswer),
    NotificationARNs: set.notificationArns,
    RollbackConfiguration: {},
    Capabilities: set.capabilities,
    Tags: Object.entries(set.tags).map(([Key, Value]) => ({ Key, Value })),
    OnStackFailure: set.onFailure,
  }
}

export function changeAnswer(change: ResourceChange): object {
  const { action, logicalId, physicalId, type, replacement, properties } = change
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      Replacement: replacement,
      Scope: action === 'Modify' ? [properties.length > 0 ? 'Properties' : 'Metadata'] : [],
      Details: properties.map((name) => ({
        Target: {
          Attribute: 'Properties',
          Name: name,
          RequiresRecreation: replacement === 'True' ? 'Always' : 'Never',
        },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      })),
    },
  }
}

function timeOf(millis: number | undefined): Date | undefined {
  return millis === undefined ? undefined : new Date(millis)
}
