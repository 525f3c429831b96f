// Which signals the OTLP doors take, and who decodes each: one entry here is a route of HTTP and a method of gRPC.
import { decodeOtlpLogsJson } from '../codec/otlp-logs-json.ts'
import { decodeOtlpLogs } from '../codec/otlp-logs.ts'
import { decodeOtlpMetricsJson } from '../codec/otlp-metrics-json.ts'
import { decodeOtlpMetrics } from '../codec/otlp-metrics.ts'
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
    {
      signal: 'log',
      path: '/v1/logs',
      method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      rejectedName: 'rejectedLogRecords',
      decodeProtobuf: (body, { logs }) => decodeOtlpLogs(body, logs, context()),
      decodeJson: (body, { logs }) => decodeOtlpLogsJson(body, logs, context()),
    },
    {
      signal: 'metric',
      path: '/v1/metrics',
      method: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      rejectedName: 'rejectedDataPoints',
      decodeProtobuf: (body, { metrics }) => decodeOtlpMetrics(body, metrics, context()),
      decodeJson: (body, { metrics }) => decodeOtlpMetricsJson(body, metrics, context()),
    },
  ]
}
