// One Span to an X-Ray document object: the way back from xray-span.ts, and how spans of other makes become documents.
// Has no place in a document, so is left out: kind, scope, trace flags and state, counts of dropped things, events
// other than exceptions.
import type { AttributeValue, Attributes } from '../span/attribute-value.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { CauseException, Span } from '../span/span.ts'
import { nanosToSeconds } from '../span/time.ts'
import { derivedId } from './xray-derived-id.ts'
import { setOwn, type JsonObject } from './json.ts'

type Members = { [key: string]: unknown }

/**
 * @param options.children documents of the subsegments to nest, in order.
 * @param options.embedded the document goes into its parent's: no trace_id, parent_id and type. Without it a span that
 *   is no segment is a stand-alone subsegment.
 * @returns plain JSON; times in float seconds, to the microsecond. Absent members are absent, false flags too.
 */
export function encodeSpan(
  span: Span,
  options: { readonly children?: readonly JsonObject[]; readonly embedded?: boolean } = {},
): JsonObject {
  const document: Members = {}
  const embedded = options.embedded === true
  if (!embedded) document['trace_id'] = formatXrayTraceId(span.traceId)
  document['id'] = span.spanId
  if (!embedded && span.parentId !== undefined) document['parent_id'] = span.parentId
  if (!embedded && !span.segment) document['type'] = 'subsegment'
  document['name'] = span.segment && span.service !== '' ? span.service : span.name
  document['start_time'] = nanosToSeconds(span.startNanos)
  if (span.endNanos === undefined) document['in_progress'] = true
  else document['end_time'] = nanosToSeconds(span.endNanos)
  put(document, 'namespace', span.namespace ?? namespaceOf(span))
  put(document, 'origin', span.origin)
  put(document, 'resource_arn', span.resourceArn)
  put(document, 'user', span.user)
  if (span.error) document['error'] = true
  if (span.throttle) document['throttle'] = true
  if (span.fault) document['fault'] = true
  put(document, 'cause', span.cause ?? causeOf(span))
  putFilled(document, 'http', httpOf(span))
  putFilled(document, 'aws', awsOf(span))
  if (isNative(span)) putFilled(document, 'sql', membersOf(span.attributes, 'sql.'))
  putFilled(document, 'service', serviceOf(span))
  putFilled(document, 'annotations', annotationsOf(span))
  put(document, 'metadata', metadataOf(span))
  if (span.links.length > 0) document['links'] = span.links.map(linkOf)
  if (options.children !== undefined && options.children.length > 0) document['subsegments'] = [...options.children]
  return document
}

/** Spans whose attributes are spelled as xray-span.ts spells them. */
function isNative(span: Span): boolean {
  return span.source === 'xray' || span.source === 'lambda'
}

function namespaceOf(span: Span): string | undefined {
  if (span.peer === undefined || isNative(span)) return undefined
  return span.peer.type.startsWith('AWS::') ? 'aws' : 'remote'
}

function httpOf(span: Span): Members {
  const { http } = span
  const request: Members = isNative(span) ? membersOf(span.attributes, 'http.request.') : {}
  const response: Members = isNative(span) ? membersOf(span.attributes, 'http.response.') : {}
  put(request, 'method', http?.method)
  put(request, 'url', http?.url)
  put(request, 'user_agent', http?.userAgent)
  put(request, 'client_ip', http?.clientIp)
  if (http?.traced === true) request['traced'] = true
  put(response, 'status', http?.status)
  const both: Members = {}
  putFilled(both, 'request', request)
  putFilled(both, 'response', response)
  return both
}

function awsOf(span: Span): Members {
  const aws: Members = isNative(span) ? membersOf(span.attributes, 'aws.') : {}
  put(aws, 'account_id', span.accountId)
  // The platform knows the request id on all spans of an invocation, AWS writes it on the service's segment.
  const carries = span.source === 'xray' ? span.origin?.startsWith('AWS::Lambda') : span.origin === 'AWS::Lambda'
  if (carries === true) put(aws, 'request_id', span.requestId)
  return aws
}

function serviceOf(span: Span): Members {
  if (isNative(span)) return membersOf(span.resource, 'service.')
  const version = span.resource['service.version']
  return version === undefined ? {} : { version: plain(version) }
}

/** Attributes of other makes have no field of their own: they stand under `default`, those of the resource prefixed. */
function metadataOf(span: Span): Members | undefined {
  const metadata = span.metadata === undefined ? undefined : { ...span.metadata }
  if (isNative(span)) return metadata
  const rest: Members = {}
  for (const [key, value] of Object.entries(span.attributes)) setOwn(rest, key, plain(value))
  for (const [key, value] of Object.entries(span.resource)) rest[`otel.resource.${key}`] = plain(value)
  if (Object.keys(rest).length === 0) return metadata
  const own = metadata?.['default']
  return { ...metadata, default: typeof own === 'object' && own !== null ? { ...rest, ...own } : rest }
}

/** Exceptions of other makes are events; without one, the status message of a failed span stands for it. */
function causeOf(span: Span): { readonly exceptions: readonly CauseException[] } | undefined {
  const exceptions = span.events
    .filter((event) => event.name === 'exception')
    .map((event, index) => ({
      id: derivedId(span.spanId, index + 1),
      ...textMember('type', event.attributes['exception.type']),
      ...textMember('message', event.attributes['exception.message']),
    }))
  if (exceptions.length > 0) return { exceptions }
  if (!(span.fault || span.error) || span.statusMessage === undefined) return undefined
  return { exceptions: [{ id: derivedId(span.spanId, 1), message: span.statusMessage }] }
}

function textMember(name: 'type' | 'message', value: AttributeValue | undefined): { type?: string; message?: string } {
  return typeof value === 'string' ? { [name]: value } : {}
}

function linkOf(link: Span['links'][number]): Members {
  const attributes: Members = {}
  for (const [key, value] of Object.entries(link.attributes)) setOwn(attributes, key, plain(value))
  return {
    trace_id: formatXrayTraceId(link.traceId),
    ...(link.spanId === undefined ? {} : { id: link.spanId }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  }
}

function membersOf(attributes: Attributes, prefix: string): Members {
  const members: Members = {}
  for (const key of Object.keys(attributes))
    if (key.startsWith(prefix)) setOwn(members, key.slice(prefix.length), plain(attributes[key]!))
  return members
}

/** The value as JSON knows it: int64 to the last digit, what JSON has no number for as text, bytes as base64. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return exactNumber(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const members: Members = {}
  for (const [key, member] of Object.entries(value)) setOwn(members, key, plain(member))
  return members
}

/** In the language since ES2026, and not in TypeScript's library yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** A double cannot hold the digits of each int64; JSON can. */
function exactNumber(value: bigint): unknown {
  return Number.isSafeInteger(Number(value)) ? Number(value) : rawJSON(value.toString())
}

function put(target: Members, key: string, value: unknown): void {
  if (value !== undefined && value !== '') target[key] = value
}

function putFilled(target: Members, key: string, value: Members): void {
  if (Object.keys(value).length > 0) target[key] = value
}

function annotationsOf({ annotations }: Span): Members {
  const members: Members = {}
  for (const [key, value] of Object.entries(annotations)) setOwn(members, key, plain(value))
  return members
}
