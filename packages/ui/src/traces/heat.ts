// The latency heat map as places on a canvas: columns of time, rows of durations on a logarithm. Pure.
import type { ConsoleLatencies } from '../../../fnscope/src/api/console-types.ts'

export interface HeatScale {
  readonly startMs: number
  readonly endMs: number
  /** Logarithms (base 10) of milliseconds at the bottom and the top. */
  readonly low: number
  readonly high: number
}

/** Around what is there, a decade at least. */
export function heatScale({ startMs, endMs, cells }: ConsoleLatencies): HeatScale {
  let low = Infinity
  let high = -Infinity
  for (const { fromMs, toMs } of cells) {
    low = Math.min(low, Math.log10(Math.max(fromMs, 0.001)))
    high = Math.max(high, Math.log10(Math.max(toMs, 0.001)))
  }
  if (low > high) return { startMs, endMs, low: 0, high: 3 }
  const middle = (low + high) / 2
  const half = Math.max((high - low) / 2 + 0.08, 0.5)
  return { startMs, endMs, low: middle - half, high: middle + half }
}

/** 0 at the left, 1 at the right. */
export const timePlace = (ms: number, { startMs, endMs }: HeatScale): number =>
  (ms - startMs) / Math.max(1, endMs - startMs)
/** 0 at the top, 1 at the bottom. */
export const durationPlace = (ms: number, { low, high }: HeatScale): number =>
  1 - (Math.log10(Math.max(ms, 0.001)) - low) / (high - low)

export interface HeatBrush {
  readonly fromMs: number
  readonly toMs: number
  readonly minMs: number
  readonly maxMs: number
}

/** Two corners, 0 to 1 each, as times and durations. */
export function brushOf(a: readonly [number, number], b: readonly [number, number], scale: HeatScale): HeatBrush {
  const time = (x: number): number => Math.round(scale.startMs + x * (scale.endMs - scale.startMs))
  const length = (y: number): number => Number((10 ** (scale.low + (1 - y) * (scale.high - scale.low))).toPrecision(3))
  return {
    fromMs: time(Math.min(a[0], b[0])),
    toMs: time(Math.max(a[0], b[0])),
    minMs: length(Math.max(a[1], b[1])),
    maxMs: length(Math.min(a[1], b[1])),
  }
}

/** How strong a cell is: by the logarithm of how many, 0.15 to 1. */
export function strength(traces: number, most: number): number {
  return most <= 1 ? 1 : 0.2 + 0.8 * (Math.log(1 + traces) / Math.log(1 + most))
}
