// The spans that the service graph is derived from, as narrow columns: of stretches of time, or whole traces by id.
import type { GraphSpans } from '../span/graph-spans.ts'
import type { Connection } from './connection.ts'
import { appendGraphSpans, GRAPH_SPAN_COLUMNS } from './graph-span-columns.ts'
import { startingIn } from './minute-key.ts'
import type { GraphSpanQuery, TimeRange } from './store.ts'

/** Ids that one question carries. */
const IDS_A_QUESTION = 2500
/** Spans in progress are received within so long of their start, or they do not tie what was completed. */
const OPEN_REACH_NANOS = 86_400_000_000_000n

/** See Reader.readGraphSpans. */
export async function readGraphSpans(connection: Connection, query: GraphSpanQuery, into: GraphSpans): Promise<void> {
  const within = startingIn(query.range)
  if (query.traceIds !== undefined) {
    for (let from = 0; from < query.traceIds.length; from += IDS_A_QUESTION) {
      const traceIds = query.traceIds.slice(from, from + IDS_A_QUESTION)
      const these = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))'
      const parameters = { ...within.parameters, traceIds }
      await append(connection, into, `spans WHERE ${within.sql} AND ${these}`, parameters, false)
      await append(connection, into, `open_spans WHERE ${these}`, { traceIds }, true)
    }
    return
  }
  const { fromTrace, untilTrace } = query
  const from = fromTrace === undefined ? '' : ' AND trace_id >= toFixedString(unhex({fromTrace:String}), 16)'
  const until = untilTrace === undefined ? '' : ' AND trace_id < toFixedString(unhex({untilTrace:String}), 16)'
  const where = `${within.sql}${from}${until}`
  const parameters = {
    ...within.parameters,
    ...(fromTrace !== undefined && { fromTrace }),
    ...(untilTrace !== undefined && { untilTrace }),
  }
  await append(connection, into, `spans WHERE ${where}`, parameters, false)
  const receivedNanos = query.range.startNanos - OPEN_REACH_NANOS
  await append(
    connection,
    into,
    `open_spans WHERE received_nanos >= {receivedNanos:Int64} AND ${where}`,
    { ...parameters, receivedNanos },
    true,
  )
}

/** Each block brings its words anew: not too small; and it is to stay in the processor's cache: not too large. */
const BLOCKS = 'max_block_size = 32768, preferred_block_size_bytes = 0'

async function append(
  connection: Connection,
  into: GraphSpans,
  source: string,
  parameters: Readonly<Record<string, unknown>>,
  inProgress: boolean,
): Promise<void> {
  const question = `SELECT ${GRAPH_SPAN_COLUMNS} FROM ${connection.database}.${source} SETTINGS ${BLOCKS}`
  const before = into.rows
  await connection.eachNativeBlock(question, parameters, {
    begin: () => {
      into.rows = before
    },
    take: (block) => appendGraphSpans(block, into, inProgress),
  })
}

/** See Reader.graphTraceParts. */
export async function graphTraceParts(connection: Connection, range: TimeRange, parts: number): Promise<string[]> {
  if (parts < 2) return []
  const within = startingIn(range)
  const levels = Array.from({ length: parts - 1 }, (_, i) => (i + 1) / parts)
  const [row] = await connection.query<{ bounds: string[] }>(
    `SELECT arrayMap(n -> lower(hex(toUInt64(if(isFinite(n), n, 0)))), quantiles(${levels.join(', ')})(bitShiftRight(byteSwap(reinterpretAsUInt64(substring(trace_id, 1, 8))), 11))) AS bounds
     FROM ${connection.database}.spans WHERE ${within.sql}`,
    within.parameters,
  )
  const bounds = (row?.bounds ?? []).map((hex) =>
    (BigInt(`0x${hex}`) << 11n).toString(16).padStart(16, '0').padEnd(32, '0'),
  )
  return [...new Set(bounds)].sort()
}
