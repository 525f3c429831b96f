import assert from 'node:assert/strict'
import { request } from 'node:http'
import test, { type TestContext } from 'node:test'
import { Counters } from '../../counters.ts'
import { FnscopeError } from '../../errors.ts'
import type { RestApiSpec } from '../../functions/trigger-spec.ts'
import { ThrottledError } from '../../functions/throttled-error.ts'
import { silentLogger } from '../../log.ts'
import type { Span } from '../../span/span.ts'
import { withLocalUrls } from '../local-urls.ts'
import type { FrontInvokeResult, FrontOptions } from './front-options.ts'
import { openHttpFront, type HttpFront } from './http-front.ts'
import { restApiFront } from './rest-api-front.ts'

const api: RestApiSpec = {
  logicalId: 'ServerlessRestApi',
  apiId: 'ab12cd34ef',
  name: 'sam-app',
  stack: 'sam-app',
  stage: 'Prod',
  stageVariables: {},
  tracing: false,
  routes: [
    { method: 'GET', path: '/hello', target: { kind: 'function', functionName: 'hello' } },
    { method: 'POST', path: '/hello', target: { kind: 'function', functionName: 'hello' } },
    { method: 'GET', path: '/hello/{name}', target: { kind: 'function', functionName: 'hello' } },
  ],
}

interface Call {
  readonly functionName: string
  readonly event: {
    readonly headers: Record<string, string>
    readonly pathParameters: Record<string, string> | null
    readonly body: string | null
  }
  readonly traceHeader: string | undefined
}

function proxy(result: unknown): FrontInvokeResult {
  return { payload: Buffer.from(JSON.stringify(result)) }
}

async function open(
  t: TestContext,
  spec: Partial<RestApiSpec>,
  options: Partial<FrontOptions> = {},
): Promise<{ front: HttpFront; calls: Call[]; spans: Span[] }> {
  const calls: Call[] = []
  const spans: Span[] = []
  const invoke =
    options.invoke ?? (() => Promise.resolve(proxy({ statusCode: 200, body: '{"message":"hello world"}' })))
  const front = await openHttpFront(restApiFront([{ ...api, ...spec }]), {
    host: '127.0.0.1',
    port: 0,
    region: 'us-east-1',
    accountId: '000000000000',
    onStageSpan: (span) => spans.push(span),
    log: silentLogger,
    counters: new Counters(),
    ...options,
    invoke: (call) => {
      const event = JSON.parse(Buffer.from(call.payload).toString()) as Call['event']
      calls.push({ functionName: call.functionName, event, traceHeader: call.traceHeader })
      return invoke(call)
    },
  })
  t.after(() => front.stop())
  return { front, calls, spans }
}

// fetch would not let a test set Host.
async function send(
  front: HttpFront,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  request(`${front.url}${path}`, { headers }, (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
    .on('error', reject)
    .end()
  return await promise
}

test('a request in the stage reaches its function and the answer comes back with the gateway headers', async (t) => {
  const { front, calls, spans } = await open(t, {})
  const response = await fetch(`${front.url}/Prod/hello/ada?x=1`)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '{"message":"hello world"}')
  assert.equal(response.headers.get('content-type'), 'application/json')
  assert.match(response.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
  assert.ok(response.headers.has('x-amz-apigw-id'))
  assert.match(response.headers.get('x-amzn-trace-id') ?? '', /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/)
  assert.deepEqual(calls[0]?.event.pathParameters, { name: 'ada' })
  assert.equal(calls[0]?.traceHeader, response.headers.get('x-amzn-trace-id'))
  assert.equal(calls[0]?.event.headers['X-Amzn-Trace-Id'], calls[0]?.traceHeader)
  assert.deepEqual(spans, [])
})

test("the caller's trace goes on, and the answer names what the invocation was recorded under", async (t) => {
  const root = '1-6740a000-0123456789abcdef01234567'
  const answered = `Root=${root};Parent=1111111111111111;Sampled=1;Lineage=1:abcdef12:0`
  const { front, calls } = await open(
    t,
    {},
    { invoke: () => Promise.resolve({ ...proxy({ statusCode: 200 }), traceHeader: answered }) },
  )
  const sent = `Root=${root};Parent=2222222222222222;Sampled=1`
  const response = await fetch(`${front.url}/Prod/hello`, { headers: { 'x-amzn-trace-id': sent } })
  assert.equal(calls[0]?.traceHeader, sent)
  assert.equal(response.headers.get('x-amzn-trace-id'), answered)
})

test('no route is 403 Missing Authentication Token, and no stage is 403 Forbidden', async (t) => {
  const { front, calls } = await open(t, {})
  const missing = await fetch(`${front.url}/Prod/elsewhere`)
  assert.equal(missing.status, 403)
  assert.equal(missing.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException')
  assert.equal(await missing.text(), '{"message":"Missing Authentication Token"}')
  const guessed = await fetch(`${front.url}/Prod/elsewhere`, { headers: { authorization: 'Bearer abc' } })
  assert.deepEqual([guessed.status, guessed.headers.get('x-amzn-errortype')], [403, 'IncompleteSignatureException'])
  assert.match(
    await guessed.text(),
    /^\{"message":"Invalid key=value pair \(missing equal-sign\) in Authorization header/,
  )
  assert.equal((await fetch(`${front.url}/Prod/hello`, { method: 'DELETE' })).status, 403)
  const outside = await fetch(`${front.url}/hello`)
  assert.deepEqual([outside.status, await outside.text()], [403, '{"message":"Forbidden"}'])
  assert.equal(calls.length, 0)
})

test('a Cognito token is taken by its claims; none is Unauthorized, an old one says that it has expired', async (t) => {
  const [hello] = api.routes
  const authorizer = { kind: 'cognito', name: 'C', identitySource: 'method.request.header.Authorization' } as const
  const { front } = await open(t, { routes: [{ ...hello!, authorizer }] })
  const ask = async (headers: Record<string, string>): Promise<unknown[]> => {
    const answer = await fetch(`${front.url}/Prod/hello`, { headers })
    return [answer.status, answer.headers.get('x-amzn-errortype'), await answer.text()]
  }
  const token = (exp: number): string =>
    `e30.${Buffer.from(JSON.stringify({ sub: 'ada', exp })).toString('base64url')}.x`
  assert.deepEqual(await ask({}), [401, 'UnauthorizedException', '{"message":"Unauthorized"}'])
  assert.deepEqual(await ask({ authorization: token(1) }), [
    401,
    'UnauthorizedException',
    '{"message":"The incoming token has expired"}',
  ])
  assert.equal((await ask({ authorization: token(9e9) }))[0], 200)
})

const failures: readonly (readonly [string, () => Promise<FrontInvokeResult>, number, string])[] = [
  [
    'a function error',
    () => Promise.resolve({ ...proxy({ errorMessage: 'x' }), functionError: 'Unhandled' }),
    502,
    'Internal server error',
  ],
  ['an answer of another shape', () => Promise.resolve(proxy({ message: 'x' })), 502, 'Internal server error'],
  [
    'a throttle',
    () => Promise.reject(new ThrottledError('ConcurrentInvocationLimitExceeded')),
    500,
    'Internal server error',
  ],
  ['an invocation that throws', () => Promise.reject(new Error('no environment')), 500, 'Internal server error'],
  ['an answer that comes too late', () => new Promise(() => {}), 504, 'Endpoint request timed out'],
]

for (const [what, invoke, status, message] of failures) {
  test(`${what} is ${status} ${message}`, async (t) => {
    const { front } = await open(t, {}, { invoke, timeoutMs: 50 })
    const response = await fetch(`${front.url}/Prod/hello`)
    assert.deepEqual([response.status, await response.text()], [status, `{"message": "${message}"}`])
  })
}

test('a body goes to the function while its event has 6 MB, and what is larger is 413', async (t) => {
  const { front, calls } = await open(t, {})
  const url = `${front.url}/Prod/hello`
  const send = async (bytes: number): Promise<Response> => await fetch(url, { method: 'POST', body: 'x'.repeat(bytes) })
  // The rest of the event is less than this.
  const most = 6 * 1024 * 1024 - 10_000
  assert.equal((await send(most)).status, 200)
  assert.equal(calls[0]?.event.body?.length, most)
  const over = await send(6 * 1024 * 1024)
  assert.deepEqual([over.status, await over.text()], [413, '{"message":"Request Too Long"}'])
  const tooLarge = request(url, { method: 'POST', headers: { 'content-length': 10 * 1024 * 1024 + 1 } })
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  tooLarge.on('response', (response) => resolve(response.statusCode)).on('error', () => undefined)
  tooLarge.flushHeaders()
  assert.equal(await promise, 413)
  tooLarge.destroy()
  assert.equal(calls.length, 1)
})

test('a page of another site is refused unless the template allows its origin', async (t) => {
  const closed = await open(t, {})
  const evil = { origin: 'https://evil.example' }
  assert.equal((await send(closed.front, '/Prod/hello', evil)).status, 403)
  assert.equal((await send(closed.front, '/Prod/hello', { origin: 'null' })).status, 403)
  assert.equal((await send(closed.front, '/Prod/hello', { 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.equal((await send(closed.front, '/Prod/hello', { origin: closed.front.url })).status, 200)
  const one = await open(t, { cors: { allowOrigin: 'https://shop.example', allowMethods: '', allowHeaders: '' } })
  assert.equal((await send(one.front, '/Prod/hello', { origin: 'https://shop.example' })).status, 200)
  assert.equal((await send(one.front, '/Prod/hello', evil)).status, 403)
  const all = await open(t, { cors: { allowOrigin: '*', allowMethods: '', allowHeaders: '' } })
  assert.equal((await send(all.front, '/Prod/hello', evil)).status, 200)
  assert.equal(closed.calls.length, 1)
})

test("only loopback names and the API's own execute-api host are answered", async (t) => {
  const { front, calls } = await open(t, {})
  const { port } = new URL(front.url)
  for (const host of [`localhost:${port}`, `[::1]:${port}`, 'ab12cd34ef.execute-api.us-east-1.amazonaws.com']) {
    assert.equal((await send(front, '/Prod/hello', { host })).status, 200, host)
  }
  for (const host of ['rebound.example', `other.execute-api.us-east-1.amazonaws.com`, '10.0.0.1']) {
    assert.equal((await send(front, '/Prod/hello', { host })).status, 403, host)
  }
  assert.equal(calls.length, 3)
})

test('a preflight is answered without the function, and only where the template has CORS', async (t) => {
  const cors = { allowOrigin: '*', allowMethods: '', allowHeaders: 'X-Key' }
  const { front, calls } = await open(t, { cors })
  const response = await fetch(`${front.url}/Prod/hello`, { method: 'OPTIONS' })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.equal(response.headers.get('access-control-allow-methods'), 'GET,OPTIONS,POST')
  assert.equal(response.headers.get('access-control-allow-headers'), 'X-Key')
  const without = await open(t, {})
  assert.equal((await fetch(`${without.front.url}/Prod/hello`, { method: 'OPTIONS' })).status, 403)
  assert.equal(calls.length, 0)
})

test("SAM's CORS answers preflights of an ANY route, but not those that have a route of their own", async (t) => {
  const target = { kind: 'function', functionName: 'shop-HelloFunction' } as const
  const { front, calls } = await open(t, {
    cors: {
      allowOrigin: '*',
      allowMethods: '',
      allowHeaders: '',
      allowCredentials: true,
      maxAge: '600',
      everyPath: true,
    },
    routes: [
      { method: 'ANY', path: '/any', target },
      { method: 'OPTIONS', path: '/own', target },
    ],
  })
  const { headers } = await fetch(`${front.url}/Prod/any`, { method: 'OPTIONS' })
  assert.equal(headers.get('access-control-allow-methods'), 'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT')
  assert.equal(headers.get('access-control-allow-credentials'), 'true')
  assert.equal(headers.get('access-control-max-age'), '600')
  assert.equal(calls.length, 0)
  await fetch(`${front.url}/Prod/own`, { method: 'OPTIONS' })
  assert.equal(calls.length, 1)
})

test('stage tracing writes a segment and a call of Lambda, which is the parent of what follows', async (t) => {
  let ms = 1_732_288_800_000
  const { front, calls, spans } = await open(t, { tracing: true }, { now: () => (ms += 5) })
  await fetch(`${front.url}/Prod/hello`, { headers: { 'user-agent': 'test' } })
  const [stage, call] = spans
  assert.ok(stage && call && spans.length === 2)
  assert.equal(stage.name, 'sam-app/Prod')
  assert.equal(stage.origin, 'AWS::ApiGateway::Stage')
  assert.equal(stage.segment, true)
  assert.equal(stage.parentId, undefined)
  assert.partialDeepStrictEqual(stage.http, {
    method: 'GET',
    url: `${front.url}/Prod/hello`,
    status: 200,
    userAgent: 'test',
  })
  assert.equal(call.name, 'Lambda')
  assert.equal(call.namespace, 'aws')
  assert.equal(call.parentId, stage.spanId)
  assert.deepEqual(call.peer, { name: 'hello', type: 'AWS::Lambda' })
  assert.ok(stage.startNanos < call.startNanos && call.startNanos < call.endNanos! && call.endNanos! < stage.endNanos!)
  assert.match(calls[0]?.traceHeader ?? '', new RegExp(`;Parent=${call.spanId};Sampled=1$`))
})

test('a traced stage obeys a caller that said no, and marks a failure', async (t) => {
  const { front, calls, spans } = await open(t, { tracing: true }, { invoke: () => Promise.resolve(proxy({})) })
  const root = 'Root=1-6740a000-0123456789abcdef01234567'
  await fetch(`${front.url}/Prod/hello`, { headers: { 'x-amzn-trace-id': `${root};Sampled=0` } })
  assert.equal(spans.length, 0)
  assert.equal(calls[0]?.traceHeader, `${root};Sampled=0`)
  await fetch(`${front.url}/Prod/hello`, {
    headers: { 'x-amzn-trace-id': `${root};Parent=2222222222222222;Sampled=1` },
  })
  assert.equal(spans[0]?.parentId, '2222222222222222')
  assert.deepEqual([spans[0]?.fault, spans[0]?.http?.status, spans[1]?.fault], [true, 502, false])
})

test('a throttled function is 500 to the caller and a throttle on the call of Lambda', async (t) => {
  const invoke = (): Promise<FrontInvokeResult> =>
    Promise.reject(new ThrottledError('ConcurrentInvocationLimitExceeded'))
  const { front, spans } = await open(t, { tracing: true }, { invoke })
  assert.equal((await fetch(`${front.url}/Prod/hello`)).status, 500)
  assert.deepEqual([spans[0]?.fault, spans[1]?.throttle, spans[1]?.error], [true, true, true])
})

test('a taken port is refused by name, and stop() twice is fine', async (t) => {
  const { front } = await open(t, {})
  await assert.rejects(
    open(t, {}, { port: Number(new URL(front.url).port) }),
    (error) => error instanceof FnscopeError && error.code === 'FNS_PORT_IN_USE',
  )
  await front.stop()
  await front.stop()
  await assert.rejects(fetch(`${front.url}/Prod/hello`))
})

test('values name the front in place of the cloud, with a path and without, and the endpoint in place of a queue', () => {
  const fronts = [
    { id: 'ab12cd34ef', url: 'http://127.0.0.1:4801' },
    { id: 'abcdefghijklmnopqrstuvwxyz012345', url: 'http://127.0.0.1:4802' },
  ]
  const values = {
    Url: 'https://ab12cd34ef.execute-api.us-east-1.amazonaws.com/Prod/hello',
    Host: 'ab12cd34ef.execute-api.us-east-1.amazonaws.com',
    China: 'https://ab12cd34ef.execute-api.cn-north-1.amazonaws.com.cn/Prod/',
    Function: 'https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws/',
    Other: 'https://zz12cd34ef.execute-api.us-east-1.amazonaws.com/Prod',
    Queue: 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs',
    Arn: 'arn:aws:lambda:us-east-1:000000000000:function:hello',
  }
  assert.deepEqual(withLocalUrls(values, { fronts, endpointUrl: 'http://127.0.0.1:4747' }), {
    ...values,
    Url: 'http://127.0.0.1:4801/Prod/hello',
    Host: '127.0.0.1:4801',
    China: 'http://127.0.0.1:4801/Prod/',
    Function: 'http://127.0.0.1:4802/',
    Queue: 'http://127.0.0.1:4747/000000000000/jobs',
  })
})
