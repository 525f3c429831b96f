// Of rows of `roots` those at which their traces stand, when the traces belong in the list.
import { checkTraces } from './check-traces.ts'
import { isOfRow } from './compile-trace.ts'
import { entryEndsOf } from './list-ranges.ts'
import type { Walk, Way } from './list-walk.ts'
import type { RootRow } from './root-rows.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { sureTraces } from './sure-traces.ts'
import { isOfDuration } from './trace-duration.ts'
import type { TraceQuery } from './trace-query.ts'
import { placesOf, withRoot, type TracePlace } from './trace-places.ts'

/** Traces that are checked at once. */
export const MIN_CHECKED = 100

/** Places asked for at once. */
const MAX_PLACES = 1000

/** In the order of the rows. Places are asked for as the list needs them. */
export async function* standing(walk: Walk, rows: readonly RootRow[], way: Way): AsyncGenerator<TraceRow> {
  const { connection, openSpans, options, durations } = walk
  const ids = [...new Set(rows.map(({ traceId }) => traceId))]
  const metByRows = new Set(rows.flatMap(({ traceId, met }) => (met.where ? [traceId] : [])))
  const shown = new Set(rows.flatMap(({ traceId, met }) => (met.any ? [traceId] : [])))
  const own = Map.groupBy(rows, ({ traceId }) => traceId)
  const asked = askedOf(walk, way)
  const isCheap = asked === undefined || way === 'select' || metByRows.size === ids.length
  let batch = isCheap ? options.limit : Math.max(options.limit, MIN_CHECKED)
  const places = new Map<string, TracePlace>()
  const sure = new Set<string>()
  let ends: ReadonlyMap<string, readonly bigint[]> = new Map()
  let end = 0
  const known = new Set<string>()
  for (const row of rows) {
    while (!known.has(row.traceId)) {
      const some = ids.slice(end, (end += batch))
      if (isCheap) batch = Math.min(MAX_PLACES, batch * 2)
      for (const id of some) known.add(id)
      const found = await placesOf(connection, some)
      // A trace that stands further back comes with the rows there.
      for (const [id, place] of found)
        if (!own.get(id)!.some((one) => standsAt(place, one)) || !durations.every((one) => isOfDuration(place, one)))
          found.delete(id)
      const doubtful = asked ? [...found.values()].filter(({ traceId }) => !metByRows.has(traceId)) : []
      const met = asked ? await checkTraces(connection, doubtful, asked) : new Set<string>()
      for (const { traceId } of doubtful) if (!met.has(traceId)) found.delete(traceId)
      for (const [id, place] of found) places.set(id, place)
      if (options.by === 'end') ends = new Map([...ends, ...(await entryEndsOf(connection, [...found.values()]))])
      if (walk.sure !== undefined)
        for (const id of await sureTraces(connection, openSpans, walk.sure, [...found.values()], shown)) sure.add(id)
    }
    const place = places.get(row.traceId)
    if (place === undefined || !standsAt(place, row)) continue
    if (options.by === 'end' && !endsIn(options, ends.get(row.traceId))) continue
    yield withRoot(place, row, walk.sure && row.met.standing && sure.has(row.traceId))
  }
}

/** What the step did not ask the engine. */
function askedOf({ where, deep }: Walk, way: Way): TraceQuery | undefined {
  if (way === 'select') return deep.length === 0 ? undefined : { is: 'and', of: deep }
  return where === undefined || isOfRow(where) ? undefined : where
}

function standsAt(place: TracePlace, { startNanos, rank }: RootRow): boolean {
  return place.startNanos === startNanos && place.rank === rank
}

/** A copy that was replaced since may have brought the trace in: by the end of the newest copies, does it belong? */
function endsIn({ startNanos, endNanos }: TraceListOptions, ends: readonly bigint[] = []): boolean {
  return ends.some((end) => end >= startNanos && end < endNanos)
}
