// SAM's Globals section, spread over the resources it applies to: maps merge, lists append (globals first), scalars and
// intrinsic calls are overridden. Values are still unresolved here.
import { intrinsicOf, invalid, isList, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'

const SECTIONS: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'Function',
  'AWS::Serverless::Api': 'Api',
  'AWS::Serverless::HttpApi': 'HttpApi',
  'AWS::Serverless::SimpleTable': 'SimpleTable',
  'AWS::Serverless::StateMachine': 'StateMachine',
  'AWS::Serverless::LayerVersion': 'LayerVersion',
}

export function mergeGlobal(base: TemplateValue | undefined, own: TemplateValue | undefined): TemplateValue {
  if (own === undefined) return base ?? null
  if (base === undefined || intrinsicOf(base) || intrinsicOf(own)) return own
  if (isList(base) && isList(own)) return [...base, ...own]
  if (isMap(base) && isMap(own)) {
    const merged: Record<string, TemplateValue> = { ...base }
    for (const [key, value] of Object.entries(own)) merged[key] = mergeGlobal(base[key], value)
    return merged
  }
  return own
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID, in SAM's words, for a section that no type has */
export function checkGlobals(template: TemplateMap, file: string): void {
  const known = [...Object.values(SECTIONS), 'CapacityProvider', 'WebSocketApi'].sort()
  for (const section of Object.keys(mapAt(template['Globals'], `${file}: Globals`))) {
    if (known.includes(section)) continue
    throw invalid(
      `'Globals' section is invalid. '${section}' is not supported. Must be one of the following values - ` +
        `[${known.join(', ')}] (${file}: Globals.${section})`,
    )
  }
}

/** The Globals of a resource type: empty for a type that has none. */
export function globalsFor(template: TemplateMap, type: string): TemplateMap {
  const section = SECTIONS[type]
  if (section === undefined) return {}
  return mapAt(mapAt(template['Globals'], 'Globals')[section], `Globals.${section}`)
}

/** A resource's properties under its type's Globals; `IgnoreGlobals` on the resource takes all or some of them out. */
export function withGlobals(template: TemplateMap, resource: TemplateMap, place: string): TemplateMap {
  const own = mapAt(resource['Properties'], `${place}.Properties`)
  const type = resource['Type']
  const ignored = resource['IgnoreGlobals']
  if (typeof type !== 'string' || ignored === '*') return own
  const skip = new Set(isList(ignored) ? ignored : [])
  const globals = Object.entries(globalsFor(template, type)).filter(([key]) => !skip.has(key))
  return mapAt(mergeGlobal(Object.fromEntries(globals), own), `${place}.Properties`)
}
