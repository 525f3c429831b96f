// A trace with what other SDKs told of its invocations in traces of their own: traces that share a Lambda request are
// read together, and what is the same is shown once. X-Ray's own answers stay with the traces that were asked for.
import type { Span } from '../span/span.ts'
import type { Reader } from './reader.ts'
import { mergeSame } from './same-spans.ts'

/** A batch of messages may have come from many. */
const MAX_TRACES = 20
const MAX_REQUESTS = 200
const MAX_ROUNDS = 3

export type JoinReader = Pick<Reader, 'readSpans' | 'tracesOfRequests'>

/** All spans as one trace's, each thing once; those that were sent in another trace say so (Span.ownTraceId). */
export async function readJoinedTrace(reader: JoinReader, traceId: string): Promise<Span[]> {
  const spans = await reader.readSpans([traceId])
  const known = new Set([traceId])
  const asked = new Set<string>()
  let fresh: readonly Span[] = spans
  for (let round = 0; round < MAX_ROUNDS && known.size < MAX_TRACES; round++) {
    const requests = requestsOf(fresh).filter((id) => !asked.has(id))
    if (requests.length === 0) break
    for (const id of requests) asked.add(id)
    const found = (await reader.tracesOfRequests(requests, MAX_TRACES + known.size)).filter((id) => !known.has(id))
    const others = found.slice(0, MAX_TRACES - known.size)
    if (others.length === 0) break
    for (const id of others) known.add(id)
    const read = await reader.readSpans(others)
    // Two requests may have one hash.
    const meant = new Set(read.filter((span) => asked.has(span.requestId ?? '')).map((span) => span.traceId))
    fresh = read.filter((span) => meant.has(span.traceId))
    for (const span of fresh) spans.push({ ...span, traceId, ownTraceId: span.traceId })
  }
  return mergeSame(spans)
}

function requestsOf(spans: readonly Span[]): string[] {
  return [...new Set(spans.flatMap(({ requestId }) => (requestId === undefined ? [] : [requestId])))].slice(
    0,
    MAX_REQUESTS,
  )
}
