// Rows of `documents`, `logs` and `metrics` → the model.
import type { RawDocument } from '../span/batch.ts'
import { parseAttributes } from '../span/attribute-value.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { attributesOf, known, NO_TRACE_ID, numberOf, type Double, type Texts } from './row.ts'

export interface DocumentRow {
  readonly trace: string
  readonly span: string
  readonly parent: string
  readonly start_nanos: string
  readonly received_nanos: string
  readonly in_progress: boolean
  readonly segment: boolean
  readonly text: string
}

export function documentOf(row: DocumentRow): RawDocument {
  return {
    traceId: row.trace,
    spanId: row.span,
    ...known('parentId', row.parent, NO_SPAN_ID),
    startNanos: BigInt(row.start_nanos),
    receivedNanos: BigInt(row.received_nanos),
    inProgress: row.in_progress,
    segment: row.segment,
    text: row.text,
  }
}

export interface LogRow {
  readonly time_nanos: string
  readonly received_nanos: string
  readonly kind: LogRecord['kind']
  readonly log_group: string
  readonly log_stream: string
  readonly service: string
  readonly request_id: string
  readonly trace: string
  readonly span: string
  readonly severity: string
  readonly severity_number: number
  readonly body: string
  readonly attributes_keys: readonly string[]
  readonly attributes_values: readonly string[]
  readonly attribute_types: string
  readonly resource: string
}

export function logOf(row: LogRow): LogRecord {
  return {
    timeNanos: BigInt(row.time_nanos),
    receivedNanos: BigInt(row.received_nanos),
    kind: row.kind,
    logGroup: row.log_group,
    logStream: row.log_stream,
    service: row.service,
    ...known('requestId', row.request_id, ''),
    ...known('traceId', row.trace, NO_TRACE_ID),
    ...known('spanId', row.span, NO_SPAN_ID),
    severity: row.severity,
    severityNumber: row.severity_number,
    body: row.body,
    attributes: attributesOf(row.attributes_keys, row.attributes_values, row.attribute_types),
    resource: parseAttributes(row.resource),
  }
}

export interface MetricRow {
  readonly name: string
  readonly namespace: string
  readonly service: string
  readonly dimensions: Texts
  readonly unit: string
  readonly kind: MetricPoint['kind']
  readonly time_nanos: string
  readonly start_nanos: string
  readonly received_nanos: string
  readonly value: Double
  readonly count: Double
  readonly min: Double
  readonly max: Double
  readonly bounds: readonly Double[]
  readonly counts: readonly Double[]
  readonly monotonic: boolean
  readonly temporality: number
  readonly resolution_seconds: number
  readonly attributes_keys: readonly string[]
  readonly attributes_values: readonly string[]
  readonly attribute_types: string
  readonly resource: string
  readonly request_id: string
  readonly trace: string
}

export function metricOf(row: MetricRow): MetricPoint {
  return {
    name: row.name,
    namespace: row.namespace,
    service: row.service,
    dimensions: { ...row.dimensions },
    unit: row.unit,
    kind: row.kind,
    timeNanos: BigInt(row.time_nanos),
    ...(row.start_nanos === '0' ? {} : { startNanos: BigInt(row.start_nanos) }),
    receivedNanos: BigInt(row.received_nanos),
    value: numberOf(row.value),
    count: numberOf(row.count),
    min: numberOf(row.min),
    max: numberOf(row.max),
    bounds: row.bounds.map(numberOf),
    counts: row.counts.map(numberOf),
    monotonic: row.monotonic,
    temporality: row.temporality,
    resolutionSeconds: row.resolution_seconds,
    attributes: attributesOf(row.attributes_keys, row.attributes_values, row.attribute_types),
    resource: parseAttributes(row.resource),
    ...known('requestId', row.request_id, ''),
    ...known('traceId', row.trace, NO_TRACE_ID),
  }
}
