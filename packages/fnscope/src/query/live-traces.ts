// Traces read from their spans, for what the stored minutes do not hold (yet). Each trace is read and derived once.
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'
import type { Reader, TimeRange } from '../store/store.ts'
import { deriveContributions, type TraceContributions } from './graph-contribution.ts'
import type { GraphSum } from './graph-statistics.ts'
import { minuteOf } from './trace-index.ts'

/** Ids asked for at once; a fuller answer is asked for again in halves. */
const ID_LIMIT = 20_000
/** Traces whose spans are in memory at once. */
const TRACES_A_READ = 200
/** How far from a touched minute a trace may reach and still be corrected there. A Lambda runs for 15 minutes at most. */
export const REACH_NANOS = 60n * NANOS_PER_MINUTE

export class LiveTraces {
  readonly #reader: Reader
  readonly #traces = new Map<string, TraceContributions>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** Loads every trace that has a span starting in the range, and returns their ids. */
  async load(range: TimeRange): Promise<readonly string[]> {
    if (range.startNanos >= range.endNanos) return []
    const ids = await this.#idsStarting(range)
    const missing = ids.filter((id) => !this.#traces.has(id))
    for (let from = 0; from < missing.length; from += TRACES_A_READ) {
      const spans = await this.#reader.readSpans(missing.slice(from, from + TRACES_A_READ))
      for (const trace of deriveContributions(spans)) this.#traces.set(trace.traceId, trace)
    }
    return ids
  }

  /**
   * Loads the touched minutes and those that they outdate: a span that came late for one minute may make another
   * minute's root a callee, or be a copy of one that was counted there. Returns all of them, wholly loaded.
   */
  async loadMinutes(touched: Iterable<bigint>): Promise<ReadonlySet<bigint>> {
    const minutes = new Set(touched)
    const ownIds = new Set<string>()
    for (const range of rangesOf(minutes)) {
      for (const id of await this.load(range)) ownIds.add(id)
    }
    const others = new Set<bigint>()
    for (const reached of await this.#reachOf([...ownIds])) {
      if (reached.length < 2) continue
      const near = reached.filter((minute) => minutes.has(minute))
      for (const minute of reached) {
        if (!minutes.has(minute) && near.some((one) => absolute(one - minute) <= REACH_NANOS)) others.add(minute)
      }
    }
    for (const range of rangesOf(others)) await this.load(range)
    return minutes.union(others)
  }

  /** The minutes of each trace in which it may be counted, now or by copies that were replaced. */
  async #reachOf(ids: readonly string[]): Promise<(readonly bigint[])[]> {
    const reach = new Map(ids.map((id) => [id, this.#traces.get(id)?.minutes ?? []]))
    for (let from = 0; from < ids.length; from += ID_LIMIT) {
      const starts = await this.#reader.traceStarts(ids.slice(from, from + ID_LIMIT))
      for (const { traceId, firstNanos, lastNanos } of starts) {
        const [first, last] = [minuteOf(firstNanos), minuteOf(lastNanos)]
        const known = reach.get(traceId) ?? []
        if (known.includes(first) && known.includes(last)) continue
        reach.set(traceId, [...new Set([...known, ...minutesBetween(first, last)])])
      }
    }
    return [...reach.values()]
  }

  /** Adds every contribution to the sum that its own time belongs to, if any. */
  addTo(sumOf: (nanos: bigint) => GraphSum | undefined): void {
    for (const trace of this.#traces.values()) {
      for (const node of trace.nodes) sumOf(node.startNanos)?.addNode(node)
      for (const edge of trace.edges) sumOf(edge.startNanos)?.addEdge(edge)
    }
  }

  async #idsStarting(range: TimeRange): Promise<string[]> {
    const ids = await this.#reader.traceIdsStarting(range, ID_LIMIT)
    const length = range.endNanos - range.startNanos
    if (ids.length < ID_LIMIT || length < NANOS_PER_SECOND / 1000n) return ids
    const middle = range.startNanos + length / 2n
    const halves = [
      await this.#idsStarting({ startNanos: range.startNanos, endNanos: middle }),
      await this.#idsStarting({ startNanos: middle, endNanos: range.endNanos }),
    ]
    return [...new Set(halves.flat())]
  }
}

/** Both, and what lies between them unless that is more than a touched minute reaches. */
function minutesBetween(first: bigint, last: bigint): bigint[] {
  if (last - first > 2n * REACH_NANOS) return [first, last]
  const minutes: bigint[] = []
  for (let minute = first; minute <= last; minute += NANOS_PER_MINUTE) minutes.push(minute)
  return minutes
}

/** Minutes as ranges, neighbours joined. */
function rangesOf(minutes: Iterable<bigint>): TimeRange[] {
  const sorted = [...minutes].sort((a, b) => (a < b ? -1 : 1))
  const ranges: { startNanos: bigint; endNanos: bigint }[] = []
  for (const minute of sorted) {
    const last = ranges.at(-1)
    if (last && last.endNanos === minute) last.endNanos += NANOS_PER_MINUTE
    else ranges.push({ startNanos: minute, endNanos: minute + NANOS_PER_MINUTE })
  }
  return ranges
}

function absolute(nanos: bigint): bigint {
  return nanos < 0n ? -nanos : nanos
}
