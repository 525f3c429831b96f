// The exemplars of stored points, with the labels of the series that each of them is shown on.
import type { Exemplar, MetricPoint } from '../../span/metric-point.ts'
import type { TimeRange } from '../reader.ts'
import { baseName, commonLabels, originOf } from './prometheus-names.ts'
import { fits, formatNumber, readPoints, type MetricReader } from './prometheus-source.ts'
import { labelsKey, type Labels } from './promql-series.ts'
import type { Selector } from './promql-syntax.ts'

export interface SeriesExemplars {
  readonly labels: Labels
  /** In order of time. */
  readonly exemplars: readonly Exemplar[]
}

/** A point comes after the measurements it tells of. */
const LATER_NANOS = 10n * 60n * 1_000_000_000n

/** @throws PromqlError execution */
export async function loadExemplars(
  reader: MetricReader,
  selectors: readonly Selector[],
  { startNanos, endNanos }: TimeRange,
): Promise<readonly SeriesExemplars[]> {
  const found = new Map<string, { readonly labels: Labels; readonly exemplars: Exemplar[] }>()
  for await (const point of readPoints(reader, selectors, { startNanos, endNanos: endNanos + LATER_NANOS }))
    for (const exemplar of point.exemplars ?? []) {
      if (exemplar.timeNanos < startNanos || exemplar.timeNanos >= endNanos) continue
      const labels = labelsOf(point, exemplar)
      if (!selectors.some((selector) => fits(selector, labels))) continue
      const key = labelsKey(labels)
      const series = found.get(key)
      if (series === undefined) found.set(key, { labels, exemplars: [exemplar] })
      else series.exemplars.push(exemplar)
    }
  return [...found.values()].map(({ labels, exemplars }) => ({
    labels,
    exemplars: exemplars.sort((a, b) => Number(a.timeNanos - b.timeNanos)),
  }))
}

/** Of a histogram the bucket that the measurement fell into. */
function labelsOf(point: MetricPoint, { value }: Exemplar): Labels {
  const base = baseName(point)
  const labels = commonLabels(point)
  if (point.kind !== 'histogram' || originOf(point) === 'cloudwatch') return { ...labels, __name__: base }
  const upper = point.bounds.find((bound) => bound >= Number(value))
  return { ...labels, __name__: `${base}_bucket`, le: upper === undefined ? '+Inf' : formatNumber(upper) }
}
