// Derives the graph of some stretches of time, the targets, from spans: for the job, and for what it has not covered.
// Reads all spans of the targets and a little around them, where calls and what answers them nearly always start, and of
// the traces that reach further all there is. Says which traces those are, and which other slices that may change.
import { GRAPH_FLAG, GraphSpans, NodeTable } from '../span/graph-spans.ts'
import { CELL_NANOS, SLICE_NANOS, sliceOf } from '../span/graph-rows.ts'
import { formatHex } from '../span/id.ts'
import type { Reach, Reader, TimeRange } from '../store/store.ts'
import { Derivation, type Sight, type SumAt } from './graph-derivation.ts'
import { GraphSum } from './graph-statistics.ts'
import type { TraceGroups } from './graph-traces.ts'

/** How far from a target a trace may reach and still be corrected there. A Lambda runs for 15 minutes at most. */
export const REACH_NANOS = 3_600_000_000_000n
/** Rows that are in memory at once: about 70 bytes each. */
const ROWS_AT_ONCE = 250_000
/** So few traces are all asked after. Of more only those are that something in sight points beyond. */
const FEW_TRACES = 2000
/** Traces asked after at most; in a crowd of orphans the rest count as they look. */
const MOST_SUSPECTS = 20_000
const TRACES_A_READ = 1000
/** Ids that one question can carry: about 100 kB of text. */
const IDS_A_QUESTION = 2500
/** The longest that nothing else has its turn. */
const TURN_MS = 15

export interface Derived {
  /** One for each target. */
  readonly sums: readonly GraphSum[]
  /** Rows of completed spans, copies too, that start in each target or up to CELL_NANOS around it. */
  readonly spans: readonly number[]
  /** Traces of several slices, with more rows than was noted of them. */
  readonly reaching: readonly Reach[]
  /** Slices outside the targets that those traces lie in. */
  readonly outdated: readonly bigint[]
}

type GraphReader = Pick<Reader, 'graphReach' | 'graphTraceParts' | 'readGraphSpans' | 'traceStarts'>

/** @param targets in order of time, none over another; what lies between them is read too. */
export async function deriveTargets(
  reader: GraphReader,
  targets: readonly TimeRange[],
  options: { readonly expectedSpans: number; readonly signal?: AbortSignal },
): Promise<Derived> {
  const [first, last] = [targets[0], targets.at(-1)]
  if (!first || !last) return { sums: [], spans: [], reaching: [], outdated: [] }
  const window = { startNanos: first.startNanos - CELL_NANOS, endNanos: last.endNanos + CELL_NANOS }
  const known = await reader.graphReach(slicesOf(targets))
  const run = new TargetRun(reader, targets, window, known)
  const bounds = await reader.graphTraceParts(window, Math.ceil(options.expectedSpans / ROWS_AT_ONCE))
  for (let part = 0; part <= bounds.length; part++) {
    options.signal?.throwIfAborted()
    await run.addPart(bounds[part - 1], bounds[part])
  }
  return run.result()
}

const CELL = Number(CELL_NANOS)
const SLICE = Number(SLICE_NANOS)

/** A trace whose graph may depend on spans outside the window. */
interface Suspect {
  readonly traceId: string
  readonly trace: number
}

class TargetRun {
  readonly #reader: GraphReader
  readonly #targets: readonly TimeRange[]
  readonly #window: TimeRange
  readonly #known: ReadonlyMap<string, number>
  /** Last words of the known ones: few ids need to be spelled to look them up. */
  readonly #knownWords: ReadonlySet<number>
  readonly #nodes = new NodeTable()
  /** Of the part at hand: used again for the next. */
  readonly #part: GraphSpans
  readonly #sums: GraphSum[]
  /** Completed rows by the cell that they start in, from the window's start on. */
  readonly #cells: Float64Array
  readonly #starts: Float64Array
  readonly #ends: Float64Array
  readonly #reaching: Reach[] = []
  readonly #outdated = new Set<bigint>()
  readonly #sliceOffset: number
  readonly #sight: Sight
  readonly #end: number
  /** Of the trace last measured: a row, how many completed ones it has, and their first and last start. */
  #row = 0
  #completed = 0
  #first = 0
  #last = 0
  #lastFound = 0

  constructor(
    reader: GraphReader,
    targets: readonly TimeRange[],
    window: TimeRange,
    known: ReadonlyMap<string, number>,
  ) {
    this.#reader = reader
    this.#targets = targets
    this.#window = window
    this.#known = known
    this.#sight = { until: Number(window.endNanos - window.startNanos) }
    this.#end = Number(targets.at(-1)!.endNanos - window.startNanos)
    this.#sliceOffset = Number(window.startNanos % SLICE_NANOS)
    this.#knownWords = new Set([...known.keys()].map((id) => lastWord(id)))
    this.#part = new GraphSpans(window.startNanos, this.#nodes)
    this.#sums = targets.map(() => new GraphSum(window.startNanos, this.#nodes))
    this.#cells = new Float64Array(Number((window.endNanos - window.startNanos) / CELL_NANOS) + 1)
    this.#starts = Float64Array.from(targets, (target) => Number(target.startNanos - window.startNanos))
    this.#ends = Float64Array.from(targets, (target) => Number(target.endNanos - window.startNanos))
  }

  result(): Derived {
    const spansOf = ({ startNanos, endNanos }: TimeRange): number => {
      const from = Number((startNanos - this.#window.startNanos) / CELL_NANOS) - 1
      const to = Number((endNanos - this.#window.startNanos) / CELL_NANOS) + 1
      return this.#cells.subarray(Math.max(0, from), to).reduce((sum, rows) => sum + rows, 0)
    }
    return {
      sums: this.#sums,
      spans: this.#targets.map(spansOf),
      reaching: this.#reaching,
      outdated: [...this.#outdated].sort((a, b) => (a < b ? -1 : 1)),
    }
  }

  async addPart(fromTrace: string | undefined, untilTrace: string | undefined): Promise<void> {
    const spans = this.#part
    spans.clear()
    await this.#reader.readGraphSpans({ range: this.#window, fromTrace, untilTrace }, spans)
    const derivation = new Derivation(spans)
    const few = derivation.groups.traces <= FEW_TRACES
    const suspects: Suspect[] = []
    let turn = performance.now()
    for (let trace = 0; trace < derivation.groups.traces; trace++) {
      if ((trace & 255) === 255 && performance.now() - turn > TURN_MS) {
        await nextTurn()
        turn = performance.now()
      }
      if (!this.#look(spans, derivation.groups, trace)) continue
      const known = this.#knownRows(spans)
      const asked = suspects.length < MOST_SUSPECTS && (few || known > this.#completed)
      const all = known > 0 || suspects.length >= MOST_SUSPECTS
      if (asked || (!all && !derivation.isWhole(trace, this.#sumAt, this.#sight))) {
        suspects.push({ traceId: idOf(spans, this.#row), trace })
        continue
      }
      derivation.add(trace, this.#sumAt)
      this.#noteReach(spans, derivation.groups, trace)
    }
    await this.#addSuspects(spans, derivation, suspects)
  }

  /** Measures a trace, counts its completed rows by cell, and says whether any may be in a target. */
  #look(spans: GraphSpans, groups: TraceGroups, trace: number): boolean {
    this.#measure(spans, groups, trace)
    const { start, flags } = spans
    const cells = this.#cells
    for (let i = groups.starts[trace]!; i < groups.starts[trace + 1]!; i++) {
      const row = groups.rowOrder[i]!
      if ((flags[row]! & GRAPH_FLAG.open) === 0) cells[Math.floor(start[row]! / CELL)]! += 1
    }
    return this.#completed > 0 && this.#last >= this.#starts[0]! && this.#first < this.#end
  }

  #measure({ start, flags }: GraphSpans, groups: TraceGroups, trace: number): void {
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    let completed = 0
    for (let i = groups.starts[trace]!; i < groups.starts[trace + 1]!; i++) {
      const row = groups.rowOrder[i]!
      if ((flags[row]! & GRAPH_FLAG.open) !== 0) continue
      completed += 1
      if (start[row]! < first) first = start[row]!
      if (start[row]! > last) last = start[row]!
    }
    this.#row = groups.rowOrder[groups.starts[trace]!]!
    this.#completed = completed
    this.#first = first
    this.#last = last
  }

  /** Rows that the trace was noted to have. */
  #knownRows(spans: GraphSpans): number {
    if (this.#knownWords.size === 0 || !this.#knownWords.has(spans.trace[this.#row * 4 + 3]!)) return 0
    return this.#known.get(idOf(spans, this.#row)) ?? 0
  }

  readonly #sumAt: SumAt = (start) => {
    const target = this.#targetAt(start)
    return target < 0 ? undefined : this.#sums[target]
  }

  #targetAt(start: number): number {
    const starts = this.#starts
    const ends = this.#ends
    if (start >= starts[this.#lastFound]! && start < ends[this.#lastFound]!) return this.#lastFound
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! <= start) low = middle + 1
      else high = middle
    }
    if (low === starts.length || start < starts[low]!) return -1
    return (this.#lastFound = low)
  }

  async #addSuspects(spans: GraphSpans, derivation: Derivation, suspects: readonly Suspect[]): Promise<void> {
    const bounds = new Map<string, TimeRange>()
    for (let from = 0; from < suspects.length; from += IDS_A_QUESTION) {
      const ids = suspects.slice(from, from + IDS_A_QUESTION).map(({ traceId }) => traceId)
      for (const { traceId, firstNanos, lastNanos } of await this.#reader.traceStarts(ids)) {
        if (firstNanos >= this.#window.startNanos && lastNanos < this.#window.endNanos) continue
        bounds.set(traceId, { startNanos: firstNanos, endNanos: lastNanos + 1n })
      }
    }
    const far: (Suspect & TimeRange)[] = []
    for (const suspect of suspects) {
      const range = bounds.get(suspect.traceId)
      if (range) {
        far.push({ ...suspect, ...range })
        continue
      }
      // What it lacks may be a span in progress, which has no bounds.
      const read = far.length < TRACES_A_READ && !derivation.isWhole(suspect.trace, this.#sumAt, this.#sight)
      if (read) {
        far.push({ ...suspect, ...this.#window })
        continue
      }
      derivation.add(suspect.trace, this.#sumAt)
      this.#measure(spans, derivation.groups, suspect.trace)
      this.#noteReach(spans, derivation.groups, suspect.trace)
    }
    // Neighbours in time are read together: the range of each read stays short.
    far.sort((a, b) => (a.startNanos < b.startNanos ? -1 : 1))
    for (let from = 0; from < far.length; from += TRACES_A_READ)
      await this.#addFar(far.slice(from, from + TRACES_A_READ))
  }

  async #addFar(traces: readonly (Suspect & TimeRange)[]): Promise<void> {
    const spans = new GraphSpans(this.#window.startNanos, this.#nodes)
    const endNanos = traces.reduce((end, trace) => (trace.endNanos > end ? trace.endNanos : end), 0n)
    const range = { startNanos: traces[0]!.startNanos, endNanos }
    await this.#reader.readGraphSpans({ range, traceIds: traces.map(({ traceId }) => traceId) }, spans)
    const derivation = new Derivation(spans)
    for (let trace = 0; trace < derivation.groups.traces; trace++) {
      derivation.add(trace, this.#sumAt)
      this.#measure(spans, derivation.groups, trace)
      this.#noteReach(spans, derivation.groups, trace)
    }
    await nextTurn()
  }

  /** Notes the trace that was measured last if its slices do not all see all of it. */
  #noteReach(spans: GraphSpans, groups: TraceGroups, trace: number): void {
    const first = this.#first
    const last = this.#last
    const completed = this.#completed
    if (completed === 0) return
    // Of slices counted from the window's start.
    const border = Math.floor((last + this.#sliceOffset) / SLICE) * SLICE - this.#sliceOffset
    if (first >= border || (first >= border - CELL && last < border + CELL)) return
    const traceId = idOf(spans, this.#row)
    if (completed <= (this.#known.get(traceId) ?? 0)) return
    const slices = new Set<bigint>()
    for (const row of groups.rowOrder.subarray(groups.starts[trace], groups.starts[trace + 1]))
      if ((spans.flags[row]! & GRAPH_FLAG.open) === 0) slices.add(sliceOf(this.#nanosOf(spans.start[row]!)))
    this.#reaching.push({ traceId, spans: completed, slices: [...slices] })
    const [from, until] = [this.#targets[0]!.startNanos, this.#targets.at(-1)!.endNanos]
    for (const slice of slices) {
      const covered = this.#covers(slice)
      if (!covered && slice >= from - REACH_NANOS && slice <= until + REACH_NANOS) this.#outdated.add(slice)
    }
  }

  /** Whether every moment of the slice is in a target. */
  #covers(slice: bigint): boolean {
    const end = Number(slice + SLICE_NANOS - this.#window.startNanos)
    let at = Number(slice - this.#window.startNanos)
    while (at < end) {
      const target = this.#targetAt(at)
      if (target < 0) return false
      at = this.#ends[target]!
    }
    return true
  }

  #nanosOf(start: number): bigint {
    return this.#window.startNanos + BigInt(start)
  }
}

function slicesOf(targets: readonly TimeRange[]): bigint[] {
  const slices = new Set<bigint>()
  for (const { startNanos, endNanos } of targets)
    for (let slice = sliceOf(startNanos); slice < endNanos; slice += SLICE_NANOS) slices.add(slice)
  return [...slices]
}

function idOf(spans: GraphSpans, row: number): string {
  return formatHex(new Uint8Array(spans.trace.buffer, spans.trace.byteOffset + row * 16, 16), 0, 16)
}

/** As it stands in GraphSpans.trace. */
function lastWord(traceId: string): number {
  const bytes = Uint8Array.from({ length: 4 }, (_, i) => Number.parseInt(traceId.slice(24 + i * 2, 26 + i * 2), 16))
  return new Uint32Array(bytes.buffer)[0]!
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
