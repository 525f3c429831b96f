// Every foreign unit of time to and from the model's: nanoseconds since 1970 as bigint.

/** Float epoch seconds (X-Ray) to nanoseconds, exact to the microsecond: a double holds no more at this size. */
export function secondsToNanos(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e6)) * 1000n
}

/** Nanoseconds to float seconds, cut to the microsecond. */
export function nanosToSeconds(nanos: bigint): number {
  return Number(nanos / 1000n) / 1e6
}

export function millisToNanos(millis: number): bigint {
  return BigInt(Math.round(millis * 1000)) * 1000n
}

/** Nanoseconds to float milliseconds. */
export function nanosToMillis(nanos: bigint): number {
  return Number(nanos / 1000n) / 1000
}

/** Nanoseconds to whole milliseconds, cut: what AWS's models call a long. */
export function nanosToWholeMillis(nanos: bigint): number {
  return Number(nanos / 1_000_000n)
}

export const NANOS_PER_SECOND = 1_000_000_000n
export const NANOS_PER_MINUTE = 60n * NANOS_PER_SECOND
export const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND

/** The earliest and latest start a span may have to be stored: [now - retention, now + 1 day]. */
export interface TimeBounds {
  readonly minNanos: bigint
  readonly maxNanos: bigint
}

/** `2026-11-21T08:03:35.790Z`, as system log lines and telemetry events spell it. */
export function formatIsoMillis(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString()
}
