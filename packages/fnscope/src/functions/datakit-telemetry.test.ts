import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../span/log-record.ts'
import { datakitLogs, datakitMetrics, datakitOf, type DatakitMetricSource } from './datakit-telemetry.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'

const T = 1_795_248_000_000_000_000n
const PLACE = { region: 'us-east-1', accountId: '123456789012' }
const DATAWAY = { ENV_DATAWAY: 'https://openway.example.com?token=tkn_x' }

const spec = (more: Partial<FunctionSpec> = {}): FunctionSpec =>
  ({ name: 'hello-py', memoryMb: 128, logFormat: 'Text', environment: DATAWAY, ...more }) as FunctionSpec

const RECORD = {
  requestId: 'req-1',
  inits: [{ phase: 'init', startNanos: T - 600_000_000n, endNanos: T - 87_750_000n, status: 'success' }],
  startNanos: T,
  endNanos: T + 13_750_000n,
  status: 'success',
  maxMemoryMb: 61,
} as unknown as InvocationRecord

const SOURCE: DatakitMetricSource = {
  functionName: 'hello-py',
  timeNanos: T + 20_000_000n,
  receivedNanos: T + 20_000_000n,
  requestId: 'req-1',
  traceId: '6b014f6c0000000066ecd308242c8e61',
  billedMillis: 526,
}

const LINE: LogRecord = {
  timeNanos: T,
  receivedNanos: T + 1n,
  kind: 'function',
  logGroup: '/aws/lambda/hello-py',
  logStream: 's',
  service: 'hello-py',
  severity: 'INFO',
  severityNumber: 9,
  body: '[INFO] hello',
  attributes: {},
  resource: {},
}

function metricsOf(record: Partial<InvocationRecord>, functionSpec = spec()): Record<string, number> {
  const points = datakitMetrics(datakitOf(functionSpec, PLACE, 'python:3.11.7')!, { ...RECORD, ...record }, SOURCE)
  return Object.fromEntries(points.map(({ name, value }) => [name, value]))
}

test('a function reports to a DataKit by its layer or by the address, and no other does', () => {
  assert.equal(datakitOf(spec({ environment: {} }), PLACE), undefined)
  assert.equal(datakitOf(spec({ environment: { ENV_DATAWAY: '' } }), PLACE), undefined)
  assert.ok(datakitOf(spec(), PLACE))
  assert.ok(datakitOf(spec({ environment: {}, datakitLayer: true }), PLACE))
})

test('an invocation makes the awslambda measurement, with the names and tags of DataKit', () => {
  assert.deepEqual(metricsOf({}), {
    'awslambda.init_duration_ms': 512.25,
    'awslambda.runtime_duration_ms': 13.75,
    'awslambda.duration_ms': 13.75,
    'awslambda.billed_duration_ms': 526,
    'awslambda.max_memory_used_mb': 61,
    'awslambda.memory_size_mb': 128,
    'awslambda.post_runtime_duration': 0,
  })
  const [point] = datakitMetrics(datakitOf(spec(), PLACE, 'python:3.11.7')!, RECORD, SOURCE)
  assert.partialDeepStrictEqual(point!.dimensions, {
    aws_lambda_function_name: 'hello-py',
    aws_region: 'us-east-1',
    aws_lambda_function_memory_size: '128',
    aws_lambda_initialization_type: 'on-demand',
    aws_account_id: '123456789012',
    aws_runtime_version: 'python:3.11.7',
  })
  assert.match(point!.dimensions['aws_runtime_version_arn']!, /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/)
  assert.deepEqual([point!.service, point!.traceId, point!.timeNanos], ['hello-py', SOURCE.traceId, T - 87_750_000n])
})

test('errors and timeouts are counted as DataKit does, warm starts have no init', () => {
  assert.partialDeepStrictEqual(metricsOf({ status: 'error', inits: [] }), { 'awslambda.errors': 1 })
  assert.partialDeepStrictEqual(metricsOf({ status: 'timeout' }), { 'awslambda.errors': 1, 'awslambda.timeouts': 1 })
  const warm = metricsOf({ inits: [] })
  for (const name of ['init_duration_ms', 'errors', 'timeouts']) assert.ok(!(`awslambda.${name}` in warm), name)
})

test('the function’s own lines get source, origin, status and tags; the platform’s do not', () => {
  const datakit = datakitOf(spec(), PLACE, 'python:3.11.7')!
  const [own, platform] = datakitLogs(datakit, [LINE, { ...LINE, kind: 'platform' }])
  assert.partialDeepStrictEqual(own!.attributes, {
    source: 'awslambda',
    aws_log_from: 'function',
    status: 'info',
    aws_lambda_function_name: 'hello-py',
  })
  assert.deepEqual([own!.body, own!.kind, own!.logGroup], [LINE.body, 'function', LINE.logGroup])
  assert.deepEqual(platform!.attributes, {})
})

test('records of a JSON log are fields, whatever they hold', () => {
  const datakit = datakitOf(spec({ logFormat: 'JSON' }), PLACE)!
  const body = '{"level":"ERROR","requestId":"req-1","message":"m","n":1,"deep":{"a":1},"status":"bad"}'
  const [log] = datakitLogs(datakit, [{ ...LINE, body }])
  const { level, requestId, n, status, deep, message } = log!.attributes
  assert.deepEqual([level, requestId, n, status, deep, message], ['ERROR', 'req-1', 1, 'bad', undefined, undefined])
  for (const text of ['{', '{"a":', 'plain', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`])
    assert.equal(datakitLogs(datakit, [{ ...LINE, body: text }])[0]!.attributes['status'], 'info')
  const [source] = datakitLogs(datakit, [{ ...LINE, body: '{"source":"mine"}' }])
  assert.equal(source!.attributes['source'], 'awslambda')
})

test('what the variables switch off is off', () => {
  const off = spec({
    environment: { ...DATAWAY, ENV_ENABLE_LOG_COLLECTION: 'false', ENV_ENABLE_METRIC_COLLECTION: 'false' },
  })
  assert.deepEqual(metricsOf({}, off), {})
  assert.deepEqual(datakitLogs(datakitOf(off, PLACE)!, [LINE]), [LINE])
  const late = datakitOf(spec({ environment: { ...DATAWAY, ENV_USE_NOW_TIME_INSTEAD: 'true' } }), PLACE)!
  assert.equal(datakitMetrics(late, RECORD, SOURCE)[0]!.timeNanos, SOURCE.receivedNanos)
  assert.equal(datakitLogs(late, [LINE])[0]!.timeNanos, LINE.receivedNanos)
})
