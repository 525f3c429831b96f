// What one trace adds to the service graph: the ONE derivation, used for whole minutes by the job, for the ragged ends
// of a range, and for the graph of single traces. Pure; each contribution carries its own time, so that the caller may
// sort them into minutes. Aggregation is graph-statistics.ts.
import { answeredAmong } from '../span/answered-calls.ts'
import type { Span } from '../span/span.ts'
import type { NodeKey } from '../store/store.ts'
import { callerOf, groupByTrace, indexTrace, minuteOf, type TraceIndex } from './trace-index.ts'

const CLIENT = 3
const PRODUCER = 4
const CONSUMER = 5

/** The class a call is counted in, exactly one: fault before throttle before error. */
export type Outcome = 'ok' | 'error' | 'throttle' | 'fault'

interface Contribution {
  readonly startNanos: bigint
  readonly seconds: number
  readonly outcome: Outcome
}

export interface NodeContribution extends Contribution {
  readonly node: NodeKey
  /** Nobody in our sight called it. */
  readonly root: boolean
  /** It did not report: known from its caller alone. */
  readonly inferred: boolean
}

export interface EdgeContribution extends Contribution {
  readonly from: NodeKey
  readonly to: NodeKey
  /** 'link' when the callee took a message, '' else. */
  readonly edgeType: string
}

export interface TraceContributions {
  /** 32 hex digits. */
  readonly traceId: string
  readonly nodes: readonly NodeContribution[]
  readonly edges: readonly EdgeContribution[]
  /** Every minute in which some span of the trace starts: where its contributions may lie. */
  readonly minutes: readonly bigint[]
}

/** The type of the node that stands for whoever calls a root: it has edges and no statistics of its own. */
export const CLIENT_TYPE = 'client'

export function outcomeOf(span: Span): Outcome {
  if (span.fault) return 'fault'
  if (span.throttle) return 'throttle'
  return span.error ? 'error' : 'ok'
}

/** Seconds from start to end; 0 while in progress. */
export function secondsOf(span: Span): number {
  return span.endNanos === undefined ? 0 : Number(span.endNanos - span.startNanos) / 1e9
}

/** The node of a segment. */
export function nodeOf(segment: Span): NodeKey {
  return { name: segment.service || segment.name, type: segment.origin ?? '', accountId: segment.accountId ?? '' }
}

/** The node behind a call that nobody reported. */
export function peerNodeOf(span: Span & { readonly peer: { readonly name: string; readonly type: string } }): NodeKey {
  return { name: span.peer.name, type: span.peer.type, accountId: span.accountId ?? '' }
}

export function sameNode(a: NodeKey, b: NodeKey): boolean {
  return a.name === b.name && a.type === b.type && a.accountId === b.accountId
}

/** The contributions of every trace among the spans; all spans of a trace must be there. */
export function deriveContributions(spans: Iterable<Span>): TraceContributions[] {
  return [...groupByTrace(spans).values()].map((trace) => contributionsOf(indexTrace(trace)))
}

/** The contributions of one trace. */
export function contributionsOf(index: TraceIndex): TraceContributions {
  const nodes: NodeContribution[] = []
  const edges: EdgeContribution[] = []
  const answered = answeredCalls(index)
  const drawn = new Map<Span, NodeKey[]>()
  for (const span of index.spans) {
    if (span.endNanos === undefined) continue
    const own = { startNanos: span.startNanos, seconds: secondsOf(span), outcome: outcomeOf(span) }
    if (span.segment) {
      const node = nodeOf(span)
      const caller = callerOf(index, span)
      nodes.push({ ...own, node, root: caller === undefined, inferred: false })
      if (caller) pushReportedEdge(span, caller)
      else edges.push({ ...own, from: { name: node.name, type: CLIENT_TYPE, accountId: '' }, to: node, edgeType: '' })
    }
    if (isUnansweredCall(span, answered)) {
      const node = peerNodeOf(span)
      nodes.push({ ...own, node, root: false, inferred: true })
      const caller = index.segments.get(span)
      if (caller) edges.push({ ...own, from: nodeOf(caller), to: node, edgeType: span.kind === PRODUCER ? 'link' : '' })
    }
  }
  const minutes = new Set(index.spans.map((span) => minuteOf(span.startNanos)))
  return { traceId: index.traceId, nodes, edges, minutes: [...minutes] }

  // The caller's view where the parent is a call, once a call however many segments answered it; the callee's own
  // where the parent is a segment or the code's own subsegment, whose time is not the call's.
  function pushReportedEdge(segment: Span, caller: Span): void {
    const parent = index.parents.get(segment)!
    const to = nodeOf(segment)
    const view = isCall(parent) && parent.endNanos !== undefined ? parent : segment
    if (view === parent) {
      const already = drawn.get(parent) ?? []
      if (already.some((node) => sameNode(node, to))) return
      drawn.set(parent, [...already, to])
    }
    edges.push({
      startNanos: view.startNanos,
      seconds: secondsOf(view),
      outcome: outcomeOf(view),
      from: nodeOf(caller),
      to,
      edgeType: segment.kind === CONSUMER ? 'link' : '',
    })
  }
}

function isCall(span: Span): boolean {
  if (span.peer !== undefined || span.kind === CLIENT || span.kind === PRODUCER) return true
  return !span.segment && (span.namespace === 'aws' || span.namespace === 'remote')
}

/** A finished call that nothing below it answers (span/answered-calls.ts): it makes an inferred node. */
export function isUnansweredCall(
  span: Span,
  answered: ReadonlySet<Span>,
): span is Span & { readonly peer: NonNullable<Span['peer']> } {
  return span.peer !== undefined && !span.inProgress && !answered.has(span)
}

/** See span/answered-calls.ts. */
export function answeredCalls(index: TraceIndex): Set<Span> {
  return answeredAmong(index.spans, {
    parentOf: (span) => index.parents.get(span),
    isSegment: (span) => span.segment,
    isCall: (span) => span.peer !== undefined,
  })
}
