// Traces by their durations, of those that the process knows (recent-traces.ts): some milliseconds for half a million, and
// no statement.
import type { Window } from './list-ranges.ts'
import type { RecentTraces } from './recent-traces.ts'
import type { DurationQuery } from './trace-duration.ts'

/** Ids of those that stand in the window; undefined where some trace may be unknown, or they are more than `most`. */
export function tracesLasting(
  recent: RecentTraces | undefined,
  window: Window,
  tests: readonly DurationQuery[],
  most: number,
): readonly string[] | undefined {
  const exact = tests.map(({ op, nanos }) => ({ op, nanos: Number(nanos) }))
  if (exact.some(({ nanos }) => !Number.isSafeInteger(nanos))) return undefined
  return recent?.lasting(window, (duration) => exact.every((test) => isMet(duration, test)), most)
}

function isMet(duration: number, { op, nanos }: { readonly op: DurationQuery['op']; readonly nanos: number }): boolean {
  switch (op) {
    case '=':
      return duration === nanos
    case '!=':
      return duration !== nanos
    case '<':
      return duration < nanos
    case '<=':
      return duration <= nanos
    case '>':
      return duration > nanos
    case '>=':
      return duration >= nanos
  }
}
