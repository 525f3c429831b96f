// Properties of a resource, each of the type its maker wants; another type is the user's mistake and fails the resource.
import { ownName } from '../../../deploy/resource-values.ts'
import { isList, isMap, spell, type TemplateMap, type TemplateValue } from '../../../deploy/template-value.ts'
import type { WantedResource } from '../resource-maker.ts'

/**
 * Whether the template names the resource itself, so that one of that name is somebody else's. A derived name is the
 * stack's own from an earlier time: what a stack of its name retained, it has again.
 */
export function isNamed({ type, properties }: WantedResource): boolean {
  return ownName(type, properties) !== undefined
}

export function textOf(properties: TemplateMap, name: string): string | undefined {
  const value = properties[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw new Error(`Properties validation failed: #/${name}: expected type: String`)
  return String(value)
}

export function listOf(properties: TemplateMap, name: string): readonly TemplateValue[] {
  const value = properties[name]
  if (value === undefined || value === null) return []
  return isList(value) ? value : [value]
}

export function textsOf(properties: TemplateMap, name: string): readonly string[] {
  return listOf(properties, name).map(spell)
}

/** A document as JSON text; templates may hold it as text already. */
export function documentOf(value: TemplateValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? {})
}

/** Tags as a list of Key and Value, or as a map. */
export function tagsOf(properties: TemplateMap): Readonly<Record<string, string>> {
  const tags = properties['Tags']
  if (isMap(tags)) return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, spell(value)]))
  const pairs = listOf(properties, 'Tags').filter(isMap)
  return Object.fromEntries(pairs.map((tag) => [spell(tag['Key']), spell(tag['Value'])]))
}
