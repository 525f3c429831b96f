// AWS::S3::Bucket and AWS::S3::BucketPolicy.
import { isMap } from '../../../deploy/template-value.ts'
import type { Buckets } from '../../buckets.ts'
import type { ResourceMaker, WantedResource } from '../resource-maker.ts'
import { documentOf, isNamed, textOf } from './properties.ts'

export function bucketMaker(buckets: Buckets, region: string): ResourceMaker {
  const configure = ({ physicalId, properties }: WantedResource): void => {
    const versioning = properties['VersioningConfiguration']
    const status = isMap(versioning) ? versioning['Status'] : undefined
    if (status === 'Enabled' || status === 'Suspended') buckets.change(physicalId, { versioning: status })
  }
  return {
    create: (wanted) => {
      const isThere = buckets.find(wanted.physicalId) !== undefined
      if (isThere && isNamed(wanted)) throw new Error(`${wanted.physicalId} already exists`)
      if (!isThere) buckets.create(wanted.physicalId, region)
      configure(wanted)
      return {}
    },
    update: (wanted, before) => {
      configure({ ...wanted, physicalId: before.physicalId })
      return {}
    },
    remove: ({ physicalId }) => {
      if (buckets.find(physicalId) === undefined) return
      if (!buckets.isEmpty(physicalId))
        throw new Error(
          'Resource handler returned message: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409)" (HandlerErrorCode: GeneralServiceException)',
        )
      buckets.remove(physicalId)
    },
  }
}

export function bucketPolicyMaker(buckets: Buckets): ResourceMaker {
  const put = ({ properties }: WantedResource): object => {
    const bucket = buckets.find(textOf(properties, 'Bucket') ?? '')
    if (bucket !== undefined)
      buckets.change(bucket.name, {
        documents: { ...bucket.documents, policy: documentOf(properties['PolicyDocument']) },
      })
    return {}
  }
  return {
    create: put,
    update: put,
    remove: ({ properties }) => {
      const bucket = buckets.find(textOf(properties, 'Bucket') ?? '')
      if (bucket === undefined) return
      const { policy: _, ...documents } = bucket.documents
      buckets.change(bucket.name, { documents })
    },
  }
}
