// The value of one EMF metric, in its three spellings: a number, an array of numbers, or an object of statistics
// {Values, Counts, Max, Min, Sum, Count}.
import { isJsonObject, type JsonObject } from './json.ts'

export interface Samples {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

const MAX_VALUES = 100

/** The samples, or what is wrong with them. */
export function readSamples(value: unknown): Samples | string {
  if (typeof value === 'number') return weigh([value])
  if (Array.isArray(value)) return weigh(value)
  return isJsonObject(value) ? readStatistics(value) : 'its value is no number'
}

/** `weights` tell how often each value was seen. */
function weigh(values: readonly unknown[], weights?: readonly unknown[]): Samples | string {
  if (values.length === 0) return 'it has no value'
  if (values.length > MAX_VALUES) return `${values.length} values, at most ${MAX_VALUES}`
  let count = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const [index, value] of values.entries()) {
    const weight = weights === undefined ? 1 : weights[index]
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'one of its values is no number'
    if (typeof weight !== 'number' || !(weight > 0 && Number.isFinite(weight))) return 'one of its counts is no number'
    count += weight
    sum += value * weight
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return Number.isFinite(sum) ? { count, sum, min, max } : 'the sum of its values is no number'
}

function readStatistics(value: JsonObject): Samples | string {
  const { Values: values, Counts: counts } = value
  if (Array.isArray(values)) {
    if (counts !== undefined && !(Array.isArray(counts) && counts.length === values.length))
      return 'Counts and Values differ in length'
    return weigh(values, counts)
  }
  const { Count: count, Sum: sum, Min: min, Max: max } = value
  for (const one of [count, sum, min, max])
    if (typeof one !== 'number' || !Number.isFinite(one)) return 'Count, Sum, Min and Max are not all numbers'
  if ((count as number) <= 0) return 'Count is not above 0'
  return { count: count as number, sum: sum as number, min: min as number, max: max as number }
}
