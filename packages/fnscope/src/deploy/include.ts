// `Fn::Transform` of AWS::Include: a snippet of a file put in its place, before anything else is read.
import type { Files } from './lookups.ts'
import { invalid, isList, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'
import { parseSnippet } from './template-yaml.ts'

interface Options {
  readonly file: string
  readonly dir?: string
  readonly files?: Files
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID when a snippet is not at hand, or another transform is asked for */
export async function withIncludes(template: TemplateMap, options: Options): Promise<TemplateMap> {
  const whole = await included(template, options, '')
  const transform = template['Transform']
  const asked = isList(transform) ? transform : [transform]
  for (const name of asked.map((one) => (isMap(one) ? one['Name'] : one)))
    // Those of AWS change nothing that runs here, where they are not carried out.
    if (typeof name === 'string' && !name.startsWith('AWS::')) throw noSuchTransform(name, `${options.file}: Transform`)
  const include = asked.find((one) => isMap(one) && one['Name'] === 'AWS::Include')
  const done = mapAt(whole, options.file)
  if (include === undefined) return done
  return mapAt(withSnippet(done, await snippet(include, options, 'Transform')), options.file)
}

async function included(value: TemplateValue, options: Options, place: string): Promise<TemplateValue> {
  if (isList(value)) {
    return await Promise.all(value.map(async (item, index) => await included(item, options, `${place}[${index}]`)))
  }
  if (!isMap(value)) return value
  const done: Record<string, TemplateValue> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key !== 'Fn::Transform') done[key] = await included(inner, options, place === '' ? key : `${place}.${key}`)
  }
  const call = value['Fn::Transform']
  return call === undefined ? done : withSnippet(done, await snippet(call, options, place))
}

function withSnippet(beside: TemplateMap, found: TemplateValue): TemplateValue {
  return isMap(found) ? { ...found, ...beside } : found
}

function noSuchTransform(name: TemplateValue | undefined, at: string): Error {
  return invalid(
    `No transform named ${JSON.stringify(name)} found. ${at}: fnscope runs no macros, it carries out AWS::Include, SAM's and AWS::LanguageExtensions.`,
  )
}

async function snippet(call: TemplateValue, options: Options, place: string): Promise<TemplateValue> {
  const at = `${options.file}: ${place}`
  const asked = mapAt(call, at)
  if (asked['Name'] !== 'AWS::Include') throw noSuchTransform(asked['Name'], at)
  const location = mapAt(asked['Parameters'], at)['Location']
  const found = typeof location === 'string' ? await options.files?.template?.(location, options.dir) : undefined
  if (found === undefined) throw invalid(`${at} includes ${JSON.stringify(location)}, which is not at hand.`)
  return parseSnippet(found.text, found.file)
}
