// Annotations and metadata of a span of another make: what no other field of the document says. Annotations are what the
// span itself lists, as the OpenTelemetry collector has it; of Datadog, all tags of the user's own.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { isJsonObject, setOwn } from './json.ts'
import { isCauseEvent } from './xray-foreign-cause.ts'
import { plain, plainMembers, put, putFilled, type Members } from './xray-members.ts'
import type { TakenAttributes } from './taken-attributes.ts'
import { CLIENT, SERVER } from '../span/span-kind.ts'

const LISTED = 'aws.xray.annotations'
const METADATA = 'aws.xray.metadata.'
const RESOURCE = 'otel.resource.'
const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer']

export interface Filed {
  readonly annotations: Members
  readonly metadata: Members | undefined
}

/** @param attributes of which fields of their own have been taken @param name of the document */
export function foreignMetadata(span: Span, attributes: TakenAttributes, name: string): Filed {
  const listed = new Set(attributes.texts(LISTED))
  attributes.take(LISTED)
  const datadog = span.source === 'datadog'
  const annotations: Members = {}
  const metadata: Members = {}
  const rest: Members = {}
  for (const [key, value] of attributes.rest()) {
    const wanted = listed.has(key) || (datadog && isUsers(span, key))
    if (wanted && isScalar(value)) setOwn(annotations, annotationKey(key), plain(value))
    else if (!addJson(metadata, key, value)) setOwn(rest, key, plain(value))
  }
  for (const [key, value] of Object.entries(span.resource)) {
    if (listed.has(RESOURCE + key) && isScalar(value)) annotations[annotationKey(RESOURCE + key)] = plain(value)
    else if (span.segment) rest[RESOURCE + key] = plain(value)
  }
  const namespace = datadog ? 'datadog' : 'default'
  const own = metadata[namespace]
  if (Object.keys(rest).length > 0) setOwn(metadata, namespace, isJsonObject(own) ? { ...rest, ...own } : rest)
  putFilled(metadata, 'otel', restOf(span, name))
  const all = { ...metadata, ...span.metadata }
  return { annotations, metadata: Object.keys(all).length === 0 ? undefined : all }
}

function isUsers({ annotations }: Span, key: string): boolean {
  return Object.hasOwn(annotations, key) && !key.startsWith('_')
}

function isScalar(value: AttributeValue): boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

function annotationKey(key: string): string {
  return key.replaceAll(/[^0-9A-Za-z]/g, '_')
}

/** `aws.xray.metadata.<namespace>` holds the namespace's JSON. */
function addJson(metadata: Members, key: string, value: AttributeValue): boolean {
  if (!key.startsWith(METADATA) || typeof value !== 'string') return false
  try {
    setOwn(metadata, key.slice(METADATA.length), JSON.parse(value) as unknown)
    return true
  } catch {
    return false
  }
}

/** What documents have no place for, and the collector leaves out. */
function restOf(span: Span, name: string): Members {
  const rest: Members = {}
  // A segment is a server's unless it says otherwise, a call a client's, anything else is internal.
  const implied = span.segment ? SERVER : span.namespace === undefined ? 1 : CLIENT
  if (span.name !== name) put(rest, 'name', span.name)
  if (span.kind !== implied) put(rest, 'kind', KINDS[span.kind])
  if (span.scope !== undefined) rest['scope'] = plain(span.scope)
  put(rest, 'trace_state', span.traceState)
  const events = span.events.filter((event) => !isCauseEvent(event))
  if (events.length > 0)
    rest['events'] = events.map((event) => ({
      time: Number(event.timeNanos / 1000n) / 1e6,
      name: event.name,
      attributes: plainMembers(event.attributes),
    }))
  for (const [what, count] of Object.entries(span.dropped)) if (count) rest[`dropped_${what}`] = count
  return rest
}
