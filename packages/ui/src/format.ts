// Numbers and times as people read them. Plain functions, no locale surprises: 24 h, the browser's own time zone.

/** `0.31 ms`, `12.4 ms`, `1.24 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return ''
  const size = Math.abs(ms)
  if (size === 0) return '0 ms'
  if (size < 0.01) return `${(ms * 1000).toFixed(1)} µs`
  if (size < 10) return `${ms.toFixed(2)} ms`
  if (size < 100) return `${ms.toFixed(1)} ms`
  if (size < 1000) return `${ms.toFixed(0)} ms`
  if (size < 60_000) return `${(ms / 1000).toFixed(2)} s`
  if (size < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (size < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `14:03:07.123`. */
export function clock(ms: number): string {
  const at = new Date(ms)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** `2026-05-01`. */
export function day(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** `2026-05-01 14:03:07.123`. */
export function moment(ms: number): string {
  return `${day(ms)} ${clock(ms)}`
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, then the moment itself. */
export function ago(ms: number, nowMs: number): string {
  const seconds = Math.round((nowMs - ms) / 1000)
  if (seconds < 0) return moment(ms)
  if (seconds < 2) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return moment(ms)
}

/** `999`, `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `512 B`, `12.3 kB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`
  return `${(value / 1_000_000).toFixed(1)} MB`
}

/** `0 %`, `3.1 %`, `100 %`. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–'
  const value = (part / whole) * 100
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`
}

/** One value of an attribute as text; JSON for what is not plain. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
