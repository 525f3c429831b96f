// The `${…}` of Serverless Devs: vars, env, config, file, path, json, this, resources, and what the command line itself
// would add. A text that is one expression takes its value's kind; inside a longer text it becomes text.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../errors.ts'
import { invalid, isList, isMap, spell, type TemplateMap, type TemplateValue } from './template-value.ts'

export interface ExpressionScope {
  /** For messages. */
  readonly file: string
  /** Paths are relative to it. */
  readonly dir: string
  readonly document: TemplateMap
  readonly env: Readonly<Record<string, string | undefined>>
  /** What `${config(…)}` of a logged-in account gives: AccountID, AccessKeyID … */
  readonly account: Readonly<Record<string, string>>
}

const EXPRESSION = /\$\{([^${}]*(?:\$?\{[^{}]*\}[^{}]*)*)\}/g
/** Values that name each other in a circle end here. */
const DEEPEST = 30

/** The value with every expression in it replaced. @throws FnscopeError FNS_TEMPLATE_INVALID naming the place */
export function evaluate(value: TemplateValue, scope: ExpressionScope, place: string, depth = 0): TemplateValue {
  if (depth > DEEPEST) throw invalid(`${scope.file}: ${place}: the values name each other in a circle.`)
  if (typeof value === 'string') return evaluateText(value, scope, place, depth)
  if (isList(value)) return value.map((item, index) => evaluate(item, scope, `${place}[${index}]`, depth))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, evaluate(item, scope, `${place}.${key}`, depth)]),
  )
}

function evaluateText(text: string, scope: ExpressionScope, place: string, depth: number): TemplateValue {
  if (!text.includes('${')) return text
  const at = (expression: string): TemplateValue => {
    const found = lookUp(expression.trim(), scope, place)
    return evaluate(found, scope, place, depth + 1)
  }
  const whole = new RegExp(`^${EXPRESSION.source}$`).exec(text)
  if (whole) return at(whole[1]!)
  return text.replaceAll(EXPRESSION, (_, expression: string) => spell(at(expression)))
}

function lookUp(expression: string, scope: ExpressionScope, place: string): TemplateValue {
  const call = /^(\w+)\((.*)\)$/s.exec(expression)
  const found = call ? callOf(call[1]!, argumentsOf(call[2]!), scope, place) : pathOf(expression, scope, place)
  if (found !== undefined) return found
  throw invalid(
    `${scope.file}: ${place}: \${${expression}} has no value. Define it${remedy(expression)}, or put the value itself there.`,
  )
}

function remedy(expression: string): string {
  const name = /^(?:env|config)\(\s*['"]?([^'",)]+)/.exec(expression)?.[1]
  if (expression.startsWith('env(')) return ` in the environment of fnscope (${name}=…)`
  if (expression.startsWith('vars.')) return ' under vars'
  return ''
}

function argumentsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim().replace(/^(['"])(.*)\1$/s, '$2'))
}

function callOf(
  name: string,
  [first = '', fallback]: readonly string[],
  scope: ExpressionScope,
  place: string,
): TemplateValue | undefined {
  switch (name) {
    case 'env':
      return scope.env[first] ?? fallback
    case 'config':
      return scope.account[first] ?? fallback
    case 'path':
      return resolve(scope.dir, first)
    case 'file':
      return readText(first, scope, place)
    case 'json':
      return parseJson(spell(evaluate(first, scope, place)), scope, place)
    default:
      throw invalid(
        `${scope.file}: ${place}: fnscope does not read \${${name}(…)}; it reads env, config, path, file and json.`,
      )
  }
}

function pathOf(expression: string, scope: ExpressionScope, place: string): TemplateValue | undefined {
  const [root = '', ...keys] = expression.split('.')
  const { document } = scope
  switch (root) {
    case 'vars':
      return walk(document['vars'], keys)
    case 'resources':
      return walk(document['resources'], keys)
    case 'this': {
      // Resources.<id>.… : the place says whose expression it is.
      const [, section = '', id = ''] = /^(resources|services)\.([^.[]+)/.exec(place) ?? []
      const own = walk(document[section], [id])
      return keys[0] === 'name' ? id : walk(own, keys)
    }
    case 'name':
    case 'access':
      return keys.length === 0 ? document[root] : undefined
    case 'uid':
    case 'randomId':
      return 'local'
    default:
      // Edition 1 names another service's: ${project.props.region}
      return walk(walk(document['services'], [root]), keys)
  }
}

function walk(value: TemplateValue | undefined, keys: readonly string[]): TemplateValue | undefined {
  let found = value
  for (const key of keys) {
    if (isMap(found)) found = found[key]
    else if (isList(found)) found = found[Number(key)]
    else return undefined
  }
  return found
}

function readText(path: string, scope: ExpressionScope, place: string): string {
  try {
    return readFileSync(resolve(scope.dir, path), 'utf8')
  } catch (error) {
    throw invalid(`${scope.file}: ${place}: ${path} cannot be read: ${messageOf(error)}.`, error)
  }
}

function parseJson(text: string, scope: ExpressionScope, place: string): TemplateValue {
  try {
    return JSON.parse(text) as TemplateValue
  } catch (error) {
    throw invalid(`${scope.file}: ${place}: what json(…) is given is not JSON: ${messageOf(error)}.`, error)
  }
}
