// The store as questions see it. api/ may not import store/: it takes these types from here.
export type {
  FacetName,
  FunctionFigures,
  LatencyCell,
  LogCount,
  LogEvent,
  LogEventQuery,
  LogPosition,
  LogQuery,
  MetricColumn,
  MetricQuery,
  MetricSeries,
  MetricStatistics,
  Reader,
  SpanCell,
  SpanQuery,
  SpanSeriesQuery,
  TimeRange,
  TraceCount,
  TraceCounts,
  TraceListOptions,
  TraceQuery,
  TraceRow,
} from '../store/store.ts'
export { FACETS, SPAN_SERIES_STEPS } from '../store/store.ts'
export type { NodeKey } from '../span/graph-spans.ts'
export type { Edge, NodeLatency } from './graph-statistics.ts'
