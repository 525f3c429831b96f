// Members of X-Ray documents while they are put together: what is empty is left out, and values are as JSON knows them.
import type { Attributes } from '../span/attribute-value.ts'
import { setOwn } from './json.ts'

export type Members = { [key: string]: unknown }

export function put(target: Members, key: string, value: unknown): void {
  if (value !== undefined && value !== '') target[key] = value
}

export function putFilled(target: Members, key: string, value: Members | undefined): void {
  if (value !== undefined && Object.keys(value).length > 0) target[key] = value
}

/** All members under `prefix`, without it. */
export function membersOf(attributes: Attributes, prefix: string): Members {
  const members: Members = {}
  for (const key of Object.keys(attributes))
    if (key.startsWith(prefix)) setOwn(members, key.slice(prefix.length), plain(attributes[key]!))
  return members
}

export function plainMembers(attributes: Attributes): Members {
  return membersOf(attributes, '')
}

/** The value as JSON knows it: int64 to the last digit, what JSON has no number for as text, bytes as base64. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return exactNumber(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const members: Members = {}
  for (const [key, member] of Object.entries(value)) setOwn(members, key, plain(member))
  return members
}

/** In the language since ES2026, and not in TypeScript's library yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** A double cannot hold the digits of each int64; JSON can. */
function exactNumber(value: bigint): unknown {
  return Number.isSafeInteger(Number(value)) ? Number(value) : rawJSON(value.toString())
}
