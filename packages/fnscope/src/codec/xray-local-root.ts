// A call by which a service's part of a trace begins (aws.span.kind is LOCAL_ROOT) is two documents in X-Ray: a segment
// of the service, and in it the call. Here is the segment, as the OpenTelemetry collector makes it.
import type { Span } from '../span/span.ts'
import type { JsonObject } from './json.ts'
import { derivedId } from './xray-derived-id.ts'
import { encodeParts } from './xray-encode.ts'
import { foreignParts } from './xray-foreign.ts'
import { isNative } from './xray-parts.ts'
import { CLIENT, CONSUMER } from '../span/span-kind.ts'

/** Behind the ids that exceptions of the span may have. */
const SEGMENT_INDEX = 0x1_0000_0000

/** Of the service alone: none of these say anything. */
const OF_THE_CALL = /^aws\.remote\./

/** The span as its service's segment, with an id of its own; undefined when it is one document. */
export function serviceSegmentOf(span: Span): Span | undefined {
  if (isNative(span) || span.kind < CLIENT || span.attributes['aws.span.kind'] !== 'LOCAL_ROOT') return undefined
  if (span.kind === CONSUMER && span.attributes['aws.remote.service'] === undefined) return undefined
  const { peer: _peer, namespace: _namespace, http: _http, ...rest } = span
  const own = Object.entries(span.attributes).filter(([key]) => !OF_THE_CALL.test(key))
  return {
    ...rest,
    spanId: derivedId(span.spanId, SEGMENT_INDEX),
    segment: true,
    attributes: Object.fromEntries(own),
    links: span.kind === CONSUMER ? [] : span.links,
  }
}

/** @param span of serviceSegmentOf. What is of the call alone is in the call's document. */
export function encodeServiceSegment(span: Span): JsonObject {
  const parts = foreignParts(span)
  const local = span.attributes['aws.local.service']
  const { cloudwatch_logs: logs, xray, ec2, ecs, eks, elastic_beanstalk: beanstalk } = parts.aws
  const aws = Object.entries({ cloudwatch_logs: logs, xray, ec2, ecs, eks, elastic_beanstalk: beanstalk })
  const ofResource = Object.entries((parts.metadata?.['default'] ?? {}) as JsonObject)
  const rest = ofResource.filter(([key]) => key.startsWith('otel.resource.'))
  return encodeParts(
    span,
    {
      ...parts,
      name: typeof local === 'string' ? local : span.service,
      namespace: undefined,
      http: {},
      sql: {},
      aws: Object.fromEntries(aws.filter(([, value]) => value !== undefined)),
      metadata: rest.length === 0 ? undefined : { default: Object.fromEntries(rest) },
    },
    { embedded: true },
  )
}
