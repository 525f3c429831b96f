// A trace in Tempo's JSON: its protobuf as Go's jsonpb writes that, with ids in base64 and enums by name, where OTLP's
// JSON has hex and numbers. The first version of the path calls the resources `batches`, as they once were.
import { SPAN_KINDS } from './jaeger-json.ts'
import type { OtlpTracesData } from './otlp-encode.ts'

const CODES = ['UNSET', 'OK', 'ERROR']

export function tempoTraceJson(trace: OtlpTracesData, form: 'bare' | 'wrapped'): string {
  return JSON.stringify(form === 'bare' ? { batches: trace.resourceSpans } : { trace }, member)
}

/** Members of these names are of spans, links and statuses alone: an attribute's key is a value. */
function member(name: string, value: unknown): unknown {
  switch (name) {
    case 'traceId':
    case 'spanId':
    case 'parentSpanId':
      return Buffer.from(String(value), 'hex').toString('base64')
    case 'kind':
      return value === 0 ? undefined : `SPAN_KIND_${SPAN_KINDS[Number(value)]!.toUpperCase()}`
    case 'code':
      return value === 0 ? undefined : `STATUS_CODE_${CODES[Number(value)]}`
    default:
      return value
  }
}
