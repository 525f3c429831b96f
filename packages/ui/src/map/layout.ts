// Where the nodes of a service map stand: callers left, what they call to the right. Ranks by the longest path, twelve
// barycentre sweeps against crossings, then heights pulled towards the neighbours. What is not joined by calls is laid out
// apart and packed (pack.ts). Pure numbers; drawing is ServiceMap.tsx.
import { componentsOf, packed } from './pack.ts'

export interface LayoutEdge {
  /** Indexes of nodes. */
  readonly from: number
  readonly to: number
}

export interface LayoutInput {
  readonly nodes: number
  readonly edges: readonly LayoutEdge[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Layout {
  /** Centres, by node. */
  readonly points: readonly Point[]
  /** By edge: where it bends on its way through the ranks between its ends. */
  readonly bends: readonly (readonly Point[])[]
  readonly width: number
  readonly height: number
}

export const RANK_PX = 210
export const NODE_PX = 108
/** Of an edge that passes through a rank. */
const PASS_PX = 26
const MARGIN_PX = 90
/** An edge through more ranks is drawn straight: its places would be most of the work, and order little. */
const MOST_PASSES = 4
const SWEEPS = 12
const PULLS = 8

/** A node, or a place where a long edge passes through a rank. */
interface Slot {
  readonly rank: number
  readonly height: number
  readonly before: number[]
  readonly after: number[]
  y: number
  /** Its place within its rank. */
  at: number
  /** Where its neighbours in the rank beside want it. */
  centre: number
}

export function layout(input: LayoutInput): Layout {
  if (input.nodes === 0) return { points: [], bends: input.edges.map(() => []), width: 0, height: 0 }
  const components = componentsOf(input)
  const laid = components.map(({ nodes, edges }) => {
    const places = new Map(nodes.map((node, at) => [node, at]))
    const own = edges.map((edge) => input.edges[edge]!)
    return layoutComponent({
      nodes: nodes.length,
      edges: own.map(({ from, to }) => ({ from: places.get(from)!, to: places.get(to)! })),
    })
  })
  return packed(input, components, laid)
}

function layoutComponent({ nodes, edges }: LayoutInput): Layout {
  const ranks = ranksOf(nodes, edges)
  const slots: Slot[] = Array.from({ length: nodes }, (_, node) => newSlot(ranks[node]!, NODE_PX))
  const passes = edges.map((edge) => joinSlots(slots, edge))
  const columns: Slot[][] = []
  for (const slot of slots) (columns[slot.rank] ??= []).push(slot)
  const filled = Array.from(columns, (column) => column ?? [])
  order(filled, slots)
  place(filled, slots)
  return measured(slots, nodes, { edges, passes })
}

function newSlot(rank: number, height: number): Slot {
  return { rank, height, before: [], after: [], y: 0, at: 0, centre: 0 }
}

/**
 * The longest way to a node from where calls begin. Edges that lead back (calls in a circle) are left out of it; nodes
 * without any edge stand in the first rank.
 */
function ranksOf(nodes: number, edges: readonly LayoutEdge[]): Int32Array {
  const next: number[][] = Array.from({ length: nodes }, () => [])
  const called = new Uint8Array(nodes)
  for (const { from, to } of edges) {
    if (from === to) continue
    next[from]!.push(to)
    called[to] = 1
  }
  const ranks = new Int32Array(nodes)
  const { sorted, leadsBack } = topological(nodes, next, called)
  for (const node of sorted)
    for (const to of next[node]!)
      if (!leadsBack.has(node * nodes + to)) ranks[to] = Math.max(ranks[to]!, ranks[node]! + 1)
  return ranks
}

interface Sorted {
  /** Callers before what they call. */
  readonly sorted: readonly number[]
  /** Edges of circles, as `from * nodes + to`. */
  readonly leadsBack: ReadonlySet<number>
}

/** Depth first without recursion: a chain may be thousands long. */
function topological(nodes: number, next: readonly (readonly number[])[], called: Uint8Array): Sorted {
  const leadsBack = new Set<number>()
  const state = new Uint8Array(nodes)
  const left: number[] = []
  const visit = (start: number): void => {
    if (state[start] !== 0) return
    const stack: { readonly node: number; at: number }[] = [{ node: start, at: 0 }]
    state[start] = 1
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const to = next[top.node]![top.at++]
      if (to === undefined) {
        state[top.node] = 2
        left.push(top.node)
        stack.pop()
      } else if (state[to] === 0) {
        state[to] = 1
        stack.push({ node: to, at: 0 })
      } else if (state[to] === 1) leadsBack.add(top.node * nodes + to)
    }
  }
  for (let node = 0; node < nodes; node++) if (called[node] === 0) visit(node)
  for (let node = 0; node < nodes; node++) visit(node)
  return { sorted: left.reverse(), leadsBack }
}

/** Ties the ends of an edge together, by a slot in each rank between them. @returns these */
function joinSlots(slots: Slot[], { from, to }: LayoutEdge): number[] {
  const [low, high] = slots[from]!.rank <= slots[to]!.rank ? [from, to] : [to, from]
  const passed: number[] = []
  let last = low
  if (slots[high]!.rank - slots[low]!.rank > MOST_PASSES + 1) return passed
  for (let rank = slots[low]!.rank + 1; rank < slots[high]!.rank; rank++) {
    slots.push(newSlot(rank, PASS_PX))
    const pass = slots.length - 1
    tie(slots, last, pass)
    passed.push(pass)
    last = pass
  }
  // Within a rank (a circle of calls) an edge orders nothing.
  if (slots[low]!.rank !== slots[high]!.rank) tie(slots, last, high)
  return low === from ? passed : passed.reverse()
}

function tie(slots: readonly Slot[], from: number, to: number): void {
  slots[from]!.after.push(to)
  slots[to]!.before.push(from)
}

/** Each rank by the mean place of its neighbours in the rank before, then in the one after, and so on. */
function order(columns: readonly Slot[][], slots: readonly Slot[]): void {
  for (const column of columns) number(column)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forwards = sweep % 2 === 0
    for (const column of forwards ? columns : columns.toReversed()) {
      for (const slot of column) slot.centre = barycentre(slot, forwards ? slot.before : slot.after, slots)
      column.sort((a, b) => a.centre - b.centre || a.at - b.at)
      number(column)
    }
  }
}

function number(column: readonly Slot[]): void {
  for (const [at, slot] of column.entries()) slot.at = at
}

function barycentre(slot: Slot, neighbours: readonly number[], slots: readonly Slot[]): number {
  if (neighbours.length === 0) return slot.at
  let sum = 0
  for (const neighbour of neighbours) sum += slots[neighbour]!.at
  return sum / neighbours.length
}

/** Heights: stacked first, then each towards the mean of its neighbours, without changing the order. */
function place(columns: readonly Slot[][], slots: readonly Slot[]): void {
  for (const column of columns) {
    let y = -column.reduce((sum, { height }) => sum + height, 0) / 2
    for (const slot of column) {
      slot.y = y + slot.height / 2
      y += slot.height
    }
  }
  for (let pull = 0; pull < PULLS; pull++)
    for (const column of pull % 2 === 0 ? columns : columns.toReversed()) settle(column, slots)
}

/** Wanted heights, in order and with their distances: runs that overlap share their mean (pool adjacent violators). */
function settle(column: readonly Slot[], slots: readonly Slot[]): void {
  const runs: { sum: number; size: number; readonly from: number }[] = []
  const offsets = new Float64Array(column.length)
  let offset = 0
  for (const [at, slot] of column.entries()) {
    if (at > 0) offset += (column[at - 1]!.height + slot.height) / 2
    offsets[at] = offset
    runs.push({ sum: wantedHeight(slot, slots) - offset, size: 1, from: at })
    while (runs.length > 1) {
      const last = runs.at(-1)!
      const before = runs.at(-2)!
      if (before.sum / before.size <= last.sum / last.size) break
      before.sum += last.sum
      before.size += last.size
      runs.pop()
    }
  }
  for (const { sum, size, from } of runs)
    for (let at = from; at < from + size; at++) column[at]!.y = sum / size + offsets[at]!
}

function wantedHeight({ before, after, y }: Slot, slots: readonly Slot[]): number {
  const count = before.length + after.length
  if (count === 0) return y
  let sum = 0
  for (const neighbour of before) sum += slots[neighbour]!.y
  for (const neighbour of after) sum += slots[neighbour]!.y
  return sum / count
}

function measured(
  slots: readonly Slot[],
  nodes: number,
  { edges, passes }: { readonly edges: readonly LayoutEdge[]; readonly passes: readonly (readonly number[])[] },
): Layout {
  let top = Infinity
  let bottom = -Infinity
  let last = 0
  for (const { y, rank } of slots) {
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    last = Math.max(last, rank)
  }
  const pointOf = ({ rank, y }: Slot): Point => ({ x: MARGIN_PX + rank * RANK_PX, y: Math.round(MARGIN_PX + y - top) })
  return {
    points: slots.slice(0, nodes).map(pointOf),
    bends: edges.map((_, edge) => passes[edge]!.map((slot) => pointOf(slots[slot]!))),
    width: 2 * MARGIN_PX + last * RANK_PX,
    height: Math.round(2 * MARGIN_PX + bottom - top),
  }
}
