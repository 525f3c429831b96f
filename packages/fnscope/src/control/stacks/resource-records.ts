// The records of a stack's resources before, within and after a change.
import { isCustom } from '../../deploy/emulated-types.ts'
import type { StackResource } from '../../deploy/resource-graph.ts'
import type { ResourceRecord, StackRecord } from './stack-record.ts'
import { STACK_TYPE } from '../../deploy/template-value.ts'

/** A step of a change: what a resource is now, and what it was. */
export interface Done {
  readonly now: ResourceRecord
  readonly before: ResourceRecord | undefined
  /** Of a nested stack: the steps within, and its record before them. */
  readonly inner?: { readonly done: readonly Done[]; readonly before: StackRecord | undefined }
}

/** Its Ref or GetAtt say more than follows from the template: it answered them when it was made, or was numbered. */
export function hasOwnValues(type: string): boolean {
  return isCustom(type) || type === LAYER_VERSION_TYPE || type === FUNCTION_VERSION_TYPE
}

export const FUNCTION_VERSION_TYPE = 'AWS::Lambda::Version'
export const LAYER_VERSION_TYPE = 'AWS::Lambda::LayerVersion'

/** How lookups name a resource: by the nested stacks that it lies in. */
export function pathOf(path: readonly string[], logicalId: string): string {
  return [...path, logicalId].join('/')
}

/** Those with values of their own, of the stack and of those nested in it, by their path. */
export function ownValues(
  { resources }: StackRecord,
  find: (id: string) => StackRecord | undefined,
  path: readonly string[] = [],
): readonly (readonly [path: string, record: ResourceRecord])[] {
  return resources.flatMap((one) => {
    if (hasOwnValues(one.type)) return [[pathOf(path, one.logicalId), one] as const]
    const nested = one.type === STACK_TYPE ? find(one.physicalId) : undefined
    return nested === undefined ? [] : ownValues(nested, find, [...path, one.logicalId])
  })
}

export function recordOf(
  resource: StackResource,
  now: Pick<ResourceRecord, 'physicalId' | 'status'> & Partial<Pick<ResourceRecord, 'attributes' | 'statusReason'>>,
): ResourceRecord {
  const { dependsOn: _, attributes: __, ...rest } = resource
  return { ...rest, attributes: {}, updatedMs: Date.now(), ...now }
}

/** The record of every resource of the template: as it was made now, or as it was. */
export function merged(
  wanted: readonly StackResource[],
  before: readonly ResourceRecord[],
  done: readonly Done[],
): readonly ResourceRecord[] {
  const made = new Map(done.map(({ now }) => [now.logicalId, now]))
  const old = new Map(before.map((one) => [one.logicalId, one]))
  return wanted.flatMap(({ logicalId }) => made.get(logicalId) ?? old.get(logicalId) ?? [])
}

/** Those that the template no longer has, and those that were replaced. */
export function leftBehind(
  before: readonly ResourceRecord[],
  wanted: readonly StackResource[],
  done: readonly Done[],
): readonly ResourceRecord[] {
  const types = new Map(wanted.map(({ logicalId, type }) => [logicalId, type]))
  const now = new Map(done.map((one) => [one.now.logicalId, one.now]))
  return before.filter((old) => {
    if (types.get(old.logicalId) !== old.type) return true
    const made = now.get(old.logicalId)
    return made !== undefined && made.physicalId !== old.physicalId
  })
}

/** What was made where nothing was. */
export function newOnes(done: readonly Done[]): readonly ResourceRecord[] {
  return done.filter(({ before }) => before === undefined).map(({ now }) => now)
}

/** What there is of a stack in which a step failed. */
export function remaining(before: readonly ResourceRecord[], done: readonly Done[]): readonly ResourceRecord[] {
  const now = new Map(done.map((one) => [one.now.logicalId, one.now]))
  const old = new Set(before.map(({ logicalId }) => logicalId))
  return [
    ...before.map((one) => now.get(one.logicalId) ?? one),
    ...done.flatMap((one) => (old.has(one.now.logicalId) ? [] : [one.now])),
  ]
}
