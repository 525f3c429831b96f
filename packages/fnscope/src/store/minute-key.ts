// The first column of the key of `spans`. The engine does not see it in a range of start_nanos: who reads a stretch of time
// says the minutes too, or reads all parts that touch it.
import { NANOS_PER_SECOND } from '../span/time.ts'
import type { SqlParameters } from './sql-parameters.ts'
import type { TimeRange } from './store.ts'

/** As schema/001 has it, to the letter. */
export const MINUTE = "toStartOfMinute(toDateTime(intDiv(start_nanos, 1000000000), 'UTC'))"

const LAST_SECOND = 4_294_967_295n

const clamped = (seconds: bigint): bigint => (seconds < 0n ? 0n : seconds > LAST_SECOND ? LAST_SECOND : seconds)

/** What is true of the minute of a span that starts in the range, both ends included: beside the range itself. */
export function minutesOf(fromNanos: bigint, toNanos: bigint, parameters: SqlParameters): string {
  const from = parameters.bind('UInt32', clamped(fromNanos / NANOS_PER_SECOND))
  const to = parameters.bind('UInt32', clamped(toNanos / NANOS_PER_SECOND))
  return `${MINUTE} >= toStartOfMinute(toDateTime(${from}, 'UTC')) AND ${MINUTE} <= toDateTime(${to}, 'UTC')`
}

/** A condition on completed spans that start in the range. */
export function startingIn({ startNanos, endNanos }: TimeRange): {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
} {
  return {
    sql: `${MINUTE} >= toStartOfMinute(toDateTime({firstSecond:UInt32}, 'UTC'))
      AND ${MINUTE} <= toDateTime({lastSecond:UInt32}, 'UTC')
      AND start_nanos >= {startNanos:Int64} AND start_nanos < {endNanos:Int64}`,
    parameters: {
      firstSecond: clamped(startNanos / NANOS_PER_SECOND),
      lastSecond: clamped(endNanos / NANOS_PER_SECOND),
      startNanos,
      endNanos,
    },
  }
}
