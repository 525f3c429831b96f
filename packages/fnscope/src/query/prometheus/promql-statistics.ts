// Figures of a list of numbers, as PromQL's aggregations and functions over time have them.

export function sumOf(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0)
}

/** What is no number loses against one that is. */
const extreme = (pick: (a: number, b: number) => boolean) => (values: readonly number[]) =>
  values.reduce((best, one) => (pick(one, best) || Number.isNaN(best) ? one : best))

export const leastOf = extreme((one, best) => one < best)
export const greatestOf = extreme((one, best) => one > best)

/** Of all of them, not of a sample. */
export function deviationOf(values: readonly number[]): number {
  const mean = sumOf(values) / values.length
  return Math.sqrt(sumOf(values.map((one) => (one - mean) ** 2)) / values.length)
}

/** Between two values in proportion. */
export function quantileOfValues(quantile: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return Number.NEGATIVE_INFINITY
  if (quantile > 1) return Number.POSITIVE_INFINITY
  const sorted = values.toSorted((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b))
  const rank = quantile * (sorted.length - 1)
  const below = Math.floor(rank)
  const above = Math.min(below + 1, sorted.length - 1)
  const weight = rank - below
  return sorted[below]! * (1 - weight) + sorted[above]! * weight
}

/** The straight line that fits best: its value at `zeroMs`, and its rise per second. Undefined: fewer than two samples. */
export function lineOf(
  times: readonly number[],
  values: readonly number[],
  zeroMs: number,
): { readonly slope: number; readonly intercept: number } | undefined {
  const count = values.length
  if (count < 2) return undefined
  if (values.every((one) => one === values[0])) return { slope: 0, intercept: values[0]! }
  const seconds = times.map((ms) => (ms - zeroMs) / 1000)
  const [meanX, meanY] = [sumOf(seconds) / count, sumOf(values) / count]
  const slope =
    sumOf(seconds.map((x, i) => (x - meanX) * (values[i]! - meanY))) / sumOf(seconds.map((x) => (x - meanX) ** 2))
  return { slope, intercept: meanY - slope * meanX }
}
