// Stored points as Prometheus' series: what a selector finds, between two times.
import type { MetricPoint } from '../../span/metric-point.ts'
import { NO_RECORDED_VALUE, NO_SAMPLE } from '../../span/metric-point.ts'
import { percentileOf } from '../metrics/metric-statistic.ts'
import type { MetricSeries, Reader, TimeRange } from '../reader.ts'
import { baseName, commonLabels, exposedNames, originOf } from './prometheus-names.ts'
import { labelsKey, type Labels, type Series } from './promql-series.ts'
import { PromqlError, type Selector } from './promql-syntax.ts'

export type MetricReader = Pick<Reader, 'metricSeries' | 'readMetrics'>

const MAX_SERIES = 50_000
const MAX_POINTS = 300_000
const PERIOD_MS = 60_000
const PERCENTILES = [50, 90, 95, 99]

/** What there is in that time. @throws PromqlError execution */
export async function listSeries(reader: MetricReader, range: TimeRange): Promise<readonly MetricSeries[]> {
  const series = await reader.metricSeries({ range, limit: MAX_SERIES + 1 })
  if (series.length > MAX_SERIES)
    throw new PromqlError(`there are more than ${MAX_SERIES} series: ask for a shorter time`, 'execution')
  return series
}

/** Labels of a series as it is listed, under each of its names; what only its points know (le, quantile) is not there. */
export function listedLabels(series: MetricSeries): readonly Labels[] {
  const labels = commonLabels(series)
  return exposedNames(series).map(({ name }) => ({ ...labels, __name__: name }))
}

/** Every series that one of the selectors fits. @throws PromqlError execution */
export async function loadSeries(
  reader: MetricReader,
  selectors: readonly Selector[],
  range: TimeRange,
): Promise<readonly Series[]> {
  const found = new SeriesMaker()
  for await (const point of readPoints(reader, selectors, range)) found.take(point)
  return found.finish()
}

/** The points of every metric of which the selectors may want some. @throws PromqlError execution */
export async function* readPoints(
  reader: MetricReader,
  selectors: readonly Selector[],
  range: TimeRange,
): AsyncGenerator<MetricPoint> {
  const metrics = new Map<string, { readonly namespace: string; readonly name: string }>()
  for (const series of await listSeries(reader, range))
    if (selectors.some((selector) => listedLabels(series).some((labels) => mayFit(selector, labels))))
      metrics.set(`${series.namespace}\n${series.name}`, { namespace: series.namespace, name: series.name })
  let points = 0
  for (const metric of metrics.values()) {
    const read = await reader.readMetrics({ ...metric, range, limit: MAX_POINTS - points + 1 })
    points += read.length
    if (points > MAX_POINTS)
      throw new PromqlError(
        `the query is about more than ${MAX_POINTS} points: ask for fewer or a shorter time`,
        'execution',
      )
    yield* read
  }
}

export function fits({ matchers }: Selector, labels: Labels): boolean {
  return matchers.every(({ label, matches }) => matches(labels[label] ?? ''))
}

/** Whether a series so listed may have points that fit: labels that only points know are left out. */
function mayFit({ matchers }: Selector, labels: Labels): boolean {
  return matchers.every(({ label, matches }) => label === 'le' || label === 'quantile' || matches(labels[label] ?? ''))
}

interface Period {
  count: number
  sum: number
  min: number
  max: number
  readonly values: Map<number, number>
  isKnown: boolean
}

/** Points in order of time become series. */
class SeriesMaker {
  readonly #series = new Map<string, Series>()
  readonly #periods = new Map<
    string,
    { readonly base: string; readonly labels: Labels; readonly periods: Map<number, Period> }
  >()
  /** Of what is told as differences, what came so far. */
  readonly #totals = new Map<string, number>()

  take(point: MetricPoint): void {
    if (point.flags === NO_SAMPLE) return
    if (originOf(point) === 'cloudwatch') this.#takePeriod(point)
    else this.#takePoint(point)
  }

  finish(): readonly Series[] {
    for (const { base, labels, periods } of this.#periods.values())
      for (const [ms, period] of [...periods].sort(([a], [b]) => a - b)) {
        const add = (suffix: string, value: number | undefined): void => {
          if (value !== undefined) this.#add({ ...labels, __name__: `${base}_${suffix}` }, ms, value)
        }
        add('sum', period.sum)
        add('average', period.sum / period.count)
        add('minimum', period.min)
        add('maximum', period.max)
        add('sample_count', period.count)
        const values = [...period.values].sort(([a], [b]) => a - b)
        if (period.isKnown) for (const percent of PERCENTILES) add(`p${percent}`, percentileOf(values, percent))
      }
    return [...this.#series.values()]
  }

  /** The figures of a minute stand at its beginning, as CloudWatch answers them. */
  #takePeriod(point: MetricPoint): void {
    const labels = commonLabels(point)
    const base = baseName(point)
    const key = `${base}${labelsKey(labels)}`
    const { periods } = this.#periods.get(key) ?? this.#periods.set(key, { base, labels, periods: new Map() }).get(key)!
    const ms = Math.floor(Number(point.timeNanos / 1_000_000n) / PERIOD_MS) * PERIOD_MS
    let period = periods.get(ms)
    if (period === undefined)
      periods.set(ms, (period = { count: 0, sum: 0, min: Infinity, max: -Infinity, values: new Map(), isKnown: true }))
    period.count += point.count
    period.sum += point.value
    period.min = Math.min(period.min, point.min)
    period.max = Math.max(period.max, point.max)
    const isOne = point.bounds.length === 0
    if (isOne && point.count !== 1 && point.min !== point.max) period.isKnown = false
    const [values, weights] = isOne ? [[point.min], [point.count]] : [point.bounds, point.counts]
    for (const [index, value] of values.entries())
      period.values.set(value, (period.values.get(value) ?? 0) + weights[index]!)
  }

  #takePoint(point: MetricPoint): void {
    const labels = commonLabels(point)
    const base = baseName(point)
    const ms = Number(point.timeNanos / 1_000_000n)
    const isStale = point.flags === NO_RECORDED_VALUE
    const one = (name: string, value: number, more: Labels = {}, isCounter = false): void => {
      const all = { ...labels, ...more, __name__: name }
      if (isCounter && point.temporality === 1) this.#addDifference(all, point, value)
      else this.#add(all, ms, value, isStale)
    }
    switch (point.kind) {
      case 'gauge':
      case 'sum':
        return one(base, point.value, {}, point.kind === 'sum' && point.monotonic)
      case 'histogram': {
        let count = 0
        for (const [index, upper] of point.bounds.entries()) {
          count += point.counts[index] ?? 0
          one(`${base}_bucket`, count, { le: formatNumber(upper) }, true)
        }
        one(`${base}_bucket`, point.count, { le: '+Inf' }, true)
        break
      }
      case 'summary':
        for (const [index, quantile] of point.bounds.entries())
          one(base, point.counts[index] ?? Number.NaN, { quantile: formatNumber(quantile) })
        break
      case 'statistics':
        one(`${base}_min`, point.min)
        one(`${base}_max`, point.max)
        one(`${base}_sum`, point.value)
        return one(`${base}_count`, point.count)
      case 'exponential':
        break
    }
    one(`${base}_sum`, point.value, {}, true)
    one(`${base}_count`, point.count, {}, true)
  }

  /** A counter begins at nothing where its first difference begins. */
  #addDifference(labels: Labels, point: MetricPoint, value: number): void {
    const key = labelsKey(labels)
    const before = this.#totals.get(key)
    if (before === undefined && point.startNanos !== undefined && point.startNanos < point.timeNanos)
      this.#add(labels, Number(point.startNanos / 1_000_000n), 0)
    const total = (before ?? 0) + value
    this.#totals.set(key, total)
    this.#add(labels, Number(point.timeNanos / 1_000_000n), total)
  }

  /** Of two values of a time the later one counts. */
  #add(labels: Labels, ms: number, value: number, isStale = false): void {
    const key = labelsKey(labels)
    let series = this.#series.get(key)
    if (series === undefined) this.#series.set(key, (series = { labels, times: [], values: [], staleTimes: new Set() }))
    const { times, values, staleTimes } = series
    if (times.at(-1) === ms) values[values.length - 1] = value
    else {
      times.push(ms)
      values.push(value)
    }
    if (isStale) staleTimes.add(ms)
  }
}

/** As Go writes it: 1, 0.005, 1e+06. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const size = Math.abs(value)
  return size !== 0 && (size >= 1e21 || size < 1e-6)
    ? value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
    : String(value)
}
