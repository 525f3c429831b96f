// The segment X-Ray answers for a callee that reported nothing: what its caller saw of it.
import type { Peer } from '../span/peer.ts'
import { derivedId } from './xray-derived-id.ts'
import type { JsonObject } from './json.ts'

// The caller's view that AWS repeats in the callee's segment.
const SEEN = ['start_time', 'end_time', 'error', 'throttle', 'fault', 'http', 'aws'] as const

/** @param call the subsegment that called `peer`, completed. */
export function inferredSegment(traceId: string, spanId: string, call: JsonObject, peer: Peer): JsonObject {
  const seen = Object.fromEntries(SEEN.filter((key) => call[key] !== undefined).map((key) => [key, call[key]]))
  return {
    id: derivedId(spanId),
    name: call['name'],
    trace_id: traceId,
    parent_id: spanId,
    inferred: true,
    origin: peer.type,
    ...seen,
  }
}
