// The execution role that SAM makes for a function or a state machine: who may assume it, managed policies, and each entry
// of Policies as an inline policy. Nothing is enforced by it; tools list it.
import { intrinsicOf, isList, isMap, type TemplateMap, type TemplateValue } from '../template-value.ts'
import { policyStatements } from './policy-templates.ts'
import { resource, sub, tagList, type Attributes } from './parts.ts'

export interface RoleDraft {
  /** Of the resource that the role is for. */
  readonly id: string
  readonly service: 'lambda' | 'states'
  readonly policies: TemplateValue | undefined
  /** Names of service-role or plain managed policies, put first. */
  readonly managed: readonly string[]
  /** Policies that other properties ask for. */
  readonly inline: readonly TemplateMap[]
  readonly path?: TemplateValue | undefined
  readonly boundary?: TemplateValue | undefined
  readonly assumePolicy?: TemplateValue | undefined
  readonly tags: TemplateValue | undefined
  readonly attributes: Attributes
}

/** Managed policies that are asked for by name, and where they lie in IAM. */
const PATHS: Readonly<Record<string, string>> = {
  AWSLambdaBasicExecutionRole: 'service-role/',
  AWSLambdaBasicDurableExecutionRolePolicy: 'service-role/',
  AWSLambdaDynamoDBExecutionRole: 'service-role/',
  AWSLambdaENIManagementAccess: 'service-role/',
  AWSLambdaKinesisExecutionRole: 'service-role/',
  AWSLambdaMSKExecutionRole: 'service-role/',
  AWSLambdaRole: 'service-role/',
  AWSLambdaSQSQueueExecutionRole: 'service-role/',
  AWSLambdaVPCAccessExecutionRole: 'service-role/',
}

export function managedPolicy(name: string): string {
  return `arn:aws:iam::aws:policy/${PATHS[name] ?? ''}${name}`
}

export function executionRole(draft: RoleDraft): TemplateMap {
  const { managed, inline } = splitPolicies(draft)
  return resource(
    'AWS::IAM::Role',
    {
      AssumeRolePolicyDocument: draft.assumePolicy ?? assumedBy(draft.service),
      ManagedPolicyArns: managed.length === 0 && draft.service === 'states' ? undefined : managed,
      Policies: inline.length === 0 ? undefined : inline,
      Path: draft.path,
      PermissionsBoundary: draft.boundary,
      Tags: tagList(draft.tags, draft.service === 'lambda' ? 'lambda:createdBy' : 'stateMachine:createdBy'),
    },
    draft.attributes,
  )
}

export function assumedBy(service: string): TemplateMap {
  const Principal = { Service: [`${service}.amazonaws.com`] }
  return { Version: '2012-10-17', Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal }] }
}

function splitPolicies(draft: RoleDraft): { readonly managed: TemplateValue[]; readonly inline: TemplateValue[] } {
  const managed: TemplateValue[] = draft.managed.map(managedPolicy)
  const inline: TemplateValue[] = [...draft.inline]
  const entries = isList(draft.policies) ? draft.policies : draft.policies === undefined ? [] : [draft.policies]
  for (const [index, entry] of entries.entries()) {
    const PolicyName = `${draft.id}RolePolicy${index}`
    const statements = isMap(entry) && !intrinsicOf(entry) ? policyStatements(entry) : undefined
    if (statements !== undefined) inline.push({ PolicyName, PolicyDocument: { Statement: statements } })
    else if (isMap(entry) && entry['Statement'] !== undefined) inline.push({ PolicyName, PolicyDocument: entry })
    else {
      const arn = typeof entry === 'string' && !entry.startsWith('arn:') ? managedPolicy(entry) : entry
      if (!managed.includes(arn)) managed.push(arn)
    }
  }
  return { managed, inline }
}

/** Inline policy with one statement. */
export function allow(name: string, actions: string | readonly string[], target: TemplateValue): TemplateMap {
  const Action: TemplateValue = typeof actions === 'string' ? actions : [...actions]
  return {
    PolicyName: name,
    PolicyDocument: { Version: '2012-10-17', Statement: [{ Action, Effect: 'Allow', Resource: target }] },
  }
}

export function partitionArn(service: string, path: string): TemplateMap {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${path}`)
}
