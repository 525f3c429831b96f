// AWS::ECR::Repository, which the CDK's bootstrap stack has: a name without a registry.
import type { Repositories } from '../../repositories.ts'
import type { ResourceMaker } from '../resource-maker.ts'
import { isNamed } from './properties.ts'

const REASON = 'fnscope has no container registry: the repository is a name alone.'

export function repositoryMaker(repositories: Repositories): ResourceMaker {
  return {
    create: (wanted) => {
      const { physicalId } = wanted
      const isThere = repositories.find(physicalId) !== undefined
      if (isThere && isNamed(wanted)) throw new Error(`${physicalId} already exists`)
      if (!isThere) repositories.put({ name: physicalId, createdMs: Date.now(), tags: {} })
      return { reason: REASON }
    },
    update: () => ({ reason: REASON }),
    remove: ({ physicalId }) => repositories.remove(physicalId),
  }
}
