// Parameters of Jaeger's query API as values: whole numbers, Go durations, trace ids, tags. What cannot be read is refused
// in words, never ignored.
import { FnscopeError } from '../errors.ts'
import { parseTraceId } from '../span/id.ts'

/** Each parameter as often as it came. */
export type JaegerQuery = Readonly<Record<string, string | readonly string[] | undefined>>

export function refused(message: string): FnscopeError {
  return new FnscopeError('FNS_USAGE', message)
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

export function allOf(query: JaegerQuery, name: string): readonly string[] {
  const value = query[name]
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

/** Undefined when absent or empty. @throws FnscopeError FNS_USAGE */
export function textOf(query: JaegerQuery, name: string): string | undefined {
  const [first, ...more] = allOf(query, name)
  if (more.length > 0) throw refused(`The parameter '${name}' may be given once.`)
  return first === '' ? undefined : first
}

/** @throws FnscopeError FNS_USAGE */
export function requiredText(query: JaegerQuery, name: string): string {
  const text = textOf(query, name)
  if (text === undefined) throw refused(`parameter '${name}' is required`)
  return text
}

/** @throws FnscopeError FNS_USAGE */
export function wholeOf(query: JaegerQuery, name: string): bigint | undefined {
  const text = textOf(query, name)
  if (text === undefined) return undefined
  if (!/^-?\d{1,19}$/.test(text)) throw refused(`unable to parse param '${name}': ${shown(text)} is no whole number`)
  return BigInt(text)
}

const MAX_NANOS = 2n ** 63n - 1n

/** Within what a time in the store can be. */
export function clampNanos(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos > MAX_NANOS ? MAX_NANOS : nanos
}

const UNIT_NANOS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
  // Go has no days; Jaeger's page says 2d in `lookback`.
  ['d', 86_400e9],
  ['w', 604_800e9],
])

/** Nanoseconds of a Go duration: `1.5s`, `100ms`, `1h30m`, `0`. @throws FnscopeError FNS_USAGE */
export function durationOf(query: JaegerQuery, name: string): bigint | undefined {
  const text = textOf(query, name)
  if (text === undefined) return undefined
  if (text === '0') return 0n
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw refused(`unable to parse param '${name}': ${shown(text)} is no duration like 1.5s, 100ms or 20us`)
  const nanos = parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_NANOS.get(unit!)!, 0)
  return clampNanos(BigInt(Math.round(Math.min(nanos, 9e18))))
}

/** 32 hex digits of up to as many, of any case, leading zeros or not, or in X-Ray's spelling. @throws FnscopeError FNS_USAGE */
export function traceIdOf(text: string): string {
  const xray = parseTraceId(text)
  if (xray !== undefined) return xray
  if (/^[0-9a-f]{1,32}$/i.test(text)) return text.toLowerCase().padStart(32, '0')
  throw refused(`cannot parse traceID param: ${shown(text)} is not 1 to 32 hex digits`)
}

/** `tags={"k":"v"}` and every `tag=k:v`. @throws FnscopeError FNS_USAGE */
export function tagsOf(query: JaegerQuery): [key: string, value: string][] {
  const tags: [string, string][] = []
  for (const text of allOf(query, 'tag')) {
    const colon = text.indexOf(':')
    if (colon <= 0) throw refused(`malformed 'tag' parameter, expecting key:value, received: ${text.slice(0, 100)}`)
    tags.push([text.slice(0, colon), text.slice(colon + 1)])
  }
  for (const text of allOf(query, 'tags')) if (text !== '') tags.push(...tagsOfJson(text))
  return tags
}

function tagsOfJson(text: string): [string, string][] {
  let members: unknown
  try {
    members = JSON.parse(text)
  } catch {
    throw refused(`malformed 'tags' parameter, cannot unmarshal JSON: ${shown(text)}`)
  }
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    throw refused(`malformed 'tags' parameter: a JSON object of texts is wanted, not ${shown(text)}`)
  return Object.entries(members as Record<string, unknown>).map(([key, value]) => {
    if (typeof value !== 'string')
      throw refused(`malformed 'tags' parameter: the value of ${shown(key)} must be a text, like "${String(value)}"`)
    return [key, value]
  })
}
