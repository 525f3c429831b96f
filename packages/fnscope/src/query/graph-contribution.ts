// The rules of the service graph that also the tree, the summary and the documents of one trace go by: what a node is,
// what a call is, which calls were answered. What whole traces add to the graph is graph-derivation.ts.
import { answeredAmong } from '../span/answered-calls.ts'
import type { NodeKey } from '../span/graph-spans.ts'
import type { Span } from '../span/span.ts'
import type { TraceIndex } from './trace-index.ts'

export { CLIENT_TYPE } from '../span/graph-spans.ts'

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

/** Seconds from start to end; 0 while in progress. */
export function secondsOf(span: Span): number {
  return span.endNanos === undefined ? 0 : Number(span.endNanos - span.startNanos) / 1e9
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
