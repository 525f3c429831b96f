// One point of a metric: EMF, OpenTelemetry, Prometheus, StatsD, DataWay and the platform's own figures are all this.
import type { Attributes } from './attribute-value.ts'
import type { SpanScope } from './span.ts'

export interface MetricPoint {
  readonly name: string
  /** CloudWatch namespace; empty for sources that have none. */
  readonly namespace: string
  /** The function's name, or service.name. */
  readonly service: string
  readonly dimensions: { readonly [name: string]: string }
  /** A letter (attribute-value.ts) a dimension, where they are not all strings. */
  readonly dimensionTypes?: string
  readonly unit: string
  readonly description?: string
  /** statistics: a set of samples (EMF, StatsD timers) given by count, sum, min, max. */
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary' | 'statistics'
  readonly timeNanos: bigint
  readonly startNanos?: bigint
  readonly receivedNanos: bigint
  /** gauge and sum: the value; others: the sum. NaN where none was sent. */
  readonly value: number
  /** The value as it was sent, where that was a whole number of 64 bits. */
  readonly integer?: bigint
  readonly count: number
  /** NaN where none was sent. */
  readonly min: number
  readonly max: number
  /**
   * histogram: upper bounds, and one more count than bounds; summary: quantiles and their values; statistics: each value
   * once and how often it came, where they are known of more than one sample.
   */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly exponential?: ExponentialBuckets
  readonly monotonic: boolean
  /** 0 unspecified, 1 delta, 2 cumulative. */
  readonly temporality: number
  /** OpenTelemetry's: 1 says that the series ends here (no recorded value, Prometheus' stale marker). */
  readonly flags?: number
  readonly exemplars?: readonly Exemplar[]
  /** Seconds: 60, or 1 for high resolution (EMF StorageResolution). */
  readonly resolutionSeconds: number
  /** All else that the source said: metadata of EMF. */
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly scope?: SpanScope
  readonly details?: MetricDetails
  readonly requestId?: string
  readonly traceId?: string
}

export const NO_RECORDED_VALUE = 1
/** Not OpenTelemetry's: the point carries exemplars alone, and is no sample of its series. */
export const NO_SAMPLE = 0x1_0000

/** What is the same for all points of a metric. */
export interface MetricDetails {
  /** OpenTelemetry's Metric.metadata. */
  readonly metadata?: Attributes
  readonly droppedResourceAttributes?: number
  /** Of the resource. */
  readonly schemaUrl?: string
}

/** Buckets of base 2^(2^-scale): that of index i is (base^i, base^(i+1)]. Prometheus' native histograms are this too. */
export interface ExponentialBuckets {
  readonly scale: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: BucketRun
  readonly negative: BucketRun
}

/** Counts of the buckets from the index `offset` on. */
export interface BucketRun {
  readonly offset: number
  readonly counts: readonly number[]
}

/** One of the measurements behind a point, and the trace that it belongs to. */
export interface Exemplar {
  readonly timeNanos: bigint
  /** A bigint where a whole number of 64 bits was sent. */
  readonly value: number | bigint
  /** 32 hex digits. */
  readonly traceId?: string
  readonly spanId?: string
  /** What the point's dimensions leave out. */
  readonly attributes: Attributes
}
