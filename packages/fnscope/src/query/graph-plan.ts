// Which stretches of the graph are to be computed now: pure, from what the store says of its minutes and what was done
// before. A minute with few spans is computed whole once it has ended; one with many by its slices, as they end, so that
// the newest seconds are there and a late span costs a slice and not the minute.
import { endOf, PERIOD_SECONDS, type GraphPeriod } from '../span/graph-rows.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { Held, MinuteState, SliceState, StoredPeriod, StoredVersion, TimeRange } from '../store/store.ts'

/** Rows of a minute that just was from which on it is taken by slices; below, questions derive it in time. */
export const SLICED_FROM_SPANS = 5000
/** The same of older minutes: they are recomputed seldom. */
const OLD_SLICED_FROM_SPANS = 1_000_000
const OLD_NANOS = NANOS_PER_MINUTE
/** Work below it is never put off. */
const SMALL_SPANS = 50_000
/** A stretch is left alone for so long after its end, or until nothing more comes for it. */
const SETTLE_NANOS = 5_000_000_000n
/** And between two computations at least for so long per span, and for as long as it is old. */
const REST_NANOS_A_SPAN = 20_000
/** Rows of one run, and the time that it spans. */
const RUN_SPANS = 1_500_000
const RUN_NANOS = 2n * 3_600_000_000_000n
/** A run goes on over a stretch that is to be left as it is when that is so short and has so few rows. */
const GAP_NANOS = 10n * NANOS_PER_MINUTE
const GAP_SPANS = 5000

export interface Unit extends GraphPeriod, Held {
  readonly stored?: StoredVersion
}

/** What the job remembers of a unit. */
export interface Memory {
  /** Rows that it had at the pass before. */
  seenSpans: number
  computedNanos?: bigint
  /** What the last computation began with and what it read: where the two stay apart, rows are gone and not late. */
  heldSpans?: number
  readSpans?: number
}

export function keyOf({ seconds, startNanos }: GraphPeriod): string {
  return `${seconds} ${startNanos}`
}

/** A minute by its slices, rather than whole. */
export function isSliced(minute: MinuteState, nowNanos: bigint): boolean {
  if (minute.spans >= OLD_SLICED_FROM_SPANS) return true
  return minute.spans >= SLICED_FROM_SPANS && nowNanos - minute.startNanos < NANOS_PER_MINUTE + OLD_NANOS
}

export function isClean(slice: SliceState): boolean {
  const { stored } = slice
  return stored !== undefined && stored.spans >= slice.spans && stored.marks >= slice.marks
}

/** What of an unclean minute is to be computed, now or later. */
export function unitsOf(minute: MinuteState, nowNanos: bigint): Unit[] {
  if (!isSliced(minute, nowNanos)) {
    return [wholeOf(minute)]
  }
  return minute.slices.filter((slice) => !isClean(slice)).map((slice) => ({ ...slice, seconds: 10 }))
}

export function wholeOf({ startNanos, spans, marks, stored }: MinuteState): Unit {
  return { seconds: 60, startNanos, spans, marks, ...(stored && { stored }) }
}

/** Whether it may be computed now. */
export function isDue(unit: Unit, nowNanos: bigint, memory: Memory | undefined): boolean {
  const end = endOf(unit)
  if (nowNanos >= unit.startNanos && nowNanos < end) return false
  if (unit.spans <= SMALL_SPANS) return true
  if (memory?.seenSpans === unit.spans) return true
  if (memory?.computedNanos === undefined) return nowNanos < unit.startNanos || nowNanos - end >= SETTLE_NANOS
  const age = memory.computedNanos > end ? memory.computedNanos - end : 0n
  const rest = BigInt(unit.spans * REST_NANOS_A_SPAN)
  return nowNanos - memory.computedNanos >= (age > rest ? age : rest)
}

/** Units that are computed from one reading: in order of time, with what lies between them when that is little. */
export interface Run {
  readonly units: Unit[]
  /** Rows to be read, about. */
  spans: number
}

/** The stretch between one unit and the next, undefined when they touch or are too far apart to be read together. */
export function gapBetween(before: Unit, unit: Unit): TimeRange | undefined {
  const gap = { startNanos: endOf(before), endNanos: unit.startNanos }
  return gap.startNanos < gap.endNanos && gap.endNanos - gap.startNanos <= GAP_NANOS ? gap : undefined
}

/** @param units in order of time. @param gapSpans rows between the unit of that index and the one before it. */
export function runsOf(units: readonly Unit[], gapSpans: ReadonlyMap<number, number> = new Map()): Run[] {
  const runs: Run[] = []
  for (const [i, unit] of units.entries()) {
    const run = runs.at(-1)
    const touches = i > 0 && unit.startNanos === endOf(units[i - 1]!)
    const between = touches ? 0 : (gapSpans.get(i) ?? Number.POSITIVE_INFINITY)
    const short = run !== undefined && endOf(unit) - run.units[0]!.startNanos <= RUN_NANOS
    if (run && between <= GAP_SPANS && short && run.spans + between + unit.spans <= RUN_SPANS) {
      run.units.push(unit)
      run.spans += between + unit.spans
    } else runs.push({ units: [unit], spans: unit.spans })
  }
  return runs
}

export function rangeOf(period: GraphPeriod): TimeRange {
  return { startNanos: period.startNanos, endNanos: endOf(period) }
}

/** The fewest of the periods that cover what they cover: the longest that fit, none over another. */
export function widest<Period extends GraphPeriod>(periods: readonly Period[]): Period[] {
  const taken: Period[] = []
  let covered: bigint | undefined
  const sorted = periods.toSorted((a, b) => {
    if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
    return b.seconds - a.seconds
  })
  for (const period of sorted) {
    if (covered !== undefined && period.startNanos < covered) continue
    taken.push(period)
    covered = endOf(period)
  }
  return taken
}

/** The stretches of ten minutes and hours that a period is summed into. */
export function longerOf(period: GraphPeriod): GraphPeriod[] {
  if (period.seconds < 60) return []
  return PERIOD_SECONDS.filter((seconds) => seconds > period.seconds && seconds > 60).map((seconds) => {
    const nanos = BigInt(seconds) * 1_000_000_000n
    return { seconds, startNanos: period.startNanos - (period.startNanos % nanos) }
  })
}

/** Of each longer stretch, by keyOf: what its minutes were computed from, together. Its graph is as new when it held that. */
export function heldByMinutes(stored: readonly StoredPeriod[]): Map<string, GraphPeriod & Held> {
  const held = new Map<string, GraphPeriod & Held>()
  for (const minute of stored) {
    if (minute.seconds !== 60) continue
    for (const longer of longerOf(minute)) {
      const key = keyOf(longer)
      const { spans, marks } = held.get(key) ?? { spans: 0, marks: 0 }
      held.set(key, { ...longer, spans: spans + minute.spans, marks: marks + minute.marks })
    }
  }
  return held
}

export function isSameHeld(a: Held | undefined, b: Held | undefined): boolean {
  return a !== undefined && b !== undefined && a.spans === b.spans && a.marks === b.marks
}
