// Log lines and metric points by their filters. Every value travels as a query parameter.
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Connection } from './connection.ts'
import { logOf, metricOf, type LogRow, type MetricRow } from './signal-row.ts'
import type { LogQuery, MetricQuery, TimeRange } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'

/** A WHERE that grows: conditions with the parameters that they name. */
class Conditions {
  readonly parameters: Record<string, unknown> = {}
  readonly #texts: string[] = []

  add(text: string, parameters: Readonly<Record<string, unknown>> = {}): void {
    this.#texts.push(text)
    Object.assign(this.parameters, parameters)
  }

  equal(column: string, value: string | undefined): void {
    if (value !== undefined) this.add(`${column} = {${column}:String}`, { [column]: value })
  }

  range(column: string, range: TimeRange | undefined): void {
    if (!range) return
    this.add(`${column} >= {startNanos:Int64} AND ${column} < {endNanos:Int64}`, {
      startNanos: range.startNanos,
      endNanos: range.endNanos,
    })
  }

  get where(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`
  }
}

/**
 * The text index knows words of letters and digits: it narrows, and each word as it was typed then decides. Chinese has
 * no blanks between its words, and an emoji may stand at one: what is asked for may be a part of what the index has.
 */
function addText(conditions: Conditions, text: string): void {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return
  const tokens = words
    .flatMap((word) => word.split(/[^0-9a-z\u{80}-\u{10ffff}]+/u))
    .filter((token) => /^[0-9a-z]+$/.test(token))
  if (tokens.length > 0)
    conditions.add('hasAllTokens(lowerUTF8(body), {tokens:Array(String)})', { tokens: tokens.slice(0, 64) })
  conditions.add('arrayAll(word -> position(lowerUTF8(body), word) > 0, {words:Array(String)})', { words })
}

/** See Reader.readLogs. Lines of one time stand in the order in which they came. */
export async function readLogs(connection: Connection, query: LogQuery): Promise<LogRecord[]> {
  const conditions = new Conditions()
  conditions.range('time_nanos', query.range)
  conditions.equal('service', query.service)
  conditions.equal('log_group', query.logGroup)
  conditions.equal('log_stream', query.logStream)
  conditions.equal('request_id', query.requestId)
  if (query.traceIds) {
    const traceIds = validTraceIds(query.traceIds)
    if (traceIds.length === 0) return []
    conditions.add(`trace_id ${inTraces(traceIds)}`, { traceIds })
  }
  if (query.text !== undefined) addText(conditions, query.text)
  if (query.receivedAfterNanos !== undefined)
    conditions.add('received_nanos > {receivedAfter:Int64}', { receivedAfter: query.receivedAfterNanos })
  const order = query.order === 'newest' ? 'DESC' : 'ASC'
  const rows = await connection.query<LogRow>(
    `SELECT time_nanos, received_nanos, kind, log_group, log_stream, service, request_id, lower(hex(trace_id)) AS trace,
       lower(hex(span_id)) AS span, severity, severity_number, body, mapKeys(attributes) AS attributes_keys,
       mapValues(attributes) AS attributes_values, attribute_types, resource,
       observed_nanos, body_type, event_name, scope, details
     FROM ${connection.database}.logs ${conditions.where}
     ORDER BY time_nanos ${order}, received_nanos ${order}, sequence ${order} LIMIT {limit:UInt32}`,
    { ...conditions.parameters, limit: query.limit },
  )
  return rows.map(logOf)
}

/** See Reader.readMetrics: oldest first. */
export async function readMetrics(connection: Connection, query: MetricQuery): Promise<MetricPoint[]> {
  const conditions = new Conditions()
  conditions.range('time_nanos', query.range)
  conditions.equal('namespace', query.namespace)
  conditions.equal('name', query.name)
  conditions.equal('service', query.service)
  const rows = await connection.query<MetricRow>(
    `SELECT name, namespace, service, dimensions, unit, kind, time_nanos, start_nanos, received_nanos, value, count, min, max,
       bounds, counts, monotonic, temporality, resolution_seconds, mapKeys(attributes) AS attributes_keys,
       mapValues(attributes) AS attributes_values, attribute_types, resource,
       request_id, lower(hex(trace_id)) AS trace, dimension_types, description, integer, exponential, flags, exemplars,
       scope, details
     FROM ${connection.database}.metrics ${conditions.where}
     ORDER BY time_nanos, name, received_nanos LIMIT {limit:UInt32}`,
    { ...conditions.parameters, limit: query.limit },
  )
  return rows.map(metricOf)
}
