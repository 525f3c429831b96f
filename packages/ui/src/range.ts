// The time range of a view, as it stands in the address (`from=15m`, `from=…&to=…`) and as the API is asked.

/** What may stand in the address: ages (`15m`), or epoch milliseconds. */
export interface Range {
  readonly from: string
  readonly to?: string
}

export const DEFAULT_FROM = '1h'

export const PRESETS = [
  ['5m', 'Last 5 minutes'],
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['6h', 'Last 6 hours'],
  ['1d', 'Last day'],
  ['7d', 'Last 7 days'],
] as const

const AGE = /^(\d{1,6})(s|m|h|d)$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Undefined for what is no age and no time; `now-15m` is read as `15m`. */
export function readTime(text: unknown): string | undefined {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined
  const value = String(text).replace(/^now-/, '')
  if (AGE.test(value) || /^\d{11,14}$/.test(value)) return value
  const parsed = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : NaN
  return parsed > 0 ? String(parsed) : undefined
}

/** Epoch milliseconds of either form. */
export function timeMs(text: string, nowMs: number): number {
  const [, number, unit] = AGE.exec(text) ?? []
  return unit === undefined ? Number(text) : nowMs - Number(number) * UNIT_MS[unit]!
}

/** `since` and `until` as the API reads them. */
export function rangeParameters({ from, to }: Partial<Range>): { readonly since: string; readonly until?: string } {
  return { since: from ?? DEFAULT_FROM, ...(to === undefined ? {} : { until: to }) }
}

/** The same range with both ends as times: what a copied link has. */
export function pinned({ from, to }: Partial<Range>, nowMs: number): Required<Range> {
  return { from: String(timeMs(from ?? DEFAULT_FROM, nowMs)), to: String(to === undefined ? nowMs : timeMs(to, nowMs)) }
}

/** `Last hour`, or both ends. */
export function rangeName({ from = DEFAULT_FROM, to }: Partial<Range>, format: (ms: number) => string): string {
  const preset = PRESETS.find(([age]) => age === from)
  if (to === undefined && preset !== undefined) return preset[1]
  const start = AGE.test(from) ? `${from} ago` : format(Number(from))
  return `${start} – ${to === undefined ? 'now' : AGE.test(to) ? `${to} ago` : format(Number(to))}`
}
