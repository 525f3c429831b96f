// Points of the categories `metric` and `metrics`: a sample for every numeric field, named `measurement.field`, whose
// dimensions are the point's tags. Strings and truth values are no samples.
import type { MetricPoint } from '../span/metric-point.ts'
import { setOwn } from './json.ts'
import type { Point, PointField } from './point.ts'
import { serviceOfPoint } from './point-service.ts'

/** @returns none when no field is a finite number */
export function metricsOfPoint(point: Point, timeNanos: bigint, receivedNanos: bigint): MetricPoint[] {
  const points: MetricPoint[] = []
  let dimensions: { [name: string]: string } | undefined
  for (const field of point.fields) {
    const value = numberOf(field)
    if (value === undefined) continue
    // One object for all samples of the point.
    dimensions ??= dimensionsOf(point)
    const counts = field.metric === 'count'
    points.push({
      name: `${point.name}.${field.key}`,
      namespace: '',
      service: serviceOfPoint(point, ''),
      dimensions,
      unit: field.unit,
      kind: counts ? 'sum' : 'gauge',
      timeNanos,
      receivedNanos,
      value,
      ...(typeof field.value === 'bigint' ? { integer: field.value } : {}),
      count: 1,
      min: value,
      max: value,
      bounds: [],
      counts: [],
      monotonic: false,
      temporality: counts ? 1 : 0,
      resolutionSeconds: 60,
      attributes: {},
      resource: {},
    })
  }
  return points
}

function numberOf({ kind, value }: PointField): number | undefined {
  if (kind !== 'i' && kind !== 'u' && kind !== 'f') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function dimensionsOf({ tags }: Point): { [name: string]: string } {
  const dimensions: { [name: string]: string } = {}
  for (const { key, value } of tags) setOwn(dimensions, key, value)
  return dimensions
}
