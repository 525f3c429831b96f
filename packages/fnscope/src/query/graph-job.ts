// Keeps the stored service graph as new as its spans, a few seconds behind: computes again what the store says has more
// spans than its graph was made of, whoever stored them, and sums what is complete into longer stretches. Several at once
// on one store do no harm: each stretch is replaced whole. What is not covered yet is service-graph.ts's.
import type { Logger } from '../log.ts'
import { endOf, type GraphPeriod } from '../span/graph-rows.ts'
import { NodeTable } from '../span/graph-spans.ts'
import type { Held, MinuteState, PeriodGraph, Reader, StoredPeriod, TimeRange, Writer } from '../store/store.ts'
import {
  gapBetween,
  heldByMinutes,
  isClean,
  isDue,
  isSameHeld,
  isSliced,
  keyOf,
  longerOf,
  rangeOf,
  runsOf,
  unitsOf,
  widest,
  type Memory,
  type Run,
  type Unit,
} from './graph-plan.ts'
import { GraphSum } from './graph-statistics.ts'
import { deriveTargets } from './graph-targets.ts'

const EVER: TimeRange = { startNanos: 0n, endNanos: 9_000_000_000_000_000_000n }
const LEASE_SECONDS = 30
/** Rows of the graph that are encoded at once, but for those of one stretch. */
const ROWS_A_WRITE = 8000
/** Passes of one run: what a pass finds outdated is taken up by the next. */
const MOST_PASSES = 8
const GAPS_A_QUESTION = 100
/** Rows of one run after which it is over. */
const MANY_SPANS = 200_000
/** After it the job rests for as long as the run took, and at most for this. */
const MOST_REST_MS = 10_000
/** Longer stretches are summed once they are over for so long, and not more often than this while spans still come. */
const OVER_NANOS = 20_000_000_000n
const SUM_AGAIN_NANOS = 60_000_000_000n

export interface GraphJobOptions {
  readonly reader: Pick<
    Reader,
    | 'graphMinutes'
    | 'graphPeriods'
    | 'graphSpanCounts'
    | 'graphReach'
    | 'graphTraceParts'
    | 'readGraph'
    | 'readGraphSpans'
    | 'traceStarts'
  >
  readonly writer: Pick<Writer, 'noteReach' | 'replacePeriods'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly log: Logger
  /** Between runs. Default 5000. */
  readonly intervalMs?: number
  /** Of several processes on one store only the one that gets true works, for a third of so many seconds; 0 ends it. Default: always. */
  readonly lease?: (seconds: number) => Promise<boolean>
}

export class GraphJob {
  readonly #options: GraphJobOptions
  readonly #memory = new Map<string, Memory>()
  /** Starts of stretches of ten minutes and hours in which something was replaced since they were summed. */
  #unsummed: Map<string, GraphPeriod> | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #leasedUntilMs = 0
  #restUntilMs = 0
  #lastVersion = 0n
  #waitingSpans = 0
  #runs = 0
  readonly #stopping = new AbortController()

  constructor(options: GraphJobOptions) {
    this.#options = options
  }

  /** Rows whose stretch was to be computed again when last looked. */
  get waitingSpans(): number {
    return this.#waitingSpans
  }

  /** Runs that have ended: what was stored before the last but one began is in the graph, or waits. */
  get runs(): number {
    return this.#runs
  }

  /** Runs at once and every interval. Nothing waits for the first run: a store that is far behind is caught up behind. */
  start(): void {
    const { log, intervalMs = 5000 } = this.#options
    const run = (): void => {
      if (performance.now() < this.#restUntilMs) return
      this.run().catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) log.warn({ err: error }, 'service graph not computed; trying again')
      })
    }
    run()
    this.#timer = setInterval(run, intervalMs)
    this.#timer.unref()
  }

  /** Computes all that is due. A second call while one runs waits for that one. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Ends after the reading under way. What is left is found again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
    if (this.#leasedUntilMs === 0) return
    this.#leasedUntilMs = 0
    // Another process may go on at once.
    await this.#options.lease?.(0).catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    if (!(await this.#hasLease())) return
    const startedMs = performance.now()
    let spans = 0
    for (let pass = 0; pass < MOST_PASSES && spans < MANY_SPANS && !signal.aborted; pass++) {
      const computed = await this.#pass()
      if (computed === undefined) break
      spans += computed
    }
    if (!signal.aborted) await this.#sumUp()
    this.#runs += 1
    // While very much comes for long ago, the same is due again and again.
    if (spans >= MANY_SPANS)
      this.#restUntilMs = performance.now() + Math.min(MOST_REST_MS, performance.now() - startedMs)
  }

  /** Two at work at once do the same twice, and no harm: the lease saves work and is not held through a long run. */
  async #hasLease(): Promise<boolean> {
    const { lease } = this.#options
    if (lease === undefined || performance.now() < this.#leasedUntilMs) return true
    if (await lease(LEASE_SECONDS)) {
      this.#leasedUntilMs = performance.now() + (LEASE_SECONDS * 1000) / 3
      return true
    }
    // Another process has what it takes from here on.
    this.#leasedUntilMs = 0
    this.#waitingSpans = 0
    this.#unsummed = undefined
    return false
  }

  /** How many rows were computed; undefined when nothing was due. */
  async #pass(): Promise<number | undefined> {
    const { reader, now, log } = this.#options
    const minutes = await reader.graphMinutes(EVER)
    const nowNanos = now()
    const units = minutes.flatMap((minute) => unitsOf(minute, nowNanos))
    this.#waitingSpans = units.reduce((sum, { spans }) => sum + spans, 0)
    const due = units.filter((unit) => isDue(unit, nowNanos, this.#memory.get(keyOf(unit))))
    this.#remember(units)
    due.sort((a, b) => (a.startNanos < b.startNanos ? -1 : 1))
    for (const run of runsOf(due, await this.#gapSpans(due))) {
      if (this.#stopping.signal.aborted) return undefined
      const startedMs = performance.now()
      await this.#compute(run)
      this.#waitingSpans -= run.units.reduce((sum, { spans }) => sum + spans, 0)
      const ms = Math.round(performance.now() - startedMs)
      if (run.spans > 100_000) log.debug({ spans: run.spans, units: run.units.length, ms }, 'service graph computed')
    }
    const summed = await this.#sumMinutes(due.length > 0 ? await reader.graphMinutes(EVER) : minutes)
    return due.length > 0 || summed ? due.reduce((sum, { spans }) => sum + spans, 0) : undefined
  }

  /** What is not waiting any more is forgotten, so that this does not grow. */
  #remember(units: readonly Unit[]): void {
    const keys = new Set(units.map(keyOf))
    for (const key of this.#memory.keys()) if (!keys.has(key)) this.#memory.delete(key)
    for (const unit of units) {
      const memory = this.#memory.get(keyOf(unit))
      if (memory) memory.seenSpans = unit.spans
      else this.#memory.set(keyOf(unit), { seenSpans: unit.spans })
    }
  }

  /** Rows between units that do not touch, by the index of the later one. */
  async #gapSpans(units: readonly Unit[]): Promise<Map<number, number>> {
    const gaps = units.flatMap((unit, i) => {
      const gap = i > 0 ? gapBetween(units[i - 1]!, unit) : undefined
      return gap ? [{ i, gap }] : []
    })
    const spans = new Map<number, number>()
    for (let from = 0; from < gaps.length; from += GAPS_A_QUESTION) {
      const some = gaps.slice(from, from + GAPS_A_QUESTION)
      const counts = await this.#options.reader.graphSpanCounts(some.map(({ gap }) => gap))
      for (const [k, { i }] of some.entries()) spans.set(i, counts[k]!)
    }
    return spans
  }

  async #compute({ units: run, spans: expectedSpans }: Run): Promise<void> {
    const { reader, writer, now } = this.#options
    const computedNanos = now()
    const derived = await deriveTargets(reader, run.map(rangeOf), { expectedSpans, signal: this.#stopping.signal })
    // Before the graph: whoever dies in between has noted too much, and that is computed once more.
    await writer.noteReach(derived.reaching, derived.outdated)
    // In pieces: what is encoded at once is what nothing else can happen in.
    let pieces: PeriodGraph[] = []
    for (let i = 0; i < run.length; i++) {
      const unit = run[i]!
      const graph = derived.sums[i]!.rows()
      const spans = this.#spansHeld(unit, derived.spans[i]!, computedNanos)
      pieces.push({ ...unit, spans, version: this.#nextVersion(unit.stored?.version), graph })
      if (i + 1 < run.length && pieces.reduce((rows, { graph }) => rows + graph.size, 0) < ROWS_A_WRITE) continue
      await this.#replace(pieces)
      pieces = []
    }
  }

  /** Rows read; or as many as were told of, when twice no more than those could be read: the rest is not coming. */
  #spansHeld(unit: Unit, readSpans: number, computedNanos: bigint): number {
    const memory = this.#memory.get(keyOf(unit)) ?? { seenSpans: unit.spans }
    const again = memory.heldSpans === unit.spans && memory.readSpans === readSpans
    Object.assign(memory, { heldSpans: unit.spans, readSpans, computedNanos })
    this.#memory.set(keyOf(unit), memory)
    return again ? Math.max(unit.spans, readSpans) : readSpans
  }

  #nextVersion(above = 0n): bigint {
    const floor = this.#lastVersion > above ? this.#lastVersion : above
    const time = this.#options.now()
    return (this.#lastVersion = time > floor ? time : floor + 1n)
  }

  /** Minutes of which every slice is as it should be, from their slices. */
  async #sumMinutes(minutes: readonly MinuteState[]): Promise<boolean> {
    const nowNanos = this.#options.now()
    const whole = minutes.filter(
      (minute) =>
        isSliced(minute, nowNanos) && nowNanos >= minute.startNanos + 60_000_000_000n && minute.slices.every(isClean),
    )
    for (const { startNanos, spans, marks, slices, stored } of whole) {
      if (this.#stopping.signal.aborted) return false
      const children = slices.flatMap((slice): StoredPeriod[] =>
        slice.stored ? [{ ...slice.stored, seconds: 10, startNanos: slice.startNanos }] : [],
      )
      await this.#sum({ seconds: 60, startNanos }, children, { spans, marks, above: stored?.version ?? 0n })
    }
    return whole.length > 0
  }

  async #sum(
    period: GraphPeriod,
    children: readonly StoredPeriod[],
    { above, ...held }: { readonly spans: number; readonly marks: number; readonly above: bigint },
  ): Promise<void> {
    const sum = new GraphSum(period.startNanos, new NodeTable())
    const graphs = await this.#options.reader.readGraph(children, sum.table)
    for (const pieces of graphs.values()) for (const rows of pieces) sum.addRows(rows)
    await this.#replace([{ ...period, ...held, version: this.#nextVersion(above), graph: sum.rows() }])
  }

  async #replace(periods: readonly PeriodGraph[]): Promise<void> {
    await this.#options.writer.replacePeriods(periods)
    for (const period of periods) for (const longer of longerOf(period)) this.#unsummed?.set(keyOf(longer), longer)
  }

  /** Ten minutes and hours. The first time all there are are looked through: an earlier process may have left some. */
  async #sumUp(): Promise<void> {
    const { reader, now } = this.#options
    const all = this.#unsummed === undefined ? await reader.graphPeriods(EVER) : []
    this.#unsummed ??= unsummedOf(all)
    const nowNanos = now()
    const due = [...this.#unsummed.values()]
      .filter((period) => nowNanos - endOf(period) >= OVER_NANOS)
      .sort((a, b) => a.seconds - b.seconds || (a.startNanos < b.startNanos ? -1 : 1))
    if (due.length === 0) return
    const waiting = await reader.graphMinutes(EVER)
    for (const period of due) {
      if (this.#stopping.signal.aborted) return
      const { startNanos, endNanos } = rangeOf(period)
      // Not before everything in it has a graph; then, while more comes, now and then.
      const inside = waiting.filter((minute) => minute.startNanos >= startNanos && minute.startNanos < endNanos)
      if (inside.some((minute) => minute.stored === undefined)) continue
      const stored = await reader.graphPeriods({ startNanos, endNanos })
      const before = stored.find(({ seconds }) => seconds === period.seconds)
      if (before && inside.length > 0 && nowNanos - before.version < SUM_AGAIN_NANOS) continue
      const children = widest(stored.filter(({ seconds }) => seconds < period.seconds))
      if (children.length > 1 || before)
        await this.#sum(period, children, { ...heldTogether(children), above: before?.version ?? 0n })
      this.#unsummed.delete(keyOf(period))
    }
  }
}

function heldTogether(periods: readonly Held[]): Held {
  return {
    spans: periods.reduce((sum, { spans }) => sum + spans, 0),
    marks: periods.reduce((sum, { marks }) => sum + marks, 0),
  }
}

/** The stretches that are not of their minutes as they are, or not there. */
function unsummedOf(stored: readonly StoredPeriod[]): Map<string, GraphPeriod> {
  const there = new Map(stored.map((period) => [keyOf(period), period]))
  const unsummed = new Map<string, GraphPeriod>()
  for (const [key, longer] of heldByMinutes(stored)) {
    const { seconds, startNanos } = longer
    if (!isSameHeld(there.get(key), longer)) unsummed.set(key, { seconds, startNanos })
  }
  return unsummed
}
