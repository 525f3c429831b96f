// histogram_quantile over buckets with the label le.
import { labelsKey, without, type Labels, type Sample } from './promql-series.ts'

interface Bucket {
  readonly upper: number
  count: number
}

/** One sample for each set of other labels. */
export function histogramQuantile(quantile: number, vector: readonly Sample[]): Sample[] {
  const groups = new Map<string, { readonly labels: Labels; readonly buckets: Bucket[] }>()
  for (const { labels, value } of vector) {
    const upper = upperOf(labels['le'])
    if (upper === undefined) continue
    const others = without(labels, ['le', '__name__'])
    const key = labelsKey(others)
    const group = groups.get(key) ?? { labels: others, buckets: [] }
    groups.set(key, group)
    group.buckets.push({ upper, count: value })
  }
  return [...groups.values()].map(({ labels, buckets }) => ({ labels, value: quantileOf(quantile, buckets) }))
}

function upperOf(le: string | undefined): number | undefined {
  if (le === undefined) return undefined
  if (/^\+?Inf$/i.test(le)) return Number.POSITIVE_INFINITY
  const upper = Number(le)
  return le.trim() === '' || Number.isNaN(upper) ? undefined : upper
}

function quantileOf(quantile: number, given: Bucket[]): number {
  if (Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return Number.NEGATIVE_INFINITY
  if (quantile > 1) return Number.POSITIVE_INFINITY
  const buckets = joined(given.sort((a, b) => a.upper - b.upper))
  const last = buckets.at(-1)
  if (last === undefined || last.upper !== Number.POSITIVE_INFINITY || buckets.length < 2) return Number.NaN
  // Scrapes of several moments may have a bucket below the one before it.
  for (const [index, bucket] of buckets.entries())
    if (index > 0) bucket.count = Math.max(bucket.count, buckets[index - 1]!.count)
  if (last.count === 0 || Number.isNaN(last.count)) return Number.NaN
  let rank = quantile * last.count
  let place = buckets.findIndex(({ count }) => count >= rank)
  if (place === -1) place = buckets.length - 1
  if (place === buckets.length - 1) return buckets[buckets.length - 2]!.upper
  const { upper, count } = buckets[place]!
  if (place === 0 && upper <= 0) return upper
  const [lower, below] = place === 0 ? [0, 0] : [buckets[place - 1]!.upper, buckets[place - 1]!.count]
  rank -= below
  return lower + (upper - lower) * (rank / (count - below))
}

function joined(sorted: readonly Bucket[]): Bucket[] {
  const buckets: Bucket[] = []
  for (const bucket of sorted) {
    const last = buckets.at(-1)
    if (last?.upper === bucket.upper) last.count += bucket.count
    else buckets.push({ ...bucket })
  }
  return buckets
}
