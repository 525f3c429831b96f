// IAM (query protocol): roles, and policies attached, inline or managed. They are kept and shown, and deny nothing.
import { createHash } from 'node:crypto'
import type { JsonObject } from '../codec/json.ts'
import type { Policy, Role, Roles } from '../control/roles.ts'
import { XRAY_WRITE_POLICY } from '../control/xray-rights.ts'
import { listIn, numberIn, objectsIn, textIn } from './aws-input.ts'
import type { AwsOperation, AwsService } from './aws-service.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'
import { roleId } from './sts.ts'

export interface IamOptions {
  readonly roles: Roles
  readonly accountId: string
  readonly nowMs: () => number
}

const NAME = /^[\w+=,.@-]{1,64}$/
const MOST_VERSIONS = 5
const PAGE = 100

/** AWS's own policies of which this knows the document; any other can be attached as well. */
const MANAGED: Readonly<Record<string, object>> = {
  [XRAY_WRITE_POLICY]: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          'xray:PutTraceSegments',
          'xray:PutTelemetryRecords',
          'xray:GetSamplingRules',
          'xray:GetSamplingTargets',
          'xray:GetSamplingStatisticSummaries',
        ],
        Resource: ['*'],
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
}

export function iamService({ roles, accountId, nowMs }: IamOptions): AwsService {
  const roleOf = (input: JsonObject): Role => {
    const name = textIn(input, 'RoleName') ?? ''
    const role = roles.role(name)
    if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`)
    return role
  }
  const policyOf = (input: JsonObject): Policy => {
    const arn = textIn(input, 'PolicyArn') ?? ''
    const policy = roles.policy(arn) ?? managed(arn)
    if (policy === undefined) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`)
    return policy
  }
  const ownPolicy = (input: JsonObject): Policy => {
    const policy = roles.policy(textIn(input, 'PolicyArn') ?? '')
    if (policy === undefined) throw noSuchEntity(`Policy ${textIn(input, 'PolicyArn') ?? ''} was not found.`)
    return policy
  }
  const attachments = (arn: string): number =>
    roles.roles().filter(({ attachedArns }) => attachedArns.includes(arn)).length
  const shownPolicy = (policy: Policy): object => ({
    PolicyName: policy.name,
    PolicyId: `ANPA${createHash('sha256').update(policy.arn).digest('hex').slice(0, 17).toUpperCase()}`,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments(policy.arn),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    ...(policy.description !== '' && { Description: policy.description }),
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.updatedMs),
    Tags: tagList(policy.tags),
  })
  const listed = <Item>(
    input: JsonObject,
    all: readonly Item[],
    member: string,
    show: (one: Item) => unknown,
  ): object => {
    const most = Math.min(numberIn(input, 'MaxItems') ?? PAGE, 1000)
    const { items, next } = pageOf(all, { token: textIn(input, 'Marker'), most, errorCode: 'InvalidInput' })
    return { [member]: items.map(show), IsTruncated: next !== undefined, Marker: next }
  }
  const underPath = (path: string, input: JsonObject): boolean => path.startsWith(textIn(input, 'PathPrefix') ?? '/')
  const change = (role: Role, part: Partial<Role>): undefined => {
    roles.putRole({ ...role, ...part })
  }
  const operations: Readonly<Record<string, AwsOperation>> = {
    CreateRole: ({ input }) => {
      const name = textIn(input, 'RoleName') ?? ''
      if (!NAME.test(name))
        throw invalid(
          'The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
        )
      if (roles.role(name) !== undefined) throw exists(`Role with name ${name} already exists.`)
      const path = textIn(input, 'Path') ?? '/'
      const boundaryArn = textIn(input, 'PermissionsBoundary')
      const role: Role = {
        name,
        path,
        arn: `arn:aws:iam::${accountId}:role${path}${name}`,
        createdMs: nowMs(),
        trust: documentIn(input, 'AssumeRolePolicyDocument'),
        description: textIn(input, 'Description') ?? '',
        maxSessionSeconds: numberIn(input, 'MaxSessionDuration') ?? 3600,
        ...(boundaryArn !== undefined && { boundaryArn }),
        tags: tagsIn(input),
        attachedArns: [],
        inline: {},
      }
      roles.putRole(role)
      return { Role: shownRole(role) }
    },
    GetRole: ({ input }) => ({ Role: shownRole(roleOf(input)) }),
    ListRoles: ({ input }) =>
      listed(
        input,
        roles.roles().filter(({ path }) => underPath(path, input)),
        'Roles',
        shownRole,
      ),
    UpdateRole: ({ input }) => {
      const role = roleOf(input)
      change(role, {
        description: textIn(input, 'Description') ?? role.description,
        maxSessionSeconds: numberIn(input, 'MaxSessionDuration') ?? role.maxSessionSeconds,
      })
      return {}
    },
    UpdateRoleDescription: ({ input }) => {
      change(roleOf(input), { description: textIn(input, 'Description') ?? '' })
      return { Role: shownRole(roleOf(input)) }
    },
    UpdateAssumeRolePolicy: ({ input }) => change(roleOf(input), { trust: documentIn(input, 'PolicyDocument') }),
    DeleteRole: ({ input }) => {
      const { name, attachedArns, inline } = roleOf(input)
      if (attachedArns.length > 0) throw conflict('Cannot delete entity, must detach all policies first.')
      if (Object.keys(inline).length > 0) throw conflict('Cannot delete entity, must delete policies first.')
      roles.removeRole(name)
      return undefined
    },
    TagRole: ({ input }) => change(roleOf(input), { tags: { ...roleOf(input).tags, ...tagsIn(input) } }),
    UntagRole: ({ input }) => {
      const gone = new Set(listIn(input, 'TagKeys'))
      const role = roleOf(input)
      return change(role, { tags: Object.fromEntries(Object.entries(role.tags).filter(([key]) => !gone.has(key))) })
    },
    ListRoleTags: ({ input }) => ({ Tags: tagList(roleOf(input).tags), IsTruncated: false }),
    AttachRolePolicy: ({ input }) => {
      const role = roleOf(input)
      const { arn } = policyOf(input)
      if (!role.attachedArns.includes(arn)) change(role, { attachedArns: [...role.attachedArns, arn] })
      return undefined
    },
    DetachRolePolicy: ({ input }) => {
      const role = roleOf(input)
      const arn = textIn(input, 'PolicyArn') ?? ''
      if (!role.attachedArns.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`)
      return change(role, { attachedArns: role.attachedArns.filter((one) => one !== arn) })
    },
    ListAttachedRolePolicies: ({ input }) =>
      listed(input, roleOf(input).attachedArns, 'AttachedPolicies', (arn) => ({
        PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
        PolicyArn: arn,
      })),
    PutRolePolicy: ({ input }) => {
      const role = roleOf(input)
      const inline = { ...role.inline, [textIn(input, 'PolicyName') ?? '']: documentIn(input, 'PolicyDocument') }
      return change(role, { inline })
    },
    GetRolePolicy: ({ input }) => {
      const { name, inline } = roleOf(input)
      const policy = textIn(input, 'PolicyName') ?? ''
      if (!Object.hasOwn(inline, policy)) throw noSuchEntity(`The role policy with name ${policy} cannot be found.`)
      return { RoleName: name, PolicyName: policy, PolicyDocument: encodeURIComponent(inline[policy]!) }
    },
    DeleteRolePolicy: ({ input }) => {
      const role = roleOf(input)
      const policy = textIn(input, 'PolicyName') ?? ''
      const { [policy]: gone, ...inline } = role.inline
      if (gone === undefined) throw noSuchEntity(`The role policy with name ${policy} cannot be found.`)
      return change(role, { inline })
    },
    ListRolePolicies: ({ input }) => listed(input, Object.keys(roleOf(input).inline), 'PolicyNames', (name) => name),
    ListInstanceProfilesForRole: ({ input }) => (roleOf(input), { InstanceProfiles: [], IsTruncated: false }),
    CreatePolicy: ({ input }) => {
      const name = textIn(input, 'PolicyName') ?? ''
      const path = textIn(input, 'Path') ?? '/'
      const arn = `arn:aws:iam::${accountId}:policy${path}${name}`
      if (!/^[\w+=,.@-]{1,128}$/.test(name)) throw invalid('The specified value for policyName is invalid.')
      if (roles.policy(arn) !== undefined)
        throw exists(`A policy called ${name} already exists. Duplicate names are not allowed.`)
      const now = nowMs()
      const policy: Policy = {
        name,
        path,
        arn,
        createdMs: now,
        updatedMs: now,
        description: textIn(input, 'Description') ?? '',
        tags: tagsIn(input),
        versions: [{ id: 'v1', document: documentIn(input, 'PolicyDocument'), createdMs: now }],
        defaultVersion: 'v1',
      }
      roles.putPolicy(policy)
      return { Policy: shownPolicy(policy) }
    },
    GetPolicy: ({ input }) => ({ Policy: shownPolicy(policyOf(input)) }),
    ListPolicies: ({ input }) => {
      const scope = textIn(input, 'Scope') ?? 'All'
      const own = scope === 'AWS' ? [] : roles.policies()
      const aws = scope === 'Local' ? [] : Object.keys(MANAGED).flatMap((arn) => managed(arn) ?? [])
      const attached = textIn(input, 'OnlyAttached') === 'true'
      const all = [...own, ...aws].filter(
        (one) => underPath(one.path, input) && (!attached || attachments(one.arn) > 0),
      )
      return listed(input, all, 'Policies', shownPolicy)
    },
    DeletePolicy: ({ input }) => {
      const { arn } = ownPolicy(input)
      if (attachments(arn) > 0) throw conflict('Cannot delete a policy attached to entities.')
      roles.removePolicy(arn)
      return undefined
    },
    GetPolicyVersion: ({ input }) => {
      const policy = policyOf(input)
      const id = textIn(input, 'VersionId') ?? ''
      const version = policy.versions.find((one) => one.id === id)
      if (version === undefined)
        throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`)
      return { PolicyVersion: shownVersion(policy, version, true) }
    },
    ListPolicyVersions: ({ input }) => {
      const policy = policyOf(input)
      return listed(input, policy.versions.toReversed(), 'Versions', (one) => shownVersion(policy, one, false))
    },
    CreatePolicyVersion: ({ input }) => {
      const policy = ownPolicy(input)
      if (policy.versions.length >= MOST_VERSIONS)
        throw new ServiceError(
          'LimitExceeded',
          `A managed policy can have up to ${MOST_VERSIONS} versions. Before you create a new version, you must delete an existing version.`,
          { status: 409 },
        )
      const id = `v${Number(policy.versions.at(-1)!.id.slice(1)) + 1}`
      const version = { id, document: documentIn(input, 'PolicyDocument'), createdMs: nowMs() }
      const changed = {
        ...policy,
        updatedMs: nowMs(),
        versions: [...policy.versions, version],
        defaultVersion: textIn(input, 'SetAsDefault') === 'true' ? id : policy.defaultVersion,
      }
      roles.putPolicy(changed)
      return { PolicyVersion: shownVersion(changed, version, false) }
    },
    SetDefaultPolicyVersion: ({ input }) => {
      const policy = ownPolicy(input)
      const id = textIn(input, 'VersionId') ?? ''
      if (!policy.versions.some((one) => one.id === id)) throw noSuchEntity(`Policy version ${id} does not exist.`)
      roles.putPolicy({ ...policy, defaultVersion: id, updatedMs: nowMs() })
      return undefined
    },
    DeletePolicyVersion: ({ input }) => {
      const policy = ownPolicy(input)
      const id = textIn(input, 'VersionId') ?? ''
      if (id === policy.defaultVersion) throw conflict('Cannot delete the default version of a policy.')
      roles.putPolicy({ ...policy, versions: policy.versions.filter((one) => one.id !== id) })
      return undefined
    },
    ListEntitiesForPolicy: ({ input }) => {
      const { arn } = policyOf(input)
      const holders = roles.roles().filter(({ attachedArns }) => attachedArns.includes(arn))
      return {
        PolicyGroups: [],
        PolicyUsers: [],
        PolicyRoles: holders.map((role) => ({ RoleName: role.name, RoleId: roleId(role.arn) })),
        IsTruncated: false,
      }
    },
    GetUser: () => ({
      User: {
        Path: '/',
        UserName: 'root',
        UserId: accountId,
        Arn: `arn:aws:iam::${accountId}:root`,
        CreateDate: new Date(0),
      },
    }),
    ListAccountAliases: () => ({ AccountAliases: [], IsTruncated: false }),
  }
  const types = Object.fromEntries(
    Object.keys(operations).map((name) => [name, { numbers: ['MaxItems', 'MaxSessionDuration'] }]),
  )
  return {
    target: 'AWSIdentityManagementV20100508',
    namespace: 'com.amazonaws.iam',
    query: { version: '2010-05-08', xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/', types },
    operations,
  }
}

/** One of AWS's own: its document when it is known, an empty one of its name when not. */
function managed(arn: string): Policy | undefined {
  const match = /^arn:[\w-]+:iam::aws:policy(\/(?:.*\/)?)([\w+=,.@-]+)$/.exec(arn)
  if (match === null) return undefined
  const document = MANAGED[arn]
  return {
    name: match[2]!,
    path: match[1]!,
    arn,
    createdMs: 0,
    updatedMs: 0,
    description: '',
    tags: {},
    versions: document === undefined ? [] : [{ id: 'v1', document: JSON.stringify(document), createdMs: 0 }],
    defaultVersion: 'v1',
  }
}

function shownRole(role: Role): object {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: roleId(role.arn),
    Arn: role.arn,
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust),
    ...(role.description !== '' && { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
    ...(role.boundaryArn !== undefined && {
      PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: role.boundaryArn },
    }),
    Tags: tagList(role.tags),
    RoleLastUsed: {},
  }
}

function shownVersion(policy: Policy, version: Policy['versions'][number], whole: boolean): object {
  return {
    ...(whole && { Document: encodeURIComponent(version.document) }),
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    CreateDate: new Date(version.createdMs),
  }
}

function documentIn(input: JsonObject, name: string): string {
  const text = textIn(input, name) ?? ''
  try {
    JSON.parse(text)
    return text
  } catch {
    throw new ServiceError('MalformedPolicyDocument', 'This policy contains invalid Json')
  }
}

function tagsIn(input: JsonObject): Readonly<Record<string, string>> {
  const tags = objectsIn(input, 'Tags') ?? []
  return Object.fromEntries(tags.map((tag) => [textIn(tag, 'Key') ?? '', textIn(tag, 'Value') ?? '']))
}

function tagList(tags: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

function noSuchEntity(message: string): ServiceError {
  return new ServiceError('NoSuchEntityException', message, { status: 404, queryCode: 'NoSuchEntity' })
}

function exists(message: string): ServiceError {
  return new ServiceError('EntityAlreadyExistsException', message, { status: 409, queryCode: 'EntityAlreadyExists' })
}

function conflict(message: string): ServiceError {
  return new ServiceError('DeleteConflictException', message, { status: 409, queryCode: 'DeleteConflict' })
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationError', message)
}
