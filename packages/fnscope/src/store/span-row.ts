// Rows of `spans` and `open_spans` → Span.
import type { Attributes } from '../span/attribute-value.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import type { Cause, Span, SpanEvent, SpanHttp, SpanLink } from '../span/span.ts'
import { attributesOf, known, numberOf, type Double, type Texts } from './row.ts'
import { columnName, SPAN_TYPES } from './tables.ts'

export interface SpanRow {
  readonly trace_id: string
  readonly span_id: string
  readonly parent_id: string
  readonly start_nanos: string
  readonly duration_nanos: string
  readonly kind: number
  readonly segment: boolean
  readonly root_rank: number
  readonly source: string
  readonly service: string
  readonly name: string
  readonly origin: string
  readonly namespace: string
  readonly account_id: string
  readonly resource_arn: string
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly cold_start: boolean
  readonly status_code: number
  readonly status_message: string
  readonly http_method: string
  readonly http_url: string
  readonly http_status: number
  readonly http_user_agent: string
  readonly http_client_ip: string
  readonly user: string
  readonly request_id: string
  readonly peer_name: string
  readonly peer_type: string
  readonly traced: boolean
  readonly resource: Texts
  readonly resource_typed: Texts
  readonly attributes: Texts
  readonly attributes_typed: Texts
  readonly scope_name: string
  readonly scope_version: string
  readonly scope_attributes: Texts
  readonly trace_flags: number
  readonly trace_state: string
  readonly dropped_attributes: number
  readonly dropped_events: number
  readonly dropped_links: number
  readonly annotation_strings: Texts
  readonly annotation_numbers: Readonly<Record<string, Double>>
  readonly annotation_booleans: Readonly<Record<string, boolean>>
  readonly metadata: string
  readonly cause: string
  readonly event_nanos: readonly string[]
  readonly event_names: readonly string[]
  readonly event_attributes: readonly string[]
  readonly link_trace_ids: readonly string[]
  readonly link_span_ids: readonly string[]
  readonly link_states: readonly string[]
  readonly link_attributes: readonly string[]
  readonly received_nanos: string
}

/** SELECT list that turns the columns of a span into a SpanRow: ids as hex, all else as it is. */
export const SPAN_SELECT = Object.entries(SPAN_TYPES)
  .map(([field, type]) => {
    const name = columnName(field)
    if (type.startsWith('FixedString')) return `lower(hex(s.${name})) AS ${name}`
    if (type.startsWith('Array(FixedString')) return `arrayMap(id -> lower(hex(id)), s.${name}) AS ${name}`
    return `s.${name} AS ${name}`
  })
  .join(', ')
/** Text that should be JSON; undefined when it is empty or broken. */
function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function jsonAttributes(text: string | undefined): Attributes {
  const value = parseJson(text ?? '')
  return typeof value === 'object' && value !== null ? (value as Attributes) : {}
}
function httpOf(row: SpanRow): SpanHttp | undefined {
  const http: SpanHttp = {
    ...known('method', row.http_method, ''),
    ...known('url', row.http_url, ''),
    ...known('status', row.http_status, 0),
    ...known('userAgent', row.http_user_agent, ''),
    ...known('clientIp', row.http_client_ip, ''),
    ...known('traced', row.traced, false),
  }
  return Object.keys(http).length === 0 ? undefined : http
}

function scopeOf(row: SpanRow): Span['scope'] {
  if (row.scope_name === '' && row.scope_version === '' && Object.keys(row.scope_attributes).length === 0)
    return undefined
  return { name: row.scope_name, version: row.scope_version, attributes: { ...row.scope_attributes } }
}

function annotationsOf(row: SpanRow): Span['annotations'] {
  const numbers = Object.entries(row.annotation_numbers).map(([key, value]) => [key, numberOf(value)] as const)
  return { ...row.annotation_strings, ...Object.fromEntries(numbers), ...row.annotation_booleans }
}

function eventsOf(row: SpanRow): readonly SpanEvent[] {
  return row.event_nanos.map((nanos, i) => ({
    timeNanos: BigInt(nanos),
    name: row.event_names[i] ?? '',
    attributes: jsonAttributes(row.event_attributes[i]),
  }))
}

function linksOf(row: SpanRow): readonly SpanLink[] {
  return row.link_trace_ids.map((traceId, i) => ({
    traceId,
    ...known('spanId', row.link_span_ids[i] ?? NO_SPAN_ID, NO_SPAN_ID),
    ...known('traceState', row.link_states[i] ?? '', ''),
    attributes: jsonAttributes(row.link_attributes[i]),
  }))
}

export function spanOf(row: SpanRow, inProgress: boolean): Span {
  const startNanos = BigInt(row.start_nanos)
  const metadata = parseJson(row.metadata) as Span['metadata']
  const cause = parseJson(row.cause) as Cause | undefined
  const http = httpOf(row)
  const scope = scopeOf(row)
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...known('parentId', row.parent_id, NO_SPAN_ID),
    startNanos,
    // An end before the start stands as a negative number in 64 unsigned bits.
    ...(inProgress ? {} : { endNanos: startNanos + BigInt.asIntN(64, BigInt(row.duration_nanos)) }),
    inProgress,
    kind: row.kind,
    segment: row.segment,
    rootRank: row.root_rank,
    source: row.source,
    service: row.service,
    name: row.name,
    ...known('origin', row.origin, ''),
    ...known('namespace', row.namespace, ''),
    ...known('accountId', row.account_id, ''),
    ...known('resourceArn', row.resource_arn, ''),
    error: row.error,
    fault: row.fault,
    throttle: row.throttle,
    coldStart: row.cold_start,
    statusCode: row.status_code,
    ...known('statusMessage', row.status_message, ''),
    ...(http ? { http } : {}),
    ...known('user', row.user, ''),
    ...known('requestId', row.request_id, ''),
    ...(row.peer_name === '' && row.peer_type === '' ? {} : { peer: { name: row.peer_name, type: row.peer_type } }),
    resource: attributesOf(row.resource, row.resource_typed),
    attributes: attributesOf(row.attributes, row.attributes_typed),
    ...(scope ? { scope } : {}),
    traceFlags: row.trace_flags,
    ...known('traceState', row.trace_state, ''),
    dropped: { attributes: row.dropped_attributes, events: row.dropped_events, links: row.dropped_links },
    annotations: annotationsOf(row),
    ...(metadata === undefined ? {} : { metadata }),
    ...(cause === undefined ? {} : { cause }),
    events: eventsOf(row),
    links: linksOf(row),
    receivedNanos: BigInt(row.received_nanos),
  }
}
