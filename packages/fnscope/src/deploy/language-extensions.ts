// Fn::ForEach of AWS::LanguageExtensions: one entry for each item of a list, in Resources, Outputs, Conditions and inside
// properties. Fn::Length, Fn::ToJsonString and defaults of FindInMap are in intrinsics.ts.
import { invalid, isList, isMap, spell, type TemplateMap, type TemplateValue } from './template-value.ts'

type Known = (value: TemplateValue | undefined) => TemplateValue | undefined

interface Context {
  readonly known: Known
  readonly file: string
}

/** The template without loops. @throws FnscopeError FNS_TEMPLATE_INVALID for a loop that cannot be carried out */
export function expandForEach(template: TemplateMap, known: Known, file: string): TemplateMap {
  if (!JSON.stringify(template).includes('"Fn::ForEach')) return template
  const done: Record<string, TemplateValue> = {}
  for (const [section, value] of Object.entries(template)) done[section] = unrolled(value, { known, file }, section)
  return done
}

function unrolled(value: TemplateValue, context: Context, place: string): TemplateValue {
  if (isList(value)) return value.map((item, index) => unrolled(item, context, `${place}[${index}]`))
  if (!isMap(value)) return value
  const done: Record<string, TemplateValue> = {}
  for (const [key, inner] of Object.entries(value)) {
    const at = `${place}.${key}`
    const entries = key.startsWith('Fn::ForEach')
      ? loop(inner, context, at)
      : [[key, unrolled(inner, context, at)] as const]
    for (const [name, entry] of entries) {
      if (Object.hasOwn(done, name)) throw invalid(`${context.file}: ${at} makes ${name} twice.`)
      done[name] = entry
    }
  }
  return done
}

function loop(argument: TemplateValue, context: Context, place: string): (readonly [string, TemplateValue])[] {
  const [name, collection, body] = isList(argument) ? argument : []
  const items = context.known(collection)
  if (typeof name !== 'string' || !isList(items) || !isMap(body)) {
    throw invalid(
      `${context.file}: ${place} wants a name, a list that is known before deployment, and a map of what to repeat.`,
    )
  }
  return items.flatMap((item) => {
    const text = spell(item)
    const one = withItem(body, name, text)
    return Object.entries(unrolled(one, context, place) as TemplateMap)
  })
}

/** `${Name}`, `&{Name}` and `{Ref: Name}` inside a loop's body; `&{}` leaves out what an id may not have. */
function withItem(value: TemplateValue, name: string, item: string): TemplateValue {
  if (typeof value === 'string') {
    return value.replaceAll(`\${${name}}`, item).replaceAll(`&{${name}}`, item.replaceAll(/[^A-Za-z0-9]/g, ''))
  }
  if (isList(value)) return value.map((each) => withItem(each, name, item))
  if (!isMap(value)) return value
  if (Object.keys(value).length === 1 && value['Ref'] === name) return item
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [spell(withItem(key, name, item)), withItem(inner, name, item)]),
  )
}
