// One trace as a tree, for the console, the command line and whoever shows it: children under parents by start, what
// lost its parent at the top. A child outside its parent's time is normal (a Lambda's Initialization precedes its parent).
import type { Span } from '../span/span.ts'
import { answeredCalls, isUnansweredCall, peerNodeOf } from './graph-contribution.ts'
import type { NodeKey } from '../store/store.ts'
import { groupByTrace, indexTrace, type TraceIndex } from './trace-index.ts'

export interface TraceNode {
  readonly span: Span
  /** 0 at the top. */
  readonly depth: number
  /** It names a parent that never came. */
  readonly orphan: boolean
  /** By start. */
  readonly children: readonly TraceNode[]
}

export interface TraceTree {
  /** 32 hex digits. */
  readonly traceId: string
  /** Roots and orphans by start. */
  readonly roots: readonly TraceNode[]
  readonly spanCount: number
  readonly startNanos: bigint
  /** From the earliest start to the latest end; 0 while nothing has ended. */
  readonly durationNanos: bigint
  /** Something is missing or still running: see isPartial. */
  readonly partial: boolean
}

/** The tree of one trace's spans; undefined for none. */
export function assembleTrace(spans: readonly Span[]): TraceTree | undefined {
  const index = indexTrace(spans)
  if (index.spans.length === 0) return undefined
  const { startNanos, endNanos } = timeOf(index)
  return {
    traceId: index.traceId,
    roots: treesOf(index),
    spanCount: index.spans.length,
    startNanos,
    durationNanos: endNanos - startNanos,
    partial: isPartial(index),
  }
}

/** Every trace among the spans. */
export function assembleTraces(spans: Iterable<Span>): TraceTree[] {
  return [...groupByTrace(spans).values()].map((trace) => assembleTrace(trace)!)
}

/** All nodes, parents before children, as they are printed. */
export function* walkTrace(tree: TraceTree): Generator<TraceNode> {
  const stack = [...tree.roots].reverse()
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!)
  }
}

// Without recursion: a trace may be as deep as it is long.
function treesOf(index: TraceIndex): TraceNode[] {
  const nodes = new Map<Span, { span: Span; depth: number; orphan: boolean; children: TraceNode[] }>()
  const roots: TraceNode[] = []
  const queue = index.spans.filter((span) => !index.parents.has(span))
  for (const span of queue) {
    const parent = nodes.get(index.parents.get(span)!)
    const orphan = parent === undefined && span.parentId !== undefined
    const node = { span, depth: parent ? parent.depth + 1 : 0, orphan, children: [] }
    nodes.set(span, node)
    ;(parent?.children ?? roots).push(node)
    queue.push(...(index.children.get(span) ?? []))
  }
  return roots
}

/**
 * The time of a trace: from its earliest segment's start to its last segment's end, asynchronous downstream included.
 * Of a trace of which no segment came yet: of all its spans.
 */
export function timeOf(index: TraceIndex): { readonly startNanos: bigint; readonly endNanos: bigint } {
  const segments = index.spans.filter((span) => span.segment)
  const spans = segments.length > 0 ? segments : index.spans
  const startNanos = spans[0]?.startNanos ?? 0n
  let endNanos = startNanos
  for (const span of spans) if (span.endNanos !== undefined && span.endNanos > endNanos) endNanos = span.endNanos
  return { startNanos, endNanos }
}

/**
 * Something of the trace is still to come: a span in progress, a subsegment whose parent is missing, or a call whose
 * callee was asked to report (`http.request.traced`) and did not.
 */
export function isPartial(index: TraceIndex): boolean {
  const callers = callersOf(index)
  return index.spans.some((span) => {
    if (span.inProgress) return true
    if (!index.parents.has(span) && span.parentId !== undefined && !span.segment) return true
    return span.http?.traced === true && !span.segment && !callers.has(span)
  })
}

/** Every span that has a segment below it, up to the segment that encloses it. */
export function callersOf(index: TraceIndex): Set<Span> {
  const callers = new Set<Span>()
  for (const span of index.spans) {
    if (!span.segment) continue
    for (let at = index.parents.get(span); at && !callers.has(at) && !at.segment; at = index.parents.get(at)) {
      callers.add(at)
    }
  }
  return callers
}

/** A call that nobody answered with a segment: what X-Ray shows as an inferred segment. */
export interface InferredCall {
  readonly span: Span
  readonly node: NodeKey
}

/** By start. */
export function inferredCalls(index: TraceIndex): InferredCall[] {
  const answered = answeredCalls(index)
  return index.spans.flatMap((span) => (isUnansweredCall(span, answered) ? [{ span, node: peerNodeOf(span) }] : []))
}
