// The figures of one invocation as CloudWatch has them in namespace AWS/Lambda, and three of fnscope's own there.
import type { MetricPoint } from '../span/metric-point.ts'
import { billedMillis, type Billing } from './platform-event.ts'
import { coldInit, type InvocationRecord } from './invocation-record.ts'

export interface MetricSource {
  readonly functionName: string
  readonly timeNanos: bigint
  readonly receivedNanos: bigint
  readonly requestId: string
  readonly traceId: string
}

function point(source: MetricSource, name: string, value: number, unit: string): MetricPoint {
  const count = unit === 'Count' && name !== 'ConcurrentExecutions'
  return {
    name,
    namespace: 'AWS/Lambda',
    service: source.functionName,
    dimensions: { FunctionName: source.functionName },
    unit,
    kind: count ? 'sum' : 'statistics',
    timeNanos: source.timeNanos,
    receivedNanos: source.receivedNanos,
    value,
    count: 1,
    min: value,
    max: value,
    bounds: [],
    counts: [],
    monotonic: count,
    temporality: count ? 1 : 0,
    resolutionSeconds: 60,
    attributes: {},
    resource: {},
    requestId: source.requestId,
    traceId: source.traceId,
  }
}

/** @param of.concurrent executions of the function at its start, this one included */
export function invocationMetrics(
  source: MetricSource,
  record: InvocationRecord,
  { concurrent, billing }: { readonly concurrent: number; readonly billing: Billing },
): MetricPoint[] {
  const init = coldInit(record)
  const millis = (from: bigint, to: bigint): number => Number((to - from) / 1000n) / 1000
  return [
    point(source, 'Invocations', 1, 'Count'),
    point(source, 'Errors', record.status === 'success' ? 0 : 1, 'Count'),
    point(source, 'Throttles', 0, 'Count'),
    point(source, 'Duration', millis(record.startNanos, record.endNanos), 'Milliseconds'),
    point(source, 'BilledDuration', billedMillis(record, billing), 'Milliseconds'),
    point(source, 'ConcurrentExecutions', concurrent, 'Count'),
    point(source, 'MaxMemoryUsed', record.maxMemoryMb, 'Megabytes'),
    ...(record.runtimeDoneNanos === undefined
      ? []
      : [
          point(
            source,
            'PostRuntimeExtensionsDuration',
            millis(record.runtimeDoneNanos, record.endNanos),
            'Milliseconds',
          ),
        ]),
    ...(init ? [point(source, 'InitDuration', millis(init.startNanos, init.endNanos), 'Milliseconds')] : []),
  ]
}

export function throttleMetrics(source: MetricSource): MetricPoint[] {
  return [point(source, 'Throttles', 1, 'Count')]
}
