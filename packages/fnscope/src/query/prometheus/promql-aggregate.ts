// PromQL's aggregations: a vector's samples by groups of labels.
import { labelsKey, without, withOnly, type Labels, type Sample } from './promql-series.ts'
import { deviationOf, greatestOf, leastOf, quantileOfValues, sumOf } from './promql-statistics.ts'
import { PromqlError, type Aggregate } from './promql-syntax.ts'

interface Group {
  readonly labels: Labels
  readonly samples: Sample[]
}

/** The parameter is what topk, bottomk, quantile and count_values take. @throws PromqlError */
export function aggregate(
  { name, labels, keep }: Aggregate,
  vector: readonly Sample[],
  parameter: number | string | undefined,
): readonly Sample[] {
  const groups = new Map<string, Group>()
  for (const sample of vector) {
    const kept = keep ? withOnly(sample.labels, labels) : without(sample.labels, [...labels, '__name__'])
    const key = labelsKey(kept)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels: kept, samples: [sample] })
    else group.samples.push(sample)
  }
  const all = [...groups.values()]
  if (name === 'topk' || name === 'bottomk') {
    const count = countOf(parameter as number)
    return all.flatMap(({ samples }) => ordered(samples, name === 'topk').slice(0, count))
  }
  if (name === 'count_values') return all.flatMap((group) => countValues(group, parameter as string))
  return all.map(({ labels, samples }) => {
    const values = samples.map(({ value }) => value)
    return {
      labels,
      value: name === 'quantile' ? quantileOfValues(parameter as number, values) : reduced(name, values),
    }
  })
}

/** What is no number comes last, either way. */
export function ordered(samples: readonly Sample[], isDescending: boolean): readonly Sample[] {
  return samples.toSorted((a, b) => {
    if (Number.isNaN(a.value) || Number.isNaN(b.value))
      return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value))
    return isDescending ? b.value - a.value : a.value - b.value
  })
}

function countOf(parameter: number): number {
  if (Number.isNaN(parameter)) throw new PromqlError('Parameter value is NaN', 'execution')
  return Math.max(0, Math.trunc(parameter))
}

function countValues({ labels, samples }: Group, label: string): readonly Sample[] {
  if (!/^[a-zA-Z_]\w*$/.test(label)) throw new PromqlError(`invalid label name ${JSON.stringify(label)}`, 'execution')
  const counts = new Map<string, number>()
  for (const { value } of samples) counts.set(textOf(value), (counts.get(textOf(value)) ?? 0) + 1)
  return [...counts].map(([text, value]) => ({ labels: { ...labels, [label]: text }, value }))
}

function textOf(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

function reduced(
  name: 'sum' | 'avg' | 'min' | 'max' | 'count' | 'group' | 'stddev' | 'stdvar',
  values: readonly number[],
): number {
  switch (name) {
    case 'count':
      return values.length
    case 'group':
      return 1
    case 'min':
      return leastOf(values)
    case 'max':
      return greatestOf(values)
    case 'sum':
      return sumOf(values)
    case 'avg':
      return sumOf(values) / values.length
    case 'stddev':
      return deviationOf(values)
    case 'stdvar':
      return deviationOf(values) ** 2
  }
}
