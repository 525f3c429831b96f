// What a stack's template says of a function beyond what the platform runs: its role, its layers, the archive of its code.
import { s3PlaceOf } from '../../deploy/s3-place.ts'
import type { FunctionSpec } from '../../functions/function-spec.ts'
import type { Buckets } from '../buckets.ts'
import type { CodeStore } from '../code-store.ts'
import { textOf, textsOf } from '../stacks/makers/properties.ts'
import type { ResourceRecord } from '../stacks/stack-record.ts'
import type { StackStore } from '../stacks/stack-store.ts'
import type { Origin } from './functions.ts'

export interface OriginSources {
  readonly store: StackStore
  readonly buckets: Buckets
  readonly code: CodeStore
}

/** Empty for a function that no stack of the API has. */
export function originOf(spec: FunctionSpec, sources: OriginSources): Origin {
  const { store } = sources
  const stack = store.find(spec.stack)
  const own = stack === undefined ? [] : [stack, ...store.all().filter(({ rootId }) => rootId === stack.id)]
  const resource = own
    .flatMap(({ resources }) => resources)
    .find((one) => one.type === 'AWS::Lambda::Function' && one.physicalId === spec.name)
  return resource === undefined ? {} : originOfResource(resource, sources)
}

export function originOfResource(
  { properties, updatedMs }: ResourceRecord,
  { buckets, code }: Pick<OriginSources, 'buckets' | 'code'>,
): Origin {
  const roleArn = textOf(properties, 'Role')
  const place = s3PlaceOf(properties['Code'])
  const path = place && buckets.contentPath(place)
  const unpacked = path === undefined ? undefined : code.unpackFile(path)
  return {
    layerArns: textsOf(properties, 'Layers'),
    modifiedMs: updatedMs,
    ...(roleArn !== undefined && { roleArn }),
    ...(unpacked && { codeSha256: unpacked.sha256, codeSize: unpacked.size }),
  }
}
