// What a stack's template says of a function beyond what the platform runs: its role, its layers, the archive of its code.
import { isMap, spell } from '../../deploy/template-value.ts'
import type { FunctionSpec } from '../../functions/function-spec.ts'
import type { Buckets } from '../buckets.ts'
import type { CodeStore } from '../code-store.ts'
import { textOf, textsOf } from '../stacks/makers/properties.ts'
import type { StackStore } from '../stacks/stack-store.ts'
import type { Origin } from './functions.ts'

export interface OriginSources {
  readonly store: StackStore
  readonly buckets: Buckets
  readonly code: CodeStore
}

/** Empty for a function that no stack of the API has. */
export function originOf(spec: FunctionSpec, { store, buckets, code }: OriginSources): Origin {
  const resource = store
    .find(spec.stack)
    ?.resources.find((one) => one.type === 'AWS::Lambda::Function' && one.physicalId === spec.name)
  if (resource === undefined) return {}
  const { properties, updatedMs } = resource
  const roleArn = textOf(properties, 'Role')
  const place = properties['Code']
  const [bucket, key] = isMap(place) ? [spell(place['S3Bucket']), spell(place['S3Key'])] : ['', '']
  const object = buckets.find(bucket) === undefined ? undefined : buckets.versions(bucket, key)[0]
  const unpacked = object?.content && code.unpackFile(buckets.pathOf(bucket, object.content.file))
  return {
    layerArns: textsOf(properties, 'Layers'),
    modifiedMs: updatedMs,
    ...(roleArn !== undefined && { roleArn }),
    ...(unpacked && { codeSha256: unpacked.sha256, codeSize: unpacked.size }),
  }
}
