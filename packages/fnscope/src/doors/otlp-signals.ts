// Which signals the OTLP doors take, and who decodes each: one entry here is a route of HTTP and a method of gRPC.
import { decodeOtlpTracesJson } from '../codec/otlp-traces-json.ts'
import { decodeOtlpTraces } from '../codec/otlp-traces.ts'
import type { OtlpSignal } from '../receive/otlp-signal.ts'
import type { TimeBounds } from '../span/time.ts'

export interface OtlpSignalsOptions {
  /** Nanoseconds since 1970. */
  readonly now: () => bigint
  readonly bounds: () => TimeBounds
}

export function otlpSignals({ now, bounds }: OtlpSignalsOptions): readonly OtlpSignal[] {
  const context = (): { receivedNanos: bigint; bounds: TimeBounds } => ({ receivedNanos: now(), bounds: bounds() })
  return [
    {
      signal: 'span',
      path: '/v1/traces',
      method: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      rejectedName: 'rejectedSpans',
      decodeProtobuf: (body, { spans }) => decodeOtlpTraces(body, spans, context()),
      decodeJson: (body, { spans }) => decodeOtlpTracesJson(body, spans, context()),
    },
  ]
}
