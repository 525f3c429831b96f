// Response times of a node or edge as seconds → count. Seconds are rounded to three significant digits, so that a
// histogram stays small (900 values a decade) and none is off by more than 0.5 %; X-Ray's own are about as coarse.

export type Histogram = ReadonlyMap<number, number>

/** Seconds to three significant digits: 0.92413 → 0.924, 12.345 → 12.3. Negative and unknown times count as 0. */
export function roundSeconds(seconds: number): number {
  return seconds > 0 && Number.isFinite(seconds) ? Number(seconds.toPrecision(3)) : 0
}

/** Adds `from` to `into`. */
export function mergeHistogram(into: Map<number, number>, from: Histogram): void {
  for (const [seconds, count] of from) into.set(seconds, (into.get(seconds) ?? 0) + count)
}

/** Ascending by seconds. */
export function histogramEntries(histogram: Histogram): (readonly [seconds: number, count: number])[] {
  return [...histogram].sort((a, b) => a[0] - b[0])
}
