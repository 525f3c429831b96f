// A Span as fnscope's own clients read it.
import { formatXrayTraceId } from '../span/id.ts'
import { nanosToMillis } from '../span/time.ts'
import type { Cause, Span } from '../span/span.ts'
import type { ConsoleSpan } from './console-types.ts'

/** `type: message` of the first exception; undefined when the cause lies elsewhere in the trace. */
function exceptionLine(cause: Cause | undefined): string | undefined {
  if (cause === undefined || typeof cause === 'string') return undefined
  const first = cause.exceptions?.[0]
  if (!first) return undefined
  const words = [first.type, first.message].filter((word) => word !== undefined && word !== '')
  return words.length === 0 ? undefined : words.join(': ')
}

function plainValue(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

export function consoleSpan(span: Span, service: string, children: readonly ConsoleSpan[]): ConsoleSpan {
  const exception = exceptionLine(span.cause)
  const { method, url, status } = span.http ?? {}
  const http = {
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { url }),
    ...(status === undefined ? {} : { status }),
  }
  return {
    id: span.spanId,
    ...(span.parentId === undefined ? {} : { parentId: span.parentId }),
    name: span.name,
    service,
    ...(span.origin === undefined ? {} : { origin: span.origin }),
    ...(span.namespace === undefined ? {} : { namespace: span.namespace }),
    source: span.source,
    ...(span.sources === undefined ? {} : { sources: span.sources }),
    ...(span.ownTraceId === undefined ? {} : { traceId: formatXrayTraceId(span.ownTraceId) }),
    segment: span.segment,
    startMs: nanosToMillis(span.startNanos),
    durationMs: span.endNanos === undefined ? 0 : nanosToMillis(span.endNanos - span.startNanos),
    inProgress: span.inProgress,
    error: span.error,
    fault: span.fault,
    throttle: span.throttle,
    coldStart: span.coldStart,
    ...(Object.keys(http).length === 0 ? {} : { http }),
    annotations: Object.fromEntries(
      Object.entries(span.annotations).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
    ),
    ...(span.metadata === undefined ? {} : { metadata: span.metadata }),
    attributes: Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, plainValue(value)])),
    ...(exception === undefined ? {} : { exception }),
    children,
  }
}
