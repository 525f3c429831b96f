// Parameters of fnscope's own API as values: numbers in bounds, times, trace ids. What cannot be read is refused in words.
import { FnscopeError } from '../errors.ts'
import type { TimeRange } from '../query/reader.ts'
import { parseTraceId } from '../span/id.ts'
import { NANOS_PER_DAY } from '../span/time.ts'

export type ConsoleQuery = Readonly<Record<string, string | undefined>>

export function refused(message: string): FnscopeError {
  return new FnscopeError('FNS_USAGE', message)
}

/** The query's parameters, each once. @throws FnscopeError FNS_USAGE */
export function queryOf(request: { readonly query: unknown }): ConsoleQuery {
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>
  for (const [name, value] of Object.entries(query))
    if (typeof value !== 'string') throw refused(`${name} may be given once, not several times.`)
  return query as ConsoleQuery
}

/** A whole number from `min` to `max`, or the fallback when absent. @throws FnscopeError FNS_USAGE */
export function numberIn(
  query: ConsoleQuery,
  name: string,
  fallback: number,
  [min, max]: readonly [number, number],
): number {
  const text = query[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max)
    throw refused(`${name} wants a number from ${min} to ${max}, not "${text.slice(0, 100)}".`)
  return Math.floor(value)
}

/** 32 hex digits of X-Ray's spelling or of its own. @throws FnscopeError FNS_USAGE */
export function traceIdIn(text: string): string {
  const traceId = parseTraceId(text)
  if (traceId === undefined)
    throw refused(`"${text}" is no trace id: it looks like 1-63dd2166-434a12c22e1307ff2114f299 or 32 hex digits.`)
  return traceId
}

export const HOUR_MS = 3_600_000
export const LONGEST_MS = 3650 * 86_400_000

/**
 * `since` and `until`: an age (`90s`, `10m`, `1h`, `7d`), epoch milliseconds or ISO 8601; `sinceMs` is an age in
 * milliseconds. Without them: the last hour, and what is dated ahead of this clock. @throws FnscopeError FNS_USAGE
 */
export function rangeIn(query: ConsoleQuery, now: bigint): TimeRange {
  const startNanos =
    query['since'] === undefined
      ? now - nanosOfMs(numberIn(query, 'sinceMs', HOUR_MS, [0, LONGEST_MS]))
      : timeIn(query['since'], 'since', now)
  const endNanos = query['until'] === undefined ? now + NANOS_PER_DAY : timeIn(query['until'], 'until', now)
  if (endNanos < startNanos) throw refused('until lies before since: there is no time between them.')
  return { startNanos: startNanos < 0n ? 0n : startNanos, endNanos }
}

const AGE_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const LATEST_MS = 9_000_000_000_000

function timeIn(text: string, name: string, now: bigint): bigint {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const ageMs = unit === undefined ? undefined : Number(number) * AGE_MS[unit]!
  if (ageMs !== undefined && ageMs <= LONGEST_MS) return now - nanosOfMs(ageMs)
  const epochMs = /^\d{1,13}(\.\d+)?$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(text)
      : NaN
  if (epochMs >= 0 && epochMs <= LATEST_MS) return nanosOfMs(epochMs)
  throw refused(
    `${name} wants an age like 10m, 1h or 7d, epoch milliseconds or a time like 2026-05-01T12:00:00Z, not "${text.slice(0, 100)}".`,
  )
}

function nanosOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n
}
