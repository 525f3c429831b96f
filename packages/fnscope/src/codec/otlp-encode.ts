// Spans of any make as OTLP has them (TracesData in JSON; otlp-traces-json.ts makes protobuf of it), for readers of
// OpenTelemetry's format: Jaeger's api_v3, Tempo's clients. What OTLP sent comes back as it was; fields of X-Ray's segment
// documents stand under OpenTelemetry's names. The way in is otlp-traces*.ts.
import type { AttributeValue, Attributes } from '../span/attribute-value.ts'
import type { Span, SpanEvent, SpanLink } from '../span/span.ts'
import { addXrayFields, isFailed, services, SOURCES_WITHOUT_STATUS } from './jaeger-json.ts'
import { withOwnIds } from './own-ids.ts'
import { otelAttributes } from './xray-otel.ts'

export interface OtlpTracesData {
  readonly resourceSpans: readonly {
    readonly resource: object
    readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly object[] }[]
  }[]
}

const ERROR = 2

/** The spans of one trace, grouped by resource and scope in the order in which these first come. */
export function encodeOtlpTrace(ofTrace: readonly Span[]): OtlpTracesData {
  const spans = withOwnIds(ofTrace)
  const serviceOf = services(spans)
  const resources = new Map<string, { resource: object; schemaUrl?: string; scopes: Map<string, ScopeSpans> }>()
  for (const span of spans) {
    const resource = resourceOf(span, serviceOf(span))
    const key = JSON.stringify([resource, span.schemaUrl])
    let known = resources.get(key)
    if (known === undefined) {
      known = { resource, ...(span.schemaUrl && { schemaUrl: span.schemaUrl }), scopes: new Map() }
      resources.set(key, known)
    }
    const { schemaUrl, ...scope } = span.scope ?? { name: '', version: '', attributes: {} }
    const shape = scopeOf(scope)
    const scopeKey = JSON.stringify([shape, schemaUrl])
    let group = known.scopes.get(scopeKey)
    if (group === undefined) {
      group = { scope: shape, ...(schemaUrl && { schemaUrl }), spans: [] }
      known.scopes.set(scopeKey, group)
    }
    group.spans.push(spanShape(span))
  }
  return {
    resourceSpans: [...resources.values()].map(({ scopes, ...resource }) => ({
      ...resource,
      scopeSpans: [...scopes.values()],
    })),
  }
}

interface ScopeSpans {
  readonly scope: object
  readonly schemaUrl?: string
  readonly spans: object[]
}

function resourceOf({ resource, dropped }: Span, service: string): object {
  const known = 'service.name' in resource ? resource : { 'service.name': service, ...resource }
  const count = dropped.resourceAttributes ?? 0
  return { attributes: attributesOf(Object.entries(known)), ...counted('droppedAttributesCount', count) }
}

function scopeOf({ name, version, attributes, droppedAttributes = 0 }: NonNullable<Span['scope']>): object {
  return {
    ...(name === '' ? {} : { name }),
    ...(version === '' ? {} : { version }),
    ...withAttributes(attributes),
    ...counted('droppedAttributesCount', droppedAttributes),
  }
}

function spanShape(span: Span): object {
  const { parentId, traceState, traceFlags, startNanos, endNanos, dropped, events, links } = span
  const code = isFailed(span) ? ERROR : span.statusCode
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(traceState === undefined ? {} : { traceState }),
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    ...counted('flags', traceFlags),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: startNanos.toString(),
    // What is in progress has none.
    endTimeUnixNano: (endNanos ?? 0n).toString(),
    attributes: attributesOf(attributesOfSpan(span)),
    ...counted('droppedAttributesCount', dropped.attributes),
    ...(events.length === 0 && typeof span.cause !== 'object' ? {} : { events: eventsOf(span) }),
    ...counted('droppedEventsCount', dropped.events),
    ...(links.length === 0 ? {} : { links: links.map(linkShape) }),
    ...counted('droppedLinksCount', dropped.links),
    status: {
      ...(span.statusMessage === undefined ? {} : { message: span.statusMessage }),
      ...(code === 0 ? {} : { code }),
    },
  }
}

function attributesOfSpan(span: Span): Iterable<readonly [string, AttributeValue]> {
  const own = otelAttributes(span)
  if (!SOURCES_WITHOUT_STATUS.includes(span.source)) return own
  const found = new Map(own)
  addXrayFields(span, (key, value) => {
    if (value !== undefined && value !== '' && !found.has(key)) found.set(key, value)
  })
  return found
}

/** X-Ray's exceptions have no time: they stand at the span's end. */
function eventsOf({ events, cause, startNanos, endNanos }: Span): object[] {
  const exceptions = typeof cause === 'object' ? (cause.exceptions ?? []) : []
  const timeNanos = endNanos ?? startNanos
  return [
    ...events.map(eventShape),
    ...exceptions.map(({ type, message, stack = [] }) =>
      eventShape({
        timeNanos,
        name: 'exception',
        attributes: {
          ...(type === undefined ? {} : { 'exception.type': type }),
          ...(message === undefined ? {} : { 'exception.message': message }),
          ...(stack.length === 0
            ? {}
            : {
                'exception.stacktrace': stack
                  .map(({ path, line, label }) => `at ${label ?? '?'} (${path ?? '?'}:${line ?? '?'})`)
                  .join('\n'),
              }),
        },
      }),
    ),
  ]
}

function eventShape({ timeNanos, name, attributes, droppedAttributes = 0 }: SpanEvent): object {
  return {
    timeUnixNano: timeNanos.toString(),
    name,
    ...withAttributes(attributes),
    ...counted('droppedAttributesCount', droppedAttributes),
  }
}

function linkShape({ traceId, spanId, traceState, flags = 0, attributes, droppedAttributes = 0 }: SpanLink): object {
  return {
    traceId,
    ...(spanId === undefined ? {} : { spanId }),
    ...(traceState === undefined ? {} : { traceState }),
    ...withAttributes(attributes),
    ...counted('droppedAttributesCount', droppedAttributes),
    ...counted('flags', flags),
  }
}

function counted(name: string, count: number): object {
  return count === 0 ? {} : { [name]: count }
}

function withAttributes(attributes: Attributes): object {
  const entries = Object.entries(attributes)
  return entries.length === 0 ? {} : { attributes: attributesOf(entries) }
}

function attributesOf(entries: Iterable<readonly [string, AttributeValue]>): object[] {
  return [...entries].map(([key, value]) => ({ key, value: anyValue(value) }))
}

/** An AnyValue: 64-bit integers as texts, NaN and infinities as their names. */
function anyValue(value: unknown): object {
  switch (typeof value) {
    case 'string':
      return { stringValue: value }
    case 'boolean':
      return { boolValue: value }
    case 'bigint':
      return { intValue: value.toString() }
    case 'number':
      return { doubleValue: Number.isFinite(value) ? value : String(value) }
    default:
      return otherValue(value)
  }
}

function otherValue(value: unknown): object {
  if (typeof value !== 'object' || value === null) return {}
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: Object.entries(value).map(([key, member]) => ({ key, value: anyValue(member) })) } }
}
