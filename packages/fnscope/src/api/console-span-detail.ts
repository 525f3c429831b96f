// All that is known of one span, as JSON for the console's panel, and the search in it.
import { formatXrayTraceId } from '../span/id.ts'
import { nanosToMillis } from '../span/time.ts'
import type { Cause, Span } from '../span/span.ts'
import { consoleSpan } from './console-span.ts'
import type { ConsoleException, ConsoleSpanDetail } from './console-trace-types.ts'

export function spanDetail(span: Span, service: string): ConsoleSpanDetail {
  const { children: _, http: _http, ...basic } = consoleSpan(span, service, [])
  const { kind, accountId, resourceArn, requestId, user, peer, traceState, statusMessage, http, scope } = span
  return {
    ...basic,
    kind,
    ...(statusMessage === undefined ? {} : { statusMessage }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(resourceArn === undefined ? {} : { resourceArn }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(user === undefined ? {} : { user }),
    ...(peer === undefined ? {} : { peer }),
    ...(traceState === undefined ? {} : { traceState }),
    ...(scope === undefined ? {} : { scope: { name: scope.name, version: scope.version } }),
    ...(http === undefined || Object.keys(http).length === 0 ? {} : { http: { ...http } }),
    attributes: plain(span.attributes),
    ...(span.metadata === undefined ? {} : { metadata: plain(span.metadata) }),
    resource: plain(span.resource),
    dropped: { attributes: span.dropped.attributes, events: span.dropped.events, links: span.dropped.links },
    events: span.events.map(({ timeNanos, name, attributes }) => ({
      atMs: nanosToMillis(timeNanos),
      name,
      attributes: plain(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      traceId: formatXrayTraceId(traceId),
      ...(spanId === undefined ? {} : { spanId }),
      attributes: plain(attributes),
    })),
    exceptions: exceptionsOf(span.cause),
    ...(typeof span.cause === 'string' ? { causeId: span.cause } : {}),
  }
}

function exceptionsOf(cause: Cause | undefined): ConsoleException[] {
  if (cause === undefined || typeof cause === 'string') return []
  return (cause.exceptions ?? []).map(({ type, message, remote, stack }) => ({
    ...(type === undefined ? {} : { type }),
    ...(message === undefined ? {} : { message }),
    ...(remote === undefined ? {} : { remote }),
    frames: (stack ?? []).map(({ path, line, label }) => ({
      ...(path === undefined ? {} : { path }),
      ...(line == null ? {} : { line }),
      ...(label === undefined ? {} : { label }),
    })),
  }))
}

type Plain = Readonly<Record<string, unknown>>

/** The same as JSON alone: int64 beyond what a number holds as text, bytes as base64. */
function plain(values: Readonly<Record<string, unknown>>): Plain {
  return JSON.parse(jsonOf(values)) as Plain
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return Number.isSafeInteger(Number(one)) ? Number(one) : one.toString()
    return one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one
  })
}

/** The text, in lower case, is in a name or a value of the span. */
export function hasText(span: Span, text: string): boolean {
  const has = (value: string | undefined): boolean => value?.toLowerCase().includes(text) === true
  if (has(span.name) || has(span.service) || has(span.spanId) || has(span.requestId) || has(span.statusMessage))
    return true
  const values = [span.annotations, span.attributes, span.http, span.metadata, span.cause]
  if (values.some((one) => one !== undefined && valueHasText(one, has))) return true
  return span.events.some(({ name, attributes }) => has(name) || valueHasText(attributes, has))
}

function valueHasText(value: unknown, has: (text: string) => boolean): boolean {
  if (typeof value === 'string') return has(value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return has(String(value))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Object.values(value).some((one) => valueHasText(one, has))
}
