// Web pages of other origins, as the headers their browsers send: nothing is invoked, taken in or read.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { counted, send, type RawAnswer } from '../raw-http.ts'
import { APPS, eventuallyHolds, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope
let tcp: string

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'guarded') })
  tcp = `http://${fnscope.doors['xray-daemon']}`
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

/** What a page can make a browser send: headers of its own choice among them only where no preflight is asked. */
const PAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'another site': { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  'another port of this machine': { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-site' },
  'localhost on another port': { origin: 'http://localhost:3000' },
  'a sandboxed frame or a file': { origin: 'null' },
  'https of the same name': { origin: 'https://127.0.0.1' },
  'an image': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  'an image of another port': { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  'a form': {
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  },
  'a form without Origin': {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'iframe',
  },
  'a name pointed here': { host: 'evil.example' },
  'a name pointed here, with its own origin': { host: 'evil.example:4747', origin: 'http://evil.example:4747' },
  'a name that begins like ours': { host: 'localhost.evil.example' },
  'a name that begins like an address': { host: '127.0.0.1.evil.example' },
  'no such name': { host: '[::]' },
}

const SIMPLE_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']

const ROUTES = [
  ['POST', '/TraceSegments'],
  ['POST', '/Traces'],
  ['POST', '/TraceSummaries'],
  ['POST', '/GetSamplingRules'],
  ['POST', '/2015-03-31/functions/MarkFunction/invocations'],
  ['GET', '/2015-03-31/functions/'],
  ['GET', '/api/health'],
  ['GET', '/api/apps'],
  ['GET', '/api/traces'],
  ['GET', '/api/logs'],
  ['POST', '/api/apps'],
  ['POST', '/api/deploy'],
  ['GET', '/metrics'],
] as const

function assertKeptOut(answer: RawAnswer, what: string): void {
  assert.equal(answer.status, 403, `${what}: ${answer.status} ${answer.body}`)
  for (const name of Object.keys(answer.headers)) assert.ok(!name.startsWith('access-control-'), `${what}: ${name}`)
  assert.ok(!answer.body.includes('secret'), what)
}

/** A document that must never be stored. */
function foreignSegment(): string {
  const seconds = Math.floor(Date.now() / 1000)
  const id = `1-${seconds.toString(16)}-eeeeeeeeeeeeeeeeeeeeeeee`
  const document = { name: 'foreign', id: 'eeeeeeeeeeeeeeee', trace_id: id, start_time: seconds, end_time: seconds + 1 }
  return JSON.stringify({ TraceSegmentDocuments: [JSON.stringify(document)] })
}

test('no page reaches a route of the main port or of TCP 2000', async () => {
  for (const base of [fnscope.url, tcp]) {
    for (const [page, headers] of Object.entries(PAGES)) {
      for (const [method, path] of ROUTES) {
        const content = method === 'POST' ? { 'content-type': SIMPLE_TYPES[0]! } : {}
        const body = method === 'POST' ? foreignSegment() : ''
        assertKeptOut(await send(base, { method, path, headers: { ...content, ...headers }, body }), `${page} ${path}`)
      }
    }
  }
})

test('each kind of simple form is refused, whatever it says of its content', async () => {
  for (const type of SIMPLE_TYPES) {
    for (const [method, path] of ROUTES) {
      if (method !== 'POST') continue
      const headers = { 'content-type': type, origin: 'https://evil.example' }
      assertKeptOut(await send(fnscope.url, { method, path, headers, body: foreignSegment() }), `${type} ${path}`)
    }
  }
})

test('a preflight of another origin gets no permission', async () => {
  const preflight = {
    origin: 'https://evil.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
    'access-control-request-private-network': 'true',
  }
  for (const base of [fnscope.url, tcp, ...Object.values(fnscope.apps[0]!.urls)]) {
    const { pathname } = new URL(base)
    for (const path of ['/TraceSegments', '/2015-03-31/functions/MarkFunction/invocations', `${pathname}/mark`]) {
      const answer = await send(base, { method: 'OPTIONS', path, headers: preflight })
      const allowed = answer.headers['access-control-allow-origin']
      assert.ok(allowed === undefined || allowed === 'https://friend.example', `${base}${path}: ${allowed}`)
      if (base !== fnscope.apps[0]!.urls['FriendUrl']) assertKeptOut(answer, `${base}${path}`)
    }
  }
})

test('an invocation without Authorization is refused even when no header betrays a page', async () => {
  const path = '/2015-03-31/functions/MarkFunction/invocations'
  assertKeptOut(await send(fnscope.url, { method: 'POST', path, body: '{}' }), path)
})

test("an app's API is reached by pages only as its template's CORS says", async () => {
  const closed = fnscope.apps[0]!.urls['PrivateUrl']!
  const friendly = fnscope.apps[0]!.urls['FriendUrl']!
  for (const [page, headers] of Object.entries(PAGES)) {
    for (const method of ['GET', 'POST'])
      assertKeptOut(await send(closed, { method, path: '/Prod/mark', headers, body: '' }), `${page} ${method}`)
    assertKeptOut(await send(friendly, { method: 'POST', path: '/Prod/mark', headers, body: '' }), `friend: ${page}`)
  }
  for (const host of ['abc.execute-api.evil.example', 'execute-api.us-east-1.amazonaws.com'])
    assertKeptOut(await send(closed, { path: '/Prod/mark', headers: { host } }), host)

  const friend = { origin: 'https://friend.example', 'sec-fetch-site': 'cross-site' }
  assert.equal((await send(friendly, { method: 'POST', path: '/Prod/mark', headers: friend })).status, 200)
  const asked = await send(friendly, {
    method: 'OPTIONS',
    path: '/Prod/mark',
    headers: { ...friend, 'access-control-request-method': 'POST' },
  })
  assert.equal(asked.headers['access-control-allow-origin'], 'https://friend.example')
  assert.equal(asked.headers['access-control-allow-methods'], 'GET,POST')
  assertKeptOut(await send(closed, { path: '/Prod/mark', headers: friend }), 'the friend is not everybody’s')
})

test("a function's own Runtime API is closed to pages", async () => {
  const invoke = { method: 'POST', path: '/2015-03-31/functions/EnvironmentFunction/invocations', body: '{}' }
  const answer = await send(fnscope.url, { ...invoke, headers: { authorization: 'any' } })
  const { AWS_LAMBDA_RUNTIME_API: api } = JSON.parse(answer.body) as { readonly AWS_LAMBDA_RUNTIME_API: string }
  for (const [page, headers] of Object.entries(PAGES)) {
    const path = '/2018-06-01/runtime/invocation/next'
    assertKeptOut(await send(`http://${api}`, { path, headers }), page)
  }
  assert.equal((await send(fnscope.url, { ...invoke, headers: { authorization: 'any' } })).status, 200)
})

test('nothing of all this was invoked or stored, and each refusal is counted by its reason', async () => {
  // The friend's call above is the only one.
  const logs = await send(fnscope.url, { path: '/api/logs?function=MarkFunction&filter=MARK' })
  const { lines } = JSON.parse(logs.body) as { readonly lines: readonly { readonly body: string }[] }
  assert.ok(lines.length <= 1, JSON.stringify(lines))
  const traces = await send(fnscope.url, { path: '/api/traces?limit=200' })
  assert.ok(!traces.body.includes('foreign'))
  const { body } = await send(fnscope.url, { path: '/metrics' })
  // An invocation is counted when it has ended, which its caller does not wait for.
  await eventuallyHolds(async () =>
    assert.equal(counted((await send(fnscope.url, { path: '/metrics' })).body, 'fnscope_invocations_total'), 3),
  )
  for (const reason of ['host', 'origin', 'cross_site', 'no_authorization'])
    assert.ok(counted(body, 'fnscope_refused_requests_total', { reason }) > 0, reason)
})

test("the user's own address bar, links and commands still work", async () => {
  const typed = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const link = { ...typed, 'sec-fetch-site': 'same-site', 'sec-fetch-user': '?1' }
  const own = { origin: fnscope.url, 'sec-fetch-site': 'same-origin' }
  for (const headers of [typed, link, own, {}, { host: `localhost:${new URL(fnscope.url).port}` }])
    assert.equal((await send(fnscope.url, { path: '/api/health', headers })).status, 200)
  const { PrivateUrl: url } = fnscope.apps[0]!.urls
  for (const headers of [typed, link, {}]) assert.equal((await send(url!, { path: '/Prod/mark', headers })).status, 200)
})
