// ECR (JSON 1.1) as far as a deploy of zip functions touches it: repositories can be made, listed and deleted. There is no
// registry behind them: what would push or pull an image is refused with the reason.
import type { JsonObject } from '../codec/json.ts'
import type { Repositories, Repository } from '../control/repositories.ts'
import { listIn, numberIn, objectsIn, textIn } from './aws-input.ts'
import type { AwsOperation, AwsService } from './aws-service.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

export interface EcrOptions {
  readonly repositories: Repositories
  readonly region: string
  readonly accountId: string
  readonly nowMs: () => number
}

const REFUSED = [
  'GetAuthorizationToken',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
  'GetDownloadUrlForLayer',
  'BatchGetImage',
]

export function ecrService({ repositories, region, accountId, nowMs }: EcrOptions): AwsService {
  const arnOf = (name: string): string => `arn:aws:ecr:${region}:${accountId}:repository/${name}`
  const find = (input: JsonObject): Repository => {
    const name = textIn(input, 'repositoryName') ?? ''
    const found = repositories.find(name)
    if (found === undefined) throw notFound(name, accountId)
    return found
  }
  const shown = ({ name, createdMs }: Repository): object => ({
    repositoryArn: arnOf(name),
    registryId: accountId,
    repositoryName: name,
    repositoryUri: `${accountId}.dkr.ecr.${region}.amazonaws.com/${name}`,
    createdAt: new Date(createdMs),
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  })
  const ofArn = (input: JsonObject): Repository => {
    const name = (textIn(input, 'resourceArn') ?? '').replace(/^.*:repository\//, '')
    const found = repositories.find(name)
    if (found === undefined) throw notFound(name, accountId)
    return found
  }
  const refused: Readonly<Record<string, AwsOperation>> = Object.fromEntries(
    REFUSED.map((name) => [
      name,
      () => {
        throw new ServiceError(
          'ServerException',
          'fnscope has no container registry: functions in images do not run here. Deploy the function as a zip (PackageType: Zip).',
          { status: 501 },
        )
      },
    ]),
  )
  return {
    target: 'AmazonEC2ContainerRegistry_V20150921',
    namespace: 'com.amazonaws.ecr',
    operations: {
      ...refused,
      CreateRepository: ({ input }) => {
        const name = textIn(input, 'repositoryName') ?? ''
        if (repositories.find(name) !== undefined)
          throw new ServiceError(
            'RepositoryAlreadyExistsException',
            `The repository with name '${name}' already exists in the registry with id '${accountId}'`,
          )
        const repository = { name, createdMs: nowMs(), tags: tagsIn(input) }
        repositories.put(repository)
        return { repository: shown(repository) }
      },
      DescribeRepositories: ({ input }) => {
        const names = listIn(input, 'repositoryNames')
        const found =
          names === undefined ? repositories.all() : names.map((name) => find({ repositoryName: String(name) }))
        const { items, next } = pageOf(found, {
          token: textIn(input, 'nextToken'),
          most: numberIn(input, 'maxResults') ?? 100,
          errorCode: 'InvalidParameterException',
        })
        return { repositories: items.map(shown), nextToken: next }
      },
      DeleteRepository: ({ input }) => {
        const repository = find(input)
        repositories.remove(repository.name)
        return { repository: shown(repository) }
      },
      ListImages: ({ input }) => (find(input), { imageIds: [] }),
      DescribeImages: ({ input }) => {
        const { name } = find(input)
        if ((listIn(input, 'imageIds') ?? []).length > 0)
          throw new ServiceError(
            'ImageNotFoundException',
            `The image requested does not exist within the repository with name '${name}' in the registry with id '${accountId}'`,
          )
        return { imageDetails: [] }
      },
      BatchDeleteImage: ({ input }) => (find(input), { imageIds: [], failures: [] }),
      SetRepositoryPolicy: ({ input }) => {
        const policy = textIn(input, 'policyText') ?? '{}'
        repositories.put({ ...find(input), policy })
        return { registryId: accountId, repositoryName: find(input).name, policyText: policy }
      },
      GetRepositoryPolicy: ({ input }) => {
        const { name, policy } = find(input)
        if (policy === undefined)
          throw new ServiceError(
            'RepositoryPolicyNotFoundException',
            `Repository policy does not exist for the repository with name '${name}' in the registry with id '${accountId}'`,
          )
        return { registryId: accountId, repositoryName: name, policyText: policy }
      },
      PutLifecyclePolicy: ({ input }) => {
        const lifecyclePolicy = textIn(input, 'lifecyclePolicyText') ?? '{}'
        repositories.put({ ...find(input), lifecyclePolicy })
        return { registryId: accountId, repositoryName: find(input).name, lifecyclePolicyText: lifecyclePolicy }
      },
      PutImageScanningConfiguration: ({ input }) => ({
        registryId: accountId,
        repositoryName: find(input).name,
        imageScanningConfiguration: { scanOnPush: false },
      }),
      TagResource: ({ input }) => {
        const repository = ofArn(input)
        repositories.put({ ...repository, tags: { ...repository.tags, ...tagsIn(input) } })
        return {}
      },
      ListTagsForResource: ({ input }) => ({
        tags: Object.entries(ofArn(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  }
}

function tagsIn(input: JsonObject): Readonly<Record<string, string>> {
  const tags = objectsIn(input, 'tags') ?? []
  return Object.fromEntries(tags.map((tag) => [textIn(tag, 'Key') ?? '', textIn(tag, 'Value') ?? '']))
}

function notFound(name: string, accountId: string): ServiceError {
  return new ServiceError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${accountId}'`,
  )
}
