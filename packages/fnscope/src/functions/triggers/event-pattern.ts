// EventBridge's patterns, which event source mappings filter by as well: a map of what members must be. Pure.

type Json = unknown
type JsonMap = Readonly<Record<string, Json>>

/** @throws SyntaxError for text that is no JSON */
export function parsePattern(text: string): JsonMap {
  const pattern: unknown = JSON.parse(text)
  if (!isMap(pattern)) throw new SyntaxError('a pattern is a JSON object')
  return pattern
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
    case 'anything-but':
      return (
        value !== undefined && !(isMap(argument) ? matchesTest(argument, value) : [argument].flat().includes(value))
      )
    case 'numeric':
      return typeof value === 'number' && Array.isArray(argument) && compares(argument, value)
    default:
      return false
  }
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
  const values = Object.entries(inputTransformer.paths).map(([name, path]) => [name, atPath(event, path)] as const)
  const template = inputTransformer.template
  const filled = values.reduce((text, [name, value]) => {
    const json = JSON.stringify(value ?? null)
    // Within quotes the bare text, elsewhere JSON.
    return text
      .replaceAll(`"<${name}>"`, json)
      .replaceAll(`<${name}>`, typeof value === 'string' ? json.slice(1, -1) : json)
  }, template)
  return isJson(filled) ? filled : JSON.stringify(filled)
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
