// Prometheus' HTTP API as Grafana's data source asks it, over a real function's figures, PutMetricData and OpenTelemetry's
// metrics. The numbers are calculated by hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { APPS, eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope
/** A full minute, some minutes ago; epoch seconds. */
const BASE = Math.floor(Date.now() / 60_000) * 60 - 600
const TRACE_ID = 'aaaabbbbccccddddeeeeffff00001111'

interface Answer {
  readonly status: string
  readonly error?: string
  readonly errorType?: string
  readonly warnings?: readonly string[]
  readonly data: unknown
}

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
  readonly values: readonly (readonly [number, string])[]
}

async function ask(
  path: string,
  parameters: readonly (readonly [string, string])[] = [],
  isForm = false,
): Promise<Answer & { readonly code: number }> {
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString()
  const response = isForm
    ? await fetch(`${fnscope.url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: query,
      })
    : await fetch(`${fnscope.url}/api/v1/${path}?${query}`)
  return { code: response.status, ...((await response.json()) as Answer) }
}

async function results(query: string, time = BASE + 300, isForm = false): Promise<readonly Result[]> {
  const { data, error } = await ask(
    'query',
    [
      ['query', query],
      ['time', String(time)],
    ],
    isForm,
  )
  assert.equal(error, undefined)
  return (data as { readonly result: readonly Result[] }).result
}

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'sam-app') })
  for (let i = 0; i < 3; i++) await fetch(fnscope.apps[0]!.urls['HelloWorldApi']!)
  const client = new CloudWatchClient({
    endpoint: fnscope.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const datum = {
    MetricName: 'OrderValue',
    Dimensions: [{ Name: 'ShopName', Value: '商店 é' }],
    Unit: 'Count' as const,
  }
  const at = (seconds: number): Date => new Date((BASE + seconds) * 1000)
  const MetricData = [
    { ...datum, Timestamp: at(0), Values: [1, 2, 3], Counts: [1, 1, 2] },
    { ...datum, Timestamp: at(30), Value: 11 },
    { ...datum, Timestamp: at(60), Value: 4 },
  ]
  await client.send(new PutMetricDataCommand({ Namespace: 'My/Shop', MetricData }))
  client.destroy()
  const nanos = (seconds: number): string => `${BASE + seconds}000000000`
  const attributes = [{ key: 'http.route', value: { stringValue: '/a' } }]
  const points = [0, 60, 120].map((seconds, index) => ({
    attributes,
    startTimeUnixNano: nanos(-60),
    timeUnixNano: nanos(seconds),
    asInt: String(10 * (index + 1)),
  }))
  const histogram = {
    attributes,
    startTimeUnixNano: nanos(0),
    timeUnixNano: nanos(60),
    count: '10',
    sum: 4,
    explicitBounds: [0.1, 0.5],
    bucketCounts: ['2', '6', '2'],
    exemplars: [
      {
        timeUnixNano: nanos(50),
        asDouble: 0.42,
        traceId: TRACE_ID,
        spanId: '1111111111111111',
        filteredAttributes: [{ key: 'user', value: { stringValue: '김' } }],
      },
    ],
  }
  const metrics = [
    {
      name: 'http.server.requests',
      unit: '{request}',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: points },
    },
    { name: 'http.server.duration', unit: 's', histogram: { aggregationTemporality: 1, dataPoints: [histogram] } },
    { name: 'queue.length', gauge: { dataPoints: [{ timeUnixNano: nanos(0), asDouble: 2.5 }] } },
  ]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'checkout' } }] }
  const otlp = await fetch(`http://${fnscope.doors['otlp-http']!}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }),
  })
  assert.equal(otlp.status, 200)
  await eventually(async () => ((await results('queue_length', BASE + 60)).length > 0 ? true : undefined))
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test("CloudWatch's metrics have a series for each statistic, minute by minute", async () => {
  const [sum] = await results('my_shop_order_value_sum', BASE + 30)
  assert.deepEqual(sum, {
    metric: { __name__: 'my_shop_order_value_sum', shop_name: '商店 é', job: 'my_shop' },
    value: [BASE + 30, '20'],
  })
  const values = async (query: string): Promise<unknown> =>
    (await results(query, BASE + 59)).map(({ value }) => value[1])
  assert.deepEqual(await values('my_shop_order_value_average{shop_name=~"商店.*"}'), ['4'])
  assert.deepEqual(await values('my_shop_order_value_maximum'), ['11'])
  assert.deepEqual(await values('my_shop_order_value_minimum'), ['1'])
  assert.deepEqual(await values('my_shop_order_value_sample_count'), ['5'])
  assert.deepEqual(await values('my_shop_order_value_p50'), ['3'])
  assert.deepEqual((await results('sum_over_time(my_shop_order_value_sum[5m])', BASE + 90))[0]!.value[1], '24')
})

test("OpenTelemetry's metrics have their usual names, and what is told as differences adds up", async () => {
  const [requests] = await results('http_server_requests_total', BASE + 120, true)
  assert.deepEqual(requests!.metric, { __name__: 'http_server_requests_total', http_route: '/a', job: 'checkout' })
  assert.equal(requests!.value[1], '30')
  assert.equal((await results('increase(http_server_requests_total[2m])', BASE + 120))[0]!.value[1], '20')
  const buckets = await results('http_server_duration_seconds_bucket', BASE + 60)
  assert.deepEqual(
    buckets.map(({ metric, value }) => [metric['le'], value[1]]),
    [
      ['0.1', '2'],
      ['0.5', '8'],
      ['+Inf', '10'],
    ],
  )
  const [half] = await results('histogram_quantile(0.5, sum by (le) (http_server_duration_seconds_bucket))', BASE + 60)
  assert.ok(Math.abs(Number(half!.value[1]) - 0.3) < 1e-9)
  assert.deepEqual(
    (await results('http_server_duration_seconds_sum / http_server_duration_seconds_count', BASE + 60))[0]!.value[1],
    '0.4',
  )
})

test("a function's invocations, errors, durations and memory are there for panels, over a range", async () => {
  const now = Math.floor(Date.now() / 1000)
  const sums = await eventually(async () => {
    const query = 'sum by (function_name) (sum_over_time(aws_lambda_invocations_sum[1h]))'
    const found = await results(query, now + 60)
    return found[0]?.value[1] === '3' ? found : undefined
  })
  assert.match(sums[0]!.metric['function_name']!, /^sam-app-HelloWorldFunction/)
  for (const name of [
    'errors_sum',
    'throttles_sum',
    'duration_p95',
    'duration_average',
    'init_duration_maximum',
    'concurrent_executions_maximum',
    'max_memory_used_maximum',
  ])
    assert.equal((await results(`aws_lambda_${name}`, now + 60)).length, 1, name)
  const parameters = [
    ['query', '100 * aws_lambda_errors_sum / aws_lambda_invocations_sum'],
    ['start', String(now - 600)],
    ['end', String(now + 60)],
    ['step', '15s'],
  ] as const
  const { data } = await ask('query_range', parameters, true)
  const { resultType, result } = data as { readonly resultType: string; readonly result: readonly Result[] }
  assert.equal(resultType, 'matrix')
  assert.deepEqual(new Set(result[0]!.values.map(([, value]) => value)), new Set(['0']))
})

test('labels, their values, series, metadata and buildinfo say what there is', async () => {
  const names = (await ask('label/__name__/values')).data as readonly string[]
  for (const name of [
    'aws_lambda_invocations_sum',
    'http_server_duration_seconds_bucket',
    'queue_length',
    'my_shop_order_value_p99',
  ])
    assert.ok(names.includes(name), name)
  assert.deepEqual((await ask('label/job/values', [['match[]', '{__name__=~"http_.*"}']])).data, ['checkout'])
  assert.deepEqual((await ask('labels', [['match[]', 'queue_length']], true)).data, ['__name__', 'job'])
  assert.deepEqual((await ask('series', [['match[]', 'queue_length']])).data, [
    { __name__: 'queue_length', job: 'checkout' },
  ])
  const metadata = (await ask('metadata')).data as Readonly<Record<string, unknown>>
  assert.deepEqual(metadata['http_server_requests_total'], [{ type: 'counter', help: '', unit: '' }])
  const built = (await ask('status/buildinfo')).data as Readonly<Record<string, string>>
  assert.match(built['revision']!, /^fnscope /)
  const health = await ask(
    'query',
    [
      ['query', '1+1'],
      ['time', '4'],
    ],
    true,
  )
  assert.deepEqual(health.data, { resultType: 'scalar', result: [4, '2'] })
})

test('a query of a dashboard looks back, ranks, joins and names anew', async () => {
  const values = async (query: string): Promise<unknown> =>
    (await results(query, BASE + 120, true)).map(({ metric, value }) => [metric, value[1]])
  const counter = 'http_server_requests_total'
  assert.deepEqual(await values(`${counter} - ${counter} offset 1m`), [[{ http_route: '/a', job: 'checkout' }, '10']])
  // What lies before the range that is asked about is loaded too: 20 at 60 s, nothing before -5 m.
  assert.deepEqual(await values(`sum(${counter} @ ${BASE + 60})`), [[{}, '20']])
  assert.deepEqual(await values(`${counter} offset 10m`), [])
  assert.deepEqual(await values(`max_over_time(increase(${counter}[1m])[2m:1m])`), [])
  assert.deepEqual(await values(`max_over_time(${counter}[3m:1m]) or vector(0)`), [
    [{ http_route: '/a', job: 'checkout' }, '30'],
    [{}, '0'],
  ])
  assert.deepEqual(
    await values('topk(2, {__name__=~"my_shop_order_value_(sum|average|minimum)"})'),
    ['sum', 'average'].map((suffix) => [
      { __name__: `my_shop_order_value_${suffix}`, shop_name: '商店 é', job: 'my_shop' },
      '4',
    ]),
  )
  assert.deepEqual(await values(`label_replace(queue_length offset 1m, "queue", "$1", "job", "(check).*")`), [
    [{ __name__: 'queue_length', job: 'checkout', queue: 'check' }, '2.5'],
  ])
  const { data } = await ask('query', [
    ['query', `${counter}[3m] offset 1m`],
    ['time', String(BASE + 120)],
  ])
  assert.deepEqual((data as { readonly result: readonly Result[] }).result[0]!.values, [
    [BASE, '10'],
    [BASE + 60, '20'],
  ])
  assert.deepEqual(
    (
      await ask('query', [
        ['query', '"é"'],
        ['time', '4'],
      ])
    ).data,
    {
      resultType: 'string',
      result: [4, 'é'],
    },
  )
})

test('exemplars lead from a bucket to its trace; lists are cut; there are no rules', async () => {
  const query = 'histogram_quantile(0.95, sum(rate(http_server_duration_seconds_bucket[5m])) by (le))'
  const range = [
    ['start', String(BASE)],
    ['end', String(BASE + 300)],
  ] as const
  const answer = await ask('query_exemplars', [['query', query], ...range], true)
  assert.equal(answer.error, undefined)
  assert.deepEqual(answer.data, [
    {
      seriesLabels: {
        __name__: 'http_server_duration_seconds_bucket',
        http_route: '/a',
        job: 'checkout',
        le: '0.5',
      },
      exemplars: [
        {
          labels: { user: '김', trace_id: TRACE_ID, span_id: '1111111111111111' },
          value: '0.42',
          timestamp: BASE + 50,
        },
      ],
    },
  ])
  const none = [['query', 'http_server_duration_seconds_bucket{le="0.1"}'], ...range] as const
  assert.deepEqual((await ask('query_exemplars', none)).data, [])
  assert.equal(((await ask('labels', [['limit', '2']])).data as readonly string[]).length, 2)
  assert.equal(((await ask('label/__name__/values', [['limit', '1']])).data as readonly string[]).length, 1)
  const all = await ask('query', [
    ['query', '{__name__=~"http_.+"}'],
    ['time', String(BASE + 120)],
    ['limit', '2'],
  ])
  assert.equal((all.data as { readonly result: readonly object[] }).result.length, 2)
  assert.deepEqual(all.warnings, ['results truncated due to limit'])
  const few = await ask('query_range', [['query', 'queue_length'], ['limit', '1'], ['step', '60'], ...range])
  assert.equal((few.data as { readonly result: readonly object[] }).result.length, 1)
  assert.equal(few.warnings, undefined)
  assert.deepEqual((await ask('targets')).data, { activeTargets: [], droppedTargets: [] })
  assert.deepEqual((await ask('alertmanagers')).data, { activeAlertmanagers: [], droppedAlertmanagers: [] })
  assert.deepEqual((await ask('rules')).data, { groups: [] })
  assert.deepEqual((await ask('alerts')).data, { alerts: [] })
  assert.equal((await ask('format_query', [['query', 'sum(a)by(b)']], true)).data, 'sum by (b) (a)')
})

test('what is wrong or not supported is refused in Prometheus own words and status', async () => {
  const refused = async (path: string, ...parameters: readonly (readonly [string, string])[]): Promise<unknown[]> => {
    const { code, status, errorType } = await ask(path, parameters)
    return [code, status, errorType]
  }
  const bad = [400, 'error', 'bad_data']
  const range = [
    ['start', '0'],
    ['end', '100'],
    ['step', '1'],
  ] as const
  assert.deepEqual(await refused('query'), bad)
  assert.deepEqual(await refused('query', ['query', 'limitk(1, a)']), bad)
  assert.deepEqual(await refused('query', ['query', 'a offset 5']), [200, 'success', undefined])
  assert.deepEqual(await refused('query', ['query', 'a'], ['time', 'noon']), bad)
  assert.deepEqual(await refused('query_range', ['query', 'a']), bad)
  assert.deepEqual(await refused('query_range', ['query', 'a[5m]'], ...range), bad)
  assert.deepEqual(await refused('query_range', ['query', 'a'], ['start', '5'], ['end', '1'], ['step', '1']), bad)
  assert.deepEqual(await refused('query_range', ['query', 'a'], ['start', '0'], ['end', '99999'], ['step', '1']), bad)
  assert.deepEqual(await refused('query_range', ['query', 'a'], ['start', '0'], ['end', '9'], ['step', '0']), bad)
  assert.deepEqual(await refused('query_range', ['query', '"a"'], ...range), bad)
  assert.deepEqual(await refused('series'), bad)
  assert.deepEqual(await refused('labels', ['limit', '-1']), bad)
  assert.deepEqual(await refused('query_exemplars', ['query', 'rate(']), bad)
  assert.deepEqual(await refused('status/tsdb'), [404, 'error', 'not_found'])
  const snapshot = await fetch(`${fnscope.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
  assert.equal(snapshot.status, 503)
  assert.deepEqual(await snapshot.json(), { status: 'error', errorType: 'unavailable', error: 'admin APIs disabled' })
  assert.deepEqual(await refused('query', ['query', 'rate({job="my_shop"}[5m])'], ['time', String(BASE + 90)]), [
    422,
    'error',
    'execution',
  ])
})
