// Members of an AWS request, each of the type that its model says: another one is a SerializationException that names it.
// Absent and null are the same: both mean that nothing was said.
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import { notReadable } from './service-error.ts'

export function textIn(input: JsonObject, name: string): string | undefined {
  const value = memberOf(input, name)
  if (value == null) return undefined
  if (typeof value !== 'string') throw notReadable(`${name} must be a string.`)
  return value
}

export function numberIn(input: JsonObject, name: string): number | undefined {
  const value = memberOf(input, name)
  if (value == null) return undefined
  if (typeof value === 'bigint') return Number(value)
  // How AWS's JSON says what JSON has no number for.
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  if (typeof value !== 'number') throw notReadable(`${name} must be a number.`)
  return value
}

export function booleanIn(input: JsonObject, name: string): boolean | undefined {
  const value = memberOf(input, name)
  if (value == null) return undefined
  if (typeof value !== 'boolean') throw notReadable(`${name} must be true or false.`)
  return value
}

export function objectIn(input: JsonObject, name: string): JsonObject | undefined {
  const value = memberOf(input, name)
  if (value == null) return undefined
  if (!isJsonObject(value)) throw notReadable(`${name} must be a structure.`)
  return value
}

export function listIn(input: JsonObject, name: string): readonly unknown[] | undefined {
  const value = memberOf(input, name)
  if (value == null) return undefined
  // A form says an empty list this way.
  if (value === '') return []
  if (!Array.isArray(value)) throw notReadable(`${name} must be a list.`)
  return value
}

/** The list's entries, all structures. */
export function objectsIn(input: JsonObject, name: string): readonly JsonObject[] | undefined {
  const list = listIn(input, name)
  if (list !== undefined && !list.every(isJsonObject)) throw notReadable(`${name} must be a list of structures.`)
  return list
}

/** The map's entries, all texts. */
export function textsIn(input: JsonObject, name: string): Readonly<Record<string, string>> | undefined {
  const map = objectIn(input, name)
  if (map !== undefined && !Object.values(map).every((value) => typeof value === 'string'))
    throw notReadable(`${name} must be a map of strings.`)
  return map as Readonly<Record<string, string>> | undefined
}

function memberOf(input: JsonObject, name: string): unknown {
  return Object.hasOwn(input, name) ? input[name] : undefined
}
