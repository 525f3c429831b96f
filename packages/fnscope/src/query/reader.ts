// The store as questions see it. api/ may not import store/: it takes these types from here.
export type {
  Edge,
  LogQuery,
  MinuteGraph,
  NodeKey,
  NodeLatency,
  Reader,
  SpanQuery,
  TimeRange,
  TraceListOptions,
  TraceQuery,
  TraceRow,
} from '../store/store.ts'
