// Rows of `documents`, `logs` and `metrics` → the model.
import type { RawDocument } from '../span/batch.ts'
import { attributeOf, parseAttributes } from '../span/attribute-value.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { parseExemplars, parseExponential, parseLogDetails, parseMetricDetails } from '../span/signal-json.ts'
import { parseScope } from '../span/span-json.ts'
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
  readonly observed_nanos: string
  readonly body_type: string
  readonly event_name: string
  readonly scope: string
  readonly details: string
}

export function logOf(row: LogRow): LogRecord {
  return {
    timeNanos: BigInt(row.time_nanos),
    receivedNanos: BigInt(row.received_nanos),
    ...(row.observed_nanos === '0' ? {} : { observedNanos: BigInt(row.observed_nanos) }),
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
    ...(row.body_type === '' ? {} : { value: attributeOf(row.body_type, row.body) }),
    ...known('eventName', row.event_name, ''),
    attributes: attributesOf(row.attributes_keys, row.attributes_values, row.attribute_types),
    resource: parseAttributes(row.resource),
    ...some('scope', parseScope(row.scope)),
    ...some('details', parseLogDetails(row.details)),
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
  readonly dimension_types: string
  readonly description: string
  readonly integer: string
  readonly exponential: string
  readonly flags: number
  readonly exemplars: string
  readonly scope: string
  readonly details: string
}

export function metricOf(row: MetricRow): MetricPoint {
  return {
    name: row.name,
    namespace: row.namespace,
    service: row.service,
    dimensions: { ...row.dimensions },
    ...known('dimensionTypes', row.dimension_types, ''),
    unit: row.unit,
    ...known('description', row.description, ''),
    kind: row.kind,
    timeNanos: BigInt(row.time_nanos),
    ...(row.start_nanos === '0' ? {} : { startNanos: BigInt(row.start_nanos) }),
    receivedNanos: BigInt(row.received_nanos),
    value: numberOf(row.value),
    ...(row.integer === '' ? {} : { integer: BigInt(row.integer) }),
    count: numberOf(row.count),
    min: numberOf(row.min),
    max: numberOf(row.max),
    bounds: row.bounds.map(numberOf),
    counts: row.counts.map(numberOf),
    ...some('exponential', parseExponential(row.exponential)),
    monotonic: row.monotonic,
    temporality: row.temporality,
    ...known('flags', row.flags, 0),
    ...(row.exemplars === '' ? {} : { exemplars: parseExemplars(row.exemplars) }),
    resolutionSeconds: row.resolution_seconds,
    attributes: attributesOf(row.attributes_keys, row.attributes_values, row.attribute_types),
    resource: parseAttributes(row.resource),
    ...some('scope', parseScope(row.scope)),
    ...some('details', parseMetricDetails(row.details)),
    ...known('requestId', row.request_id, ''),
    ...known('traceId', row.trace, NO_TRACE_ID),
  }
}

/** The member, where there is one. */
function some<Key extends string, Value extends object>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value })
}
