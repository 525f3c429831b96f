// The store as questions see it. api/ may not import store/: it takes these types from here.
export { FACETS } from '../store/store.ts'
export type { FacetName, LatencyCell, TraceCount, TraceCounts } from '../store/store.ts'
export type { LogQuery, Reader, SpanQuery, TimeRange, TraceListOptions, TraceQuery, TraceRow } from '../store/store.ts'
export type { NodeKey } from '../span/graph-spans.ts'
export type { Edge, NodeLatency } from './graph-statistics.ts'
