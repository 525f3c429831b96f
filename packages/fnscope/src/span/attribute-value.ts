// Attribute values of every type, and their text form in the store: strings stand as they are in one map, all
// else stands in a second map as a literal: `42` int, `42.0` double (also NaN, Infinity), `true`, JSON for the rest.

export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | readonly unknown[]
  | { readonly [key: string]: unknown }
  | null

export type Attributes = { readonly [key: string]: AttributeValue }

/** The literal of a value that is not a string. A bigint is an int64; a number is a double unless it is an integer given as such by JSON. */
export function formatLiteral(value: Exclude<AttributeValue, string>): string {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      return formatDouble(value)
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return jsonOf(value)
  }
}

/** JSON text; integers of 64 bits inside as numbers. A replacer makes it three times slower: only where one is. */
export function jsonOf(value: unknown): string {
  return hasBigint(value)
    ? JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner))
    : JSON.stringify(value)
}

function hasBigint(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  for (const key in value) if (hasBigint((value as Readonly<Record<string, unknown>>)[key])) return true
  return false
}

function formatDouble(value: number): string {
  const text = String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

/** The value behind a literal; text that is no literal comes back as it is. */
export function parseLiteral(text: string): AttributeValue {
  if (/^-?\d+$/.test(text)) return BigInt(text)
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY
  try {
    return JSON.parse(text) as AttributeValue
  } catch {
    return text
  }
}
