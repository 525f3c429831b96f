// Traces by their durations, of those that the process knows (recent-traces.ts): some milliseconds for half a million, and
// no statement.
import type { Window } from './list-ranges.ts'
import type { RecentTraces } from './recent-traces.ts'
import { factsOf } from './trace-facts.ts'
import type { DurationQuery } from './trace-duration.ts'

/**
 * Ids of those that stand in the window, and of those of which not every span is known; undefined where some trace may be
 * unknown, or they are more than `most`.
 */
export function tracesLasting(
  recent: RecentTraces | undefined,
  window: Window,
  tests: readonly DurationQuery[],
  most: number,
): readonly string[] | undefined {
  const facts = factsOf({ is: 'and', of: tests })
  if (facts === undefined || facts.durations.length < tests.length) return undefined
  const found = recent?.newest(window, facts, most)
  if (found === undefined || found.isCut || found.places.length + found.parts.length > most) return undefined
  return [...found.places.map(({ traceId }) => traceId), ...found.parts]
}
