// Puts summed rows of the service graph in the order that clients see, which depends on nothing but what is counted.
import { GRAPH_ROW, type GraphRows } from '../span/graph-rows.ts'
import { CLIENT_TYPE, type NodeKey } from '../span/graph-spans.ts'
import { edgeOfRow, nodeOfRow, type Edge, type NodeLatency } from './graph-statistics.ts'

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
  /** Index of the callee in `OrderedGraph.nodes`. */
  readonly target: number
  readonly edge: Edge
}

export interface OrderedGraph {
  /** Roots by first call and name, then what they call breadth first, then the clients. */
  readonly nodes: readonly GraphNode[]
  /** Start of the first and last call from a client, of any call where there is none; absent without calls. */
  readonly firstNanos?: bigint
  readonly lastNanos?: bigint
}

const NONE = -1

/** A node while its place is looked for. Times are nanoseconds from the rows' base. */
interface Draft {
  readonly key: NodeKey
  /** Its own row; NONE for an endpoint without statistics of its own. */
  readonly row: number
  readonly root: boolean
  first: number
  last: number
  called: boolean
  place: number
  /** Rows of its edges. */
  readonly edges: number[]
}

export function orderGraph(rows: GraphRows): OrderedGraph {
  const drafts = draftsOf(rows)
  const draftAt = (node: number): Draft => drafts.byNode[node]!
  const compareCalls = (a: number, b: number): number =>
    rows.first[a]! - rows.first[b]! ||
    compareKeys(draftAt(rows.to[a]!).key, draftAt(rows.to[b]!).key) ||
    linkOf(rows, a) - linkOf(rows, b)
  for (const { edges } of drafts.all) edges.sort(compareCalls)

  const ordered: Draft[] = []
  const sorted = drafts.all.sort((a, b) => a.first - b.first || compareKeys(a.key, b.key))
  const services = sorted.filter((draft) => draft.key.type !== CLIENT_TYPE)
  visit(services.filter((draft) => draft.root))
  visit(services.filter((draft) => !draft.called))
  visit(services)
  visit(sorted)

  const nodes = ordered.map((draft) => {
    const edges = draft.edges.map((row) => ({ target: draftAt(rows.to[row]!).place, edge: edgeOfRow(rows, row) }))
    edges.sort((a, b) => a.target - b.target || compareText(a.edge.edgeType, b.edge.edgeType))
    return nodeOfDraft(rows, draft, edges)
  })
  return { nodes, ...bounds(nodes) }

  function visit(starts: readonly Draft[]): void {
    let next = ordered.length
    for (const start of starts) {
      // Starts that are no roots come one by one, each with all that it calls.
      if (!start.root) drain()
      enqueue(start)
    }
    drain()

    function drain(): void {
      for (; next < ordered.length; next++) for (const row of ordered[next]!.edges) enqueue(draftAt(rows.to[row]!))
    }
  }

  function enqueue(draft: Draft): void {
    if (draft.place !== NONE) return
    draft.place = ordered.length
    ordered.push(draft)
  }
}

function draftsOf(rows: GraphRows): { readonly all: Draft[]; readonly byNode: readonly (Draft | undefined)[] } {
  const byNode: (Draft | undefined)[] = Array.from({ length: rows.nodes.keys.length })
  const all: Draft[] = []
  const enter = (node: number, row: number, root: boolean, like: number): Draft => {
    const [first, last] = [rows.first[like]!, rows.last[like]!]
    const draft = { key: rows.nodes.keys[node]!, row, root, first, last, called: false, place: NONE, edges: [] }
    byNode[node] = draft
    all.push(draft)
    return draft
  }
  for (let row = 0; row < rows.size; row++) {
    const bits = rows.bits[row]!
    if ((bits & GRAPH_ROW.node) !== 0) enter(rows.to[row]!, row, (bits & GRAPH_ROW.root) !== 0, row)
  }
  for (let row = 0; row < rows.size; row++) {
    if ((rows.bits[row]! & GRAPH_ROW.node) !== 0) continue
    const [from, to] = [rows.from[row]!, rows.to[row]!].map((node) => {
      const draft = byNode[node] ?? enter(node, NONE, false, row)
      // An endpoint without statistics of its own (the client, a caller before the range) lasts as long as its edges.
      if (draft.row === NONE) {
        draft.first = Math.min(draft.first, rows.first[row]!)
        draft.last = Math.max(draft.last, rows.last[row]!)
      }
      return draft
    }) as [Draft, Draft]
    to.called = true
    from.edges.push(row)
  }
  return { all, byNode }
}

function nodeOfDraft(rows: GraphRows, draft: Draft, edges: readonly GraphEdge[]): GraphNode {
  const { key, row, first, last } = draft
  const times = { firstNanos: rows.baseNanos + BigInt(first), lastNanos: rows.baseNanos + BigInt(last) }
  if (row === NONE) return { key, root: false, inferred: false, ...times, edges }
  const statistics = nodeOfRow(rows, row)
  return { key, root: statistics.root, inferred: statistics.inferred, statistics, ...times, edges }
}

function linkOf(rows: GraphRows, row: number): number {
  return rows.bits[row]! & GRAPH_ROW.link
}

function bounds(nodes: readonly GraphNode[]): { readonly firstNanos?: bigint; readonly lastNanos?: bigint } {
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
