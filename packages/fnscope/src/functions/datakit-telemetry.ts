// What DataKit's layer writes of a function in the cloud, written here by the platform: the measurement `awslambda` and
// the function's log lines with source `awslambda`, under DataKit's names and tags, so that dashboards and searches made
// for it work. Whatever address and token ENV_DATAWAY names, nothing is sent there.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import { runtimeArn } from './platform-event.ts'
import type { MetricSource } from './platform-metrics.ts'

const MEASUREMENT = 'awslambda'

/** What a DataKit in the function's environment would do. */
export interface Datakit {
  readonly tags: Readonly<Record<string, string>>
  readonly logs: boolean
  readonly metrics: boolean
  /** Times are when a thing was received, not when it happened. */
  readonly usesReceivedTime: boolean
  /** Records of a JSON log are fields, not text. */
  readonly jsonLogs: boolean
}

/**
 * Undefined for a function without DataKit's layer and without its address.
 * @param runtimeVersion absent where no environment runs any more
 */
export function datakitOf(
  spec: FunctionSpec,
  { region, accountId }: { readonly region: string; readonly accountId: string },
  runtimeVersion?: string,
): Datakit | undefined {
  const { environment } = spec
  if (spec.datakitLayer !== true && !environment['ENV_DATAWAY']) return undefined
  return {
    // No aws_lambda_function_version: DataKit leaves $LATEST out, and there is no other here.
    tags: {
      aws_lambda_function_name: spec.name,
      aws_region: region,
      aws_lambda_function_memory_size: String(spec.memoryMb),
      aws_lambda_initialization_type: 'on-demand',
      aws_account_id: accountId,
      ...(runtimeVersion === undefined
        ? {}
        : { aws_runtime_version: runtimeVersion, aws_runtime_version_arn: runtimeArn({ runtimeVersion, region }) }),
    },
    logs: environment['ENV_ENABLE_LOG_COLLECTION'] !== 'false',
    metrics: environment['ENV_ENABLE_METRIC_COLLECTION'] !== 'false',
    usesReceivedTime: environment['ENV_USE_NOW_TIME_INSTEAD'] === 'true',
    jsonLogs: spec.logFormat === 'JSON',
  }
}

export interface DatakitMetricSource extends MetricSource {
  /** As in the REPORT line. */
  readonly billedMillis: number
}

/** A sample a field of the three points that an invocation makes: init report, runtime done, report. */
export function datakitMetrics(
  { tags, metrics, usesReceivedTime }: Datakit,
  record: InvocationRecord,
  source: DatakitMetricSource,
): MetricPoint[] {
  if (!metrics) return []
  const { functionName, receivedNanos, requestId, traceId } = source
  const point = (timeNanos: bigint, field: string, value: number | bigint): MetricPoint => ({
    name: `${MEASUREMENT}.${field}`,
    namespace: '',
    service: functionName,
    dimensions: tags,
    unit: '',
    kind: 'gauge',
    timeNanos: usesReceivedTime ? receivedNanos : timeNanos,
    receivedNanos,
    value: Number(value),
    ...(typeof value === 'bigint' ? { integer: value } : {}),
    count: 1,
    min: Number(value),
    max: Number(value),
    bounds: [],
    counts: [],
    monotonic: false,
    temporality: 0,
    resolutionSeconds: 60,
    attributes: {},
    resource: {},
    requestId,
    traceId,
  })
  const millis = (from: bigint, to: bigint): number => Number((to - from) / 1000n) / 1000
  const { startNanos, endNanos, status, maxMemoryMb } = record
  const duration = millis(startNanos, endNanos)
  return [
    ...record.inits.map((init) => point(init.endNanos, 'init_duration_ms', millis(init.startNanos, init.endNanos))),
    point(endNanos, 'runtime_duration_ms', duration),
    ...(status === 'success' ? [] : [point(endNanos, 'errors', 1n)]),
    ...(status === 'timeout' ? [point(endNanos, 'timeouts', 1n)] : []),
    point(endNanos, 'duration_ms', duration),
    point(endNanos, 'billed_duration_ms', BigInt(source.billedMillis)),
    point(endNanos, 'max_memory_used_mb', BigInt(maxMemoryMb)),
    point(endNanos, 'memory_size_mb', BigInt(tags['aws_lambda_function_memory_size'] ?? '0')),
    // What runs between the runtime's end and the report is extensions, and there are none.
    point(endNanos, 'post_runtime_duration', 0),
  ]
}

/** The function's own lines with DataKit's source, status and tags; the platform's are left as they are. */
export function datakitLogs(datakit: Datakit, records: readonly LogRecord[]): readonly LogRecord[] {
  if (!datakit.logs) return records
  return records.map((record) => (record.kind === 'function' ? datakitLog(datakit, record) : record))
}

function datakitLog({ tags, usesReceivedTime, jsonLogs }: Datakit, record: LogRecord): LogRecord {
  const fields = jsonLogs ? scalarsOf(record.body) : {}
  return {
    ...record,
    ...(usesReceivedTime ? { timeNanos: record.receivedNanos } : {}),
    attributes: {
      ...record.attributes,
      status: 'info',
      ...fields,
      ...tags,
      source: MEASUREMENT,
      aws_log_from: 'function',
    },
  }
}

/** Members of a JSON line that are no lists or objects: those stay in the line alone. */
function scalarsOf(line: string): Record<string, AttributeValue> {
  if (!line.startsWith('{')) return {}
  try {
    const entries = Object.entries(JSON.parse(line) as object).filter(
      (entry): entry is [string, string | number | boolean] =>
        entry[0] !== 'message' && ['string', 'number', 'boolean'].includes(typeof entry[1]),
    )
    return Object.fromEntries(entries)
  } catch {
    return {}
  }
}
