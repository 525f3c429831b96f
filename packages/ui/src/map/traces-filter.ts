// The filter expression that finds the traces of a node of the map.
import type { MapNode } from './grouped.ts'

/** Undefined for a group that has no name of its own among services. */
export function tracesFilter({
  name,
  type,
  client,
  members,
}: Pick<MapNode, 'name' | 'type' | 'client' | 'members'>): string | undefined {
  if (client) return undefined
  const quoted = JSON.stringify(name)
  if (members > 1 || type === '') return `service(${quoted})`
  return `service(id(name: ${quoted}, type: ${JSON.stringify(type)}))`
}
