// The parts of a span that are kept as JSON text, and back: resource, scope, details, events, links. Absent members are
// left out, and nothing at all is the empty text: most spans have none of these, or the same as the span before.
import { attributeJson, parseAttributeJson, parseAttributes, type Attributes } from './attribute-value.ts'
import type { Span, SpanEvent, SpanLink, SpanScope } from './span.ts'

type Members = Record<string, unknown>

export function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

/** Without members that are undefined, '' , 0 or an empty object. */
export function filled(members: Members): Members {
  const kept: Members = {}
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === '' || value === 0n) continue
    if (typeof value === 'object' && value !== null && isEmpty(value)) continue
    kept[key] = value
  }
  return kept
}

/** Counts and flags are whole numbers. */
export function whole(value: number | undefined): bigint {
  return BigInt(value ?? 0)
}

export function textOf(members: Members): string {
  return isEmpty(members) ? '' : attributeJson(members)
}

export function formatResource(resource: Attributes): string {
  return textOf(resource)
}

export function formatScope(scope: SpanScope | undefined): string {
  if (scope === undefined) return ''
  const { name, version, attributes, droppedAttributes, schemaUrl } = scope
  return textOf(filled({ name, version, attributes, droppedAttributes: whole(droppedAttributes), schemaUrl }))
}

export function formatDetails({ traceFlags, traceState, dropped, schemaUrl }: Span): string {
  const counted = dropped.attributes || dropped.events || dropped.links || dropped.resourceAttributes
  if (traceFlags === 0 && !counted && traceState === undefined && schemaUrl === undefined) return ''
  return textOf(
    filled({
      flags: whole(traceFlags),
      state: traceState,
      droppedAttributes: whole(dropped.attributes),
      droppedEvents: whole(dropped.events),
      droppedLinks: whole(dropped.links),
      droppedResourceAttributes: whole(dropped.resourceAttributes),
      schemaUrl,
    }),
  )
}

export function formatEvents(events: readonly SpanEvent[]): string {
  if (events.length === 0) return ''
  return attributeJson(
    events.map(({ timeNanos, name, attributes, droppedAttributes }) => ({
      nanos: timeNanos,
      ...filled({ name, attributes, droppedAttributes: whole(droppedAttributes) }),
    })),
  )
}

export function formatLinks(links: readonly SpanLink[]): string {
  if (links.length === 0) return ''
  return attributeJson(
    links.map(({ traceId, spanId, traceState, flags, attributes, droppedAttributes }) => ({
      traceId,
      ...filled({ spanId, state: traceState, flags: whole(flags), attributes }),
      ...filled({ droppedAttributes: whole(droppedAttributes) }),
    })),
  )
}

export function count(value: unknown): number {
  return typeof value === 'bigint' ? Number(value) : 0
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function attributesOf(value: unknown): Attributes {
  return typeof value === 'object' && value !== null ? (value as Attributes) : {}
}

/** The member, unless the text says none. */
export function some<Name extends string, Value>(name: Name, value: Value): { readonly [key in Name]?: Value } {
  return (value === '' || value === 0 ? {} : { [name]: value }) as { readonly [key in Name]?: Value }
}

export function parseScope(json: string): SpanScope | undefined {
  if (json === '') return undefined
  const { name, version, attributes, droppedAttributes, schemaUrl } = parseAttributes(json)
  return {
    name: text(name),
    version: text(version),
    attributes: attributesOf(attributes),
    ...some('droppedAttributes', count(droppedAttributes)),
    ...some('schemaUrl', text(schemaUrl)),
  }
}

/** `Span`'s traceFlags, traceState, dropped and schemaUrl. */
export function parseDetails(json: string): Pick<Span, 'traceFlags' | 'traceState' | 'dropped' | 'schemaUrl'> {
  if (json === '') return { traceFlags: 0, dropped: { attributes: 0, events: 0, links: 0 } }
  const members = parseAttributes(json)
  return {
    traceFlags: count(members['flags']),
    ...some('traceState', text(members['state'])),
    dropped: {
      attributes: count(members['droppedAttributes']),
      events: count(members['droppedEvents']),
      links: count(members['droppedLinks']),
      ...some('resourceAttributes', count(members['droppedResourceAttributes'])),
    },
    ...some('schemaUrl', text(members['schemaUrl'])),
  }
}

export function parseList(json: string): readonly Attributes[] {
  if (json === '') return []
  const list = parseAttributeJson(json)
  return Array.isArray(list) ? (list as Attributes[]) : []
}

export function parseEvents(json: string): readonly SpanEvent[] {
  return parseList(json).map((event) => ({
    timeNanos: typeof event['nanos'] === 'bigint' ? event['nanos'] : 0n,
    name: text(event['name']),
    attributes: attributesOf(event['attributes']),
    ...some('droppedAttributes', count(event['droppedAttributes'])),
  }))
}

export function parseLinks(json: string): readonly SpanLink[] {
  return parseList(json).map((link) => ({
    traceId: text(link['traceId']),
    ...some('spanId', text(link['spanId'])),
    ...some('traceState', text(link['state'])),
    ...some('flags', count(link['flags'])),
    attributes: attributesOf(link['attributes']),
    ...some('droppedAttributes', count(link['droppedAttributes'])),
  }))
}
