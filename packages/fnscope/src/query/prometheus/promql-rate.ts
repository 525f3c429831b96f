// rate, increase and delta: the difference over a range, extrapolated to its ends the way Prometheus does it.
import type { Window } from './promql-functions.ts'

export interface RateOptions {
  /** A value below the one before means that the counter began anew. */
  readonly isCounter: boolean
  readonly perSecond: boolean
}

/** Undefined: fewer than two samples. */
export function rateOf(
  { times, values, startMs, endMs }: Window,
  { isCounter, perSecond }: RateOptions,
): number | undefined {
  const count = values.length
  if (count < 2) return undefined
  let difference = values[count - 1]! - values[0]!
  if (isCounter) for (let i = 1; i < count; i++) if (values[i]! < values[i - 1]!) difference += values[i - 1]!
  const sampled = (times[count - 1]! - times[0]!) / 1000
  const between = sampled / (count - 1)
  let toStart = (times[0]! - startMs) / 1000
  let toEnd = (endMs - times[count - 1]!) / 1000
  // A series that ends well before the range does, did not go on until there.
  if (toStart >= between * 1.1) toStart = between / 2
  if (isCounter && difference > 0 && values[0]! >= 0) toStart = Math.min(toStart, sampled * (values[0]! / difference))
  if (toEnd >= between * 1.1) toEnd = between / 2
  const increase = difference * ((sampled + toStart + toEnd) / sampled)
  return perSecond ? increase / ((endMs - startMs) / 1000) : increase
}
