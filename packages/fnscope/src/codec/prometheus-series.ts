// Series of Prometheus' remote write, of either version, as metric points: what a scrape says, whatever the wire.
import type { Attributes } from '../span/attribute-value.ts'
import { parseSpanId, parseTraceId } from '../span/id.ts'
import { NO_RECORDED_VALUE, NO_SAMPLE, type Exemplar, type MetricPoint } from '../span/metric-point.ts'
import type { TimeBounds } from '../span/time.ts'
import { setOwn } from './json.ts'
import { MAX_ROWS } from './otlp-source.ts'
import { histogramPoint, MAX_GAPS, type WrittenHistogram } from './prometheus-histogram.ts'
import { Refusals, type RefusalReason } from './taken.ts'

export interface PrometheusOptions {
  readonly receivedNanos: bigint
  /** Samples of another time are refused one by one. */
  readonly bounds: TimeBounds
  /** Of one request. Smaller in tests. */
  readonly maxRows?: number
}

/** MetricMetadata.MetricType of version 1 and Metadata.MetricType of version 2, by number. */
const METRIC_TYPES = ['', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset']

/** What is said of a metric family. */
export interface Family {
  /** By its number. */
  readonly type: number
  readonly help: string
  readonly unit: string
}

export type Label = readonly [name: string, value: string]

export interface WrittenSample {
  readonly value: number
  /** Prometheus' own NaN that says: the series ends here. */
  readonly stale: boolean
  readonly timeMillis: bigint
  /** 0 when nobody says. */
  readonly startMillis: bigint
}

export interface WrittenExemplar {
  readonly labels: readonly Label[]
  readonly value: number
  readonly timeMillis: bigint
}

export interface WrittenSeries {
  readonly labels: readonly Label[]
  readonly samples: readonly WrittenSample[]
  readonly histograms: readonly WrittenHistogram[]
  readonly exemplars: readonly WrittenExemplar[]
  readonly family: Family | undefined
  /** 0 when nobody says. */
  readonly startMillis: bigint
}

/** How many of each kind were kept, as version 2 answers it. */
export interface Written {
  readonly samples: number
  readonly histograms: number
  readonly exemplars: number
}

/** Labels are sent once a series, or once a request, and stored with each point. */
const MAX_LABEL_TEXT = 64 * 1024 * 1024

const NO_ATTRIBUTES: Attributes = {}
const CUMULATIVE = 2
const NANOS_PER_MILLISECOND = 1_000_000n

export class SeriesWriter {
  readonly refusals = new Refusals()
  readonly written = { samples: 0, histograms: 0, exemplars: 0 }
  readonly #into: MetricPoint[]
  readonly #before: number
  readonly #options: PrometheusOptions
  readonly #gaps = { left: MAX_GAPS }
  #labelText = 0

  constructor(into: MetricPoint[], options: PrometheusOptions) {
    this.#into = into
    this.#before = into.length
    this.#options = options
  }

  get rows(): number {
    return this.#into.length - this.#before
  }

  /** Appends a point for each sample and histogram. Exemplars stand beside the last of them. */
  take(series: WrittenSeries): void {
    const { samples, histograms, exemplars } = series
    const items = samples.length + histograms.length + exemplars.length
    this.#labelText += textOf(series.labels) * Math.max(1, samples.length + histograms.length)
    const common = this.#labelText > MAX_LABEL_TEXT ? 'too_many' : commonOf(series, this.#options.receivedNanos)
    if (typeof common === 'string') {
      for (let i = 0; i < items; i++) this.refusals.add(common)
      return
    }
    const kept = exemplars.flatMap((exemplar) => this.#exemplar(exemplar))
    const points: MetricPoint[] = []
    for (const sample of samples)
      if (this.#isWelcome(sample.timeMillis, points.length)) {
        points.push({ ...common, ...sampleOf(sample, series.startMillis) })
        this.written.samples += 1
      }
    for (const histogram of histograms) {
      const point = histogramPoint(histogram, this.#gaps)
      if (point === undefined) this.refusals.add('bad_buckets')
      else if (this.#isWelcome(histogram.timeMillis, points.length)) {
        points.push({ ...common, ...point, ...timesOf(histogram, series.startMillis) })
        this.written.histograms += 1
      }
    }
    // Version 1 sends them in a series of their own.
    if (points.length === 0 && kept.length > 0 && this.#hasRoom(0)) points.push(exemplarPoint(common, kept))
    const last = points.pop()
    if (last !== undefined) points.push(kept.length === 0 ? last : { ...last, exemplars: kept })
    for (const point of points) this.#into.push(point)
    if (last !== undefined) this.written.exemplars += kept.length
  }

  #hasRoom(more: number): boolean {
    return this.rows + more < (this.#options.maxRows ?? MAX_ROWS)
  }

  #isWelcome(timeMillis: bigint, more: number): boolean {
    const refusal = this.#hasRoom(more) ? this.#refusalOf(timeMillis) : 'too_many'
    if (refusal !== undefined) this.refusals.add(refusal)
    return refusal === undefined
  }

  #refusalOf(timeMillis: bigint): RefusalReason | undefined {
    const { minNanos, maxNanos } = this.#options.bounds
    const nanos = timeMillis * NANOS_PER_MILLISECOND
    return nanos < minNanos ? 'too_old' : nanos > maxNanos ? 'too_new' : undefined
  }

  #exemplar({ labels, value, timeMillis }: WrittenExemplar): readonly Exemplar[] {
    const refusal = this.#refusalOf(timeMillis)
    if (refusal !== undefined) {
      this.refusals.add(refusal)
      return []
    }
    const attributes: { [name: string]: string } = {}
    let traceId: string | undefined
    let spanId: string | undefined
    for (const [name, text] of labels) {
      const trace = name === 'trace_id' || name === 'traceID' ? parseTraceId(text) : undefined
      const span = name === 'span_id' || name === 'spanID' ? parseSpanId(text) : undefined
      traceId ??= trace
      spanId ??= span
      // One that is no id is a label like any other.
      if (trace === undefined && span === undefined) setOwn(attributes, name, text)
    }
    return [
      {
        timeNanos: timeMillis * NANOS_PER_MILLISECOND,
        value,
        ...(traceId === undefined ? undefined : { traceId }),
        ...(spanId === undefined ? undefined : { spanId }),
        attributes,
      },
    ]
  }
}

type Times = 'timeNanos' | 'startNanos'
type Values = 'value' | 'count' | 'min' | 'max' | 'flags' | 'bounds' | 'counts' | 'exponential' | 'exemplars'
type Common = Omit<MetricPoint, Times | Values> & Pick<MetricPoint, 'bounds' | 'counts'>

/** What all points of the series share, or why there are none. */
function commonOf({ labels, family }: WrittenSeries, receivedNanos: bigint): Common | RefusalReason {
  const dimensions: { [name: string]: string } = {}
  let name = ''
  for (const [key, value] of labels) {
    if (key === '' || Object.hasOwn(dimensions, key)) return 'bad_label'
    if (key !== NAME_LABEL) setOwn(dimensions, key, value)
    else if (name === '') name = value
    else return 'bad_label'
  }
  if (name === '') return 'no_name'
  const type = METRIC_TYPES[family?.type ?? 0] ?? ''
  const monotonic = growsOnly(name, type, dimensions)
  return {
    name,
    namespace: '',
    service: dimensions['service_name'] ?? dimensions['job'] ?? '',
    dimensions,
    unit: family?.unit ?? '',
    ...(family === undefined || family.help === '' ? undefined : { description: family.help }),
    kind: monotonic ? 'sum' : 'gauge',
    receivedNanos,
    bounds: [],
    counts: [],
    monotonic,
    temporality: monotonic ? CUMULATIVE : 0,
    resolutionSeconds: 60,
    attributes: NO_ATTRIBUTES,
    resource: NO_ATTRIBUTES,
    ...(type === '' ? undefined : { details: { metadata: { 'prometheus.type': type } } }),
  }
}

/** Characters of the labels. */
function textOf(labels: readonly Label[]): number {
  let length = 0
  for (const [name, value] of labels) length += name.length + value.length
  return length
}

const NAME_LABEL = '__name__'

/** Version 1 says the type seldom and apart: names say it too, by Prometheus' own rules for them. */
function growsOnly(name: string, type: string, dimensions: { readonly [name: string]: string }): boolean {
  if (type === 'counter') return true
  if (type === 'histogram' || type === 'summary') return /_(bucket|count|sum)$/.test(name)
  if (type !== '') return false
  return name.endsWith('_total') || (name.endsWith('_bucket') && dimensions['le'] !== undefined)
}

function sampleOf(sample: WrittenSample, startMillis: bigint): Pick<MetricPoint, Times | Values> {
  const { value, stale } = sample
  return {
    ...timesOf(sample, startMillis),
    value,
    count: stale ? 0 : 1,
    min: value,
    max: value,
    bounds: [],
    counts: [],
    ...(stale ? { flags: NO_RECORDED_VALUE } : undefined),
  }
}

/** One that carries exemplars alone. */
function exemplarPoint(common: Common, exemplars: readonly Exemplar[]): MetricPoint {
  return {
    ...common,
    timeNanos: exemplars.at(-1)!.timeNanos,
    value: Number.NaN,
    count: 0,
    min: Number.NaN,
    max: Number.NaN,
    flags: NO_SAMPLE,
  }
}

/** @param startMillis of the series */
function timesOf(
  sample: Pick<WrittenSample, 'timeMillis' | 'startMillis'>,
  startMillis: bigint,
): Pick<MetricPoint, Times> {
  const start = sample.startMillis || startMillis
  return {
    timeNanos: sample.timeMillis * NANOS_PER_MILLISECOND,
    ...(start > 0n && start < MAX_MILLIS ? { startNanos: start * NANOS_PER_MILLISECOND } : undefined),
  }
}

/** The latest that nanoseconds of 64 bits hold. */
const MAX_MILLIS = 2n ** 63n / NANOS_PER_MILLISECOND
