// Time to places on the waterfall: a view is a part of the trace, 0 to 1 each; a place is a percentage of the view.

export interface View {
  readonly from: number
  readonly to: number
}

export const WHOLE: View = { from: 0, to: 1 }
const SMALLEST = 1e-6

/** Inside the trace, and no smaller than a millionth of it. */
export function clampView({ from, to }: View): View {
  const size = Math.min(1, Math.max(SMALLEST, to - from))
  const start = Math.min(Math.max(0, from), 1 - size)
  return { from: start, to: start + size }
}

/** Around the middle, or another point of the view (0 to 1). Factor under 1: closer. */
export function zoom(view: View, factor: number, at = 0.5): View {
  const size = view.to - view.from
  const fixed = view.from + size * at
  return clampView({ from: fixed - size * factor * at, to: fixed + size * factor * (1 - at) })
}

/** By a share of the view. */
export function pan({ from, to }: View, share: number): View {
  const by = (to - from) * share
  return clampView({ from: from + by, to: to + by })
}

/** `0.12-0.34`; nothing for all. */
export function formatView({ from, to }: View): string | undefined {
  return from === 0 && to === 1 ? undefined : [from, to].map((part) => Number(part.toPrecision(6))).join('-')
}

export function readView(text: unknown): View | undefined {
  const match = typeof text === 'string' ? /^(\d*\.?\d+(?:e-?\d+)?)-(\d*\.?\d+(?:e-?\d+)?)$/.exec(text) : null
  const [from, to] = [Number(match?.[1]), Number(match?.[2])]
  return match && from < to && to <= 1 ? clampView({ from, to }) : undefined
}

/** Per cent of the view. May lie outside of 0 to 100. */
export function placeOf(us: number, lengthUs: number, { from, to }: View): number {
  return ((us / lengthUs - from) / (to - from)) * 100
}

export interface Bar {
  readonly left: number
  readonly width: number
}

/** What of a stretch of time lies in the view; undefined for nothing. */
export function barOf(startUs: number, endUs: number, lengthUs: number, view: View): Bar | undefined {
  const left = placeOf(startUs, lengthUs, view)
  const right = placeOf(endUs, lengthUs, view)
  if (right < 0 || left > 100) return undefined
  const from = Math.max(0, left)
  return { left: from, width: Math.min(100, right) - from }
}

const STEPS = [1, 2, 5]

/** About `count` round times in the view, microseconds. */
export function ticks(lengthUs: number, view: View, count = 6): number[] {
  const spanUs = lengthUs * (view.to - view.from)
  const rough = spanUs / count
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = magnitude * (STEPS.find((one) => one * magnitude >= rough) ?? 10)
  const found: number[] = []
  const last = lengthUs * view.to
  for (let n = Math.ceil((lengthUs * view.from) / step); n * step <= last + step * 1e-9 && found.length < 50; n++)
    found.push(n * step)
  return found
}
