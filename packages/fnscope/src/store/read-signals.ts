// Log lines and metric points by their filters. Every value travels as a query parameter.
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Connection } from './connection.ts'
import { Conditions, logConditions } from './log-conditions.ts'
import { logOf, metricOf, type LogRow, type MetricRow } from './signal-row.ts'
import type { LogQuery, MetricQuery } from './store.ts'

/** See Reader.readLogs. Lines of one time stand in the order in which they came. */
export async function readLogs(connection: Connection, query: LogQuery): Promise<LogRecord[]> {
  const conditions = logConditions(query)
  if (conditions === undefined) return []
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
