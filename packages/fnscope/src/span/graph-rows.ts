// Rows of the stored service graph as columns: what the job writes and questions sum. Types only, and their bits: how
// rows are summed is query/graph-statistics.ts.
import type { NodeTable } from './graph-spans.ts'

/** Bits of `GraphRows.bits`. */
export const GRAPH_ROW = {
  /** Of a node; without it the row is of the edge from `from` to `to`. */
  node: 1,
  /** The node has a root segment among those counted. */
  root: 2,
  /** Nothing of the node reported: known from its callers alone. */
  inferred: 4,
  /** The edge is asynchronous. */
  link: 8,
} as const

export interface GraphRows {
  readonly size: number
  /** `first` and `last` are nanoseconds from here. */
  readonly baseNanos: bigint
  readonly nodes: NodeTable
  readonly bits: Uint8Array
  /** Numbers of `nodes`; of a node's own row both are the node. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly ok: Float64Array
  readonly error: Float64Array
  readonly throttle: Float64Array
  readonly fault: Float64Array
  /** Sum of the times, microseconds. */
  readonly micros: Float64Array
  readonly first: Float64Array
  readonly last: Float64Array
  /** Row i's histogram (query/histogram.ts) is [ends[i - 1], ends[i]) of codes and counts. */
  readonly ends: Uint32Array
  readonly codes: Uint16Array
  readonly counts: Float64Array | Uint32Array
}

/** How long the stretches are of which the graph is stored, in seconds: each a whole number of those before it. */
export const PERIOD_SECONDS = [10, 60, 600, 3600] as const
export type PeriodSeconds = (typeof PERIOD_SECONDS)[number]

/** A stretch of time of which the graph is stored. */
export interface GraphPeriod {
  readonly seconds: PeriodSeconds
  /** A multiple of `seconds`, in nanoseconds. */
  readonly startNanos: bigint
}

export const SLICE_NANOS = 10_000_000_000n
/** Rows of spans are counted by so much, and so far around a period its spans are looked at. A part of SLICE_NANOS. */
export const CELL_NANOS = 2_000_000_000n

/** Start of the slice of ten seconds that a time lies in. */
export function sliceOf(nanos: bigint): bigint {
  return nanos - (nanos % SLICE_NANOS)
}

export function endOf(period: GraphPeriod): bigint {
  return period.startNanos + BigInt(period.seconds) * 1_000_000_000n
}
