// The clients that Jaeger and Prometheus publish in Go, unmodified, each in a small program of test/clients/go.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { buildGoProgram, runGoProgram, withoutGo } from './go-program.ts'
import { otlpRequest, TRACE } from './jaeger-spans.ts'

interface Said {
  readonly code: string
  readonly message?: string
  readonly value?: unknown
}

const startSeconds = Math.floor(Date.now() / 1000) - 60
/** A full minute, some minutes ago. */
const minute = Math.floor(startSeconds / 60) * 60 - 600
const time = (seconds: number): string => new Date(seconds * 1000).toISOString()
let fnscope: StartedFnscope

before(async () => {
  if (withoutGo !== undefined) return
  fnscope = await startFnscope()
  const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpRequest(BigInt(startSeconds) * 1_000_000_000n)),
  })
  assert.equal(sent.status, 200)
  const metrics = await fetch(`http://${fnscope.doors['otlp-http']}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(requestMetrics()),
  })
  assert.equal(metrics.status, 200)
  await eventually(async () => {
    const query = new URLSearchParams({
      query: 'sum_over_time(http_server_requests_total[5m])',
      time: time(minute + 120),
    })
    return (await (await fetch(`${fnscope.url}/api/v1/query?${query.toString()}`)).text()).includes('"60"') || undefined
  })
  await eventually(async () => {
    const answer = await fetch(`http://${fnscope.doors['jaeger-query']}/api/services`)
    return (await answer.text()).includes('shop') || undefined
  })
})
after(async () => {
  if (withoutGo === undefined) await fnscope[Symbol.asyncDispose]()
})

/** A counter of three points, a histogram of one with an exemplar. */
function requestMetrics(): object {
  const nanos = (seconds: number): string => `${minute + seconds}000000000`
  const attributes = [{ key: 'http.route', value: { stringValue: '/a' } }]
  const counted = [0, 60, 120].map((seconds, index) => ({
    attributes,
    startTimeUnixNano: nanos(-60),
    timeUnixNano: nanos(seconds),
    asInt: String(10 * (index + 1)),
  }))
  const histogram = {
    attributes,
    startTimeUnixNano: nanos(-60),
    timeUnixNano: nanos(60),
    count: '10',
    sum: 4,
    explicitBounds: [0.1, 0.5],
    bucketCounts: ['2', '6', '2'],
    exemplars: [{ timeUnixNano: nanos(50), asDouble: 0.42, traceId: TRACE, spanId: '00000000000000a1' }],
  }
  const metrics = [
    {
      name: 'http.server.requests',
      unit: '{request}',
      description: 'How many there were',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: counted },
    },
    { name: 'http.server.duration', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: [histogram] } },
  ]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }
}

test("Jaeger's client of api_v2, and api_v3 with OpenTelemetry's messages", { skip: withoutGo }, async () => {
  const question = {
    traceId: TRACE,
    service: 'shop',
    operation: 'SELECT',
    tags: { 'otel.status_code': 'OK' },
    start: time(startSeconds - 60),
    end: time(startSeconds + 60),
    depth: 10,
  }
  const program = buildGoProgram('jaeger')
  const said = await runGoProgram<Readonly<Record<string, Said>>>(
    program,
    fnscope.doors['jaeger-query-grpc']!,
    JSON.stringify(question),
  )
  const codes = Object.entries(said).map(([call, { code }]) => [call, code])
  assert.deepEqual(Object.fromEntries(codes), {
    'v2 archive': 'Unimplemented',
    'v2 dependencies': 'OK',
    'v2 find': 'OK',
    'v2 no query': 'InvalidArgument',
    'v2 no trace': 'NotFound',
    'v2 operations': 'OK',
    'v2 services': 'OK',
    'v2 trace': 'OK',
    'v3 find': 'OK',
    'v3 no times': 'InvalidArgument',
    'v3 no trace': 'NotFound',
    'v3 services': 'OK',
    'v3 trace': 'OK',
  })
  assert.deepEqual(said['v2 services']!.value, ['billing', 'shop'])
  assert.deepEqual(said['v2 dependencies']!.value, [{ parent: 'shop', child: 'billing', call_count: 1 }])
  const spans = said['v2 trace']!.value as readonly { readonly name: string; readonly tags: object }[]
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['GET /', 'SELECT', 'backwards', 'bill'],
  )
  assert.deepEqual(said['v2 find']!.value, spans)
  const { tags, ...root } = spans[0]!
  const nanos = startSeconds * 1e9
  assert.deepEqual(root, { traceId: TRACE, name: 'GET /', service: 'shop', nanos })
  assert.deepEqual(Object.entries(tags).slice(0, 3), [
    ['big', 'INT64 9223372036854775807'],
    ['bytes', 'BINARY 000102ff'],
    ['customer', 'STRING cust-1'],
  ])
  const [v3] = said['v3 find']!.value as readonly { readonly resourceSpans: readonly object[] }[]
  assert.equal(v3!.resourceSpans.length, 2)
  assert.match(JSON.stringify(v3), /"bytesValue":\s?"AAEC\/w=="/)
})

test("every method of Prometheus' client", { skip: withoutGo }, async () => {
  const name = 'http_server_requests_total'
  const question = {
    url: fnscope.url,
    time: time(minute + 120),
    start: time(minute),
    end: time(minute + 300),
    query: name,
    bucket: 'http_server_duration_seconds_bucket',
    wrong: 'limitk(1, a)',
  }
  const said = await runGoProgram<Readonly<Record<string, { readonly type?: string; readonly value?: unknown }>>>(
    buildGoProgram('prometheus'),
    JSON.stringify(question),
  )
  const labels = { http_route: '/a', job: 'shop' }
  const metric = { __name__: name, ...labels }
  const points = (...values: readonly number[]): (number | string)[][] =>
    values.map((value, at) => [minute + at * 60, String(value)])
  assert.deepEqual(said, {
    'Query vector': { value: [{ metric, value: [minute + 120, '30'] }] },
    'Query scalar': { value: [minute + 120, '2.5'] },
    'Query infinite': { value: [{ metric: {}, value: [minute + 120, '+Inf'] }] },
    'Query matrix': { value: [{ metric, values: points(10, 20, 30) }] },
    // The client has no such value.
    'Query text': { type: 'bad_response', message: 'unexpected value type "string"' },
    'Query wrong': {
      type: 'bad_data',
      message: '1:1: parse error: the aggregation limitk is not supported by fnscope',
    },
    'Query limit': {
      value: [
        {
          metric: { __name__: 'http_server_duration_seconds_bucket', ...labels, le: '0.1' },
          value: [minute + 120, '2'],
        },
      ],
    },
    QueryRange: { value: [{ metric, values: points(10, 20, 30, 30, 30, 30) }] },
    'QueryRange reversed': {
      type: 'bad_data',
      message: 'invalid parameter "end": end timestamp must not be before start time',
    },
    QueryExemplars: {
      value: [
        {
          seriesLabels: { __name__: 'http_server_duration_seconds_bucket', ...labels, le: '0.5' },
          exemplars: [
            { labels: { trace_id: TRACE, span_id: '00000000000000a1' }, value: '0.42', timestamp: minute + 50 },
          ],
        },
      ],
    },
    // The client does not take the text out of its JSON.
    FormatQuery: { value: '"sum by (b) (a)"' },
    LabelNames: { value: ['__name__', 'http_route', 'job'] },
    LabelValues: { value: ['shop'] },
    'LabelValues limit': { value: ['http_server_duration_seconds_bucket'] },
    Series: { value: [metric] },
    'Series of all': { type: 'bad_data', message: 'no match[] parameter provided' },
    Metadata: { value: { [name]: [{ type: 'counter', help: 'How many there were', unit: '' }] } },
    Rules: { value: { groups: [] } },
    Alerts: { value: { alerts: [] } },
    AlertManagers: { value: { activeAlertManagers: [], droppedAlertManagers: [] } },
    Targets: { value: { activeTargets: [], droppedTargets: [] } },
    TargetsMetadata: { value: [] },
    Buildinfo: said['Buildinfo'],
    // Of any status but 400 and 422 the client shows the number alone.
    ...Object.fromEntries(
      ['Config', 'Flags', 'Runtimeinfo', 'TSDB', 'TSDBBlocks', 'WalReplay'].map((call) => [call, MISSING]),
    ),
    ...Object.fromEntries(['Snapshot', 'DeleteSeries', 'CleanTombstones'].map((call) => [call, DISABLED])),
  })
  assert.equal(said['Buildinfo']!.type, undefined)
})

const MISSING = { type: 'client_error', message: 'client error: 404' }
const DISABLED = { type: 'server_error', message: 'server error: 503' }
