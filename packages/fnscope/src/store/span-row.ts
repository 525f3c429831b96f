// Rows of `spans` and `open_spans` → Span.
import { NO_SPAN_ID } from '../span/id.ts'
import { SPAN_FLAG } from '../span/span-batch.ts'
import { parseDetails, parseEvents, parseLinks, parseScope } from '../span/span-json.ts'
import type { Cause, Span, SpanHttp } from '../span/span.ts'
import { parseAttributes } from '../span/attribute-value.ts'
import { attributesOf, known } from './row.ts'
import { columnName, SPAN_TYPES } from './tables.ts'

export interface SpanRow {
  readonly trace_id: string
  readonly span_id: string
  readonly parent_id: string
  readonly start_nanos: string
  readonly duration_nanos: string
  readonly kind: number
  readonly root_rank: number
  readonly flags: number
  readonly status_code: number
  readonly source: string
  readonly service: string
  readonly name: string
  readonly origin: string
  readonly namespace: string
  readonly account_id: string
  readonly resource_arn: string
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
  readonly resource: string
  readonly scope: string
  readonly attributes_keys: readonly string[]
  readonly attributes_values: readonly string[]
  readonly attribute_types: string
  readonly details: string
  readonly annotations_keys: readonly string[]
  readonly annotations_values: readonly string[]
  readonly annotation_types: string
  readonly metadata: string
  readonly cause: string
  readonly events: string
  readonly links: string
  readonly received_nanos: string
}

/** SELECT list that turns the columns of a span into a SpanRow: ids as hex, maps as two lists, all else as it is. */
export const SPAN_SELECT = Object.entries(SPAN_TYPES)
  .map(([field, type]) => {
    const name = columnName(field)
    if (type.startsWith('FixedString')) return `lower(hex(s.${name})) AS ${name}`
    if (type.startsWith('Map')) return `mapKeys(s.${name}) AS ${name}_keys, mapValues(s.${name}) AS ${name}_values`
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

function httpOf(row: SpanRow): SpanHttp | undefined {
  const http: SpanHttp = {
    ...known('method', row.http_method, ''),
    ...known('url', row.http_url, ''),
    ...known('status', row.http_status, 0),
    ...known('userAgent', row.http_user_agent, ''),
    ...known('clientIp', row.http_client_ip, ''),
    ...known('traced', (row.flags & SPAN_FLAG.traced) !== 0, false),
  }
  return Object.keys(http).length === 0 ? undefined : http
}

export function spanOf(row: SpanRow, inProgress: boolean): Span {
  const startNanos = BigInt(row.start_nanos)
  const metadata = parseJson(row.metadata) as Span['metadata']
  const cause = parseJson(row.cause) as Cause | undefined
  const http = httpOf(row)
  const scope = parseScope(row.scope)
  const has = (flag: number): boolean => (row.flags & flag) !== 0
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...known('parentId', row.parent_id, NO_SPAN_ID),
    startNanos,
    // An end before the start stands as a negative number in 64 unsigned bits.
    ...(inProgress ? {} : { endNanos: startNanos + BigInt.asIntN(64, BigInt(row.duration_nanos)) }),
    inProgress,
    kind: row.kind,
    segment: has(SPAN_FLAG.segment),
    rootRank: row.root_rank,
    source: row.source,
    service: row.service,
    name: row.name,
    ...known('origin', row.origin, ''),
    ...known('namespace', row.namespace, ''),
    ...known('accountId', row.account_id, ''),
    ...known('resourceArn', row.resource_arn, ''),
    error: has(SPAN_FLAG.error),
    fault: has(SPAN_FLAG.fault),
    throttle: has(SPAN_FLAG.throttle),
    coldStart: has(SPAN_FLAG.coldStart),
    statusCode: row.status_code,
    ...known('statusMessage', row.status_message, ''),
    ...(http ? { http } : {}),
    ...known('user', row.user, ''),
    ...known('requestId', row.request_id, ''),
    ...(row.peer_name === '' && row.peer_type === '' ? {} : { peer: { name: row.peer_name, type: row.peer_type } }),
    resource: parseAttributes(row.resource),
    attributes: attributesOf(row.attributes_keys, row.attributes_values, row.attribute_types),
    ...(scope ? { scope } : {}),
    ...parseDetails(row.details),
    annotations: attributesOf(row.annotations_keys, row.annotations_values, row.annotation_types) as Span['annotations'],
    ...(metadata === undefined ? {} : { metadata }),
    ...(cause === undefined ? {} : { cause }),
    events: parseEvents(row.events),
    links: parseLinks(row.links),
    receivedNanos: BigInt(row.received_nanos),
  }
}
