// The service graph of a range of time or of some traces, its nodes in a stable order. Whole stretches come from the store
// as the job left them; the ragged ends and what the job has not caught up with are derived here while they are small.
import { endOf } from '../span/graph-rows.ts'
import { CLIENT_TYPE, graphSpansOf, type NodeKey } from '../span/graph-spans.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { MinuteState, Reader, StoredPeriod, TimeRange } from '../store/store.ts'
import { cacheOf } from './graph-cache.ts'
import { Derivation } from './graph-derivation.ts'
import { heldByMinutes, isSameHeld, keyOf, rangeOf, unitsOf, wholeOf, widest } from './graph-plan.ts'
import { GraphSum, nodeKeyText, type Edge, type NodeLatency } from './graph-statistics.ts'
import { deriveTargets, REACH_NANOS } from './graph-targets.ts'
import { minuteOf } from './trace-index.ts'

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
  if (range.startNanos >= range.endNanos) return { ...arrangeGraph([], []), behindSpans: 0 }
  const cache = cacheOf(reader)
  const sum = new GraphSum(range.startNanos, cache.nodes)
  const whole = wholeMinutes(range)
  const ends = [
    { startNanos: range.startNanos, endNanos: lesser(whole.startNanos, range.endNanos) },
    { startNanos: greater(whole.endNanos, lesser(whole.startNanos, range.endNanos)), endNanos: range.endNanos },
  ]
  const around = { startNanos: whole.startNanos - REACH_NANOS, endNanos: whole.endNanos + REACH_NANOS }
  const [endSpans, minutes, stored] = await Promise.all([
    reader.graphSpanCounts(ends),
    reader.graphMinutes(around),
    reader.graphPeriods({ startNanos: range.startNanos, endNanos: around.endNanos }),
  ])
  const live = await deriveLive(reader, range, ends, endSpans, minutes)
  for (const derived of live.sums) sum.addRows(derived.rows())
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
  for (const rows of await cache.read(reader, widest(covered))) sum.addRows(rows)
  return { ...arrangeGraph(sum.nodes(), sum.edges()), behindSpans: live.behindSpans }
}

interface Live {
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
  return { ...arrangeGraph(sum.nodes(), sum.edges()), behindSpans: 0 }
}

type Draft = { -readonly [K in keyof GraphNode]: GraphNode[K] }

/** Puts nodes and edges in the order that clients see, which depends on nothing but what is counted. */
export function arrangeGraph(nodes: readonly NodeLatency[], edges: readonly Edge[]): Omit<ServiceGraph, 'behindSpans'> {
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
