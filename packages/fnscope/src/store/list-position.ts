// The order of lists: newest first by (start, trace id); and how far from a trace's place in it its spans are looked for.
import { NANOS_PER_MINUTE } from '../span/time.ts'

export interface ListPosition {
  readonly startNanos: bigint
  /** 32 hex digits. */
  readonly traceId: string
}

/** True when `a` comes after `b` in a list. */
export function isOlder(a: ListPosition, b: ListPosition): boolean {
  return a.startNanos < b.startNanos || (a.startNanos === b.startNanos && a.traceId < b.traceId)
}

/** A span may begin before the span at which its trace stands: clocks differ, and a root may be missing. */
export const EARLY_NANOS = NANOS_PER_MINUTE
/** A trace's spans begin within this time after it: a Lambda runs for 15 minutes at most. */
export const LATE_NANOS = 60n * NANOS_PER_MINUTE
