// Traces that meet a query, looked for among those of which the process knows that they may (recent-traces.ts): newest
// first, some at a time. Gives up where that is not known, or hardly one of those does: then the list is walked
// (list-traces.ts).
import type { Connection } from './connection.ts'
import { isOlder, type ListPosition } from './list-position.ts'
import type { OpenSpans } from './open-spans.ts'
import type { TraceListOptions, TraceRow } from './store.ts'
import { settledAmong } from './sure-traces.ts'
import { TraceAnswers } from './trace-answers.ts'
import { factsOf } from './trace-facts.ts'
import { placesOf, withRoot, type TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'

/** Looked at in one statement, beyond the page. */
const SPARE = 27
const MAX_BATCH = 1000
/** Looked at for a page at most, as far as one can tell: of more the walk costs less. */
const MAX_LOOKED = 1200

/** The page, or undefined where the list must be walked instead. */
export async function searchKnown(
  connection: Connection,
  openSpans: OpenSpans,
  options: TraceListOptions,
  where: TraceQuery,
): Promise<TraceRow[] | undefined> {
  const query = joinedRoots(where)
  const sure = options.sure && joinedRoots(options.sure)
  const answers = TraceAnswers.of(connection, sure === undefined ? [query] : [query, sure])
  const recent = connection.recentTraces
  if (answers === undefined || recent === undefined) return undefined
  const facts = factsOf(query, { hasOpen: await openSpans.mayBe() })
  if (facts === undefined) return undefined
  const list: TraceRow[] = []
  let looked = 0
  let { after } = options
  let batch = options.limit + SPARE
  for (;;) {
    const found = await newestAfter(connection, options, { facts, after, most: batch })
    // So many of one time that what comes behind a place is not among the newest.
    if (found === undefined || (found.isCut && found.places.length === 0)) return undefined
    for (let from = 0; from < found.places.length; from += batch) {
      const some = found.places.slice(from, from + batch)
      await answers.readRows(some, { details: options.details === true, density: recent.density })
      const there = some.filter(({ traceId }) => answers.standing(traceId) !== undefined)
      const doubtful = there.filter(({ traceId }) => answers.meets(traceId, query) === undefined)
      await answers.readSpans(doubtful)
      const met = there.filter(({ traceId }) => answers.meets(traceId, query) === true).slice(0, options.limit)
      const settled = sure === undefined ? [] : await settledAmong(connection, openSpans, met)
      if (sure !== undefined)
        await answers.readSpans(settled.filter(({ traceId }) => answers.meets(traceId, sure) === undefined))
      const certain = new Set(settled)
      for (const place of met) {
        const isSure = sure && certain.has(place) && answers.meets(place.traceId, sure) === true
        list.push(withRoot(place, options.details === true ? answers.standing(place.traceId) : undefined, isSure))
        if (list.length === options.limit) return list
      }
    }
    if (!found.isCut) return list
    looked += found.places.length
    const left = ((options.limit - list.length) * looked) / Math.max(1, list.length)
    if (list.length === 0 ? looked > MAX_BATCH : left > MAX_LOOKED) return undefined
    after = found.places.at(-1)
    batch = list.length === 0 ? MAX_BATCH : Math.min(MAX_BATCH, Math.ceil(left) + SPARE)
  }
}

async function newestAfter(
  connection: Connection,
  { startNanos, endNanos }: TraceListOptions,
  {
    facts,
    after,
    most,
  }: {
    readonly facts: NonNullable<ReturnType<typeof factsOf>>
    readonly after: ListPosition | undefined
    readonly most: number
  },
): Promise<{ readonly places: readonly TracePlace[]; readonly isCut: boolean } | undefined> {
  const to = after !== undefined && after.startNanos < endNanos ? after.startNanos : endNanos
  const found = connection.recentTraces?.newest({ from: startNanos, to }, facts, most)
  if (found === undefined) return undefined
  const inPart = found.parts.length === 0 ? [] : [...(await placesOf(connection, found.parts)).values()]
  const oldest = found.isCut ? found.places.reduce((least, one) => (isOlder(one, least) ? one : least)) : undefined
  const places = [...found.places, ...inPart].filter(
    (one) =>
      one.startNanos >= startNanos &&
      one.startNanos < endNanos &&
      (after === undefined || isOlder(one, after)) &&
      (oldest === undefined || !isOlder(one, oldest)),
  )
  return { places: places.sort((a, b) => (isOlder(a, b) ? 1 : -1)), isCut: found.isCut }
}

/** Conditions on the row at which a trace stands are of one row. */
function joinedRoots(query: TraceQuery): TraceQuery {
  if (query.is === 'not') return { is: 'not', of: joinedRoots(query.of) }
  if (query.is === 'or') return { is: 'or', of: query.of.map(joinedRoots) }
  if (query.is !== 'and') return query
  const of = query.of.map(joinedRoots)
  const roots = of.flatMap((one) => (one.is === 'root' ? [one.where] : []))
  if (roots.length < 2) return { is: 'and', of }
  return {
    is: 'and',
    of: [{ is: 'root', where: { is: 'and', of: roots } }, ...of.filter(({ is }) => is !== 'root')],
  }
}
