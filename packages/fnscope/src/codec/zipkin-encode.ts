// Spans of any make as Zipkin's version 2 shows them. What Zipkin has no field for are tags, under the names that
// Jaeger's API has. Both sides of a call keep their shared id: Zipkin's clients know of that. The way in is zipkin-json.ts.
import { attributeText, type AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { jaegerLogs, type JaegerLog } from './jaeger-logs.ts'
import { jaegerTags, jaegerTraceId, services, UNKNOWN_SERVICE } from './jaeger-json.ts'

export interface ZipkinEndpoint {
  readonly serviceName?: string
  readonly ipv4?: string
  readonly ipv6?: string
  readonly port?: number
}

export interface ZipkinV2Span {
  readonly traceId: string
  readonly parentId?: string
  readonly id: string
  readonly kind?: string
  readonly name: string
  /** Microseconds since 1970. */
  readonly timestamp: number
  /** Microseconds, at least 1; absent while in progress. */
  readonly duration?: number
  readonly localEndpoint: ZipkinEndpoint
  readonly remoteEndpoint?: ZipkinEndpoint
  readonly annotations?: readonly { readonly timestamp: number; readonly value: string }[]
  readonly tags?: Readonly<Record<string, string>>
  readonly debug?: true
  readonly shared?: true
}

const KINDS: readonly (string | undefined)[] = [undefined, undefined, 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const DEBUG = 2

/** Where zipkin-proto.ts and the SDKs put what Zipkin has an endpoint for. */
const LOCAL_KEYS = ['service.name', 'net.host.ip', 'net.host.port']
const REMOTE_ADDRESS = ['network.peer.address', 'net.peer.ip', 'net.sock.peer.addr']
const REMOTE_PORT = ['network.peer.port', 'net.peer.port', 'net.sock.peer.port']
const NO_TAGS: ReadonlySet<string> = new Set([
  'span.kind',
  'zipkin.shared',
  'peer.service',
  ...REMOTE_ADDRESS,
  'network.peer.port',
])

/** One trace from all its spans, in their order. */
export function encodeZipkinTrace(spans: readonly Span[]): ZipkinV2Span[] {
  const serviceOf = services(spans)
  return spans.map((span) => {
    const serviceName = serviceOf(span)
    return encodeSpan(span, serviceName === UNKNOWN_SERVICE ? undefined : serviceName)
  })
}

function encodeSpan(span: Span, serviceName: string | undefined): ZipkinV2Span {
  const { parentId, startNanos, endNanos, resource, attributes, kind, traceFlags } = span
  const remote = endpointOf({
    serviceName: textOf(attributes['peer.service']) ?? span.peer?.name,
    address: firstOf(attributes, REMOTE_ADDRESS),
    port: firstOf(attributes, REMOTE_PORT),
  })
  const annotations = jaegerLogs(span).map(annotationOf)
  const tags = tagsOf(span)
  return {
    traceId: jaegerTraceId(span.traceId),
    ...(parentId === undefined ? {} : { parentId }),
    id: span.spanId,
    ...(KINDS[kind] === undefined ? {} : { kind: KINDS[kind] }),
    name: span.name,
    timestamp: Number(startNanos / 1000n),
    ...(endNanos === undefined ? {} : { duration: Math.max(1, Number((endNanos - startNanos) / 1000n)) }),
    localEndpoint: endpointOf({
      serviceName,
      address: textOf(resource['net.host.ip']),
      port: textOf(resource['net.host.port']),
    }),
    ...(Object.keys(remote).length === 0 ? {} : { remoteEndpoint: remote }),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(span.source === 'zipkin' && (traceFlags & DEBUG) !== 0 ? { debug: true } : {}),
    ...(attributes['zipkin.shared'] === true ? { shared: true } : {}),
  }
}

function endpointOf(of: {
  readonly serviceName: string | undefined
  readonly address: string | undefined
  readonly port: string | undefined
}): ZipkinEndpoint {
  const { serviceName, address = '', port = '' } = of
  return {
    ...(serviceName === undefined || serviceName === '' ? {} : { serviceName }),
    ...(/^\d+(\.\d+){3}$/.test(address) ? { ipv4: address } : {}),
    ...(address.includes(':') ? { ipv6: address } : {}),
    ...(/^\d{1,5}$/.test(port) && port !== '0' ? { port: Number(port) } : {}),
  }
}

function firstOf(attributes: Span['attributes'], keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(attributes[key])
    if (text !== undefined) return text
  }
  return undefined
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return value === undefined ? undefined : attributeText(value)
}

/** Those of the resource stand among them, as OpenTelemetry's exporters to Zipkin have it. */
function tagsOf(span: Span): Record<string, string> {
  const tags: Record<string, string> = {}
  for (const [key, value] of Object.entries(span.resource))
    if (!LOCAL_KEYS.includes(key)) tags[key] = attributeText(value)
  for (const { key, value } of jaegerTags(span)) if (!NO_TAGS.has(key)) tags[key] = String(value)
  if (tags['error'] !== 'true') return tags
  // Zipkin's tag says what the error was; of its own spans nothing else was sent.
  tags['error'] = span.statusMessage ?? 'true'
  delete tags['otel.status_description']
  if (span.source === 'zipkin') delete tags['otel.status_code']
  return tags
}

/** The name, and what else is known as `{"name":{"key":"value"}}`, which zipkin-annotation.ts takes apart again. */
function annotationOf({ timestamp, fields }: JaegerLog): { readonly timestamp: number; readonly value: string } {
  const [first, ...more] = fields
  const isNamed = first?.key === 'event' && typeof first.value === 'string'
  const name = isNamed ? String(first.value) : ''
  const rest = isNamed ? more : fields
  if (rest.length === 0) return { timestamp, value: name }
  return {
    timestamp,
    value: JSON.stringify({ [name]: Object.fromEntries(rest.map(({ key, value }) => [key, value])) }),
  }
}
