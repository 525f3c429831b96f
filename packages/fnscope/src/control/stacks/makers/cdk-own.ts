// Two custom resources that the CDK writes into a user's stack, done without their functions: the retention of a log group,
// and the emptying of a bucket that is to go.
import type { Buckets } from '../../buckets.ts'
import type { ResourceMaker, WantedResource } from '../resource-maker.ts'
import { textOf } from './properties.ts'

/** Days; undefined: forever. */
export type SetRetention = (logGroup: string, days: number | undefined) => void

export function logRetentionMaker(setRetention: SetRetention): ResourceMaker {
  const put = ({
    properties,
  }: WantedResource): { readonly physicalId: string; readonly attributes: Record<string, string> } => {
    const group = textOf(properties, 'LogGroupName') ?? ''
    const days = textOf(properties, 'RetentionInDays')
    setRetention(group, days === undefined ? undefined : Number(days))
    return { physicalId: group, attributes: { LogGroupName: group } }
  }
  return { create: put, update: put, remove: () => {} }
}

export function emptyBucketMaker(buckets: Buckets): ResourceMaker {
  return {
    create: () => ({}),
    update: () => ({}),
    remove: ({ properties }) => {
      const bucket = textOf(properties, 'BucketName') ?? ''
      if (buckets.find(bucket) === undefined) return
      for (const key of buckets.keys(bucket))
        for (const { versionId } of buckets.versions(bucket, key)) buckets.deleteVersion(bucket, key, versionId)
    },
  }
}
