// Traces as places of the key of `spans`, which is ordered by minute and trace: a set of pairs reaches the key, where a set
// of ids would be looked for in every minute of the range.
import { MINUTE } from './minute-key.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'
import type { TraceReach } from './store.ts'

/** A parameter may have 128 KB, an id takes 35 bytes of it; and more pairs are a scan anyway. */
const MAX_PAIRS = 2500

export interface TraceMinutes {
  /** Starts of minutes, seconds since 1970, and the trace ids beside them. */
  readonly seconds: readonly number[]
  readonly ids: readonly string[]
}

/** Every minute in which a span of the traces can start; undefined when they are too many. */
export function traceMinutes(traces: readonly TraceReach[]): TraceMinutes | undefined {
  const seconds: number[] = []
  const ids: string[] = []
  for (const { traceId, firstNanos, lastStartNanos } of traces) {
    for (let at = firstNanos - (firstNanos % NANOS_PER_MINUTE); at <= lastStartNanos; at += NANOS_PER_MINUTE) {
      if (ids.length === MAX_PAIRS) return undefined
      seconds.push(Number(at / NANOS_PER_SECOND))
      ids.push(traceId)
    }
  }
  return { seconds, ids }
}

/** The condition on a row of `spans`; `seconds` and `ids` are the parameters' expressions. */
export function inMinutes(seconds: string, ids: string): string {
  return `(${MINUTE}, trace_id) IN (SELECT toDateTime(one.1, 'UTC'), toFixedString(unhex(one.2), 16)
    FROM (SELECT arrayJoin(arrayZip(${seconds}, ${ids})) AS one))`
}
