// Spans of any make as Jaeger's query API shows them: the JSON that Jaeger's page and Grafana read. Shapes as jaegertracing
// 2 answers them for OTLP; what only X-Ray has becomes tags of OpenTelemetry's names. Encodes alone, reads nothing.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { jaegerLogs, type JaegerLog } from './jaeger-logs.ts'
import { sortedTags, type JaegerTag } from './jaeger-tag.ts'
import { withOwnIds } from './own-ids.ts'
import { otelAttributes } from './xray-otel.ts'

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
  readonly traceID: string
  readonly spanID: string
}

export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  /** Microseconds since 1970, cut. */
  readonly startTime: number
  /** Microseconds, cut. */
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly JaegerLog[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

export interface JaegerProcess {
  readonly serviceName: string
  readonly tags: readonly JaegerTag[]
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, JaegerProcess>>
  readonly warnings: null
}

/** Names of OpenTelemetry's SpanKind, as the tag span.kind has them; '' is unspecified. */
export const SPAN_KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** Makes that say what went wrong by error, fault and throttle, not by a status. */
export const SOURCES_WITHOUT_STATUS: readonly string[] = ['xray', 'lambda', 'fc']

/** The attribute that jaeger-rows.ts keeps warnings in. */
const WARNINGS = 'jaeger.warnings'

/** What a span is shown under whose service nobody knows. */
export const UNKNOWN_SERVICE = 'unknown_service'

/** Jaeger's spelling of 32 hex digits: the low half alone where the high half is zero. */
export function jaegerTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId
}

/** One trace from all its spans, which are shown in their order; at least one. */
export function encodeJaegerTrace(ofTrace: readonly Span[]): JaegerTrace {
  const spans = withOwnIds(ofTrace)
  const serviceOf = services(spans)
  const processIds = new Map<string, string>()
  const processes: Record<string, JaegerProcess> = {}
  const shown = spans.map((span) => {
    const process = processOf(span, serviceOf(span))
    const key = JSON.stringify(process)
    let processID = processIds.get(key)
    if (processID === undefined) {
      processID = `p${processIds.size + 1}`
      processIds.set(key, processID)
      processes[processID] = process
    }
    return spanShape(span, processID)
  })
  return { traceID: jaegerTraceId(spans[0]!.traceId), spans: shown, processes, warnings: null }
}

/** A streamed subsegment does not know its service: it has that of the nearest span above it. */
export function services(spans: readonly Span[]): (span: Span) => string {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  return (span) => {
    const seen = new Set<Span>()
    let at: Span | undefined = span
    while (at !== undefined && at.service === '' && !seen.has(at)) {
      seen.add(at)
      at = at.parentId === undefined ? undefined : byId.get(at.parentId)
    }
    return at?.service || UNKNOWN_SERVICE
  }
}

/** What a collector on the way had to say of it. */
function warningsOf({ attributes }: Span): string[] {
  const sent = attributes[WARNINGS]
  return Array.isArray(sent) ? sent.filter((one): one is string => typeof one === 'string') : []
}

function processOf({ resource }: Span, serviceName: string): JaegerProcess {
  const others = Object.entries(resource).filter(([key]) => key !== 'service.name')
  return { serviceName, tags: sortedTags(others) }
}

function spanShape(span: Span, processID: string): JaegerSpan {
  const { endNanos, startNanos } = span
  const warnings: string[] = []
  if (endNanos === undefined) warnings.push('The span is in progress: it has no end yet.')
  else if (endNanos < startNanos)
    warnings.push(`The span ends ${startNanos - endNanos} ns before it starts: its duration is shown as 0.`)
  warnings.push(...warningsOf(span))
  return {
    traceID: jaegerTraceId(span.traceId),
    spanID: span.spanId,
    operationName: span.name,
    references: referencesOf(span),
    startTime: Number(startNanos / 1000n),
    duration: endNanos === undefined || endNanos < startNanos ? 0 : Number((endNanos - startNanos) / 1000n),
    tags: jaegerTags(span),
    logs: jaegerLogs(span),
    processID,
    warnings: warnings.length === 0 ? null : warnings,
  }
}

/** The parent first: who draws the tree takes the first. A link to the parent says how the span follows it. */
function referencesOf({ traceId, parentId, links }: Span): JaegerReference[] {
  const linked = links
    .filter((link) => link.spanId !== undefined)
    .map((link): JaegerReference => ({
      refType: link.attributes['opentracing.ref_type'] === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM',
      traceID: jaegerTraceId(link.traceId),
      spanID: link.spanId!,
    }))
  if (parentId === undefined) return linked
  const traceID = jaegerTraceId(traceId)
  const isParent = (one: JaegerReference): boolean => one.traceID === traceID && one.spanID === parentId
  const parent = linked.find(isParent) ?? { refType: 'CHILD_OF', traceID, spanID: parentId }
  return [parent, ...linked.filter((one) => !isParent(one))]
}

/** All that Jaeger shows of a span beside its name, times and place, by key. */
export function jaegerTags(span: Span): JaegerTag[] {
  const tags = new Map<string, AttributeValue>()
  const add = (key: string, value: AttributeValue | undefined): void => {
    if (value !== undefined && value !== '' && !tags.has(key)) tags.set(key, value)
  }
  for (const [key, value] of otelAttributes(span)) if (key !== WARNINGS) tags.set(key, value)
  add('otel.scope.name', span.scope?.name)
  add('otel.scope.version', span.scope?.version)
  add('span.kind', SPAN_KINDS[span.kind])
  if (span.statusCode > 0) add('otel.status_code', span.statusCode === 2 ? 'ERROR' : 'OK')
  add('otel.status_description', span.statusMessage)
  add('w3c.tracestate', span.traceState)
  add('fnscope.sources', span.sources?.join(', '))
  add('fnscope.trace_id', span.ownTraceId)
  if (SOURCES_WITHOUT_STATUS.includes(span.source)) addXrayFields(span, add)
  if (isFailed(span)) tags.set('error', true)
  return sortedTags(tags)
}

/** Its status is ERROR, or it is of a make without one and went wrong. */
export function isFailed({ source, statusCode, error, fault, throttle }: Span): boolean {
  if (statusCode === 2) return true
  return SOURCES_WITHOUT_STATUS.includes(source) && (error || fault || throttle)
}

/** What segments have fields for, under OpenTelemetry's names. */
export function addXrayFields(span: Span, add: (key: string, value: AttributeValue | undefined) => void): void {
  const { http } = span
  add('http.request.method', http?.method?.toUpperCase())
  add('url.full', http?.url)
  if (http?.status !== undefined) add('http.response.status_code', BigInt(http.status))
  add('user_agent.original', http?.userAgent)
  add('client.address', http?.clientIp)
  add('enduser.id', span.user)
  add('aws.request_id', span.requestId)
  add('cloud.account.id', span.accountId)
  add('aws.resource_arn', span.resourceArn)
  add('aws.xray.origin', span.origin)
  add('aws.xray.namespace', span.namespace)
  if (span.fault) add('aws.xray.fault', true)
  if (span.throttle) add('aws.xray.throttle', true)
  if (span.coldStart) add('faas.coldstart', true)
  for (const [namespace, value] of Object.entries(span.metadata ?? {}))
    add(`aws.xray.metadata.${namespace}`, value as AttributeValue)
}
