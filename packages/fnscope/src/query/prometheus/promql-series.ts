// Series of samples with their labels, as PromQL sees what is stored.
import { PromqlError } from './promql-syntax.ts'

export type Labels = Readonly<Record<string, string>>

export interface Series {
  /** __name__ among them; none is empty. */
  readonly labels: Labels
  /** Epoch milliseconds, ascending. */
  readonly times: number[]
  readonly values: number[]
  /** Times at which a sender said that the series ends. */
  readonly staleTimes: Set<number>
}

/** A value of an instant vector. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
}

export function withOnly(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))
}

export function unnamed(labels: Labels, value: number): Sample {
  return { labels: without(labels, ['__name__']), value }
}

/** @throws PromqlError execution, when two samples have the same labels */
export function distinct(samples: readonly Sample[]): readonly Sample[] {
  if (new Set(samples.map(({ labels }) => labelsKey(labels))).size < samples.length)
    throw new PromqlError('vector cannot contain metrics with the same labelset', 'execution')
  return samples
}

/** How many of the ascending times are at or below that time. */
export function countUntil(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= ms) low = middle + 1
    else high = middle
  }
  return low
}
