// What CloudFormation remembers of a stack: plain data, as it lies in the data directory.
import type { TemplateMap } from '../../deploy/template-value.ts'

export interface StackRecord {
  /** ARN. */
  readonly id: string
  readonly name: string
  readonly createdMs: number
  readonly updatedMs?: number
  readonly deletedMs?: number
  readonly status: string
  readonly statusReason?: string
  /** Of the deployed template; '' in review. */
  readonly template: string
  readonly description?: string
  readonly parameters: readonly StackParameter[]
  readonly capabilities: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  readonly roleArn?: string
  readonly notificationArns: readonly string[]
  readonly disableRollback: boolean
  readonly timeoutMinutes?: number
  readonly terminationProtection: boolean
  /** JSON text of the stack policy. */
  readonly policy?: string
  readonly outputs: readonly RecordedOutput[]
  /** Names of exports that its template imports. */
  readonly imports?: readonly string[]
  /** In create order. */
  readonly resources: readonly ResourceRecord[]
  /** The oldest first. */
  readonly events: readonly StackEvent[]
  readonly changeSets: readonly ChangeSetRecord[]
  /** Of the change set that made it what it is. */
  readonly changeSetId?: string
  readonly parentId?: string
  /** A nested stack that was changed or deleted by itself since the stack that holds it was changed. */
  readonly changedAlone?: boolean
  readonly rootId?: string
  /** Of the last request that changed it: the same again does nothing. */
  readonly lastToken?: string
}

export interface StackParameter {
  readonly key: string
  /** As given, or the default. */
  readonly value: string
  /** Of one that names an SSM parameter. */
  readonly resolvedValue?: string
  readonly noEcho?: true
}

export interface RecordedOutput {
  readonly key: string
  readonly value: string
  readonly description?: string
  readonly exportName?: string
}

export interface ResourceRecord {
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly statusReason?: string
  readonly updatedMs: number
  readonly properties: TemplateMap
  /** What GetAtt gives beyond what follows from the template: the data of custom resources. */
  readonly attributes: Readonly<Record<string, string>>
  readonly metadata: TemplateMap
  readonly deletionPolicy: string
  readonly updateReplacePolicy: string
  readonly emulated: boolean
}

export interface StackEvent {
  readonly id: string
  readonly timestampMs: number
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly properties?: TemplateMap
  readonly token?: string
}

export interface ChangeSetRecord {
  readonly id: string
  readonly name: string
  readonly type: 'CREATE' | 'UPDATE' | 'IMPORT'
  readonly description?: string
  readonly createdMs: number
  readonly status: 'CREATE_COMPLETE' | 'FAILED'
  readonly statusReason?: string
  readonly executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE' | 'EXECUTE_FAILED' | 'OBSOLETE'
  readonly template: string
  readonly parameters: readonly StackParameter[]
  readonly capabilities: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  readonly roleArn?: string
  readonly notificationArns: readonly string[]
  readonly onFailure?: string
  readonly includeNested: boolean
  readonly changes: readonly ResourceChange[]
  readonly token?: string
}

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove'
  readonly logicalId: string
  readonly physicalId?: string
  readonly type: string
  readonly replacement?: 'True' | 'False' | 'Conditional'
  /** Properties that differ. */
  readonly properties: readonly string[]
}

/** A stack of which only the name is known: nothing in it, nothing done to it. */
export function blankStack(id: string, name: string): Omit<StackRecord, 'status' | 'createdMs'> {
  return {
    id,
    name,
    template: '',
    parameters: [],
    capabilities: [],
    tags: {},
    notificationArns: [],
    disableRollback: false,
    terminationProtection: false,
    outputs: [],
    resources: [],
    events: [],
    changeSets: [],
  }
}

export function isInProgress(status: string): boolean {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS'
}
