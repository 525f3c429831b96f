// Who refers to whom: every Ref, GetAtt and Sub of a template, to find names that do not exist.
import { intrinsicOf, invalid, isList, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'

export interface Reference {
  readonly name: string
  /** For GetAtt and `${A.B}`. */
  readonly attribute?: string
  readonly place: string
}

/** All references inside a value, unresolved branches included. */
export function referencesIn(value: TemplateValue | undefined, place: string): Reference[] {
  if (isList(value)) return value.flatMap((item, index) => referencesIn(item, `${place}[${index}]`))
  if (!isMap(value)) return []
  const call = intrinsicOf(value)
  if (call?.[0] === 'Ref' && typeof call[1] === 'string') return [{ name: call[1], place }]
  if (call?.[0] === 'Fn::GetAtt') return getAttReference(call[1], place)
  if (call?.[0] === 'Fn::Sub') return subReferences(call[1], place)
  return Object.entries(value).flatMap(([key, inner]) => referencesIn(inner, call ? place : `${place}.${key}`))
}

function getAttReference(argument: TemplateValue, place: string): Reference[] {
  const text = isList(argument) ? argument.filter((part) => typeof part === 'string').join('.') : argument
  const at = typeof text === 'string' ? text.indexOf('.') : -1
  if (typeof text !== 'string' || at < 1) return []
  return [{ name: text.slice(0, at), attribute: text.slice(at + 1), place }]
}

function subReferences(argument: TemplateValue, place: string): Reference[] {
  const [template, given] = isList(argument) ? argument : [argument]
  if (typeof template !== 'string') return []
  const own = isMap(given) ? given : {}
  const found = [...template.matchAll(/\$\{([^}!]*)\}/g)].flatMap((match): Reference[] => {
    const name = match[1]!.trim()
    if (name === '' || Object.hasOwn(own, name)) return []
    const at = name.indexOf('.')
    return at < 0 ? [{ name, place }] : [{ name: name.slice(0, at), attribute: name.slice(at + 1), place }]
  })
  return [...found, ...referencesIn(own, place)]
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID naming the place of the first unknown name */
export function checkReferences(template: TemplateMap, file: string, knows: (name: string) => boolean): void {
  for (const section of ['Resources', 'Outputs']) {
    for (const [id, entry] of Object.entries(mapAt(template[section], section))) {
      if (!isMap(entry)) continue
      const part = section === 'Resources' ? 'Properties' : 'Value'
      for (const reference of referencesIn(entry[part], `${section}.${id}.${part}`)) {
        if (knows(reference.name) || knows(`${reference.name}.${reference.attribute}`)) continue
        throw invalid(
          `Template format error: Unresolved resource dependencies [${reference.name}] in the ${section} block of the ` +
            `template. ${file}: ${reference.place} refers to ${reference.name}, which is no parameter and no resource of this template.`,
        )
      }
    }
  }
}
