// Jaeger's span context as Function Compute's callers and handlers know it: `traceId:spanId:parentId:flags` in hex, and
// baggage. Leading zeros may be missing when it comes in; an id of 64 bits goes out as it came, with 16 digits.
import type { TraceContext } from './trace-context.ts'
import { formatTraceHeader } from '../span/trace-header.ts'

const HEX = /^[0-9a-f]+$/i

/**
 * The X-Amzn-Trace-Id that says the same: the platform's one way to be told of a caller's span.
 * Undefined for what is no span context, and for ids that are all zero.
 */
export function traceHeaderOf(spanContext: string | undefined): string | undefined {
  const [trace = '', span = '', , flags = ''] = (spanContext ?? '').trim().split(':')
  if (trace.length > 32 || span.length > 16 || !HEX.test(trace) || !HEX.test(span) || !HEX.test(flags)) return undefined
  const traceId = trace.toLowerCase().padStart(32, '0')
  const parentId = span.toLowerCase().padStart(16, '0')
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return formatTraceHeader({ traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1, rest: [] })
}

/** What a handler reads as context.tracing.span_context; empty when the invocation is not traced. */
export function spanContextOf(trace: Pick<TraceContext, 'traceId' | 'recorded' | 'segmentId'>, spanId: string): string {
  if (!trace.recorded) return ''
  return `${trace.traceId.replace(/^0{16}/, '')}:${spanId}:${trace.segmentId}:1`
}

/** As header x-fc-tracing-opentracing-span-baggages has it: base64 of a JSON object; empty without any. */
export function encodeBaggages(baggages: Readonly<Record<string, string>> | undefined): string {
  if (baggages === undefined || Object.keys(baggages).length === 0) return ''
  return Buffer.from(JSON.stringify(baggages)).toString('base64')
}
