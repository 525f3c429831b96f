// What services and connections did over time, by periods of whole minutes: sums of the service graph's rows, of the
// stored minutes and of what is derived for what they lack.
import { GRAPH_ROW, type GraphRows } from '../span/graph-rows.ts'
import { CLIENT_TYPE, NodeTable, type NodeKey } from '../span/graph-spans.ts'
import type { Reader, TimeRange } from '../store/store.ts'
import type { TraceFilter } from './filter/filter.ts'
import { sumFiltered } from './filtered-graph.ts'
import { widest } from './graph-plan.ts'
import { GraphSum } from './graph-statistics.ts'
import { HistogramSum, type Histogram } from './histogram.ts'
import { graphParts } from './service-graph.ts'
import { minuteOf } from './trace-index.ts'

/** Of what: a node's own calls, or an edge's. */
export type SeriesSelector =
  | { readonly is: 'service'; readonly isNode: (node: NodeKey) => boolean }
  | { readonly is: 'edge'; readonly isEdge: (from: NodeKey, to: NodeKey) => boolean }

/** What clients called: all that came from outside. */
export const CLIENT_EDGES: SeriesSelector = { is: 'edge', isEdge: (from) => from.type === CLIENT_TYPE }

export interface SeriesPoint {
  /** Of its period, a multiple of its length. */
  readonly startNanos: bigint
  readonly ok: number
  readonly error: number
  readonly throttle: number
  readonly fault: number
  readonly totalSeconds: number
  readonly histogram: Histogram
}

export interface SeriesQuestion {
  readonly range: TimeRange
  /** A multiple of 60. */
  readonly periodSeconds: number
  readonly selector: SeriesSelector
  /** Undefined: all traces. */
  readonly filter?: TraceFilter | undefined
}

export interface ServiceSeries {
  /** In order of time; periods without a call are left out. */
  readonly points: readonly SeriesPoint[]
  /** As ServiceGraph.behindSpans. */
  readonly behindSpans: number
}

/** @throws TooManyTracesError */
export async function readServiceSeries(reader: Reader, question: SeriesQuestion): Promise<ServiceSeries> {
  const { range, periodSeconds, selector } = question
  const { rows, behindSpans } = await minuteRows(reader, range, question.filter)
  const period = BigInt(periodSeconds) * 1_000_000_000n
  const sums = new Map<bigint, PointSum>()
  for (const { startNanos, graph } of rows) {
    const start = startNanos - (startNanos % period)
    for (let row = 0; row < graph.size; row++) {
      if (!isSelected(graph, row, selector)) continue
      let sum = sums.get(start)
      if (!sum) sums.set(start, (sum = new PointSum(start)))
      sum.add(graph, row)
    }
  }
  const points = [...sums.values()].map((sum) => sum.point())
  return { points: points.sort((a, b) => (a.startNanos < b.startNanos ? -1 : 1)), behindSpans }
}

export interface MinuteRows {
  /** In the minute that they are of. */
  readonly startNanos: bigint
  readonly graph: GraphRows
}

/** Rows of the graph of the range, none of more than one minute, in no order. @throws TooManyTracesError */
export async function minuteRows(
  reader: Reader,
  range: TimeRange,
  filter?: TraceFilter,
): Promise<{ readonly rows: readonly MinuteRows[]; readonly behindSpans: number }> {
  if (range.startNanos >= range.endNanos) return { rows: [], behindSpans: 0 }
  if (filter) return { rows: await filteredMinutes(reader, range, filter), behindSpans: 0 }
  const { covered, live } = await graphParts(reader, range)
  const minutes = widest(covered.filter(({ seconds }) => seconds <= 60))
  const stored = await reader.readGraph(minutes, new NodeTable())
  const rows = [...stored].flatMap(([{ startNanos }, pieces]) => pieces.map((graph) => ({ startNanos, graph })))
  const derived = live.sums.map((sum, i) => ({ startNanos: live.ranges[i]!.startNanos, graph: sum.rows() }))
  return { rows: [...rows, ...derived], behindSpans: live.behindSpans }
}

async function filteredMinutes(reader: Reader, range: TimeRange, filter: TraceFilter): Promise<MinuteRows[]> {
  const sums = new Map<bigint, GraphSum>()
  await sumFiltered(reader, { range, filter }, (nanos) => {
    const minute = minuteOf(nanos)
    let sum = sums.get(minute)
    if (!sum) sums.set(minute, (sum = new GraphSum(minute)))
    return sum
  })
  return [...sums].map(([startNanos, sum]) => ({ startNanos, graph: sum.rows() }))
}

function isSelected(graph: GraphRows, row: number, selector: SeriesSelector): boolean {
  const { keys } = graph.nodes
  const to = keys[graph.to[row]!]!
  if ((graph.bits[row]! & GRAPH_ROW.node) !== 0) return selector.is === 'service' && selector.isNode(to)
  return selector.is === 'edge' && selector.isEdge(keys[graph.from[row]!]!, to)
}

class PointSum {
  readonly #startNanos: bigint
  readonly #counts = { ok: 0, error: 0, throttle: 0, fault: 0, micros: 0 }
  readonly #histogram = new HistogramSum()

  constructor(startNanos: bigint) {
    this.#startNanos = startNanos
  }

  add(graph: GraphRows, row: number): void {
    for (const name of ['ok', 'error', 'throttle', 'fault', 'micros'] as const) this.#counts[name] += graph[name][row]!
    this.#histogram.addRange(graph.codes, graph.counts, row === 0 ? 0 : graph.ends[row - 1]!, graph.ends[row]!)
  }

  point(): SeriesPoint {
    const { micros, ...counts } = this.#counts
    const codes = new Uint16Array(this.#histogram.room)
    const amounts = new Float64Array(this.#histogram.room)
    const size = this.#histogram.readInto(codes, amounts, 0)
    const histogram = { codes: codes.subarray(0, size), counts: amounts.subarray(0, size) }
    return { startNanos: this.#startNanos, ...counts, totalSeconds: micros / 1e6, histogram }
  }
}
