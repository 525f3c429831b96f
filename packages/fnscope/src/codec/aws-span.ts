// Spans as AWS writes OpenTelemetry's, in the log group aws/spans and in X-Ray's retrievals: one JSON object a span with its
// resource and scope, attributes as a plain map, times as numbers, kinds and status codes by their names.
import type { Span } from '../span/span.ts'
import { encodeOtlpTrace } from './otlp-encode.ts'

export interface AwsSpan {
  /** 16 hex digits. */
  readonly id: string
  readonly document: string
}

/** The spans of one trace, by their start. */
export function encodeAwsSpans(ofTrace: readonly Span[]): AwsSpan[] {
  const { resourceSpans } = encodeOtlpTrace(ofTrace)
  const all = resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => ({ resource, scope, span: span as OtlpSpan }))),
  )
  all.sort((a, b) => Number(BigInt(a.span.startTimeUnixNano) - BigInt(b.span.startTimeUnixNano)))
  return all.map(({ resource, scope, span }) => ({
    id: span.spanId,
    document: JSON.stringify({ resource: withMap(resource), scope: withMap(scope), ...spanShape(span) }),
  }))
}

/** What otlp-encode.ts writes, as far as it is looked at here. */
interface OtlpSpan extends WithAttributes {
  readonly spanId: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly events?: readonly (WithAttributes & { readonly timeUnixNano: string })[]
  readonly links?: readonly WithAttributes[]
  readonly status: { readonly code?: number; readonly message?: string }
}

interface WithAttributes {
  readonly attributes?: readonly { readonly key: string; readonly value: AnyValue }[]
}

interface AnyValue {
  readonly intValue?: string
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values: NonNullable<WithAttributes['attributes']> }
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const CODES = ['UNSET', 'OK', 'ERROR']

/** In the language since ES2026, and not in TypeScript's library yet: a double cannot hold nanoseconds of today. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

function spanShape(span: OtlpSpan): object {
  const { kind, startTimeUnixNano, endTimeUnixNano, events, links, status } = span
  const isEnded = endTimeUnixNano !== '0'
  return {
    ...withMap(span),
    kind: KINDS[kind] ?? KINDS[0],
    startTimeUnixNano: rawJSON(startTimeUnixNano),
    // What is in progress has neither.
    endTimeUnixNano: isEnded ? rawJSON(endTimeUnixNano) : undefined,
    durationNano: isEnded ? rawJSON((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)).toString()) : undefined,
    events: events?.map((event) => ({ ...withMap(event), timeUnixNano: rawJSON(event.timeUnixNano) })),
    links: links?.map(withMap),
    status: { ...status, code: CODES[status.code ?? 0] },
  }
}

function withMap(of: WithAttributes): object {
  return { ...of, attributes: mapOf(of.attributes ?? []) }
}

function mapOf(attributes: NonNullable<WithAttributes['attributes']>): object {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: AnyValue): unknown {
  if (value.intValue !== undefined) return rawJSON(value.intValue)
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain)
  if (value.kvlistValue !== undefined) return mapOf(value.kvlistValue.values)
  const [one] = Object.values(value) as unknown[]
  return one ?? null
}
