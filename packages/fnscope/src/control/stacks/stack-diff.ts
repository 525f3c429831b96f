// What an update would do: the resources as they are against the resources of a template.
import { isDeepStrictEqual } from 'node:util'
import type { StackResource } from '../../deploy/resource-graph.ts'
import type { TemplateMap } from '../../deploy/template-value.ts'
import { replaces } from './replacement.ts'
import type { ResourceChange, ResourceRecord } from './stack-record.ts'

/** Added, changed and removed resources, in the template's order, removed ones last. */
export function stackChanges(before: readonly ResourceRecord[], after: readonly StackResource[]): ResourceChange[] {
  const old = new Map(before.map((one) => [one.logicalId, one]))
  const changes: ResourceChange[] = []
  for (const resource of after) {
    const { logicalId, type } = resource
    const was = old.get(logicalId)
    if (was === undefined || was.type !== type) {
      changes.push({ action: 'Add', logicalId, type, properties: [] })
      continue
    }
    const properties = changedProperties(was.properties, resource.properties)
    const metadata = !isDeepStrictEqual(was.metadata, resource.metadata)
    if (properties.length === 0 && !metadata) continue
    const replacement = replaces(type, properties) ? 'True' : 'False'
    changes.push({ action: 'Modify', logicalId, physicalId: was.physicalId, type, replacement, properties })
  }
  const kept = new Map(after.map((one) => [one.logicalId, one.type]))
  for (const { logicalId, physicalId, type } of before.toReversed())
    if (kept.get(logicalId) !== type) changes.push({ action: 'Remove', logicalId, physicalId, type, properties: [] })
  return changes
}

export function changedProperties(before: TemplateMap, after: TemplateMap): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort()
}
