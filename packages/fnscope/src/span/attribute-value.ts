// Attribute values of every type and their two text forms: in a map of texts each value stands as it reads, with a letter
// for its type beside it; in JSON text (resources, events, nested values) the JSON itself says the type.

export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly unknown[]
  | { readonly [key: string]: unknown }
  | null

export type Attributes = { readonly [key: string]: AttributeValue }

/** One letter a value: string, boolean, int64, double, bytes as base64, array or key-value list as attribute JSON, none. */
export type TypeLetter = 's' | 'b' | 'i' | 'd' | 'x' | 'j' | 'n'

/** Numbers are doubles; an int64 is a bigint. */
export function typeOf(value: AttributeValue): TypeLetter {
  switch (typeof value) {
    case 'string':
      return 's'
    case 'bigint':
      return 'i'
    case 'number':
      return 'd'
    case 'boolean':
      return 'b'
    default:
      if (value === null) return 'n'
      return value instanceof Uint8Array ? 'x' : 'j'
  }
}

/** How the value reads: `cust-1`, `42`, `0.5`, `true`; base64, JSON; nothing for null. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'object' ? attributeJson(value) : String(value)
}

/** The same, but for a negative zero, which reads as such: for makes that tell it from zero. */
export function exactText(value: AttributeValue): string {
  return Object.is(value, -0) ? '-0' : attributeText(value)
}

/** The value behind `text`; of an unknown letter, or text that does not fit it, the text. */
export function attributeOf(letter: string, text: string): AttributeValue {
  switch (letter) {
    case 'i':
      return /^-?\d+$/.test(text) ? BigInt(text) : text
    case 'd':
      return Number(text)
    case 'b':
      return text === 'true'
    case 'n':
      return null
    case 'x':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'j':
      return parseAttributeJson(text) ?? text
    default:
      return text
  }
}

/**
 * JSON that keeps the types: an int64 as digits, a double always with a point or an exponent, `{"$double":"NaN"}`,
 * `{"$bytes":"base64"}`; a key that begins with $ has one more. Valid JSON for every reader.
 */
export function attributeJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? doubleText(value) : `{"$double":"${String(value)}"}`
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (value instanceof Uint8Array) return `{"$bytes":"${Buffer.from(value).toString('base64')}"}`
  if (Array.isArray(value)) return `[${value.map(attributeJson).join(',')}]`
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key.startsWith('$') ? `$${key}` : key)}:${attributeJson(member)}`,
  )
  return `{${members.join(',')}}`
}

function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** The value that attributeJson wrote; undefined when it is no JSON. */
export function parseAttributeJson(text: string): AttributeValue | undefined {
  try {
    return JSON.parse(text, reviveAttribute) as AttributeValue
  } catch {
    return undefined
  }
}

/** Of a JSON object; empty when it is none. */
export function parseAttributes(text: string): Attributes {
  if (text === '') return {}
  const value = parseAttributeJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Attributes) : {}
}

function reviveAttribute(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number') return /[.eE]/.test(context?.source ?? '.') ? value : BigInt(context!.source!)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const keys = Object.keys(value)
  if (!keys.some((key) => key.startsWith('$'))) return value
  const members = value as { readonly [key: string]: unknown }
  const [only] = keys
  if (keys.length === 1 && only === '$double') return Number(members[only])
  if (keys.length === 1 && only === '$bytes') return new Uint8Array(Buffer.from(String(members[only]), 'base64'))
  return Object.fromEntries(
    Object.entries(members).map(([key, member]) => [key.startsWith('$') ? key.slice(1) : key, member]),
  )
}
