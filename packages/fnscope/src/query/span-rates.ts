// How often spans came, how many failed and how long they took, at points in time: each of the window that ends there.
// Durations are kept in steps of 2.3 %, and a quantile is the middle of its step.
import { SPAN_SERIES_STEPS, type Reader, type SpanCell, type SpanSeriesQuery, type TimeRange } from './reader.ts'

export interface SpanRatesQuestion extends Pick<SpanSeriesQuery, 'where' | 'failed' | 'by'> {
  /** The first point is at its start, the last at its end or just before. */
  readonly range: TimeRange
  readonly stepNanos: bigint
  readonly windowNanos: bigint
}

export interface SpanRatePoint {
  readonly timeNanos: bigint
  readonly spans: number
  readonly failed: number
  /** Nanoseconds; NaN where there is no span. @param share 0 to 1 */
  quantile(share: number): number
}

export interface SpanRates {
  readonly group: readonly string[]
  readonly points: readonly SpanRatePoint[]
}

/** Columns of one question. */
const MAX_COLUMNS = 20_000n

/** Whether readSpanRates can: time is cut to the largest measure that step and window have in common. */
export function isCountable({ range, stepNanos, windowNanos }: SpanRatesQuestion): boolean {
  const length = range.endNanos - range.startNanos + windowNanos
  return length / greatestCommon(stepNanos, windowNanos) <= MAX_COLUMNS
}

/** Of every group that has a span in one of the windows. @throws FnscopeError FNS_USAGE */
export async function readSpanRates(
  reader: Pick<Reader, 'spanSeries'>,
  question: SpanRatesQuestion,
): Promise<SpanRates[]> {
  const { range, stepNanos, windowNanos, ...of } = question
  const columnNanos = greatestCommon(stepNanos, windowNanos)
  const startNanos = range.startNanos - windowNanos
  const cells = await reader.spanSeries({ ...of, range: { startNanos, endNanos: range.endNanos }, columnNanos })
  const window = Number(windowNanos / columnNanos)
  const groups = Map.groupBy(cells, ({ group }) => JSON.stringify(group))
  return [...groups.values()].map((ofGroup) => {
    const columns = Map.groupBy(ofGroup, ({ column }) => column)
    const points: SpanRatePoint[] = []
    for (let at = range.startNanos; at <= range.endNanos; at += stepNanos) {
      const end = Number((at - startNanos) / columnNanos)
      const within = Array.from({ length: window }, (_, i) => columns.get(end - window + i) ?? []).flat()
      points.push(pointOf(at, within))
    }
    return { group: ofGroup[0]!.group, points }
  })
}

function pointOf(timeNanos: bigint, cells: readonly SpanCell[]): SpanRatePoint {
  const spans = cells.reduce((sum, cell) => sum + cell.spans, 0)
  return {
    timeNanos,
    spans,
    failed: cells.reduce((sum, cell) => sum + cell.failed, 0),
    quantile(share) {
      let left = Math.max(1, Math.ceil(share * spans))
      for (const { step, spans: some } of [...cells].sort((a, b) => a.step - b.step))
        if ((left -= some) <= 0) return 10 ** ((step + 0.5) / SPAN_SERIES_STEPS)
      return Number.NaN
    },
  }
}

function greatestCommon(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommon(b, a % b)
}
