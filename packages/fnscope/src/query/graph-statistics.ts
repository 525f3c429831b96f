// Sums contributions and stored minutes into nodes and edges. Adding is commutative to the last bit: times are summed in
// whole microseconds, so that a graph does not depend on the order or on who computed its parts.
import type { Edge, GraphStatistics, MinuteGraph, NodeKey, NodeLatency } from '../store/store.ts'
import type { EdgeContribution, NodeContribution, Outcome } from './graph-contribution.ts'
import { mergeHistogram, roundSeconds } from './histogram.ts'

type Counts = { [outcome in Outcome]: number }

interface Sum extends Counts {
  micros: number
  firstNanos: bigint
  lastNanos: bigint
  readonly histogram: Map<number, number>
}

interface NodeSum extends Sum {
  readonly node: NodeKey
  root: boolean
  inferred: boolean
}

interface EdgeSum extends Sum {
  readonly from: NodeKey
  readonly to: NodeKey
  readonly edgeType: string
}

export class GraphSum {
  readonly #nodes = new Map<string, NodeSum>()
  readonly #edges = new Map<string, EdgeSum>()

  addNode(from: NodeContribution): void {
    const sum = this.#nodeSum(from)
    sum.root ||= from.root
    sum.inferred &&= from.inferred
    count(sum, from)
  }

  addEdge(from: EdgeContribution): void {
    count(this.#edgeSum(from), from)
  }

  /** Adds what the store holds of a minute. */
  addMinute(minute: MinuteGraph): void {
    for (const from of minute.nodes) {
      const sum = this.#nodeSum(from)
      sum.root ||= from.root
      sum.inferred &&= from.inferred
      merge(sum, from)
    }
    for (const from of minute.edges) merge(this.#edgeSum(from), from)
  }

  nodes(): NodeLatency[] {
    return [...this.#nodes.values()].map((sum) => ({
      ...statisticsOf(sum),
      node: sum.node,
      root: sum.root,
      inferred: sum.inferred,
    }))
  }

  edges(): Edge[] {
    return [...this.#edges.values()].map((sum) => ({
      ...statisticsOf(sum),
      from: sum.from,
      to: sum.to,
      edgeType: sum.edgeType,
    }))
  }

  #nodeSum(of: Pick<NodeSum, 'node'>): NodeSum {
    const key = nodeKeyText(of.node)
    let sum = this.#nodes.get(key)
    if (!sum) this.#nodes.set(key, (sum = { ...emptySum(), node: of.node, root: false, inferred: true }))
    return sum
  }

  #edgeSum(of: Pick<EdgeSum, 'from' | 'to' | 'edgeType'>): EdgeSum {
    const key = JSON.stringify([nodeKeyText(of.from), nodeKeyText(of.to), of.edgeType])
    let sum = this.#edges.get(key)
    if (!sum) {
      this.#edges.set(key, (sum = { ...emptySum(), from: of.from, to: of.to, edgeType: of.edgeType }))
    }
    return sum
  }
}

/** A text that two node keys share exactly when they are equal. */
export function nodeKeyText(node: NodeKey): string {
  return JSON.stringify([node.name, node.type, node.accountId])
}

function emptySum(): Sum {
  return { ok: 0, error: 0, throttle: 0, fault: 0, micros: 0, firstNanos: 0n, lastNanos: 0n, histogram: new Map() }
}

function total(sum: Counts): number {
  return sum.ok + sum.error + sum.throttle + sum.fault
}

function widen(sum: Sum, firstNanos: bigint, lastNanos: bigint): void {
  if (total(sum) === 0 || firstNanos < sum.firstNanos) sum.firstNanos = firstNanos
  if (total(sum) === 0 || lastNanos > sum.lastNanos) sum.lastNanos = lastNanos
}

function count(
  sum: Sum,
  one: { readonly startNanos: bigint; readonly seconds: number; readonly outcome: Outcome },
): void {
  widen(sum, one.startNanos, one.startNanos)
  sum[one.outcome] += 1
  sum.micros += Math.round(one.seconds * 1e6)
  const rounded = roundSeconds(one.seconds)
  sum.histogram.set(rounded, (sum.histogram.get(rounded) ?? 0) + 1)
}

function merge(sum: Sum, from: GraphStatistics): void {
  if (total(from) === 0) return
  widen(sum, from.firstNanos, from.lastNanos)
  sum.ok += from.ok
  sum.error += from.error
  sum.throttle += from.throttle
  sum.fault += from.fault
  sum.micros += Math.round(from.totalSeconds * 1e6)
  mergeHistogram(sum.histogram, from.histogram)
}

function statisticsOf(sum: Sum): GraphStatistics {
  return {
    ok: sum.ok,
    error: sum.error,
    throttle: sum.throttle,
    fault: sum.fault,
    totalSeconds: sum.micros / 1e6,
    firstNanos: sum.firstNanos,
    lastNanos: sum.lastNanos,
    histogram: sum.histogram,
  }
}
