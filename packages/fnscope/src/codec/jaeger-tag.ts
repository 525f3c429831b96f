// One attribute as Jaeger's {key, type, value}. A tag has five types: what has none of them stands as JSON text.
import type { AttributeValue } from '../span/attribute-value.ts'

export interface JaegerTag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary'
  readonly value: string | number | boolean
}

/** An int64 that no double holds stands as its digits in a string, as Jaeger writes it; so do NaN and infinities. */
export function jaegerTag(key: string, value: AttributeValue): JaegerTag {
  switch (typeof value) {
    case 'string':
      return { key, type: 'string', value }
    case 'boolean':
      return { key, type: 'bool', value }
    case 'bigint':
      return { key, type: 'int64', value: Number.isSafeInteger(Number(value)) ? Number(value) : value.toString() }
    case 'number':
      return { key, type: 'float64', value: Number.isFinite(value) ? value : String(value) }
    default:
      if (value === null) return { key, type: 'string', value: '' }
      if (value instanceof Uint8Array) return { key, type: 'binary', value: Buffer.from(value).toString('base64') }
      return { key, type: 'string', value: plainJson(value) }
  }
}

export function sortedTags(attributes: Iterable<readonly [string, AttributeValue]>): JaegerTag[] {
  return [...attributes].map(([key, value]) => jaegerTag(key, value)).sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** JSON for people: members by key, numbers as they read, bytes as base64, what JSON has no number for as text. */
function plainJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${String(value)}"`
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (Array.isArray(value)) return `[${value.map(plainJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plainJson(member)}`).join(',')}}`
}
