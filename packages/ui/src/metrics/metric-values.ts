// A metric's columns as one statistic, and how its values read in their unit.
import type { ConsoleMetricColumns } from '../../../fnscope/src/api/console-types.ts'
import { bytes, count, duration } from '../format.ts'
import type { Statistic } from '../page-search.ts'

export type MetricCell = ConsoleMetricColumns['parts'][number]['cells'][number]

export function statisticOf(cell: MetricCell, statistic: Statistic): number {
  return statistic === 'average' ? (cell.count === 0 ? 0 : cell.sum / cell.count) : cell[statistic]
}

/** Of counters what they come to, of all else what they are about. */
export function usualStatistic(kind: string, unit: string): Statistic {
  return kind === 'sum' || unit === 'Count' ? 'sum' : 'average'
}

const TO_MS: Readonly<Record<string, number>> = {
  Microseconds: 0.001,
  us: 0.001,
  Milliseconds: 1,
  ms: 1,
  Seconds: 1000,
  s: 1000,
}
const TO_BYTES: Readonly<Record<string, number>> = { Bytes: 1, By: 1, Kilobytes: 1e3, Megabytes: 1e6, Gigabytes: 1e9 }

export function valueIn(unit: string, value: number): string {
  if (!Number.isFinite(value)) return ''
  const [ms, size] = [TO_MS[unit], TO_BYTES[unit]]
  if (ms !== undefined) return duration(value * ms)
  if (size !== undefined) return bytes(value * size)
  const text = Number.isInteger(value) ? count(value) : Number(value.toPrecision(4)).toLocaleString('en-US')
  return unit === '' || unit === 'Count' || unit === 'None' || unit === '1' ? text : `${text} ${unit}`
}

/** By column; undefined where there is no sample. */
export function valuesOf(cells: readonly MetricCell[], columns: number, statistic: Statistic): (number | undefined)[] {
  const values: (number | undefined)[] = Array.from({ length: columns })
  for (const cell of cells) values[cell.column] = statisticOf(cell, statistic)
  return values
}
