// The exporter's tables have no query API: the questions as SQL, by the tables' own keys and indexes, straight to the
// engine. It keeps no service graph.
import { authorizationOf, type EngineAddress } from '../ingest/engine-sql.ts'
import { BUSIEST_FUNCTION, type RunningSubject } from '../ingest/subject.ts'

export function exporterQuestions(engine: EngineAddress, database: string): RunningSubject['questions'] {
  const header = `Authorization: ${authorizationOf(engine)}`
  const spans = `${database}.otel_traces`
  const question = (sql: string, hit: string) => ({ url: engine.url, body: `${sql} FORMAT JSONEachRow`, header, hit })
  const lastHour = 'Timestamp >= now() - INTERVAL 1 HOUR'
  return {
    // The times of a trace are a table of their own, to find its partition and blocks by.
    trace_by_id: question(
      `WITH (SELECT (min(Start), max(End) + 1) FROM ${database}.otel_traces_trace_id_ts WHERE TraceId = '{id}') AS times
      SELECT * FROM ${spans} WHERE TraceId = '{id}' AND Timestamp BETWEEN times.1 AND times.2`,
      '{id}',
    ),
    function_and_customer: question(
      `SELECT TraceId, min(Timestamp) AS start, any(SpanAttributes['customer']) AS customer FROM ${spans}
      WHERE ServiceName = '{fn}' AND SpanAttributes['customer'] = '{customer}' AND ${lastHour}
      GROUP BY TraceId ORDER BY start DESC LIMIT 20`,
      '{customer}',
    ),
    newest_100_roots: question(
      `SELECT TraceId, Timestamp, Duration, ServiceName, SpanName, StatusCode FROM ${spans}
      WHERE ParentSpanId = '' AND ${lastHour} ORDER BY Timestamp DESC LIMIT 100`,
      'api-gateway',
    ),
    services: question(`SELECT DISTINCT ServiceName FROM ${spans} WHERE ${lastHour}`, BUSIEST_FUNCTION),
  }
}
