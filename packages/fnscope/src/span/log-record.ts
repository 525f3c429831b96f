// One log line, of a function, of the platform, or of any OpenTelemetry source.
import type { Attributes } from './attribute-value.ts'

export interface LogRecord {
  readonly timeNanos: bigint
  readonly receivedNanos: bigint
  /** function: the code's own line; platform: START, END, REPORT …; extension; otlp, dataway: from elsewhere. */
  readonly kind: 'function' | 'platform' | 'extension' | 'otlp' | 'dataway'
  /** /aws/lambda/<name>, or the group that the function is configured with. */
  readonly logGroup: string
  readonly logStream: string
  /** The function's name, or service.name. */
  readonly service: string
  readonly requestId?: string
  /** 32 hex digits. */
  readonly traceId?: string
  readonly spanId?: string
  /** DEBUG, INFO, WARN, ERROR …, as the line says it; empty when it says none. */
  readonly severity: string
  /** OpenTelemetry's SeverityNumber, 1 to 24; 0 unknown. */
  readonly severityNumber: number
  /** The line without its final newline. */
  readonly body: string
  readonly attributes: Attributes
  readonly resource: Attributes
}
