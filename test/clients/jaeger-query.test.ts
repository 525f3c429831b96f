// Jaeger's query API as its page and Grafana ask it, over HTTP, of what came in over OTLP and as X-Ray segments. The
// expected shapes are what jaegertracing 2 answered for the same request.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { otlpRequest, SHORT_TRACE, TRACE } from './jaeger-spans.ts'

interface Answer {
  readonly status: number
  readonly text: string
  readonly data: unknown
  readonly total: number
  readonly errors: readonly { readonly code?: number; readonly msg: string; readonly traceID?: string }[] | null
}

interface Trace {
  readonly traceID: string
  readonly spans: readonly { readonly spanID: string; readonly tags: readonly { readonly key: string }[] }[]
  readonly processes: Readonly<Record<string, unknown>>
}

const nowSeconds = Math.floor(Date.now() / 1000)
const startNanos = BigInt(nowSeconds - 60) * 1_000_000_000n
const startMicros = Number(startNanos / 1000n)
const WINDOW = `start=${startMicros - 600_000_000}&end=${startMicros + 600_000_000}`
const XRAY_ID = `1-${(nowSeconds - 50).toString(16)}-aaaaaaaaaaaaaaaaaaaaaaaa`
const XRAY_HEX = XRAY_ID.slice(2).replace('-', '')

let fnscope: StartedFnscope
let base: string

before(async () => {
  fnscope = await startFnscope()
  base = `http://${fnscope.doors['jaeger-query']}`
  const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpRequest(startNanos)),
  })
  assert.equal(sent.status, 200)
  const segment = {
    name: 'checkout',
    id: '00000000000000d1',
    trace_id: XRAY_ID,
    start_time: nowSeconds - 50,
    end_time: nowSeconds - 49.5,
    fault: true,
    http: { request: { method: 'POST', url: 'https://shop/checkout' }, response: { status: 502 } },
    annotations: { customer: 'cust-9', total: 12.5 },
    metadata: { cart: { items: 2 } },
    cause: { exceptions: [{ id: '00000000000000e1', type: 'Oops', message: 'bad' }] },
    subsegments: [{ name: 'work', id: '00000000000000d2', start_time: nowSeconds - 49.9, end_time: nowSeconds - 49.8 }],
  }
  const put = await fetch(`${fnscope.url}/TraceSegments`, {
    method: 'POST',
    headers: { authorization: 'test' },
    body: JSON.stringify({ TraceSegmentDocuments: [JSON.stringify(segment)] }),
  })
  assert.equal(put.status, 200)
  for (const id of [TRACE, SHORT_TRACE, XRAY_HEX])
    await eventually(async () => ((await get(`/api/traces/${id}`)).status === 200 ? true : undefined))
  // Their own table has it a moment after the spans have.
  await eventually(async () => ((await get('/api/services')).text.includes('checkout') ? true : undefined))
})

after(() => fnscope[Symbol.asyncDispose]())

async function get(path: string): Promise<Answer> {
  const answer = await fetch(base + path)
  const text = await answer.text()
  return { ...(JSON.parse(text) as Answer), status: answer.status, text }
}

async function traceOf(id: string): Promise<Trace> {
  const { data } = await get(`/api/traces/${id}`)
  return (data as readonly Trace[])[0]!
}

/** Ids of the traces that a search of the last minutes finds. */
async function search(query: string): Promise<string[]> {
  const { status, text, data } = await get(`/api/traces?${WINDOW}&${query}`)
  assert.equal(status, 200, text)
  return (data as readonly Trace[]).map(({ traceID }) => traceID)
}

test('services and operations are listed with their counts and kinds', async () => {
  assert.deepEqual(JSON.parse((await get('/api/services')).text), {
    data: ['billing', 'checkout', 'shop'],
    total: 3,
    limit: 0,
    offset: 0,
    errors: null,
  })
  assert.deepEqual((await get('/api/services/shop/operations')).data, ['GET /', 'SELECT', 'backwards', 'short'])
  assert.deepEqual((await get('/api/operations?service=shop')).data, [
    { name: 'GET /', spanKind: 'server' },
    { name: 'SELECT', spanKind: 'client' },
    { name: 'backwards', spanKind: '' },
    { name: 'short', spanKind: '' },
  ])
  assert.deepEqual((await get('/api/operations?service=shop&spanKind=client')).data, [
    { name: 'SELECT', spanKind: 'client' },
  ])
  assert.deepEqual((await get('/api/operations?service=none')).data, [])
})

test('a span of every kind of value stands in its trace as Jaeger shows it', async () => {
  const { spans, processes } = await traceOf(TRACE)
  assert.deepEqual(spans[0], {
    traceID: TRACE,
    spanID: '00000000000000a1',
    operationName: 'GET /',
    references: [],
    startTime: startMicros,
    duration: 100_000,
    tags: [
      { key: 'big', type: 'int64', value: '9223372036854775807' },
      { key: 'bytes', type: 'binary', value: 'AAEC/w==' },
      { key: 'customer', type: 'string', value: 'cust-1' },
      { key: 'error', type: 'bool', value: true },
      { key: 'half', type: 'float64', value: 0.5 },
      { key: 'http.status_code', type: 'int64', value: 200 },
      { key: 'list', type: 'string', value: '["a",9007199254740993]' },
      { key: 'odd', type: 'float64', value: 'NaN' },
      { key: 'otel.scope.name', type: 'string', value: 'lib' },
      { key: 'otel.scope.version', type: 'string', value: '2.0' },
      { key: 'otel.status_code', type: 'string', value: 'ERROR' },
      { key: 'otel.status_description', type: 'string', value: 'nope' },
      { key: 'small', type: 'int64', value: 7 },
      { key: 'span.kind', type: 'string', value: 'server' },
      { key: 'w3c.tracestate', type: 'string', value: 'a=b' },
      { key: 'yes', type: 'bool', value: true },
    ],
    logs: [
      {
        timestamp: startMicros + 1234,
        fields: [
          { key: 'event', type: 'string', value: 'exception' },
          { key: 'attempt', type: 'int64', value: 3 },
          { key: 'exception.type', type: 'string', value: 'E' },
        ],
      },
    ],
    processID: 'p1',
    warnings: null,
  })
  assert.deepEqual(processes, {
    p1: {
      serviceName: 'shop',
      tags: [
        { key: 'pid', type: 'int64', value: 42 },
        { key: 'team', type: 'string', value: 'payments' },
      ],
    },
    p2: { serviceName: 'billing', tags: [] },
  })
})

test('references are the parent, then the links; an end before the start is no duration, and said', async () => {
  const { spans } = await traceOf(TRACE)
  const [, query, backwards] = spans as unknown as readonly Record<string, unknown>[]
  assert.deepEqual(query!['references'], [
    { refType: 'CHILD_OF', traceID: TRACE, spanID: '00000000000000a1' },
    { refType: 'FOLLOWS_FROM', traceID: '000000000000abcd', spanID: '00000000000000b1' },
    { refType: 'CHILD_OF', traceID: 'ffffffffffffffff000000000000abcd', spanID: '00000000000000b2' },
  ])
  assert.equal(query!['startTime'], startMicros + 1000)
  assert.equal(query!['duration'], 1000)
  assert.equal(backwards!['duration'], 0)
  assert.match(String(backwards!['warnings']), /ends 5 ns before it starts/)
})

test('a trace is found by its id in every spelling', async () => {
  const spellings = [SHORT_TRACE, SHORT_TRACE.toUpperCase(), SHORT_TRACE.padStart(32, '0'), `0${SHORT_TRACE}`]
  for (const id of spellings) assert.equal((await traceOf(id)).traceID, SHORT_TRACE)
  assert.equal((await traceOf(XRAY_ID)).traceID, XRAY_HEX)
  const { data, errors } = await get(`/api/traces?traceID=${TRACE}&traceID=1&traceID=${SHORT_TRACE}`)
  assert.deepEqual(
    (data as readonly Trace[]).map(({ traceID }) => traceID),
    [TRACE, SHORT_TRACE],
  )
  assert.deepEqual(errors, [{ msg: 'trace not found', traceID: '0000000000000001' }])
})

test('an X-Ray segment is a span of its service, with what OpenTelemetry calls its fields', async () => {
  const { spans, processes } = await traceOf(XRAY_HEX)
  assert.deepEqual(Object.values(processes), [{ serviceName: 'checkout', tags: [] }])
  const [segment, subsegment] = spans as unknown as readonly Record<string, unknown>[]
  assert.deepEqual(
    [segment!['operationName'], subsegment!['operationName'], subsegment!['processID']],
    ['checkout', 'work', 'p1'],
  )
  const tags = Object.fromEntries(
    (segment!['tags'] as readonly { key: string; value: unknown }[]).map(({ key, value }) => [key, value]),
  )
  assert.deepEqual(tags, {
    'aws.xray.fault': true,
    'aws.xray.metadata.cart': '{"items":2}',
    customer: 'cust-9',
    error: true,
    'http.request.method': 'POST',
    'http.response.status_code': 502,
    'otel.status_code': 'ERROR',
    'otel.status_description': 'bad',
    'span.kind': 'server',
    total: 12.5,
    'url.full': 'https://shop/checkout',
  })
  assert.match(JSON.stringify(segment!['logs']), /"exception.message","type":"string","value":"bad"/)
})

const FOUND: readonly (readonly [query: string, ids: readonly string[]])[] = [
  ['service=shop', [SHORT_TRACE, TRACE]],
  ['service=shop&limit=1', [SHORT_TRACE]],
  ['service=none', []],
  ['service=shop&operation=SELECT', [TRACE]],
  ['service=billing&operation=SELECT', []],
  ['service=shop&tags=%7B%22customer%22%3A%22cust-1%22%7D', [TRACE]],
  ['service=shop&tag=customer:cust-1&tag=small:7', [TRACE]],
  ['service=shop&tag=customer:cust-1&operation=SELECT', []],
  ['service=shop&tag=customer:cust-2', []],
  ['service=shop&tag=small:7.0', []],
  ['service=shop&tag=half:0.5', [TRACE]],
  ['service=shop&tag=yes:true', [TRACE]],
  ['service=shop&tag=big:9223372036854775807', [TRACE]],
  ['service=shop&tag=big:9223372036854775806', []],
  ['service=shop&tag=bytes:AAEC/w==', [TRACE]],
  ['service=shop&tag=http.status_code:200', [TRACE]],
  ['service=shop&tag=http.response.status_code:200', [TRACE]],
  ['service=shop&tag=http.response.status_code:201', []],
  ['service=checkout&tag=http.method:POST', [XRAY_HEX]],
  ['service=shop&tag=team:payments', [TRACE]],
  ['service=billing&tag=team:payments', []],
  ['service=shop&tag=exception.type:E', [TRACE]],
  ['service=shop&tag=event:exception', [TRACE]],
  ['service=shop&tag=error:true', [TRACE]],
  ['service=billing&tag=error:true', []],
  ['service=shop&operation=short&tag=error:false', [SHORT_TRACE]],
  ['service=shop&tag=span.kind:client', [TRACE]],
  ['service=shop&tag=otel.status_code:ERROR', [TRACE]],
  ['service=shop&tag=otel.status_description:nope', [TRACE]],
  ['service=shop&minDuration=50ms', [TRACE]],
  ['service=shop&minDuration=50ms&operation=SELECT', []],
  ['service=shop&maxDuration=1.5ms&operation=SELECT', [TRACE]],
  ['service=shop&minDuration=200ms', []],
  ['service=checkout&tag=error:true', [XRAY_HEX]],
  ['service=checkout&tag=http.response.status_code:502&tag=total:12.5', [XRAY_HEX]],
  ['service=checkout&tag=customer:cust-9', [XRAY_HEX]],
]

for (const [query, ids] of FOUND)
  test(`a search finds ${ids.length === 0 ? 'nothing' : `${ids.length} of the traces`}: ${query}`, async () => {
    assert.deepEqual(await search(query), ids)
  })

test('times bound a search to the microsecond, both ends included', async () => {
  const within = async (from: number, to: number) =>
    ((await get(`/api/traces?service=shop&operation=GET%20%2F&start=${from}&end=${to}`)).data as readonly Trace[])
      .length
  assert.equal(await within(startMicros, startMicros), 1)
  assert.equal(await within(startMicros + 1, startMicros + 2), 0)
  assert.equal(await within(startMicros - 2, startMicros - 1), 0)
  assert.equal(await within(startMicros + 1, startMicros - 1), 0)
  assert.equal(((await get('/api/traces?service=shop&lookback=1h')).data as readonly Trace[]).length, 2)
  assert.equal(((await get('/api/traces?service=shop&lookback=1s')).data as readonly Trace[]).length, 0)
})

const REFUSED: readonly (readonly [path: string, reason: RegExp])[] = [
  ['/api/traces', /parameter 'service' is required/],
  ['/api/operations', /parameter 'service' is required/],
  ['/api/traces/zz', /1 to 32 hex digits/],
  [`/api/traces/${'a'.repeat(33)}`, /1 to 32 hex digits/],
  [`/api/traces/${TRACE}?start=x`, /'start'/],
  ['/api/traces?traceID=zz', /1 to 32 hex digits/],
  ['/api/traces?service=shop&tag=customer', /malformed 'tag' parameter, expecting key:value/],
  ['/api/traces?service=shop&tags=x', /malformed 'tags' parameter/],
  ['/api/traces?service=shop&tags=%7B%22small%22%3A7%7D', /must be a text/],
  ['/api/traces?service=shop&tag=otel.scope.name:lib', /does not search by the tag otel.scope.name/],
  ['/api/traces?service=shop&minDuration=x', /'minDuration'/],
  ['/api/traces?service=shop&minDuration=2ms&maxDuration=1ms', /'maxDuration' should be greater/],
  ['/api/traces?service=shop&limit=0', /'limit' wants a number from 1 to 1500/],
  ['/api/traces?service=shop&limit=x', /'limit'/],
  ['/api/traces?service=shop&start=x', /'start'/],
  ['/api/traces?service=shop&service=shop', /'service' may be given once/],
  ['/api/dependencies?endTs=x', /'endTs'/],
]

for (const [path, reason] of REFUSED)
  test(`what cannot be answered is refused with the reason: ${path.slice(0, 60)}`, async () => {
    const { status, data, errors } = await get(path)
    assert.equal(status, 400)
    assert.equal(data, null)
    assert.equal(errors?.[0]?.code, 400)
    assert.match(errors[0].msg, reason)
  })

test('an unknown trace and an unknown path are 404 in the same envelope', async () => {
  assert.deepEqual(JSON.parse((await get('/api/traces/1')).text), {
    data: null,
    total: 0,
    limit: 0,
    offset: 0,
    errors: [{ code: 404, msg: 'trace not found' }],
  })
  assert.equal((await get('/api/nothing')).errors?.[0]?.code, 404)
})

test('dependencies count the calls from one service to another', async () => {
  const now = Date.now()
  const { data } = await get(`/api/dependencies?endTs=${now}&lookback=3600000`)
  assert.deepEqual(data, [{ parent: 'shop', child: 'billing', callCount: 1 }])
  assert.deepEqual((await get(`/api/dependencies?endTs=${now - 7_200_000}&lookback=3600000`)).data, [])
})

test('a page of another site and a foreign name are refused', async () => {
  const page = await fetch(`${base}/api/services`, { headers: { origin: 'https://evil.example' } })
  assert.equal(page.status, 403)
  assert.match(await page.text(), /"errors":\[\{"code":403/)
})
