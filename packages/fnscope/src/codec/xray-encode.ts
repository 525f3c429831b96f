// One Span to an X-Ray document object: the way back from xray-span.ts, and how spans of other makes become documents.
import { formatXrayTraceId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import { nanosToSeconds } from '../span/time.ts'
import type { JsonObject } from './json.ts'
import { foreignParts } from './xray-foreign.ts'
import { plainMembers, put, putFilled, type Members } from './xray-members.ts'
import { isNative, nativeParts, type DocumentParts } from './xray-parts.ts'

export interface EncodeOptions {
  /** Documents of the subsegments to nest, in order. */
  readonly children?: readonly JsonObject[]
  /** The document goes into its parent's: no trace_id, parent_id and type. */
  readonly embedded?: boolean
}

/**
 * Without `embedded` a span that is no segment is a stand-alone subsegment.
 *
 * @returns plain JSON; times in float seconds, to the microsecond. Absent members are absent; so are false flags of
 *   X-Ray's own spans, where those of other makes always stand, as the OpenTelemetry collector writes them.
 */
export function encodeSpan(span: Span, options: EncodeOptions = {}): JsonObject {
  return encodeParts(span, isNative(span) ? nativeParts(span) : foreignParts(span), options)
}

/** A document of `span` that says `parts`. */
export function encodeParts(span: Span, parts: DocumentParts, options: EncodeOptions = {}): JsonObject {
  const document: Members = {}
  const embedded = options.embedded === true
  if (!embedded) document['trace_id'] = formatXrayTraceId(span.traceId)
  document['id'] = span.spanId
  if (!embedded && span.parentId !== undefined) document['parent_id'] = span.parentId
  if (!embedded && !span.segment) document['type'] = 'subsegment'
  document['name'] = parts.name
  document['start_time'] = nanosToSeconds(span.startNanos)
  if (span.endNanos === undefined) document['in_progress'] = true
  else document['end_time'] = nanosToSeconds(span.endNanos)
  put(document, 'namespace', parts.namespace)
  put(document, 'origin', parts.origin)
  put(document, 'resource_arn', span.resourceArn)
  put(document, 'user', span.user)
  Object.assign(document, parts.flags)
  put(document, 'cause', parts.cause)
  putFilled(document, 'http', parts.http)
  putFilled(document, 'aws', parts.aws)
  putFilled(document, 'sql', parts.sql)
  putFilled(document, 'service', parts.service)
  putFilled(document, 'annotations', parts.annotations)
  put(document, 'metadata', parts.metadata)
  if (span.links.length > 0) document['links'] = span.links.map(linkOf)
  if (options.children !== undefined && options.children.length > 0) document['subsegments'] = [...options.children]
  return document
}

function linkOf(link: Span['links'][number]): Members {
  const attributes = plainMembers(link.attributes)
  return {
    trace_id: formatXrayTraceId(link.traceId),
    ...(link.spanId === undefined ? {} : { id: link.spanId }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  }
}
