// Zipkin's query API as its page and clients ask it, of what came in as Zipkin's own spans and as X-Ray segments.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, visible } from './xray-client.ts'
import { shopTrace } from './xray-shop.ts'

interface Span {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly kind?: string
  readonly name: string
  readonly localEndpoint?: { readonly serviceName?: string }
  readonly tags?: Readonly<Record<string, string>>
}

const startMs = Math.floor(epochSeconds() - 120) * 1000
const micros = startMs * 1000
const TRACE = '48485a3953bb61246b221d5bc9e6496c'
const shop = shopTrace(startMs / 1000)

/** A call whose two sides share an id, and what the server did. */
const sent = [
  {
    traceId: TRACE,
    id: '0000000000000001',
    kind: 'CLIENT',
    name: 'get /주문',
    timestamp: micros,
    duration: 90_000,
    localEndpoint: { serviceName: 'café', ipv4: '10.0.0.1', port: 80 },
    remoteEndpoint: { serviceName: '주문', ipv6: '2001:db8::c001', port: 9000 },
    annotations: [{ timestamp: micros + 5000, value: 'wire.send' }],
    tags: { 'http.method': 'GET', customer: '客户 🛒', error: 'timed out' },
  },
  {
    traceId: TRACE,
    id: '0000000000000001',
    kind: 'SERVER',
    name: 'get /주문',
    timestamp: micros + 10_000,
    duration: 60_000,
    localEndpoint: { serviceName: '주문' },
    shared: true,
  },
  {
    traceId: TRACE,
    parentId: '0000000000000001',
    id: '0000000000000002',
    name: 'compute',
    timestamp: micros + 20_000,
    duration: 30_000,
    localEndpoint: { serviceName: '주문' },
    tags: { 'cache.miss': '' },
    debug: true,
  },
]

let fnscope: StartedFnscope
let base: string

before(async () => {
  fnscope = await startFnscope()
  base = `http://${fnscope.doors['zipkin']}`
  const posted = await fetch(`${base}/api/v2/spans`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sent),
  })
  assert.equal(posted.status, 202)
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
  await eventually(async () => ((await ask(`/api/v2/trace/${TRACE}`)).status === 200 ? true : undefined))
  await eventually(async () => ((await get<string[]>('/api/v2/services')).length === 5 ? true : undefined))
})
after(() => fnscope[Symbol.asyncDispose]())

async function ask(path: string): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  const response = await fetch(base + path)
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() }
}

async function get<Answer>(path: string): Promise<Answer> {
  const { status, type, text } = await ask(path)
  assert.equal(status, 200, text)
  assert.match(type, /^application\/json/)
  return JSON.parse(text) as Answer
}

/** Trace ids that a search finds. */
async function search(query: string): Promise<string[]> {
  return (await get<readonly (readonly Span[])[]>(`/api/v2/traces?${query}`)).map((spans) => spans[0]!.traceId)
}

const SHOP = shop.traceId.slice(2).replace('-', '')
const CAFE = encodeURIComponent('café')
const ORDERS = encodeURIComponent('주문')

test('a trace of Zipkin comes back span by span as it was sent', async () => {
  assert.deepEqual(await get(`/api/v2/trace/${TRACE}`), sent)
  assert.deepEqual(await get(`/api/v2/trace/${TRACE.toUpperCase()}`), sent)
})

test('services, the names of their spans, and whom they call are listed', async () => {
  assert.deepEqual(await get('/api/v2/services'), ['backend', 'café', 'web', 'worker', '주문'])
  assert.deepEqual(await get(`/api/v2/spans?serviceName=${ORDERS}`), ['compute', 'get /주문'])
  assert.deepEqual(await get('/api/v2/spans?serviceName=none'), [])
  const peers = await eventually(async () => {
    const found = await get<string[]>(`/api/v2/remoteServices?serviceName=${CAFE}`)
    return found.length > 0 ? found : undefined
  }, 60_000)
  assert.deepEqual(peers, ['주문'])
})

test('a segment document is shown as spans with endpoints, tags and annotations', async () => {
  const spans = await get<readonly Span[]>(`/api/v2/trace/${SHOP}`)
  const web = spans.find(({ name }) => name === 'web')!
  assert.deepEqual([web.localEndpoint?.serviceName, web.kind, web.parentId], ['web', 'SERVER', undefined])
  assert.equal(web.tags?.['http.response.status_code'], '503')
  assert.equal(web.tags?.['tier'], 'gold')
  assert.equal(web.tags?.['error'], 'true')
  const table = spans.find(({ name }) => name === 'DynamoDB')!
  assert.deepEqual([table.kind, table.parentId, table.localEndpoint?.serviceName], ['CLIENT', web.id, 'web'])
})

test('searches are by service, span, remote service, duration, tags and annotations, on one span', async () => {
  assert.deepEqual((await search('')).sort(), [TRACE, SHOP].sort())
  assert.deepEqual(await search(`serviceName=${CAFE}`), [TRACE])
  assert.deepEqual(await search(`serviceName=${ORDERS}&spanName=compute`), [TRACE])
  assert.deepEqual(await search(`serviceName=${CAFE}&spanName=compute`), [])
  assert.deepEqual(await search(`serviceName=${CAFE}&remoteServiceName=${ORDERS}`), [TRACE])
  assert.deepEqual(await search(`serviceName=${ORDERS}&minDuration=20000&maxDuration=40000`), [TRACE])
  assert.deepEqual(await search(`serviceName=${ORDERS}&minDuration=70000`), [])
  const asked = (query: string): Promise<string[]> => search(`annotationQuery=${encodeURIComponent(query)}`)
  assert.deepEqual(await asked('customer=客户 🛒 and wire.send'), [TRACE])
  assert.deepEqual(await asked('wire.send and cache.miss'), [])
  assert.deepEqual((await asked('error and http.method=GET')).sort(), [TRACE, SHOP].sort())
  assert.deepEqual(await asked('error=timed out'), [TRACE])
  assert.deepEqual(await asked('tier=gold'), [SHOP])
  assert.deepEqual(await search(`endTs=${startMs - 60_000}&lookback=60000`), [])
  assert.equal((await search(`endTs=${startMs + 1000}&lookback=60000&limit=1`)).length, 1)
})

test('several traces are read by their ids, in that order', async () => {
  const many = await get<readonly (readonly Span[])[]>(
    `/api/v2/traceMany?traceIds=${SHOP},${TRACE},00000000000000000000000000000009`,
  )
  assert.deepEqual(
    many.map((spans) => spans[0]!.traceId),
    [SHOP, TRACE],
  )
})

test('dependencies count calls and how many failed', async () => {
  const found = await eventually(async () => {
    const links = await get<readonly { readonly parent: string; readonly child: string }[]>(
      `/api/v2/dependencies?endTs=${Date.now()}&lookback=3600000`,
    )
    return links.some(({ parent }) => parent === 'café') && links.some(({ parent }) => parent === 'web')
      ? links
      : undefined
  }, 60_000)
  assert.ok(
    found.some((link) => JSON.stringify(link) === '{"parent":"web","child":"backend","callCount":1,"errorCount":1}'),
  )
  assert.ok(found.some(({ parent, child }) => parent === 'café' && child === '주문'))
})

test('keys that can be completed are listed with their values', async () => {
  assert.ok((await get<readonly string[]>('/api/v2/autocompleteKeys')).includes('cloud.account.id'))
  assert.deepEqual(await get('/api/v2/autocompleteValues?key=cloud.account.id'), ['111122223333'])
})

test('what cannot be answered is refused in words', async () => {
  const wrong: readonly (readonly [string, number, RegExp])[] = [
    ['/api/v2/trace/zz', 400, /not 1 to 32 hex digits/],
    ['/api/v2/trace/0000000000000000000000000000000f', 404, /There is no trace/],
    ['/api/v2/spans', 400, /parameter 'serviceName' is required/],
    ['/api/v2/dependencies', 400, /parameter 'endTs' is required/],
    ['/api/v2/traces?endTs=soon', 400, /no whole number/],
    ['/api/v2/traces?limit=0', 400, /'limit' wants a number/],
    ['/api/v2/traces?minDuration=5&maxDuration=4', 400, /should not be less/],
    ['/api/v2/traces?maxDuration=4', 400, /only valid with 'minDuration'/],
    ['/api/v2/traces?annotationQuery=%3Dx', 400, /'annotationQuery' wants tags/],
    ['/api/v2/autocompleteValues?key=customer', 400, /are not listed/],
    ['/api/v2/nothing', 404, /There is no GET/],
  ]
  for (const [path, status, message] of wrong) {
    const answer = await ask(path)
    assert.deepEqual([path, answer.status, answer.type], [path, status, 'text/plain; charset=utf-8'])
    assert.match(answer.text, message)
  }
})
