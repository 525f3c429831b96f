// What Grafana's data sources for Jaeger, Tempo and X-Ray send, replayed request by request in the shapes that their
// published sources have, and what of the answers they read. Grafana itself does not run here.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, epochSeconds, minutesStored, putDocuments, visible } from './xray-client.ts'
import { shopTrace } from './xray-shop.ts'

const start = Math.floor(epochSeconds()) - 300
const shop = shopTrace(start)
const SHOP = shop.traceId.slice(2).replace('-', '')
const RANGE = { StartTime: start - 60, EndTime: start + 60 }

let fnscope: StartedFnscope
let jaeger: string

before(async () => {
  fnscope = await startFnscope()
  jaeger = `http://${fnscope.doors['jaeger-query']}`
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
  await minutesStored(fnscope)
  await eventually(async () =>
    (await jaegerData<readonly string[]>('/api/services')).includes('web') ? true : undefined,
  )
})
after(() => fnscope[Symbol.asyncDispose]())

async function json<Answer>(url: string): Promise<Answer> {
  const response = await fetch(url)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

async function jaegerData<Data>(path: string): Promise<Data> {
  return (await json<{ readonly data: Data }>(jaeger + path)).data
}

interface JaegerTrace {
  readonly traceID: string
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
  readonly spans: readonly {
    readonly spanID: string
    readonly processID: string
    readonly startTime: number
    readonly duration: number
    readonly references: readonly { readonly refType: string; readonly spanID: string }[]
    readonly tags: readonly { readonly key: string; readonly value: unknown }[]
  }[]
}

test('Jaeger: the health check and the lists of the search form', async () => {
  assert.deepEqual(await jaegerData('/api/services'), ['backend', 'web', 'worker'])
  assert.deepEqual(await jaegerData('/api/services/web/operations'), ['DynamoDB', 'backend.local', 'web'])
})

test('Jaeger: a search by service, operation, tags and duration over the range of the panel', async () => {
  const query = new URLSearchParams({
    service: 'web',
    operation: 'web',
    tags: '{"http.response.status_code":"503","tier":"gold"}',
    minDuration: '1s',
    maxDuration: '1h',
    limit: '20',
    start: String((start - 60) * 1_000_000),
    end: String((start + 60) * 1_000_000),
    lookback: 'custom',
  })
  const [found, ...more] = await jaegerData<readonly JaegerTrace[]>(`/api/traces?${query.toString()}`)
  assert.deepEqual([found!.traceID, more], [SHOP, []])
  const web = found!.spans.find(({ references }) => references.length === 0)!
  assert.deepEqual([web.startTime, web.duration], [start * 1_000_000, 4_000_000])
  assert.equal(found!.processes[web.processID]!.serviceName, 'web')
})

test('Jaeger: a trace by its id has one entry whose references draw the tree; an unknown one is an error', async () => {
  const [trace, ...more] = await jaegerData<readonly JaegerTrace[]>(
    `/api/traces/${SHOP}?start=${(start - 60) * 1_000_000}&end=${(start + 60) * 1_000_000}`,
  )
  assert.deepEqual(more, [])
  const ids = new Set(trace!.spans.map(({ spanID }) => spanID))
  for (const { references } of trace!.spans) for (const { spanID } of references) assert.ok(ids.has(spanID))
  // It reads the first entry without a look whether there is one.
  const unknown = await fetch(`${jaeger}/api/traces/00000000000000000000000000000abc`)
  assert.equal(unknown.status, 404)
})

test('Jaeger: the dependency graph', async () => {
  const links = await jaegerData<readonly { readonly parent: string; readonly child: string }[]>(
    `/api/dependencies?endTs=${(start + 60) * 1000}&lookback=120000`,
  )
  assert.ok(links.some(({ parent, child }) => parent === 'web' && child === 'backend'))
})

test('Jaeger by api_v3: the lists, a trace and a search, their times as a zone east of Greenwich writes them', async () => {
  const zoned = (seconds: number): string =>
    new Date((seconds + 7200) * 1000).toISOString().replace('.000Z', '.123456789+02:00')
  assert.deepEqual(await json(`${jaeger}/api/v3/services`), { services: ['backend', 'web', 'worker'] })
  const { operations } = await json<{ readonly operations: readonly { readonly name: string }[] }>(
    `${jaeger}/api/v3/operations?service=web`,
  )
  assert.deepEqual(
    operations.map(({ name }) => name),
    ['DynamoDB', 'backend.local', 'web'],
  )
  const times = (from: string, to: string): string => `${from}=${zoned(start - 60)}&${to}=${zoned(start + 60)}`
  interface Found {
    readonly result: {
      readonly resourceSpans: readonly {
        readonly scopeSpans: readonly { readonly spans: readonly { readonly traceId: string }[] }[]
      }[]
    }
  }
  const traceOf = ({ result }: Found): string => result.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId
  const one = await json<Found>(`${jaeger}/api/v3/traces/${SHOP}?${times('start_time', 'end_time')}`)
  assert.equal(traceOf(one), SHOP)
  const query = new URLSearchParams({
    'query.service_name': 'web',
    'query.attributes': '{"tier":"gold"}',
    'query.duration_min': '1s',
  })
  const range = times('query.start_time_min', 'query.start_time_max')
  assert.equal(traceOf(await json<Found>(`${jaeger}/api/v3/traces?${query.toString()}&${range}`)), SHOP)
})

test('Tempo: a panel of rates', async () => {
  const query = new URLSearchParams({
    q: '{resource.service.name="web" && kind=server} | count_over_time() by (resource.service.name)',
    start: String(start - 60),
    end: String(start + 60),
    step: '120s',
  })
  const { series } = await json<{
    readonly series: readonly {
      readonly labels: readonly { readonly key: string; readonly value: object }[]
      readonly samples: readonly { readonly value: number }[]
    }[]
  }>(`${fnscope.url}/tempo/api/metrics/query_range?${query.toString()}`)
  assert.deepEqual(
    series.map(({ labels }) => labels),
    [[{ key: 'resource.service.name', value: { stringValue: 'web' } }]],
  )
  assert.equal(
    series[0]!.samples.reduce((sum, { value }) => sum + value, 0),
    1,
  )
})

test('Tempo: the health check, a search by tags, a trace as protobuf', async () => {
  assert.equal(await (await fetch(`${fnscope.url}/tempo/api/echo`)).text(), 'echo')
  const query = new URLSearchParams({
    q: '{resource.service.name="web" && status=error}',
    limit: '20',
    spss: '3',
    start: String(start - 60),
    end: String(start + 60),
  })
  const { traces } = await json<{ readonly traces: readonly { readonly traceID: string }[] }>(
    `${fnscope.url}/tempo/api/search?${query.toString()}`,
  )
  assert.deepEqual(
    traces.map(({ traceID }) => traceID),
    [SHOP],
  )
  const trace = await fetch(`${fnscope.url}/tempo/api/v2/traces/${SHOP}?start=${start - 60}&end=${start + 60}`, {
    headers: { accept: 'application/protobuf' },
  })
  assert.deepEqual([trace.status, trace.headers.get('content-type')], [200, 'application/protobuf'])
})

test('X-Ray: the health check lists groups', async () => {
  const { Groups } = await callXray<{ readonly Groups: readonly { readonly GroupName: string }[] }>(
    fnscope,
    '/Groups',
    {},
  )
  assert.ok(Groups.some(({ GroupName }) => GroupName === 'Default'))
})

test('X-Ray: a trace list by expression, and by an id alone', async () => {
  interface Summaries {
    readonly TraceSummaries: readonly {
      readonly Id: string
      readonly Duration: number
      readonly ResponseTime: number
      readonly Http: { readonly HttpMethod: string; readonly HttpStatus: number; readonly HttpURL: string }
      readonly Annotations: Readonly<Record<string, readonly object[]>>
      readonly ErrorRootCauses: readonly object[]
      readonly FaultRootCauses: readonly object[]
      readonly ResponseTimeRootCauses: readonly object[]
    }[]
  }
  const { TraceSummaries } = await callXray<Summaries>(fnscope, '/TraceSummaries', {
    ...RANGE,
    FilterExpression: 'service("web") { fault } AND annotation.tier = "gold"',
  })
  const [found, ...more] = TraceSummaries
  assert.deepEqual([found!.Id, found!.Duration, found!.Http.HttpStatus, more], [shop.traceId, 6, 503, []])
  // What the source's analytics queries sum up.
  assert.equal(found!.ResponseTime, 4)
  assert.deepEqual([found!.FaultRootCauses.length, found!.ErrorRootCauses.length], [1, 1])
  assert.ok(found!.ResponseTimeRootCauses.length > 0)
  const { Traces } = await callXray<{
    readonly Traces: readonly { readonly Segments: readonly { readonly Document: string }[] }[]
  }>(fnscope, '/Traces', { TraceIds: [shop.traceId] })
  const names = Traces[0]!.Segments.map(({ Document }) => (JSON.parse(Document) as { readonly name: string }).name)
  for (const name of ['web', 'backend', 'worker']) assert.ok(names.includes(name), name)
})

test('X-Ray: the service map of a group, and the map of a trace', async () => {
  interface Graph {
    readonly Services: readonly {
      readonly ReferenceId: number
      readonly Name: string
      readonly Type?: string
      readonly Edges: readonly { readonly ReferenceId: number }[]
      readonly SummaryStatistics?: { readonly TotalCount: number; readonly TotalResponseTime: number }
    }[]
  }
  for (const [path, request] of [
    ['/ServiceGraph', { ...RANGE, GroupName: 'Default' }],
    ['/TraceGraph', { TraceIds: [shop.traceId] }],
  ] as const) {
    const { Services } = await callXray<Graph>(fnscope, path, request)
    const byId = new Map(Services.map((one) => [one.ReferenceId, one]))
    const web = Services.find(({ Name, Type }) => Name === 'web' && Type !== 'client')!
    assert.equal(web.SummaryStatistics!.TotalCount, 1)
    assert.ok(web.Edges.some(({ ReferenceId }) => byId.get(ReferenceId)!.Name === 'backend'))
    for (const { Edges } of Services) for (const { ReferenceId } of Edges) assert.ok(byId.has(ReferenceId))
  }
})

test('X-Ray: statistics over time, each column of the panel', async () => {
  interface Series {
    readonly TimeSeriesServiceStatistics: readonly {
      readonly Timestamp: number
      readonly ServiceSummaryStatistics?: {
        readonly TotalCount: number
        readonly FaultStatistics: { readonly TotalCount: number }
      }
      readonly EdgeSummaryStatistics?: { readonly TotalCount: number }
      readonly ResponseTimeHistogram: readonly { readonly Value: number; readonly Count: number }[]
    }[]
  }
  const ask = (EntitySelectorExpression: string): Promise<Series> =>
    callXray<Series>(fnscope, '/TimeSeriesServiceStatistics', { ...RANGE, EntitySelectorExpression, Period: 60 })
  const count = ({ TimeSeriesServiceStatistics }: Series): number =>
    TimeSeriesServiceStatistics.reduce(
      (sum, one) => sum + (one.ServiceSummaryStatistics ?? one.EdgeSummaryStatistics)!.TotalCount,
      0,
    )
  const service = await ask('service(id(name: "web", type: "AWS::EC2::Instance"))')
  assert.equal(count(service), 1)
  assert.equal(service.TimeSeriesServiceStatistics[0]!.ResponseTimeHistogram[0]!.Value, 4)
  assert.equal(
    count(
      await ask('edge(id(name: "web", type: "AWS::EC2::Instance"), id(name: "backend", type: "AWS::ECS::Container"))'),
    ),
    1,
  )
})

test('X-Ray: insights of a group in the range', async () => {
  const { InsightSummaries } = await callXray<{ readonly InsightSummaries: readonly object[] }>(
    fnscope,
    '/InsightSummaries',
    { ...RANGE, GroupName: 'Default', States: ['ACTIVE', 'CLOSED'] },
  )
  assert.ok(Array.isArray(InsightSummaries))
})
