// EventBridge's patterns, which event source mappings filter by as well: a map of what members must be. Pure.

import { BlockList, isIP } from 'node:net'

type Json = unknown
type JsonMap = Readonly<Record<string, Json>>

/** @throws SyntaxError for what is no pattern, saying where */
export function parsePattern(text: string): JsonMap {
  const pattern: unknown = JSON.parse(text)
  if (!isMap(pattern)) throw new SyntaxError('a pattern is a JSON object')
  checkPattern(pattern, '')
  return pattern
}

function checkPattern(pattern: JsonMap, place: string): void {
  for (const [key, wanted] of Object.entries(pattern)) {
    const at = place === '' ? key : `${place}.${key}`
    if (key === '$or' && Array.isArray(wanted)) {
      if (wanted.length < 2 || !wanted.every(isMap)) throw new SyntaxError(`"${at}" wants two patterns or more`)
      for (const one of wanted) checkPattern(one, at)
    } else if (isMap(wanted)) checkPattern(wanted, at)
    else if (!Array.isArray(wanted) || wanted.length === 0)
      throw new SyntaxError(`"${at}" must be an object or a list of what fits`)
    else for (const one of wanted as readonly Json[]) checkTest(one, at)
  }
}

const TEXT_OR_CASE = (argument: Json): boolean =>
  typeof argument === 'string' || (isMap(argument) && typeof argument['equals-ignore-case'] === 'string')
const TEXT = (argument: Json): boolean => typeof argument === 'string'

/** What each test takes. */
const TESTS: Readonly<Record<string, (argument: Json) => boolean>> = {
  prefix: TEXT_OR_CASE,
  suffix: TEXT_OR_CASE,
  'equals-ignore-case': TEXT,
  wildcard: TEXT,
  cidr: (argument) => typeof argument === 'string' && networkOf(argument) !== undefined,
  exists: (argument) => typeof argument === 'boolean',
  numeric: (argument) =>
    Array.isArray(argument) &&
    argument.length >= 2 &&
    argument.length % 2 === 0 &&
    argument.every((one, at) => (at % 2 === 0 ? /^(=|[<>]=?)$/.test(String(one)) : typeof one === 'number')),
  'anything-but': (argument) =>
    isMap(argument)
      ? Object.entries(argument).every(
          ([name, inner]) => /^(prefix|suffix|wildcard|equals-ignore-case)$/.test(name) && [inner].flat().every(TEXT),
        )
      : [argument].flat().every((one) => typeof one === 'string' || typeof one === 'number'),
}

function checkTest(one: Json, at: string): void {
  if (Array.isArray(one)) throw new SyntaxError(`"${at}": what fits is a value or a test, not a list`)
  if (!isMap(one)) return
  const [[name, argument] = ['', undefined], ...more] = Object.entries(one)
  const takes = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined
  if (more.length > 0 || takes === undefined)
    throw new SyntaxError(`"${at}": ${JSON.stringify(one)} is none of the tests ${Object.keys(TESTS).join(', ')}`)
  if (!takes(argument)) throw new SyntaxError(`"${at}": ${name} does not take ${JSON.stringify(argument)}`)
}

export function matchesPattern(pattern: JsonMap, event: Json): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or') return Array.isArray(wanted) && wanted.some((one) => isMap(one) && matchesPattern(one, event))
    const value = isMap(event) ? event[key] : undefined
    if (Array.isArray(wanted)) return matchesAny(wanted, value)
    if (!isMap(wanted)) return false
    // A list in an event matches where one of its items does.
    return Array.isArray(value) ? value.some((item) => matchesPattern(wanted, item)) : matchesPattern(wanted, value)
  })
}

function matchesAny(wanted: readonly Json[], value: Json): boolean {
  const values = Array.isArray(value) ? value : [value]
  return wanted.some((one) => {
    if (isMap(one) && one['exists'] !== undefined) return (value !== undefined) === one['exists']
    return values.some((item) => (isMap(one) ? matchesTest(one, item) : one === item && item !== undefined))
  })
}

function matchesTest(test: JsonMap, value: Json): boolean {
  const [[name, argument] = ['', undefined]] = Object.entries(test)
  const text = typeof value === 'string' ? value : undefined
  switch (name) {
    case 'prefix':
      return (
        text !== undefined &&
        (isMap(argument)
          ? sameCase(argument, (a) => text.toLowerCase().startsWith(a))
          : text.startsWith(String(argument)))
      )
    case 'suffix':
      return (
        text !== undefined &&
        (isMap(argument) ? sameCase(argument, (a) => text.toLowerCase().endsWith(a)) : text.endsWith(String(argument)))
      )
    case 'equals-ignore-case':
      return text?.toLowerCase() === String(argument).toLowerCase()
    case 'wildcard':
      return text !== undefined && wildcard(String(argument)).test(text)
    case 'cidr':
      return text !== undefined && isWithin(text, String(argument))
    case 'anything-but':
      return value !== undefined && !isExcluded(argument, value)
    case 'numeric':
      return typeof value === 'number' && Array.isArray(argument) && compares(argument, value)
    default:
      return false
  }
}

/** @param argument `"a"`, `["a", "b"]`, `{"prefix": "a"}`, `{"suffix": ["a", "b"]}` */
function isExcluded(argument: Json, value: Json): boolean {
  if (!isMap(argument)) return [argument].flat().includes(value)
  return Object.entries(argument).some(([name, inner]) =>
    [inner].flat().some((one) => matchesTest({ [name]: one }, value)),
  )
}

/** `10.0.0.0/8` or `fd00::/8`; undefined for what is none. */
function networkOf(text: string): BlockList | undefined {
  const [, address = '', bits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const family = isIP(address)
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined
  const network = new BlockList()
  network.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return network
}

function isWithin(text: string, network: string): boolean {
  const family = isIP(text)
  return family !== 0 && networkOf(network)?.check(text, family === 4 ? 'ipv4' : 'ipv6') === true
}

function sameCase(argument: JsonMap, test: (lower: string) => boolean): boolean {
  const text = argument['equals-ignore-case']
  return typeof text === 'string' && test(text.toLowerCase())
}

function wildcard(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*')}$`,
    's',
  )
}

/** `[">", 0, "<=", 5]` */
function compares(tests: readonly Json[], value: number): boolean {
  for (let i = 0; i + 1 < tests.length; i += 2) {
    const limit = Number(tests[i + 1])
    const holds = {
      '=': value === limit,
      '<': value < limit,
      '<=': value <= limit,
      '>': value > limit,
      '>=': value >= limit,
    }[String(tests[i])]
    if (holds !== true) return false
  }
  return true
}

function isMap(value: Json): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a rule's target gets of an event: InputPath, InputTransformer or Input; the event itself without any. */
export function inputOf(
  event: JsonMap,
  shape: {
    readonly input?: string
    readonly inputPath?: string
    readonly inputTransformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string }
  },
): string {
  const { input, inputPath, inputTransformer } = shape
  if (input !== undefined) return input
  if (inputPath !== undefined) return JSON.stringify(atPath(event, inputPath) ?? null)
  if (inputTransformer === undefined) return JSON.stringify(event)
  const { detail: _, ...envelope } = event
  const values = new Map<string, Json>([
    ['aws.events.event', envelope],
    ['aws.events.event.json', event],
    ['aws.events.event.ingestion-time', event['time']],
    ...Object.entries(inputTransformer.paths).map(([name, path]) => [name, atPath(event, path)] as const),
  ])
  const filled = fillTemplate(inputTransformer.template, values)
  return isJson(filled) ? filled : JSON.stringify(filled)
}

/** Within quotes and in plain text the bare text of a value, elsewhere JSON. */
function fillTemplate(template: string, values: ReadonlyMap<string, Json>): string {
  const isText = !/^\s*[[{"]/.test(template)
  let quoted = false
  // A value that has its quotes to itself, a placeholder, or something that begins or ends a text.
  return template.replaceAll(/"<([\w.-]+)>"|<([\w.-]+)>|\\.|"/gs, (found: string, alone?: string, bare?: string) => {
    if (found === '"') quoted = !quoted
    const name = alone ?? bare
    if (name === undefined || !values.has(name)) return found
    const value = values.get(name)
    const json = JSON.stringify(value ?? null)
    if (typeof value !== 'string' || bare === undefined) return json
    return isText ? value : quoted ? json.slice(1, -1) : json
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** `$.detail.items[0].id` */
function atPath(event: JsonMap, path: string): Json {
  let at: Json = event
  for (const [, name, index] of path.replace(/^\$/, '').matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)) {
    if (name !== undefined) at = isMap(at) ? at[name] : undefined
    else at = Array.isArray(at) ? (at as readonly Json[])[Number(index)] : undefined
  }
  return at
}
