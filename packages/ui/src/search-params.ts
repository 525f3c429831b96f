// What stands in an address after `?`: plain words, no JSON. Each route reads its own; what nobody reads is dropped
// quietly, and defaults are left out.
import { readTime } from './range.ts'

export type Raw = Readonly<Record<string, unknown>>

/** Of every page. */
export interface RootSearch {
  /** An age (`15m`) or epoch milliseconds. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly environment?: string | undefined
  readonly account?: string | undefined
  readonly live?: boolean | undefined
}

export const ROOT_KEYS = ['from', 'to', 'environment', 'account'] as const

export function readRootSearch(raw: Raw): RootSearch {
  return {
    from: readTime(raw['from']),
    to: readTime(raw['to']),
    environment: textIn(raw, 'environment'),
    account: textIn(raw, 'account'),
    live: flagIn(raw, 'live'),
  }
}

/** Undefined for none, and for nothing. */
export function textIn(raw: Raw, name: string): string | undefined {
  const value = raw[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function flagIn(raw: Raw, name: string): true | undefined {
  const value = raw[name]
  return value === true || value === '1' || value === 'true' ? true : undefined
}

export function numberIn(raw: Raw, name: string): number | undefined {
  const value = typeof raw[name] === 'string' && raw[name] !== '' ? Number(raw[name]) : raw[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function choiceIn<Choice extends string>(
  raw: Raw,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  return choices.find((choice) => choice === raw[name])
}

/** For the router: text ⇄ plain values. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text))
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === '' || value === false) continue
    query.set(name, value === true ? '1' : typeof value === 'string' ? value : JSON.stringify(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
