// The events of log groups in order, page by page, and their deletion. Every value travels as a query parameter.
import type { Connection } from './connection.ts'
import { known, NO_TRACE_ID } from './row.ts'
import type { SchemaScope } from './schema-scope.ts'
import type { LogEvent, LogEventQuery, LogsToDelete } from './store.ts'

interface EventRow {
  readonly time_nanos: string
  readonly received_nanos: string
  readonly sequence: number
  readonly log_group: string
  readonly log_stream: string
  readonly request_id: string
  readonly trace: string
  readonly body: string
}

/** See Reader.readLogEvents. */
export async function readLogEvents(connection: Connection, query: LogEventQuery): Promise<LogEvent[]> {
  const { groups, logStreams, logStreamPrefix, containing = [], after, before } = query
  if (groups.length === 0) return []
  const earliest = groups.reduce((min, { startNanos }) => (startNanos < min ? startNanos : min), 2n ** 63n - 1n)
  const conditions = ['time_nanos >= {startNanos:Int64} AND time_nanos < {endNanos:Int64}']
  const parameters: Record<string, unknown> = { startNanos: earliest, endNanos: query.endNanos, limit: query.limit }
  const add = (condition: string, values: Readonly<Record<string, unknown>>): void => {
    conditions.push(condition)
    Object.assign(parameters, values)
  }
  const each = groups.map(({ name, startNanos }, index) => {
    parameters[`group${index}`] = name
    if (startNanos === earliest) return `log_group = {group${index}:String}`
    parameters[`from${index}`] = startNanos
    return `(log_group = {group${index}:String} AND time_nanos >= {from${index}:Int64})`
  })
  conditions.push(`(${each.join(' OR ')})`)
  if (logStreams !== undefined) add('log_stream IN {logStreams:Array(String)}', { logStreams })
  if (logStreamPrefix !== undefined) add('startsWith(log_stream, {logStreamPrefix:String})', { logStreamPrefix })
  if (containing.length > 0)
    add('arrayAll(text -> position(body, text) > 0, {containing:Array(String)})', { containing })
  if (after !== undefined) {
    const { timeNanos: afterTime, receivedNanos: afterReceived, sequence: afterSequence } = after
    add(
      `time_nanos >= {afterTime:Int64} AND
       (time_nanos, received_nanos, sequence) > ({afterTime:Int64}, {afterReceived:Int64}, {afterSequence:UInt32})`,
      { afterTime, afterReceived, afterSequence },
    )
  }
  if (before !== undefined) {
    const { timeNanos: beforeTime, receivedNanos: beforeReceived, sequence: beforeSequence } = before
    add(
      `time_nanos <= {beforeTime:Int64} AND
       (time_nanos, received_nanos, sequence) < ({beforeTime:Int64}, {beforeReceived:Int64}, {beforeSequence:UInt32})`,
      { beforeTime, beforeReceived, beforeSequence },
    )
  }
  const order = query.order === 'newest' ? 'DESC' : 'ASC'
  const rows = await connection.query<EventRow>(
    `SELECT time_nanos, received_nanos, sequence, log_group, log_stream, request_id, lower(hex(trace_id)) AS trace, body
     FROM ${connection.database}.logs WHERE ${conditions.join(' AND ')}
     ORDER BY time_nanos ${order}, received_nanos ${order}, sequence ${order} LIMIT {limit:UInt32}`,
    parameters,
  )
  return rows.map((row) => ({
    timeNanos: BigInt(row.time_nanos),
    receivedNanos: BigInt(row.received_nanos),
    sequence: row.sequence,
    logGroup: row.log_group,
    logStream: row.log_stream,
    ...known('requestId', row.request_id, ''),
    ...known('traceId', row.trace, NO_TRACE_ID),
    message: row.body,
  }))
}

/** See Writer.deleteLogs. Nothing is rewritten where there is nothing to delete. */
export async function deleteLogs(scope: SchemaScope, { logGroup, logStream, endNanos }: LogsToDelete): Promise<void> {
  const conditions = [`log_group = ${quoted(logGroup)}`]
  if (logStream !== undefined) conditions.push(`log_stream = ${quoted(logStream)}`)
  if (endNanos !== undefined) conditions.push(`time_nanos < ${endNanos}`)
  const where = conditions.join(' AND ')
  const { database, local, onCluster } = scope
  for (const place of scope.places) {
    const [there] = await place.query<{ count: string }>(
      `SELECT count() AS count FROM ${database}.logs${local} WHERE ${where} LIMIT 1`,
    )
    if (there === undefined || Number(there.count) === 0) continue
    await place.command(
      `ALTER TABLE ${database}.logs${local} ${onCluster} DELETE WHERE ${where} SETTINGS mutations_sync = 1`,
    )
  }
}

/** A mutation is kept as its text, which parameters do not get into. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
}
