// What Grafana's Tempo source asks, under /tempo on the main port, of what came in over OTLP and as X-Ray segments.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { readSpans } from '../../packages/fnscope/src/span/read-span.ts'
import { decodeOtlpTraces } from '../../packages/fnscope/src/codec/otlp-traces.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { otlpRequest, SHORT_TRACE, TRACE } from './jaeger-spans.ts'
import { epochSeconds, putDocuments, visible } from './xray-client.ts'
import { shopTrace } from './xray-shop.ts'

interface Found {
  readonly traces: readonly {
    readonly traceID: string
    readonly rootServiceName: string
    readonly rootTraceName: string
    readonly startTimeUnixNano: string
    readonly durationMs: number
  }[]
}

const startSeconds = Math.floor(epochSeconds()) - 120
const startNanos = BigInt(startSeconds) * 1_000_000_000n
const shop = shopTrace(startSeconds - 10)
const SHOP = shop.traceId.slice(2).replace('-', '')
const SHORT = SHORT_TRACE.padStart(32, '0')

let fnscope: StartedFnscope
let base: string

before(async () => {
  fnscope = await startFnscope()
  base = `${fnscope.url}/tempo`
  const posted = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpRequest(startNanos)),
  })
  assert.equal(posted.status, 200)
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
  for (const id of [TRACE, SHORT])
    await eventually(async () => ((await fetch(`${base}/api/traces/${id}`)).status === 200 ? true : undefined))
  await eventually(async () => ((await search({})).length === 3 ? true : undefined))
})
after(() => fnscope[Symbol.asyncDispose]())

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(base + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

async function search(query: Readonly<Record<string, string>>): Promise<string[]> {
  const { traces } = await get<Found>(`/api/search?${new URLSearchParams(query).toString()}`)
  return traces.map(({ traceID }) => traceID)
}

test('the build says what is spoken', async () => {
  const built = await get<Readonly<Record<string, string>>>('/api/status/buildinfo')
  assert.match(built['version']!, /^2\.\d+\.\d+$/)
  assert.match(built['revision']!, /^fnscope /)
})

interface Metrics {
  readonly series: readonly {
    readonly labels: readonly { readonly key: string; readonly value: Readonly<Record<string, string | number>> }[]
    readonly promLabels: string
    readonly samples: readonly { readonly timestampMs: string; readonly value: number }[]
    readonly value: number
  }[]
}

/** A minute that the spans of the OTLP request begin in, and the one before: they have a point each at a step of a minute. */
const minute = Math.floor(startSeconds / 60) * 60
const WHEN = { start: String(minute - 60), end: String(minute + 60), step: '60s' }

function metrics(q: string, more: Readonly<Record<string, string>> = {}): string {
  return `/api/metrics/query_range?${new URLSearchParams({ q, start: WHEN.start, end: WHEN.end, ...more }).toString()}`
}

test('spans are counted over time, by what they are', async () => {
  const asked = async (q: string): Promise<unknown> => {
    const { series } = await get<Metrics>(metrics(q, WHEN))
    return series.map(({ promLabels, samples }) => [
      promLabels,
      samples.map(({ timestampMs, value }) => [Number(timestampMs) / 1000 - minute, value]),
    ])
  }
  const shopSpans = '{ resource.service.name = "shop" }'
  assert.deepEqual(await asked(`${shopSpans} | count_over_time()`), [
    [
      '{__name__="count_over_time"}',
      [
        [-60, 0],
        [0, 0],
        [60, 4],
      ],
    ],
  ])
  assert.deepEqual(await asked(`${shopSpans} | rate()`), [
    [
      '{__name__="rate"}',
      [
        [-60, 0],
        [0, 0],
        [60, 4 / 60],
      ],
    ],
  ])
  assert.deepEqual(
    await asked(
      '{ status = error && resource.service.name =~ "shop|billing" } | count_over_time() by (resource.service.name, name)',
    ),
    [
      [
        '{"resource.service.name"="shop", name="GET /"}',
        [
          [-60, 0],
          [0, 0],
          [60, 1],
        ],
      ],
    ],
  )
  assert.deepEqual(await asked('{ span.customer = "cust-1" } | count_over_time() by (kind)'), [
    [
      '{kind="server"}',
      [
        [-60, 0],
        [0, 0],
        [60, 1],
      ],
    ],
  ])
  assert.deepEqual(await asked('{ name = "nobody" } | rate()'), [])
  // GET / takes 100 ms, SELECT 1 ms; a quantile is within 2.3 %.
  const { series } = await get<Metrics>(
    metrics(
      '{ name = "GET /" || name = "SELECT" } | quantile_over_time(duration, .5, .99) by (resource.service.name)',
      WHEN,
    ),
  )
  assert.deepEqual(
    series.map(({ labels }) => labels[1]),
    [0.5, 0.99].map((doubleValue) => ({ key: 'p', value: { doubleValue } })),
  )
  const [median, highest] = series.map(({ samples }) => samples.map(({ value }) => value))
  assert.ok(median!.length === 1 && Math.abs(median![0]! / 0.001 - 1) < 0.024, median!.join())
  assert.ok(highest!.length === 1 && Math.abs(highest![0]! / 0.1 - 1) < 0.024, highest!.join())
})

test('at once, of the whole range', async () => {
  const query = new URLSearchParams({ q: '{ resource.service.name = "shop" } | rate()', ...WHEN })
  const { series } = await get<Metrics>(`/api/metrics/query?${query.toString()}`)
  assert.deepEqual(series, [
    {
      labels: [{ key: '__name__', value: { stringValue: 'rate' } }],
      promLabels: '{__name__="rate"}',
      value: 4 / 120,
    },
  ])
})

test('echo', async () => {
  assert.equal(await (await fetch(`${base}/api/echo`)).text(), 'echo')
})

interface TempoSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind?: string
  readonly status: { readonly code?: string }
  readonly links?: readonly { readonly traceId: string }[]
}

interface TempoTrace {
  readonly scopeSpans: readonly { readonly spans: readonly TempoSpan[] }[]
}

test('a trace is in JSON as Tempo writes it, in protobuf by Accept, and wrapped in version 2', async () => {
  const { batches } = await get<{ readonly batches: readonly TempoTrace[] }>(`/api/traces/${TRACE}`)
  const [root, query, backwards] = batches[0]!.scopeSpans[0]!.spans
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
  assert.deepEqual(
    [root!.traceId, root!.spanId, root!.parentSpanId, root!.kind, root!.status.code],
    [base64(TRACE), base64('00000000000000a1'), undefined, 'SPAN_KIND_SERVER', 'STATUS_CODE_ERROR'],
  )
  assert.deepEqual(
    [query!.parentSpanId, query!.kind, query!.links![0]!.traceId],
    [root!.spanId, 'SPAN_KIND_CLIENT', base64('0000000000000000000000000000abcd')],
  )
  assert.deepEqual([backwards!.kind, backwards!.status], [undefined, {}])
  assert.deepEqual(await get(`/api/v2/traces/${TRACE}`), { trace: { resourceSpans: batches } })
  const headers = { accept: 'application/protobuf' }
  const response = await fetch(`${base}/api/traces/${TRACE}`, { headers })
  assert.equal(response.headers.get('content-type'), 'application/protobuf')
  const bytes = new Uint8Array(await response.arrayBuffer())
  const { spans } = newBatch()
  decodeOtlpTraces(bytes, spans, { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } })
  const read = readSpans(spans)
  assert.deepEqual(read.map(({ name }) => name).sort(), ['GET /', 'SELECT', 'backwards', 'bill'])
  assert.equal(read.find(({ name }) => name === 'GET /')!.annotations['big'], 9223372036854775807n)
  const second = new Uint8Array(await (await fetch(`${base}/api/v2/traces/${TRACE}`, { headers })).arrayBuffer())
  assert.equal(second[0], 10)
  assert.deepEqual(second.subarray(-bytes.length), bytes)
})

test('a search lists traces with their root, start and duration', async () => {
  const { traces } = await get<Found>('/api/search?limit=2')
  assert.deepEqual(
    traces.map(({ traceID }) => traceID),
    [SHORT, TRACE],
  )
  assert.deepEqual(traces[1], {
    traceID: TRACE,
    rootServiceName: 'shop',
    rootTraceName: 'GET /',
    startTimeUnixNano: String(startNanos),
    durationMs: 100,
  })
})

test('searches are by tags, durations and times', async () => {
  assert.deepEqual(await search({ tags: 'service.name=shop' }), [SHORT, TRACE])
  assert.deepEqual(await search({ tags: 'service.name=billing customer="cust-1"' }), [TRACE])
  assert.deepEqual(await search({ tags: 'tier=gold' }), [SHOP])
  assert.deepEqual(await search({ tags: 'root.service.name=web' }), [SHOP])
  assert.deepEqual(await search({ minDuration: '1s' }), [SHOP])
  assert.deepEqual(await search({ minDuration: '50ms', maxDuration: '1s' }), [TRACE])
  const end = String(startSeconds - 5)
  assert.deepEqual(await search({ start: String(startSeconds - 60), end }), [SHOP])
})

test('a little TraceQL is searched by, on one span', async () => {
  assert.deepEqual(await search({ q: '{}', limit: '1' }), [SHORT])
  assert.deepEqual(await search({ q: '{ resource.service.name = "shop" && duration > 50ms }' }), [TRACE])
  assert.deepEqual(await search({ q: '{ resource.service.name = "billing" && span.customer = "cust-1" }' }), [])
  assert.deepEqual(await search({ q: '{ .http.status_code >= 500 && kind = server }' }), [SHOP])
  assert.deepEqual((await search({ q: '{ status = error }' })).sort(), [TRACE, SHOP].sort())
  assert.deepEqual(await search({ q: '{ rootServiceName = "web" && traceDuration > 5s }' }), [SHOP])
  assert.deepEqual(await search({ q: '{ resource.service.name =~ "shop|nobody" && duration > 50ms }' }), [TRACE])
  const either =
    '{ rootServiceName =~ "web" && traceDuration > 5s || resource.service.name = "shop" && duration > 50ms }'
  assert.deepEqual((await search({ q: either })).sort(), [TRACE, SHOP].sort())
  assert.deepEqual(await search({ q: '{ rootServiceName != "web" && .http.status_code >= 500 && kind = server }' }), [])
  assert.deepEqual(await search({ q: '{ .http.status_code =~ "500|503" && kind = server && name !~ "no|such" }' }), [
    SHOP,
  ])
})

test('tags and their values are listed', async () => {
  const { tagNames } = await get<{ readonly tagNames: readonly string[] }>('/api/search/tags')
  for (const name of ['service.name', 'team', 'customer', 'tier', 'status']) assert.ok(tagNames.includes(name), name)
  const { scopes } = await get<{
    readonly scopes: readonly { readonly name: string; readonly tags: readonly string[] }[]
  }>('/api/v2/search/tags')
  assert.deepEqual(
    scopes.map(({ name }) => name),
    ['resource', 'span', 'intrinsic'],
  )
  assert.ok(scopes[0]!.tags.includes('team') && scopes[1]!.tags.includes('customer'))
  const one = await get<{ readonly scopes: readonly { readonly name: string }[] }>('/api/v2/search/tags?scope=span')
  assert.deepEqual(
    one.scopes.map(({ name }) => name),
    ['span'],
  )
  await eventually(async () => {
    const { tagValues } = await get<{ readonly tagValues: readonly string[] }>('/api/search/tag/service.name/values')
    return tagValues.join() === 'backend,billing,shop,web,worker' || undefined
  })
  assert.deepEqual(await get('/api/v2/search/tag/span.tier/values'), { tagValues: [{ type: 'string', value: 'gold' }] })
  assert.deepEqual(await get('/api/v2/search/tag/status/values'), {
    tagValues: ['error', 'ok', 'unset'].map((value) => ({ type: 'keyword', value })),
  })
})

test('what cannot be answered is refused in words', async () => {
  const wrong: readonly (readonly [string, number, RegExp])[] = [
    ['/api/traces/zz', 400, /not 1 to 32 hex digits/],
    ['/api/traces/00000000000000000000000000000001', 404, /^trace not found/],
    [`/api/search?q=${encodeURIComponent('{} | rate()')}`, 400, /fnscope reads of TraceQL/],
    ['/api/search?tags=shop', 400, /'tags' wants key=value/],
    ['/api/search?limit=0', 400, /'limit' wants/],
    ['/api/search?start=5&end=1', 400, /'start' must lie before 'end'/],
    ['/api/search/tag/nobody.knows/values', 400, /are not listed/],
    ['/api/v2/search/tags?scope=moon', 400, /scope is one of/],
    ['/api/metrics/summary', 404, /There is no GET/],
    ['/api/metrics/query_range', 400, /'q' is required/],
    [metrics('{} | rate() | topk(3)'), 400, /fnscope reads of TraceQL's metrics/],
    [metrics('{} | rate() by (span.customer)'), 400, /groups spans by .*not by span.customer/],
    [metrics('{} | quantile_over_time(span.size, .5)'), 400, /quantiles of duration/],
    [metrics('{} | quantile_over_time(duration, 5)'), 400, /from 0 to 1/],
    [metrics('{ rootName = "a" } | rate()'), 400, /leave rootName/],
    [metrics('{ span.customer =~ "a.*" } | rate()'), 400, /a choice of texts/],
    [`${metrics('{} | rate()')}&step=1ms`, 400, /'step': ask for a longer one/],
  ]
  for (const [path, status, message] of wrong) {
    const response = await fetch(base + path)
    assert.deepEqual(
      [path, response.status, response.headers.get('content-type')],
      [path, status, 'text/plain; charset=utf-8'],
    )
    assert.match(await response.text(), message)
  }
})
