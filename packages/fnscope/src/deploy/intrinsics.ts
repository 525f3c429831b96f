// CloudFormation's intrinsic functions over template values. What a name stands for is the Scope's business, not this file's.
import { cidrBlocks } from './cidr.ts'
import {
  describe,
  intrinsicOf,
  invalid,
  isList,
  isMap,
  spell,
  type TemplateMap,
  type TemplateValue,
} from './template-value.ts'

/** What names mean in one template. `place` is the path for error messages: `Resources.Fn.Properties.Timeout`. */
export interface Scope {
  /** Undefined: AWS::NoValue. @throws FnscopeError FNS_TEMPLATE_INVALID for an unknown name */
  ref(name: string, place: string): TemplateValue | undefined
  attribute(logicalId: string, attribute: string, place: string): TemplateValue
  condition(name: string, place: string): boolean
  readonly mappings: TemplateMap
  readonly region: string
  notice(text: string): void
  /** What another stack exports under this name. */
  importValue(name: string, place: string): string
  /** Text with its `{{resolve:…}}` looked up. */
  dynamic(text: string, place: string): string
}

type Argument = TemplateValue | undefined
type Intrinsic = (argument: TemplateValue, scope: Scope, place: string) => Argument

/** The value with every intrinsic call carried out; undefined for AWS::NoValue. @throws FnscopeError FNS_TEMPLATE_INVALID */
export function resolveValue(value: TemplateValue, scope: Scope, place: string): Argument {
  if (isList(value)) {
    return value
      .map((item, index) => resolveValue(item, scope, `${place}[${index}]`))
      .filter((item) => item !== undefined)
  }
  if (typeof value === 'string') return value.includes('{{resolve:') ? scope.dynamic(value, place) : value
  if (!isMap(value)) return value
  const call = intrinsicOf(value)
  if (call) {
    const intrinsic = INTRINSICS.get(call[0])
    if (!intrinsic) throw invalid(`Template error: unknown function ${call[0]}. ${place} uses it.`)
    const result = intrinsic(call[1], scope, place)
    return typeof result === 'string' && result.includes('{{resolve:') ? scope.dynamic(result, place) : result
  }
  const resolved: Record<string, TemplateValue> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('Fn::ForEach')) throw invalid(`${place} uses Fn::ForEach, which fnscope does not read.`)
    const result = resolveValue(inner, scope, `${place}.${key}`)
    if (result !== undefined) resolved[key] = result
  }
  return resolved
}

/** As text: numbers and booleans as CloudFormation spells them. @throws FnscopeError for a list or a map */
export function textOf(value: Argument, place: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw invalid(`${place} must be text, not ${describe(value)}.`)
}

function listOf(value: TemplateValue, scope: Scope, place: string, counts?: readonly number[]): TemplateValue[] {
  const list = resolveValue(value, scope, place)
  if (!isList(list)) throw invalid(`${place} wants a list, not ${describe(list)}.`)
  if (counts && !counts.includes(list.length)) {
    throw invalid(`${place} wants ${counts.join(' or ')} items, not ${list.length}.`)
  }
  return [...list]
}

// Arguments that must stay unresolved until one is chosen: If evaluates only the branch taken.
function rawList(value: TemplateValue, place: string, least: number, most: number): readonly TemplateValue[] {
  if (!isList(value) || value.length < least || value.length > most) {
    throw invalid(`${place} wants a list of ${least === most ? least : `${least} to ${most}`} items.`)
  }
  return value
}

export function conditionValue(value: TemplateValue, scope: Scope, place: string): boolean {
  const result = isMap(value) ? resolveValue(value, scope, place) : value
  if (result === true || result === 'true') return true
  if (result === false || result === 'false') return false
  throw invalid(`${place} must be a condition, not ${describe(result)}.`)
}

function substitute(argument: TemplateValue, scope: Scope, place: string): string {
  const [template, given] = isList(argument) ? argument : [argument]
  if (typeof template !== 'string' || (given !== undefined && !isMap(given))) {
    throw invalid(`${place}: Fn::Sub wants text, or a list of text and a map.`)
  }
  return template.replaceAll(/\$\{([^}]*)\}/g, (whole, inner: string) => {
    const name = inner.trim()
    if (name.startsWith('!')) return `\${${name.slice(1)}}`
    const own = given?.[name]
    if (own !== undefined) return textOf(resolveValue(own, scope, `${place}.${name}`), `${place}.${name}`)
    const at = name.indexOf('.')
    const value = at < 0 ? scope.ref(name, place) : subAttribute(name, at, scope, place)
    if (value === undefined) throw invalid(`${place}: ${whole} has no value to put in text.`)
    return isList(value) ? value.map((item) => textOf(item, place)).join(',') : textOf(value, place)
  })
}

// `${Fn.Alias}` and `${Api.Stage}` are names of resources SAM makes; only the scope can tell, so it hears both parts.
function subAttribute(name: string, at: number, scope: Scope, place: string): Argument {
  return scope.attribute(name.slice(0, at), name.slice(at + 1), place)
}

const ZONES = ['a', 'b', 'c']

const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  [
    'Ref',
    (argument, scope, place) => {
      if (typeof argument !== 'string') throw invalid(`${place}: Ref wants a name, not ${describe(argument)}.`)
      return scope.ref(argument, place)
    },
  ],
  ['Condition', (argument, scope, place) => scope.condition(textOf(argument, place), place)],
  ['Fn::Sub', substitute],
  [
    'Fn::GetAtt',
    (argument, scope, place) => {
      const text = typeof argument === 'string' ? argument : undefined
      const at = text?.indexOf('.') ?? -1
      const [id, attribute] =
        text === undefined
          ? listOf(argument, scope, place, [2]).map((item) => textOf(item, place))
          : [text.slice(0, at), text.slice(at + 1)]
      if (!id || !attribute) throw invalid(`${place}: Fn::GetAtt wants a logical id and an attribute.`)
      return scope.attribute(id, attribute, place)
    },
  ],
  [
    'Fn::Join',
    (argument, scope, place) => {
      const [separator, items] = listOf(argument, scope, place, [2])
      if (!isList(items)) {
        throw invalid(
          'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of ' +
            `strings to be joined. ${place}: the second is ${describe(items)}.`,
        )
      }
      return items.map((item) => textOf(item, place)).join(textOf(separator, place))
    },
  ],
  [
    'Fn::Split',
    (argument, scope, place) => {
      const [separator, text] = listOf(argument, scope, place, [2])
      return textOf(text, place).split(textOf(separator, place))
    },
  ],
  [
    'Fn::Select',
    (argument, scope, place) => {
      const [index, items] = listOf(argument, scope, place, [2])
      const item = isList(items) ? items[Number(index)] : undefined
      if (item === undefined)
        throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${spell(index)}. (${place})`)
      return item
    },
  ],
  [
    'Fn::FindInMap',
    (argument, scope, place) => {
      const [map, first, second, fallback] = listOf(argument, scope, place, [3, 4])
      const names = [map, first, second].map((item) => textOf(item, place))
      let found: Argument = scope.mappings
      for (const name of names) found = isMap(found) ? found[name] : undefined
      if (found !== undefined) return found
      if (isMap(fallback) && fallback['DefaultValue'] !== undefined) return fallback['DefaultValue']
      throw invalid(`Template error: Unable to get mapping for ${names.join('::')}. (${place})`)
    },
  ],
  [
    'Fn::If',
    (argument, scope, place) => {
      const [name, yes, no] = rawList(argument, place, 3, 3)
      const chosen = scope.condition(textOf(name, place), place) ? yes : no
      return resolveValue(chosen!, scope, place)
    },
  ],
  [
    'Fn::Equals',
    (argument, scope, place) => {
      const [left, right] = listOf(argument, scope, place, [2])
      return typeof left === 'object' || typeof right === 'object'
        ? JSON.stringify(left) === JSON.stringify(right)
        : left === right || String(left) === String(right)
    },
  ],
  [
    'Fn::And',
    (argument, scope, place) => rawList(argument, place, 2, 10).every((item) => conditionValue(item, scope, place)),
  ],
  [
    'Fn::Or',
    (argument, scope, place) => rawList(argument, place, 2, 10).some((item) => conditionValue(item, scope, place)),
  ],
  ['Fn::Not', (argument, scope, place) => !conditionValue(rawList(argument, place, 1, 1)[0]!, scope, place)],
  [
    'Fn::Base64',
    (argument, scope, place) =>
      Buffer.from(textOf(resolveValue(argument, scope, place), place), 'utf8').toString('base64'),
  ],
  [
    'Fn::ImportValue',
    (argument, scope, place) => scope.importValue(textOf(resolveValue(argument, scope, place), place), place),
  ],
  [
    'Fn::GetAZs',
    (argument, scope, place) => {
      const region = textOf(resolveValue(argument, scope, place), place) || scope.region
      return ZONES.map((zone) => region + zone)
    },
  ],
  [
    'Fn::Cidr',
    (argument, scope, place) => {
      const [block, count, bits] = listOf(argument, scope, place, [2, 3])
      return cidrBlocks(textOf(block, place), Number(count), bits === undefined ? undefined : Number(bits), place)
    },
  ],
  ['Fn::Length', (argument, scope, place) => listOf(argument, scope, place).length],
  ['Fn::ToJsonString', (argument, scope, place) => JSON.stringify(resolveValue(argument, scope, place))],
])
