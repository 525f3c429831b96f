// A value with what is known before anything is deployed put in: parameters, the region, mappings. What depends on a
// resource stays a call. SAM's transform sees values so, and language extensions do.
import { intrinsicOf, isList, isMap, type TemplateMap, type TemplateValue } from './template-value.ts'

export interface StaticContext {
  readonly parameters: ReadonlyMap<string, TemplateValue>
  readonly region: string
  readonly mappings: TemplateMap
}

export function knownValue(value: TemplateValue | undefined, context: StaticContext): TemplateValue | undefined {
  if (isList(value)) return value.map((item) => knownValue(item, context) ?? null)
  if (!isMap(value)) return value
  const call = intrinsicOf(value)
  if (call?.[0] === 'Ref' && typeof call[1] === 'string') return nameValue(call[1], context) ?? value
  if (call?.[0] === 'Fn::Sub' && typeof call[1] === 'string') return substituted(call[1], context)
  const inner: Record<string, TemplateValue> = {}
  for (const [key, item] of Object.entries(value)) inner[key] = knownValue(item, context) ?? null
  if (call?.[0] === 'Fn::FindInMap') return mapped(inner['Fn::FindInMap'], context) ?? inner
  return inner
}

function nameValue(name: string, { parameters, region }: StaticContext): TemplateValue | undefined {
  return name === 'AWS::Region' ? region : parameters.get(name)
}

/** Text once nothing is left to put in. */
function substituted(text: string, context: StaticContext): TemplateValue {
  const known = text.replaceAll(/\$\{([A-Za-z0-9:]+)\}/g, (whole, name: string) => {
    const value = nameValue(name, context)
    return value === undefined || typeof value === 'object' ? whole : String(value)
  })
  return /\$\{[^!]/.test(known) ? { 'Fn::Sub': known } : known
}

function mapped(path: TemplateValue | undefined, { mappings }: StaticContext): TemplateValue | undefined {
  if (!isList(path)) return undefined
  let found: TemplateValue | undefined = mappings
  for (const name of path.slice(0, 3)) {
    found = isMap(found) && (typeof name === 'string' || typeof name === 'number') ? found[name] : undefined
  }
  return found
}
