// Native histograms of Prometheus as metric points. Counts are sparse there: spans of consecutive buckets with gaps
// between them. Here they stand in one run with its zeros.
import { NO_RECORDED_VALUE, type BucketRun, type MetricPoint } from '../span/metric-point.ts'

export interface BucketSpan {
  /** The gap to the span before; of the first one the index that it begins with. */
  readonly offset: number
  readonly length: number
}

/** One side: the whole counts as differences, or counts that need not be whole. */
export interface SparseBuckets {
  readonly spans: readonly BucketSpan[]
  readonly deltas: readonly number[]
  readonly counts: readonly number[]
}

export interface WrittenHistogram {
  readonly count: number
  readonly sum: number
  readonly stale: boolean
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly positive: SparseBuckets
  readonly negative: SparseBuckets
  /** 0 unknown, 1 yes, 2 no, 3 gauge: it does not only grow. */
  readonly resetHint: number
  readonly timeMillis: bigint
  /** 0 when nobody says. */
  readonly startMillis: bigint
  readonly customBounds: readonly number[]
}

const CUSTOM_BOUNDS = -53
const MIN_SCHEMA = -4
const MAX_SCHEMA = 8
/** Of one side, with its gaps. */
const MAX_BUCKETS = 20_000

/** A span of three bytes may announce two billion zeros: this is how many one request gets. */
export const MAX_GAPS = 1_000_000

export interface GapBudget {
  left: number
}

const HINTS = ['', 'yes', 'no', 'gauge']
const GAUGE_HINT = 3

type HistogramPoint = Pick<
  MetricPoint,
  | 'kind'
  | 'value'
  | 'count'
  | 'min'
  | 'max'
  | 'bounds'
  | 'counts'
  | 'exponential'
  | 'monotonic'
  | 'temporality'
  | 'flags'
  | 'attributes'
>

/** Undefined when its buckets make no sense. @param gaps what it takes of them is gone */
export function histogramPoint(histogram: WrittenHistogram, gaps: GapBudget): HistogramPoint | undefined {
  const { schema, count, sum, stale, resetHint } = histogram
  const buckets = schema === CUSTOM_BOUNDS ? customBuckets(histogram, gaps) : exponentialBuckets(histogram, gaps)
  if (buckets === undefined) return undefined
  const hint = HINTS[resetHint] ?? ''
  return {
    ...buckets,
    value: sum,
    count,
    min: Number.NaN,
    max: Number.NaN,
    monotonic: false,
    temporality: resetHint === GAUGE_HINT ? 0 : 2,
    ...(stale ? { flags: NO_RECORDED_VALUE } : undefined),
    attributes: hint === '' ? {} : { 'prometheus.reset_hint': hint },
  }
}

type Buckets = Pick<MetricPoint, 'kind' | 'bounds' | 'counts' | 'exponential'>

function exponentialBuckets(histogram: WrittenHistogram, gaps: GapBudget): Buckets | undefined {
  const { schema, zeroCount, zeroThreshold } = histogram
  const positive = runOf(histogram.positive, gaps)
  const negative = runOf(histogram.negative, gaps)
  if (schema < MIN_SCHEMA || schema > MAX_SCHEMA || positive === undefined || negative === undefined) return undefined
  return {
    kind: 'exponential',
    bounds: [],
    counts: [],
    exponential: {
      scale: schema,
      zeroCount,
      zeroThreshold,
      // Prometheus counts a bucket by its upper bound, the model by its lower one.
      positive: { ...positive, offset: positive.counts.length === 0 ? 0 : positive.offset - 1 },
      negative: { ...negative, offset: negative.counts.length === 0 ? 0 : negative.offset - 1 },
    },
  }
}

/** The spans lead into the bounds that it brings. */
function customBuckets({ positive, customBounds }: WrittenHistogram, gaps: GapBudget): Buckets | undefined {
  const run = runOf(positive, gaps)
  if (run === undefined || run.offset < 0 || run.offset + run.counts.length > customBounds.length + 1) return undefined
  const counts = Array.from({ length: customBounds.length + 1 }, (_, index) => run.counts[index - run.offset] ?? 0)
  return { kind: 'histogram', bounds: customBounds, counts }
}

function runOf({ spans, deltas, counts }: SparseBuckets, gaps: GapBudget): BucketRun | undefined {
  const offset = spans[0]?.offset ?? 0
  const run: number[] = []
  let next = 0
  let count = 0
  for (const [index, span] of spans.entries()) {
    const gap = index === 0 ? 0 : span.offset
    gaps.left -= gap
    if (gap < 0 || gaps.left < 0 || run.length + gap + span.length > MAX_BUCKETS) return undefined
    for (let i = 0; i < gap; i++) run.push(0)
    for (let i = 0; i < span.length; i++, next++) {
      count = counts.length > 0 ? (counts[next] ?? Number.NaN) : count + (deltas[next] ?? Number.NaN)
      run.push(count)
    }
  }
  const given = counts.length > 0 ? counts.length : deltas.length
  return next === given ? { offset, counts: run } : undefined
}
