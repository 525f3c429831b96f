// X-Ray's times, float seconds, as whole microseconds: a double holds no more at this size, and no bigint is needed.
import type { TimeBounds } from '../span/time.ts'

/** Exact to the microsecond, as secondsToNanos is. */
export function secondsToMicros(seconds: number): number {
  return Math.round(seconds * 1e6)
}

export interface MicroBounds {
  readonly min: number
  readonly max: number
}

const KNOWN = new WeakMap<TimeBounds, MicroBounds>()

/** The microseconds that lie within the bounds; worked out once for bounds that many documents are checked against. */
export function microBoundsOf(bounds: TimeBounds): MicroBounds {
  let known = KNOWN.get(bounds)
  if (known === undefined) {
    known = { min: Number(ceilMicros(bounds.minNanos)), max: Number(bounds.maxNanos / 1000n) }
    KNOWN.set(bounds, known)
  }
  return known
}

/** Of bounds that are not negative. */
function ceilMicros(nanos: bigint): bigint {
  return (nanos + 999n) / 1000n
}
