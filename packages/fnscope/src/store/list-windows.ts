// How far back a list looks at once: where the newest rows were, how often they were in the list, and no further than a
// page likely reaches. Guesses, never bounds.
import { isNarrow, isOfGranules } from './compile-trace.ts'
import type { Window } from './list-ranges.ts'
import type { Walk, Way } from './list-walk.ts'
import type { RootRow } from './root-rows.ts'
import type { Connection } from './connection.ts'
import type { TraceQuery } from './trace-query.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'

/** Where the rows alone answer, reading them in order ends with the page: the window only keeps days apart. */
const ROW_WINDOW = 60n * NANOS_PER_MINUTE

const FIRST_WINDOW = 10n * NANOS_PER_SECOND
/** How much further back each window reaches at most than the one before. */
export const WINDOW_GROWTH = 16n
/** A window in which the page is expected holds so much more. */
const SPARE_WINDOW = 2n

/** Where the newest listed rows were, for the next first window. */
const NEWEST = new WeakMap<Connection, { readonly lastNanos: bigint; readonly reach: bigint }>()

/** Long ranges are begun with their newest part: what is common is found there, and the rest is not looked at. */
export function firstWindow({ connection, options, where, bounds }: Walk, way: Way, to: bigint): bigint {
  const whole = bounds.to - bounds.from
  if (options.by !== 'start') return whole
  if (way === 'check' || where === undefined) {
    const { lastNanos, reach } = NEWEST.get(connection) ?? {
      lastNanos: newestOf(connection) ?? to,
      reach: FIRST_WINDOW,
    }
    return to > lastNanos ? to - lastNanos + reach : reach
  }
  if (isNarrow(where)) return whole < ROW_WINDOW ? whole : ROW_WINDOW
  const part = whole / WINDOW_GROWTH
  return part < FIRST_WINDOW ? FIRST_WINDOW : part > 5n * NANOS_PER_MINUTE ? 5n * NANOS_PER_MINUTE : part
}

function newestOf({ recentTraces }: Connection): bigint | undefined {
  return recentTraces === undefined || recentTraces.newestNanos === 0n ? undefined : recentTraces.newestNanos
}

/** How far back the page probably ends, where so many traces of the list were found in `reach`. */
export function likelyWindow({ options, where, bounds }: Walk, reach: bigint, found: number): bigint {
  const least = reach > NANOS_PER_SECOND ? reach : NANOS_PER_SECOND
  if (found === 0) return isOfIndex(where) ? bounds.to - bounds.from : least * WINDOW_GROWTH
  const likely = (least * BigInt(options.limit) * SPARE_WINDOW) / BigInt(found)
  return likely < least * WINDOW_GROWTH ? likely : least * WINDOW_GROWTH
}

/** Where hardly a trace has it, the index says so of all at once. */
function isOfIndex(where: TraceQuery | undefined): boolean {
  if (where?.is === 'and') return where.of.some(isOfIndex)
  return where?.is === 'span' && isOfGranules(where.where)
}

export function noteNewest({ connection, where, options }: Walk, { from, to }: Window): void {
  if (where !== undefined || options.by !== 'start' || options.after !== undefined) return
  if (options.endNanos <= (NEWEST.get(connection)?.lastNanos ?? 0n)) return
  const reach = to - from
  NEWEST.set(connection, { lastNanos: to, reach: reach > NANOS_PER_SECOND ? reach * 2n : 2n * NANOS_PER_SECOND })
}

export function reachOf(rows: readonly RootRow[]): bigint {
  return rows[0]!.startNanos - rows.at(-1)!.startNanos
}
