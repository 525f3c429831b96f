// The service graph of a range of time or of some traces, its nodes in a stable order. Whole stretches come from the store
// as the job left them; the ragged ends and what the job has not caught up with are derived here while they are small.
import { endOf } from '../span/graph-rows.ts'
import { graphSpansOf } from '../span/graph-spans.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { MinuteState, Reader, StoredPeriod, TimeRange } from '../store/store.ts'
import { cacheOf } from './graph-cache.ts'
import { Derivation } from './graph-derivation.ts'
import { heldByMinutes, isSameHeld, keyOf, rangeOf, unitsOf, wholeOf, widest } from './graph-plan.ts'
import { orderGraph, type OrderedGraph } from './graph-order.ts'
import { GraphSum } from './graph-statistics.ts'
import { deriveTargets, REACH_NANOS } from './graph-targets.ts'
import { minuteOf } from './trace-index.ts'

export type { GraphEdge, GraphNode } from './graph-order.ts'

export interface ServiceGraph extends OrderedGraph {
  /**
   * About how many stored rows of spans it does not have yet, at most: one counts at both sides of a border. Too many to
   * be derived for one answer came in the last seconds, or for long ago. 0: it is of all that were stored when asked.
   */
  readonly behindSpans: number
}

/** Rows of spans that one question derives. What is over it is answered as the job left it, some seconds ago. */
const LIVE_SPANS = 5000

/** The graph of what starts in the range. Of stretches with too many spans to derive now those count that begin in it. */
export async function readServiceGraph(reader: Reader, range: TimeRange): Promise<ServiceGraph> {
  if (range.startNanos >= range.endNanos) return { nodes: [], behindSpans: 0 }
  const { covered, live } = await graphParts(reader, range)
  const graph = await cacheOf(reader).graph(
    reader,
    widest(covered),
    live.sums.map((sum) => sum.rows()),
  )
  return { ...graph, behindSpans: live.behindSpans }
}

export interface GraphParts {
  /** Stretches that are stored and as new as their spans; longer ones lie over those that they were summed from. */
  readonly covered: readonly StoredPeriod[]
  /** What is in none of them, each sum of some of one minute. */
  readonly live: Live
}

/** What the graph of a range is made of. */
export async function graphParts(reader: Reader, range: TimeRange): Promise<GraphParts> {
  const whole = wholeMinutes(range)
  const ends = [
    { startNanos: range.startNanos, endNanos: lesser(whole.startNanos, range.endNanos) },
    { startNanos: greater(whole.endNanos, lesser(whole.startNanos, range.endNanos)), endNanos: range.endNanos },
  ]
  const around = { startNanos: whole.startNanos - REACH_NANOS, endNanos: whole.endNanos + REACH_NANOS }
  const [endSpans, { minutes, periods }] = await Promise.all([reader.graphSpanCounts(ends), reader.graphState(around)])
  const stored = periods.filter((period) => period.startNanos >= range.startNanos)
  const live = await deriveLive(reader, range, ends, endSpans, minutes)
  const counts = (period: StoredPeriod): boolean =>
    endOf(period) <= range.endNanos || (period.seconds <= 60 && period.startNanos < range.endNanos)
  const minutesHeld = heldByMinutes(stored)
  const covered = stored.filter(
    (period) =>
      counts(period) &&
      // A longer one that is older than its minutes is not used: they are.
      (period.seconds <= 60 || isSameHeld(period, minutesHeld.get(keyOf(period)))) &&
      !live.ranges.some((target) => overlaps(target, rangeOf(period))),
  )
  return { covered, live }
}

export interface Live {
  readonly sums: readonly GraphSum[]
  /** What of the range they are of. */
  readonly ranges: readonly TimeRange[]
  /** Rows in the range that are in no sum and in no stored stretch. */
  readonly behindSpans: number
}

/** The ragged ends, and what the job has not caught up with, newest first, as far as there are not too many spans. */
async function deriveLive(
  reader: Reader,
  range: TimeRange,
  ends: readonly TimeRange[],
  endSpans: readonly number[],
  minutes: readonly MinuteState[],
): Promise<Live> {
  let left = LIVE_SPANS
  const targets: TimeRange[] = []
  const take = (target: TimeRange, spans: number): boolean => {
    if (target.startNanos >= target.endNanos || targets.some((other) => overlaps(other, target))) return true
    if (spans > left) return false
    left -= spans
    targets.push(target)
    return true
  }
  const now = range.endNanos
  const waiting = minutes.flatMap((minute) => (minute.stored ? [wholeOf(minute)] : unitsOf(minute, now)))
  // The end before what waits: it is what was just done.
  for (const i of [1, 0]) take(ends[i]!, endSpans[i]!)
  let behindSpans = 0
  for (const unit of waiting.toReversed()) {
    for (const part of inAndOut(rangeOf(unit), range)) {
      if (!take(part, unit.spans) && overlaps(part, range))
        behindSpans += Math.max(1, unit.spans - (unit.stored?.spans ?? 0))
    }
  }
  let derived = await deriveAll(reader, targets)
  const outdated = derived.outdated.filter((slice) => slice >= range.startNanos && slice < range.endNanos)
  let more = false
  for (const slice of outdated) {
    const startNanos = slice - (slice % NANOS_PER_MINUTE)
    const [target] = inAndOut({ startNanos, endNanos: startNanos + NANOS_PER_MINUTE }, range)
    const before = targets.length
    if (target) {
      // Its slices may be targets already: the rest of the minute is one as well then.
      const own = targets.filter((other) => overlaps(other, target))
      const gaps = without(target, own)
      const [spans] = await reader.graphSpanCounts([target])
      for (const gap of gaps) if (!take(gap, spans!)) behindSpans += 1
    }
    more ||= targets.length > before
  }
  if (more) derived = await deriveAll(reader, targets)
  const inRange = derived.targets.flatMap((target, i) =>
    target.startNanos >= range.startNanos && target.endNanos <= range.endNanos
      ? [{ target, sum: derived.sums[i]! }]
      : [],
  )
  return { sums: inRange.map(({ sum }) => sum), ranges: inRange.map(({ target }) => target), behindSpans }
}

async function deriveAll(
  reader: Reader,
  unsorted: readonly TimeRange[],
): Promise<{
  readonly targets: readonly TimeRange[]
  readonly sums: readonly GraphSum[]
  readonly outdated: readonly bigint[]
}> {
  const targets = unsorted.toSorted((a, b) => (a.startNanos < b.startNanos ? -1 : 1))
  const runs: TimeRange[][] = []
  for (const target of targets) {
    const run = runs.at(-1)
    if (run && target.startNanos === run.at(-1)!.endNanos) run.push(target)
    else runs.push([target])
  }
  const derived = await Promise.all(runs.map((run) => deriveTargets(reader, run, { expectedSpans: LIVE_SPANS })))
  return {
    targets,
    sums: derived.flatMap(({ sums }) => sums),
    outdated: derived.flatMap(({ outdated }) => outdated),
  }
}

/** The whole minutes in the range; none when the start is not before the end. */
function wholeMinutes({ startNanos, endNanos }: TimeRange): TimeRange {
  return { startNanos: minuteOf(startNanos + NANOS_PER_MINUTE - 1n), endNanos: minuteOf(endNanos) }
}

/** The part in the range first, then those outside. */
function inAndOut(target: TimeRange, range: TimeRange): TimeRange[] {
  const inside = {
    startNanos: greater(target.startNanos, range.startNanos),
    endNanos: lesser(target.endNanos, range.endNanos),
  }
  return inside.startNanos < inside.endNanos ? [inside, ...without(target, [inside])] : [target]
}

/** What is left of the target. */
function without(target: TimeRange, others: readonly TimeRange[]): TimeRange[] {
  let left = [target]
  for (const other of others) {
    left = left.flatMap(({ startNanos, endNanos }) =>
      [
        { startNanos, endNanos: lesser(endNanos, other.startNanos) },
        { startNanos: greater(startNanos, other.endNanos), endNanos },
      ].filter((part) => part.startNanos < part.endNanos),
    )
  }
  return left
}

function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.startNanos < b.endNanos && b.startNanos < a.endNanos
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** The graph of whole traces, given all their spans. */
export function graphOfSpans(spans: Iterable<Span>): ServiceGraph {
  const columns = graphSpansOf(spans)
  const sum = new GraphSum(columns.baseNanos, columns.nodes)
  const derivation = new Derivation(columns)
  for (let trace = 0; trace < derivation.groups.traces; trace++) derivation.add(trace, () => sum)
  return { ...orderGraph(sum.rows()), behindSpans: 0 }
}
