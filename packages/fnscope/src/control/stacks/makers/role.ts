// AWS::IAM::Role, AWS::IAM::Policy (inline, of roles) and AWS::IAM::ManagedPolicy.
import { isMap, spell } from '../../../deploy/template-value.ts'
import type { Role, Roles } from '../../roles.ts'
import type { ResourceMaker, WantedResource } from '../resource-maker.ts'
import { documentOf, isNamed, listOf, tagsOf, textOf, textsOf } from './properties.ts'

export function roleMaker(roles: Roles, accountId: string): ResourceMaker {
  const put = ({ physicalId, properties }: WantedResource, before: Role | undefined): void => {
    const path = textOf(properties, 'Path') ?? '/'
    const boundaryArn = textOf(properties, 'PermissionsBoundary')
    const policies = listOf(properties, 'Policies').filter(isMap)
    roles.putRole({
      name: physicalId,
      path,
      arn: `arn:aws:iam::${accountId}:role${path}${physicalId}`,
      createdMs: before?.createdMs ?? Date.now(),
      trust: documentOf(properties['AssumeRolePolicyDocument']),
      description: textOf(properties, 'Description') ?? '',
      maxSessionSeconds: Number(textOf(properties, 'MaxSessionDuration') ?? 3600),
      ...(boundaryArn !== undefined && { boundaryArn }),
      tags: tagsOf(properties),
      attachedArns: textsOf(properties, 'ManagedPolicyArns'),
      inline: {
        ...before?.inline,
        ...Object.fromEntries(policies.map((one) => [spell(one['PolicyName']), documentOf(one['PolicyDocument'])])),
      },
    })
  }
  return {
    create: (wanted) => {
      if (isNamed(wanted) && roles.role(wanted.physicalId) !== undefined)
        throw new Error(`Role with name ${wanted.physicalId} already exists.`)
      put(wanted, undefined)
      return {}
    },
    update: (wanted, { physicalId }) => {
      put({ ...wanted, physicalId }, roles.role(physicalId))
      return {}
    },
    remove: ({ physicalId }) => roles.removeRole(physicalId),
  }
}

export function inlinePolicyMaker(roles: Roles): ResourceMaker {
  const holders = ({ properties }: WantedResource): readonly Role[] =>
    textsOf(properties, 'Roles').flatMap((name) => roles.role(name) ?? [])
  const nameOf = ({ properties, physicalId }: WantedResource): string => textOf(properties, 'PolicyName') ?? physicalId
  const put = (wanted: WantedResource): void => {
    for (const role of holders(wanted))
      roles.putRole({
        ...role,
        inline: { ...role.inline, [nameOf(wanted)]: documentOf(wanted.properties['PolicyDocument']) },
      })
  }
  const remove = (resource: WantedResource): void => {
    for (const role of holders(resource)) {
      const { [nameOf(resource)]: _, ...inline } = role.inline
      roles.putRole({ ...role, inline })
    }
  }
  return {
    create: (wanted) => {
      put(wanted)
      return {}
    },
    update: (wanted, before) => {
      remove(before)
      put(wanted)
      return {}
    },
    remove,
  }
}

export function managedPolicyMaker(roles: Roles): ResourceMaker {
  const put = ({ physicalId, properties }: WantedResource): void => {
    const now = Date.now()
    roles.putPolicy({
      name: physicalId.slice(physicalId.lastIndexOf('/') + 1),
      path: textOf(properties, 'Path') ?? '/',
      arn: physicalId,
      createdMs: roles.policy(physicalId)?.createdMs ?? now,
      updatedMs: now,
      description: textOf(properties, 'Description') ?? '',
      tags: {},
      versions: [{ id: 'v1', document: documentOf(properties['PolicyDocument']), createdMs: now }],
      defaultVersion: 'v1',
    })
    for (const name of textsOf(properties, 'Roles')) {
      const role = roles.role(name)
      if (role !== undefined && !role.attachedArns.includes(physicalId))
        roles.putRole({ ...role, attachedArns: [...role.attachedArns, physicalId] })
    }
  }
  return {
    create: (wanted) => {
      put(wanted)
      return {}
    },
    update: (wanted, { physicalId }) => {
      put({ ...wanted, physicalId })
      return {}
    },
    remove: ({ physicalId }) => {
      for (const role of roles.roles())
        if (role.attachedArns.includes(physicalId))
          roles.putRole({ ...role, attachedArns: role.attachedArns.filter((arn) => arn !== physicalId) })
      roles.removePolicy(physicalId)
    },
  }
}
