// The service graph by the minute, as the job leaves it. A minute's rows count only under the version that its row in
// `minutes` names; that row is written last, so readers see a minute's old state or its new one, never a mixture.
import type { Connection } from './connection.ts'
import type { Edge, GraphStatistics, MinuteGraph, NodeKey, NodeLatency, TimeRange, TraceStarts } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'

interface StatisticsRow {
  readonly minute_nanos: string
  readonly ok: string
  readonly error: string
  readonly throttle: string
  readonly fault: string
  readonly total_seconds: number
  readonly first_nanos: string
  readonly last_nanos: string
  readonly histogram_seconds: readonly number[]
  readonly histogram_counts: readonly string[]
}

interface LatencyRow extends StatisticsRow {
  readonly name: string
  readonly type: string
  readonly account_id: string
  readonly root: boolean
  readonly inferred: boolean
}

interface EdgeRow extends StatisticsRow {
  readonly from_name: string
  readonly from_type: string
  readonly from_account_id: string
  readonly to_name: string
  readonly to_type: string
  readonly to_account_id: string
  readonly edge_type: string
}

const STATISTICS =
  'ok, error, throttle, fault, total_seconds, first_nanos, last_nanos, histogram_seconds, histogram_counts'

function statisticsRow(statistics: GraphStatistics): Record<string, unknown> {
  return {
    ok: statistics.ok,
    error: statistics.error,
    throttle: statistics.throttle,
    fault: statistics.fault,
    total_seconds: statistics.totalSeconds,
    first_nanos: String(statistics.firstNanos),
    last_nanos: String(statistics.lastNanos),
    histogram_seconds: [...statistics.histogram.keys()],
    histogram_counts: [...statistics.histogram.values()],
  }
}

function statisticsOf(row: StatisticsRow): GraphStatistics {
  return {
    ok: Number(row.ok),
    error: Number(row.error),
    throttle: Number(row.throttle),
    fault: Number(row.fault),
    totalSeconds: row.total_seconds,
    firstNanos: BigInt(row.first_nanos),
    lastNanos: BigInt(row.last_nanos),
    histogram: new Map(row.histogram_seconds.map((seconds, i) => [seconds, Number(row.histogram_counts[i])])),
  }
}

function prefixed(prefix: string, node: NodeKey): Record<string, string> {
  return { [`${prefix}name`]: node.name, [`${prefix}type`]: node.type, [`${prefix}account_id`]: node.accountId }
}

function latencyOf(row: LatencyRow): NodeLatency {
  const node = { name: row.name, type: row.type, accountId: row.account_id }
  return { node, root: row.root, inferred: row.inferred, ...statisticsOf(row) }
}

function edgeOf(row: EdgeRow): Edge {
  const from = { name: row.from_name, type: row.from_type, accountId: row.from_account_id }
  const to = { name: row.to_name, type: row.to_type, accountId: row.to_account_id }
  return { from, to, edgeType: row.edge_type, ...statisticsOf(row) }
}

/** See Writer.replaceMinutes. `version` must grow from call to call. */
export async function replaceMinutes(
  connection: Connection,
  minutes: readonly MinuteGraph[],
  version: bigint,
  coveredNanos: bigint,
): Promise<void> {
  if (minutes.length === 0) return
  const stamp = ({ minuteNanos }: MinuteGraph): Record<string, string> => ({
    minute_nanos: String(minuteNanos),
    version: String(version),
  })
  await connection.insertRows(
    'latencies',
    minutes.flatMap((minute) =>
      minute.nodes.map(({ node, root, inferred, ...statistics }) => ({
        ...stamp(minute),
        ...prefixed('', node),
        root,
        inferred,
        ...statisticsRow(statistics),
      })),
    ),
  )
  await connection.insertRows(
    'edges',
    minutes.flatMap((minute) =>
      minute.edges.map(({ from, to, edgeType, ...statistics }) => ({
        ...stamp(minute),
        ...prefixed('from_', from),
        ...prefixed('to_', to),
        edge_type: edgeType,
        ...statisticsRow(statistics),
      })),
    ),
  )
  await connection.insertRows(
    'minutes',
    minutes.map((minute) => ({ ...stamp(minute), covered_nanos: String(coveredNanos) })),
  )
}

/** See Reader.readMinutes: in order of time, minutes that turned out empty among them. */
export async function readMinutes(connection: Connection, range: TimeRange): Promise<MinuteGraph[]> {
  const { database } = connection
  const parameters = { startNanos: range.startNanos, endNanos: range.endNanos }
  const within = 'minute_nanos >= {startNanos:Int64} AND minute_nanos < {endNanos:Int64}'
  const current = `SELECT minute_nanos, max(version) AS version FROM ${database}.minutes WHERE ${within} GROUP BY minute_nanos`
  const versions = await connection.query<{ minute_nanos: string; version: string }>(
    `${current} ORDER BY minute_nanos`,
    parameters,
  )
  if (versions.length === 0) return []
  // FINAL: a row that two calls wrote under one version is one row.
  const rowsOf = <Row>(table: string, columns: string): Promise<Row[]> =>
    connection.query<Row>(
      `SELECT minute_nanos, ${columns}, ${STATISTICS} FROM ${database}.${table} FINAL
       WHERE ${within} AND (minute_nanos, version) IN (${current}) ORDER BY minute_nanos`,
      parameters,
    )
  const [latencies, edges] = await Promise.all([
    rowsOf<LatencyRow>('latencies', 'name, type, account_id, root, inferred'),
    rowsOf<EdgeRow>('edges', 'from_name, from_type, from_account_id, to_name, to_type, to_account_id, edge_type'),
  ])
  const nodesOf = Map.groupBy(latencies, (row) => row.minute_nanos)
  const edgesOf = Map.groupBy(edges, (row) => row.minute_nanos)
  return versions.map(({ minute_nanos: minute }) => ({
    minuteNanos: BigInt(minute),
    nodes: (nodesOf.get(minute) ?? []).map(latencyOf),
    edges: (edgesOf.get(minute) ?? []).map(edgeOf),
  }))
}

/** See Reader.lastMinuteVersion. */
export async function lastMinuteVersion(connection: Connection): Promise<bigint> {
  const [row] = await connection.query<{ covered: string }>(
    `SELECT max(covered_nanos) AS covered FROM ${connection.database}.minutes`,
  )
  return BigInt(row?.covered ?? 0)
}

/** See Reader.minutesTouchedSince. */
export async function minutesTouchedSince(connection: Connection, receivedNanos: bigint): Promise<bigint[]> {
  const rows = await connection.query<{ minute: string }>(
    `SELECT DISTINCT intDiv(start_nanos, 60000000000) * 60000000000 AS minute FROM ${connection.database}.spans
     WHERE received_nanos >= {receivedNanos:Int64} ORDER BY minute`,
    { receivedNanos },
  )
  return rows.map(({ minute }) => BigInt(minute))
}

/** See Reader.traceIdsStarting. */
export async function traceIdsStarting(connection: Connection, range: TimeRange, limit: number): Promise<string[]> {
  const rows = await connection.query<{ trace: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM ${connection.database}.spans
     WHERE start_nanos >= {startNanos:Int64} AND start_nanos < {endNanos:Int64} LIMIT {limit:UInt32}`,
    { startNanos: range.startNanos, endNanos: range.endNanos, limit },
  )
  return rows.map(({ trace }) => trace)
}

/** See Reader.traceStarts. */
export async function traceStarts(connection: Connection, ids: readonly string[]): Promise<TraceStarts[]> {
  const traceIds = validTraceIds(ids)
  if (traceIds.length === 0) return []
  const rows = await connection.query<{ trace: string; first: string; last: string }>(
    `SELECT lower(hex(trace_id)) AS trace, min(start_nanos) AS first, max(last_start_nanos) AS last
     FROM ${connection.database}.traces WHERE trace_id ${inTraces(traceIds)} GROUP BY trace_id`,
    { traceIds },
  )
  return rows.map(({ trace, first, last }) => ({
    traceId: trace,
    firstNanos: BigInt(first),
    lastNanos: BigInt(last),
  }))
}
