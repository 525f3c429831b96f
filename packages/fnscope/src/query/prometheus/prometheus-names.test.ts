import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonLabels, exposedNames, type MetricShape } from './prometheus-names.ts'

function shape(part: Partial<MetricShape> & Pick<MetricShape, 'name'>): MetricShape {
  return { namespace: '', dimensions: {}, unit: '', kind: 'gauge', monotonic: false, resource: {}, ...part }
}

const OTEL = { resource: { 'service.name': 'checkout' } }
const CASES: readonly (readonly [MetricShape, readonly string[]])[] = [
  [
    shape({ namespace: 'AWS/Lambda', name: 'ConcurrentExecutions', kind: 'statistics' }),
    ['sum', 'average', 'minimum', 'maximum', 'sample_count', 'p50', 'p90', 'p95', 'p99'].map(
      (suffix) => `aws_lambda_concurrent_executions_${suffix}`,
    ),
  ],
  [
    shape({ ...OTEL, name: 'http.server.request.duration', unit: 's', kind: 'histogram' }),
    ['_bucket', '_sum', '_count'].map((suffix) => `http_server_request_duration_seconds${suffix}`),
  ],
  [
    shape({ ...OTEL, name: 'faas.invocations', unit: '{invocation}', kind: 'sum', monotonic: true }),
    ['faas_invocations_total'],
  ],
  [shape({ ...OTEL, name: 'process.memory.usage', unit: 'By' }), ['process_memory_usage_bytes']],
  [shape({ ...OTEL, name: 'cpu.utilization', unit: '1' }), ['cpu_utilization_ratio']],
  [shape({ ...OTEL, name: 'net.io', unit: 'By/s' }), ['net_io_bytes_per_second']],
  [shape({ ...OTEL, name: 'requests.total', kind: 'sum', monotonic: true }), ['requests_total']],
  [shape({ ...OTEL, name: 'queue.size', kind: 'sum' }), ['queue_size']],
  [shape({ name: 'http_requests_total', kind: 'sum', monotonic: true }), ['http_requests_total']],
  [
    shape({ name: 'http_request_duration_seconds_bucket', kind: 'sum', monotonic: true }),
    ['http_request_duration_seconds_bucket'],
  ],
]

for (const [one, names] of CASES)
  test(`${one.namespace}${one.name} in ${one.unit || 'no unit'} is ${names[0]}`, () => {
    assert.deepEqual(
      exposedNames(one).map(({ name }) => name),
      names,
    )
  })

test('labels: dimensions in snake case for CloudWatch, job and instance for OpenTelemetry, as they are for Prometheus', () => {
  assert.deepEqual(commonLabels({ namespace: 'AWS/Lambda', dimensions: { FunctionName: '訂單' }, resource: {} }), {
    function_name: '訂單',
    job: 'aws_lambda',
  })
  const resource = { 'service.name': 's', 'service.namespace': 'shop', 'service.instance.id': 'i-1', 'host.name': 'h' }
  assert.deepEqual(commonLabels({ namespace: '', dimensions: { 'http.route': '/a', '1st': 'x' }, resource }), {
    http_route: '/a',
    key_1st: 'x',
    job: 'shop/s',
    instance: 'i-1',
  })
  assert.deepEqual(commonLabels({ namespace: '', dimensions: { job: 'j', le: '1', empty: '' }, resource: {} }), {
    job: 'j',
    le: '1',
  })
})
