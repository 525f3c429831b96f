// Which number a stack's layer versions have. A version is never changed: one that says something else than before is the
// next of its layer's, and every reference to it says so before anything is made.
import type { Stack } from '../../deploy/stack.ts'
import { LAYER_VERSION_TYPE, pathOf } from './resource-records.ts'
import { replaces } from './replacement.ts'
import { changedProperties } from './stack-diff.ts'
import type { ResourceRecord } from './stack-record.ts'
import type { MadeValue } from './stack-templates.ts'

export interface LayerSurroundings {
  /** What the stacks were until now, by path. */
  readonly before: ReadonlyMap<string, ResourceRecord>
  /** Made in the change underway: numbered already. */
  readonly made: ReadonlyMap<string, unknown>
  /** The number that the next version of a layer of that name has. */
  readonly nextVersion: (name: string) => number
}

/** Those that are not the first of their layer, by path, of the stack and of those nested in it. */
export function layerVersions(stack: Stack, surroundings: LayerSurroundings): ReadonlyMap<string, MadeValue> {
  const next = new Map<string, number>()
  return new Map(
    layersOf(stack, []).flatMap(([path, { type, physicalId: first, properties }]) => {
      if (surroundings.made.has(path)) return []
      const was = surroundings.before.get(path)
      const kept = was !== undefined && !replaces(type, changedProperties(was.properties, properties))
      const physicalId = kept ? was.physicalId : nextOf(first, next, surroundings)
      return physicalId === first ? [] : [[path, { physicalId, attributes: { LayerVersionArn: physicalId } }] as const]
    }),
  )
}

function nextOf(arn: string, next: Map<string, number>, { nextVersion }: LayerSurroundings): string {
  const [, base, name] = /^(.*:layer:([^:]+)):\d+$/.exec(arn)!
  const version = next.get(name!) ?? nextVersion(name!)
  next.set(name!, version + 1)
  return `${base}:${version}`
}

function layersOf(
  { resources, nested }: Stack,
  path: readonly string[],
): readonly (readonly [path: string, layer: Stack['resources'][number]])[] {
  const own = resources.filter(({ type }) => type === LAYER_VERSION_TYPE)
  const inner = [...nested].flatMap(([logicalId, stack]) => layersOf(stack, [...path, logicalId]))
  return [...own.map((one) => [pathOf(path, one.logicalId), one] as const), ...inner]
}
