// The service graph of a range of time or of some traces, its nodes in a stable order. Whole minutes come from the store
// as the minute job left them; the ragged ends and minutes that the job has not caught up with are derived here.
import type { Span } from '../span/span.ts'
import type { Edge, NodeKey, NodeLatency, Reader, TimeRange } from '../store/store.ts'
import { CLIENT_TYPE, deriveContributions } from './graph-contribution.ts'
import { GraphSum, nodeKeyText } from './graph-statistics.ts'
import { LiveTraces, REACH_NANOS } from './live-traces.ts'
import { minuteOf } from './trace-index.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'

export interface GraphNode {
  readonly key: NodeKey
  readonly root: boolean
  readonly inferred: boolean
  /** Absent for the client, and for a caller of which only calls lie in the range. */
  readonly statistics?: NodeLatency
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly edges: readonly GraphEdge[]
}

export interface GraphEdge {
  /** Index of the callee in `ServiceGraph.nodes`. */
  readonly target: number
  readonly edge: Edge
}

export interface ServiceGraph {
  /** Roots by first call and name, then what they call breadth first, then the clients. */
  readonly nodes: readonly GraphNode[]
  /** Start of the first and last call from a client, of any call where there is none; absent without calls. */
  readonly firstNanos?: bigint
  readonly lastNanos?: bigint
}

/** Minutes (start, nanoseconds) whose stored graph is older than their spans: MinuteJob knows them. */
export type DirtyMinutes = () => Iterable<bigint>

export async function readServiceGraph(
  reader: Reader,
  range: TimeRange,
  dirtyMinutes: DirtyMinutes = () => [],
): Promise<ServiceGraph> {
  const sum = new GraphSum()
  if (range.startNanos >= range.endNanos) return arrangeGraph([], [])
  const firstWhole = minuteOf(range.startNanos + NANOS_PER_MINUTE - 1n)
  const endWhole = minuteOf(range.endNanos)
  const live = new LiveTraces(reader)
  const outdated = await live.loadMinutes(
    [...dirtyMinutes()].filter(
      (minute) => minute >= range.startNanos - REACH_NANOS && minute <= range.endNanos + REACH_NANOS,
    ),
  )
  if (firstWhole >= endWhole) {
    await live.load(range)
    live.addTo((nanos) => (nanos >= range.startNanos && nanos < range.endNanos ? sum : undefined))
    return arrangeGraph(sum.nodes(), sum.edges())
  }
  await live.load({ startNanos: range.startNanos, endNanos: firstWhole })
  await live.load({ startNanos: endWhole, endNanos: range.endNanos })
  const stored = await reader.readMinutes({ startNanos: firstWhole, endNanos: endWhole })
  for (const minute of stored) if (!outdated.has(minute.minuteNanos)) sum.addMinute(minute)
  live.addTo((nanos) => {
    if (nanos < range.startNanos || nanos >= range.endNanos) return undefined
    return nanos < firstWhole || nanos >= endWhole || outdated.has(minuteOf(nanos)) ? sum : undefined
  })
  return arrangeGraph(sum.nodes(), sum.edges())
}

/** The graph of whole traces, given all their spans. */
export function graphOfSpans(spans: Iterable<Span>): ServiceGraph {
  const sum = new GraphSum()
  for (const trace of deriveContributions(spans)) {
    for (const node of trace.nodes) sum.addNode(node)
    for (const edge of trace.edges) sum.addEdge(edge)
  }
  return arrangeGraph(sum.nodes(), sum.edges())
}

type Draft = { -readonly [K in keyof GraphNode]: GraphNode[K] }

/** Puts nodes and edges in the order that clients see, which depends on nothing but what is counted. */
export function arrangeGraph(nodes: readonly NodeLatency[], edges: readonly Edge[]): ServiceGraph {
  const drafts = new Map<string, Draft>()
  for (const node of nodes) {
    const { firstNanos, lastNanos, root, inferred } = node
    drafts.set(nodeKeyText(node.node), {
      key: node.node,
      root,
      inferred,
      statistics: node,
      firstNanos,
      lastNanos,
      edges: [],
    })
  }
  const outgoing = new Map<string, Edge[]>()
  for (const edge of edges) {
    for (const key of [edge.from, edge.to]) touchEndpoint(drafts, key, edge)
    const from = nodeKeyText(edge.from)
    outgoing.set(from, [...(outgoing.get(from) ?? []), edge])
  }
  for (const list of outgoing.values()) list.sort(compareEdges)

  const order = new Map<string, number>()
  const sorted = [...drafts.values()].sort(compareDrafts)
  const called = new Set(edges.map((edge) => nodeKeyText(edge.to)))
  const services = sorted.filter((draft) => draft.key.type !== CLIENT_TYPE)
  visit(services.filter((draft) => draft.root))
  visit(services.filter((draft) => !called.has(nodeKeyText(draft.key))))
  visit(services)
  visit(sorted)

  const ordered: Draft[] = []
  for (const [key, index] of order) ordered[index] = drafts.get(key)!
  for (const draft of ordered) {
    draft.edges = (outgoing.get(nodeKeyText(draft.key)) ?? [])
      .map((edge) => ({ target: order.get(nodeKeyText(edge.to))!, edge }))
      .sort((a, b) => a.target - b.target || compareText(a.edge.edgeType, b.edge.edgeType))
  }
  return { nodes: ordered, ...bounds(ordered) }

  function visit(starts: readonly Draft[]): void {
    const queue: string[] = []
    const enqueue = (key: string): void => {
      if (order.has(key)) return
      order.set(key, order.size)
      queue.push(key)
    }
    for (const start of starts) {
      // Starts that are no roots come one by one, each with all that it calls.
      if (!start.root) drain()
      enqueue(nodeKeyText(start.key))
    }
    drain()

    function drain(): void {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
        for (const edge of outgoing.get(key) ?? []) enqueue(nodeKeyText(edge.to))
      }
    }
  }
}

/** An endpoint without statistics of its own (the client, a caller before the range) lasts as long as its edges. */
function touchEndpoint(drafts: Map<string, Draft>, key: NodeKey, edge: Edge): void {
  const text = nodeKeyText(key)
  const known = drafts.get(text)
  if (!known) {
    const { firstNanos, lastNanos } = edge
    drafts.set(text, { key, root: false, inferred: false, firstNanos, lastNanos, edges: [] })
  } else if (known.statistics === undefined) {
    if (edge.firstNanos < known.firstNanos) known.firstNanos = edge.firstNanos
    if (edge.lastNanos > known.lastNanos) known.lastNanos = edge.lastNanos
  }
}

function bounds(nodes: readonly Draft[]): { readonly firstNanos?: bigint; readonly lastNanos?: bigint } {
  // The cloud dates a graph by its requests, not by what they go on to call: one of 14:59:50.204 whose function runs
  // at 14:59:51.094 is from :50 to :50.
  const clients = nodes.filter((node) => node.key.type === CLIENT_TYPE)
  const dated = clients.length > 0 ? clients : nodes
  const [first] = dated
  if (!first) return {}
  let { firstNanos, lastNanos } = first
  for (const node of dated) {
    if (node.firstNanos < firstNanos) firstNanos = node.firstNanos
    if (node.lastNanos > lastNanos) lastNanos = node.lastNanos
  }
  return { firstNanos, lastNanos }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareKeys(a: NodeKey, b: NodeKey): number {
  return compareText(a.name, b.name) || compareText(a.type, b.type) || compareText(a.accountId, b.accountId)
}

function compareNanos(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareDrafts(a: Draft, b: Draft): number {
  return compareNanos(a.firstNanos, b.firstNanos) || compareKeys(a.key, b.key)
}

function compareEdges(a: Edge, b: Edge): number {
  return compareNanos(a.firstNanos, b.firstNanos) || compareKeys(a.to, b.to) || compareText(a.edgeType, b.edgeType)
}
