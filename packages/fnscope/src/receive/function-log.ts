// Telemetry inside a function's own log lines: embedded metrics. The server hands every function line over and puts
// what comes back into the batch that takes the line itself; a line that makes no metric is a log line and no more.
import { decodeEmf, isEmf } from '../codec/emf.ts'
import type { MetricPoint } from '../span/metric-point.ts'

export interface FunctionLine {
  readonly text: string
  /** The function's name. */
  readonly service: string
  /** When the line was read: also what EMF's limits on old and future timestamps are measured from. */
  readonly timeNanos: bigint
  readonly requestId?: string
  /** 32 hex digits. */
  readonly traceId?: string
}

/** The metric points in the line; empty for most. Never throws. */
export function metricsOfLine(line: FunctionLine): MetricPoint[] {
  if (!isEmf(line.text)) return []
  return decodeEmf(line.text, {
    service: line.service,
    receivedNanos: line.timeNanos,
    ...(line.requestId === undefined ? {} : { requestId: line.requestId }),
    ...(line.traceId === undefined ? {} : { traceId: line.traceId }),
  }).points
}
