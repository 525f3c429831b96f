// Traces as places of the key of `spans`, which is ordered by minute and trace: a set of pairs reaches the key, where a set
// of ids would be looked for in every minute of the range.
import { MINUTE } from './minute-key.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'
import type { QueryParameters } from './connection.ts'
import { SqlParameters } from './sql-parameters.ts'
import type { TraceReach } from './store.ts'

/** A parameter may have 128 KB, an id takes 35 bytes of it; and more pairs are a scan anyway. */
const MAX_PAIRS = 2500

interface Pairs {
  /** Starts of minutes, seconds since 1970, and the trace ids beside them. */
  readonly seconds: readonly number[]
  readonly ids: readonly string[]
}

/** Every minute in which a span of the traces can start; undefined when they are too many. */
function pairsOf(traces: readonly TraceReach[]): Pairs | undefined {
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

/** The condition on a row of `spans` that it is of these traces. One trace's minutes are compared, which costs less than a set. */
export function inMinutes(traces: readonly TraceReach[], parameters: SqlParameters = new SqlParameters()): Condition {
  return { sql: conditionOf(traces, parameters), parameters: parameters.values }
}

interface Condition {
  readonly sql: string
  readonly parameters: QueryParameters
}

function conditionOf(traces: readonly TraceReach[], parameters: SqlParameters): string {
  const pairs = pairsOf(traces)
  const [first] = traces
  if (first !== undefined && (traces.length === 1 || pairs === undefined)) {
    const from = parameters.bind('UInt32', secondOf(least(traces.map(({ firstNanos }) => firstNanos))))
    const to = parameters.bind('UInt32', secondOf(most(traces.map(({ lastStartNanos }) => lastStartNanos))))
    const minutes = `${MINUTE} >= toStartOfMinute(toDateTime(${from}, 'UTC')) AND ${MINUTE} <= toDateTime(${to}, 'UTC')`
    if (traces.length === 1)
      return `${minutes} AND trace_id = toFixedString(unhex(${parameters.bind('String', first.traceId)}), 16)`
    const ids = traces.map(({ traceId }) => traceId)
    return `${minutes} AND trace_id IN (SELECT toFixedString(unhex(arrayJoin(${parameters.bind('Array(String)', ids)})), 16))`
  }
  const seconds = parameters.bind('Array(UInt32)', pairs?.seconds ?? [])
  const ids = parameters.bind('Array(String)', pairs?.ids ?? [])
  return `(${MINUTE}, trace_id) IN (SELECT toDateTime(one.1, 'UTC'), toFixedString(unhex(one.2), 16)
    FROM (SELECT arrayJoin(arrayZip(${seconds}, ${ids})) AS one))`
}

const secondOf = (nanos: bigint): number => Number(nanos / NANOS_PER_SECOND)
const least = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (a < b ? a : b))
const most = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (a > b ? a : b))
