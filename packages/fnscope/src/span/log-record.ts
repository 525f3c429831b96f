// One log line, of a function, of the platform, or of any OpenTelemetry source.
import type { Attributes, AttributeValue } from './attribute-value.ts'
import type { SpanScope } from './span.ts'

export interface LogRecord {
  /** When it happened; when it was observed, or received, where nobody said. */
  readonly timeNanos: bigint
  readonly receivedNanos: bigint
  /** When a collector or an SDK saw it. */
  readonly observedNanos?: bigint
  /** function: the code's own line; platform: START, END, REPORT …; extension; otlp, dataway, cloudwatch, statsd: from elsewhere. */
  readonly kind: 'function' | 'platform' | 'extension' | 'otlp' | 'dataway' | 'cloudwatch' | 'statsd'
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
  /** The line without its final newline; of a structured one its JSON. */
  readonly body: string
  /** What was sent where it was no text: `body` is how it reads. */
  readonly value?: AttributeValue
  /** Which kind of event the record is (OpenTelemetry's event_name). */
  readonly eventName?: string
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly scope?: SpanScope
  readonly details?: LogDetails
}

/** What is the same for most records of a source. */
export interface LogDetails {
  /** W3C's, in the lowest byte. */
  readonly traceFlags?: number
  readonly droppedAttributes?: number
  readonly droppedResourceAttributes?: number
  /** Of the resource. */
  readonly schemaUrl?: string
}
