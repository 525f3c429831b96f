// One trace's spans with their ties resolved: what the graph, the summary and the tree of a trace all stand on.
// Tolerates what arrives: copies, children without parents, cycles. The result does not depend on the spans' order.
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { Span } from '../span/span.ts'
import { FUNCTION_ORIGIN, isCall } from './same-call.ts'
import { CLIENT, SERVER } from '../span/span-kind.ts'

export interface TraceIndex {
  /** 32 hex digits. */
  readonly traceId: string
  /** One per id, by start, then id. Zipkin's shared ids give two: the client's half and the server's. */
  readonly spans: readonly Span[]
  /** The parent, where it came. No chain of parents is a cycle. */
  readonly parents: ReadonlyMap<Span, Span>
  /** In the order of `spans`. */
  readonly children: ReadonlyMap<Span, readonly Span[]>
  /** The segment that encloses a span, itself if it is one; absent when none came. */
  readonly segments: ReadonlyMap<Span, Span>
}

/** Spans by trace id, in the order of first appearance. */
export function groupByTrace(spans: Iterable<Span>): Map<string, Span[]> {
  const traces = new Map<string, Span[]>()
  for (const span of spans) {
    const trace = traces.get(span.traceId)
    if (trace) trace.push(span)
    else traces.set(span.traceId, [span])
  }
  return traces
}

/** Negative, zero or positive: by start, then id, then kind. */
export function compareSpans(a: Span, b: Span): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1
  if (a.spanId !== b.spanId) return a.spanId < b.spanId ? -1 : 1
  return a.kind - b.kind
}

/** Start of the minute that a time lies in. */
export function minuteOf(nanos: bigint): bigint {
  return nanos - (nanos % NANOS_PER_MINUTE)
}

/** Resolves the spans of one trace. */
export function indexTrace(input: readonly Span[]): TraceIndex {
  const spans = newestOfEach(input).sort(compareSpans)
  const byId = new Map<string, Span[]>()
  for (const span of spans) {
    const twins = byId.get(span.spanId)
    if (twins) twins.push(span)
    else byId.set(span.spanId, [span])
  }
  const parents = new Map<Span, Span>()
  for (const span of spans) {
    const parent = findParent(span, byId)
    if (parent) parents.set(span, parent)
  }
  breakCycles(spans, parents)
  const folded = foldedInvocations(spans, parents)
  if (folded.size > 0) return indexTrace(spans.map((span) => (folded.has(span) ? { ...span, segment: false } : span)))
  const children = new Map<Span, Span[]>()
  for (const span of spans) {
    const parent = parents.get(span)
    if (!parent) continue
    const siblings = children.get(parent)
    if (siblings) siblings.push(span)
    else children.set(parent, [span])
  }
  return { traceId: spans[0]?.traceId ?? '', spans, parents, children, segments: enclosingSegments(spans, parents) }
}

/** Of copies of one span a completed one wins over one in progress, then the newest received. */
function newestOfEach(spans: readonly Span[]): Span[] {
  const kept = new Map<string, Span>()
  for (const span of spans) {
    const key = span.source === 'zipkin' ? `${span.spanId}/${span.kind}` : span.spanId
    const other = kept.get(key)
    if (!other || wins(span, other)) kept.set(key, span)
  }
  return [...kept.values()]
}

function wins(span: Span, other: Span): boolean {
  if (span.inProgress !== other.inProgress) return !span.inProgress
  return span.receivedNanos > other.receivedNanos
}

function findParent(span: Span, byId: ReadonlyMap<string, readonly Span[]>): Span | undefined {
  if (span.kind === SERVER) {
    const half = byId.get(span.spanId)?.find((twin) => twin.kind === CLIENT)
    if (half) return half
  }
  if (span.parentId === undefined || span.parentId === span.spanId) return undefined
  const found = byId.get(span.parentId)
  return found?.find((twin) => twin.segment) ?? found?.[0]
}

/** Of each ring of parents the earliest span is made its top. */
function breakCycles(spans: readonly Span[], parents: Map<Span, Span>): void {
  const settled = new Set<Span>()
  for (const span of spans) {
    const path = new Set<Span>()
    let at: Span | undefined = span
    while (at && !settled.has(at) && !path.has(at)) {
      path.add(at)
      at = parents.get(at)
    }
    if (at && path.has(at)) {
      let top = at
      for (let next = parents.get(at)!; next !== at; next = parents.get(next)!) {
        if (compareSpans(next, top) < 0) top = next
      }
      parents.delete(top)
    }
    for (const one of path) settled.add(one)
  }
}

/**
 * Segments of a function that stand in a segment of a function with no call between: an SDK tells, in the same trace, of
 * the invocation that the platform has told of. It is counted once.
 */
function foldedInvocations(spans: readonly Span[], parents: ReadonlyMap<Span, Span>): Set<Span> {
  const folded = new Set<Span>()
  const isFunction = (span: Span): boolean => span.segment && span.origin === FUNCTION_ORIGIN && !folded.has(span)
  for (const span of spans) {
    if (!isFunction(span)) continue
    let at = parents.get(span)
    while (at && (!at.segment || folded.has(at)) && at.peer === undefined && !isCall(at)) at = parents.get(at)
    if (at && isFunction(at)) folded.add(span)
  }
  return folded
}

function enclosingSegments(spans: readonly Span[], parents: ReadonlyMap<Span, Span>): Map<Span, Span> {
  const segments = new Map<Span, Span>()
  const known = new Set<Span>()
  for (const span of spans) {
    const path: Span[] = []
    let at: Span | undefined = span
    while (at && !known.has(at)) {
      path.push(at)
      if (at.segment) break
      at = parents.get(at)
    }
    const segment = at && (at.segment ? at : segments.get(at))
    for (const one of path) {
      known.add(one)
      if (segment) segments.set(one, segment)
    }
  }
  return segments
}

/** The segment that called this one; undefined for a root, and where the caller is outside our sight. */
export function callerOf(index: TraceIndex, segment: Span): Span | undefined {
  const parent = index.parents.get(segment)
  return parent && index.segments.get(parent)
}

/** The segment by which the trace begins: one without a parent, else one whose caller never came; the earliest. */
export function rootSegment(index: TraceIndex): Span | undefined {
  let root: Span | undefined
  for (const span of index.spans) {
    if (!span.segment || callerOf(index, span)) continue
    if (span.parentId === undefined) return span
    root ??= span
  }
  return root
}
