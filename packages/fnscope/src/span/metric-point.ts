// One point of a metric: EMF, OpenTelemetry, StatsD, DataWay and the platform's own figures are all this.
import type { Attributes } from './attribute-value.ts'

export interface MetricPoint {
  readonly name: string
  /** CloudWatch namespace; empty for sources that have none. */
  readonly namespace: string
  /** The function's name, or service.name. */
  readonly service: string
  readonly dimensions: { readonly [name: string]: string }
  readonly unit: string
  /** statistics: a set of samples (EMF, StatsD timers) given by count, sum, min, max. */
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'summary' | 'statistics'
  readonly timeNanos: bigint
  readonly startNanos?: bigint
  readonly receivedNanos: bigint
  /** gauge and sum: the value; others: the sum. */
  readonly value: number
  readonly count: number
  readonly min: number
  readonly max: number
  /** histogram: upper bounds, and one more count than bounds; summary: quantiles and their values. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly monotonic: boolean
  /** 0 unspecified, 1 delta, 2 cumulative. */
  readonly temporality: number
  /** Seconds: 60, or 1 for high resolution (EMF StorageResolution). */
  readonly resolutionSeconds: number
  /** All else that the source said: metadata of EMF, exemplars, flags. */
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly requestId?: string
  readonly traceId?: string
}
