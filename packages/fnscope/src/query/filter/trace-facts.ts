// What filter expressions ask about one trace: its nodes and connections as the service graph has them, each with the spans
// that say something of it, and its root causes. Derived from the spans when first asked for.
import type { Span } from '../../span/span.ts'
import type { NodeKey } from '../../store/store.ts'
import { CLIENT_TYPE, nodeOf } from '../graph-contribution.ts'
import { flagRootCauses, responseTimeRootCauses, type RootCause } from '../root-cause.ts'
import { callersOf, inferredCalls, isPartial, timeOf, type InferredCall } from '../trace.ts'
import { callerOf, rootSegment, type TraceIndex } from '../trace-index.ts'
import type { CauseKind } from './expression.ts'

/** A segment of a node, or the call by which an inferred node is known. */
export interface NodeFacts {
  readonly node: NodeKey
  readonly inferred: boolean
  readonly root: boolean
  /** Its flags, times and HTTP are the node's. */
  readonly span: Span
  /** Spans that may carry annotations, users, exceptions of it: the segment's own; the call. */
  readonly own: readonly Span[]
}

/** A call from one node to another. */
export interface EdgeFacts extends NodeFacts {
  /** `node` is where it leads to; `span` is the call, or the callee's segment where nothing of the caller stands for it. */
  readonly from: NodeKey
}

export interface TraceFacts {
  readonly index: TraceIndex
  readonly root: Span | undefined
  readonly nodes: () => readonly NodeFacts[]
  readonly edges: () => readonly EdgeFacts[]
  readonly causes: (kind: CauseKind) => readonly RootCause[]
  readonly partial: () => boolean
  /** From the earliest segment's start to the last one's end. */
  readonly durationNanos: () => bigint
  /** A call that was asked to report what it called, and did not. */
  readonly isSilentCall: (span: Span) => boolean
}

export function traceFacts(index: TraceIndex): TraceFacts {
  const root = rootSegment(index)
  const inferred = once(() => inferredCalls(index))
  const ownOf = once(() => ownSpans(index))
  const callers = once(() => callersOf(index))
  const causes = {
    fault: once(() => flagRootCauses(index, 'fault', inferred())),
    error: once(() => flagRootCauses(index, 'error', inferred())),
    responsetime: once(() => responseTimeRootCauses(index, inferred())),
  }
  return {
    index,
    root,
    nodes: once(() => nodesOf(index, { root, inferred: inferred(), own: ownOf() })),
    edges: once(() => edgesOf(index, { root, inferred: inferred(), own: ownOf() })),
    causes: (kind) => causes[kind](),
    partial: once(() => isPartial(index)),
    durationNanos: once(() => {
      const { startNanos, endNanos } = timeOf(index)
      return endNanos - startNanos
    }),
    isSilentCall: (span) => span.http?.traced === true && !span.segment && !callers().has(span),
  }
}

interface Parts {
  readonly root: Span | undefined
  readonly inferred: readonly InferredCall[]
  readonly own: ReadonlyMap<Span, readonly Span[]>
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => (made ??= { value: make() }).value
}

/** By segment, what belongs to it, itself included. */
function ownSpans(index: TraceIndex): Map<Span, Span[]> {
  const own = new Map<Span, Span[]>()
  for (const span of index.spans) {
    const segment = index.segments.get(span)
    if (segment === undefined) continue
    const spans = own.get(segment)
    if (spans) spans.push(span)
    else own.set(segment, [span])
  }
  return own
}

function nodesOf(index: TraceIndex, { root, inferred, own }: Parts): NodeFacts[] {
  const segments = index.spans.filter((span) => span.segment)
  const client: NodeFacts[] =
    root === undefined
      ? []
      : [{ node: clientOf(root), inferred: false, root: false, span: root, own: own.get(root) ?? [root] }]
  return [
    ...client,
    ...segments.map((span) => ({
      node: nodeOf(span),
      inferred: false,
      root: span === root,
      span,
      own: own.get(span) ?? [span],
    })),
    ...inferred.map(({ span, node }) => ({ node, inferred: true, root: false, span, own: [span] })),
  ]
}

function edgesOf(index: TraceIndex, { root, inferred, own }: Parts): EdgeFacts[] {
  const edges: EdgeFacts[] = []
  const spansOf = (segment: Span): readonly Span[] => own.get(segment) ?? [segment]
  if (root !== undefined)
    edges.push({
      from: clientOf(root),
      node: nodeOf(root),
      inferred: false,
      root: true,
      span: root,
      own: spansOf(root),
    })
  for (const segment of index.spans) {
    const caller = segment.segment ? callerOf(index, segment) : undefined
    if (caller === undefined) continue
    const call = index.parents.get(segment)!
    // An AWS::Lambda segment has no subsegment for the function that it runs.
    const span = call.segment ? segment : call
    const spans = call.segment ? spansOf(segment) : [call, ...spansOf(segment)]
    edges.push({
      from: nodeOf(caller),
      node: nodeOf(segment),
      inferred: false,
      root: caller === root,
      span,
      own: spans,
    })
  }
  for (const { span, node } of inferred) {
    const caller = index.segments.get(span)
    if (caller === undefined) continue
    edges.push({ from: nodeOf(caller), node, inferred: true, root: caller === root, span, own: [span] })
  }
  return edges
}

/** Whoever called the root: the graph shows it under the root's name. */
function clientOf(root: Span): NodeKey {
  return { name: nodeOf(root).name, type: CLIENT_TYPE, accountId: '' }
}
