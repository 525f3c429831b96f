import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { Counters } from '../../counters.ts'
import type { AuthorizerSpec, FunctionUrlSpec, HttpApiSpec, HttpRoute } from '../../functions/trigger-spec.ts'
import { silentLogger } from '../../log.ts'
import type { FrontKind } from './front-exchange.ts'
import type { FrontInvokeRequest, FrontInvokeResult } from './front-options.ts'
import { functionUrlFront } from './function-url-front.ts'
import { httpApiFront } from './http-api-front.ts'
import { openHttpFront, type HttpFront } from './http-front.ts'

type Event = Readonly<Record<string, unknown>> & { readonly requestContext: Readonly<Record<string, unknown>> }
type Answer = (event: Event, request: FrontInvokeRequest) => unknown

const route = (key: string, more: Partial<HttpRoute> = {}): HttpRoute => {
  const [method = 'ANY', path = '$default'] = key === '$default' ? [] : key.split(' ')
  return { method, path, target: { kind: 'function', functionName: 'fn' }, payload: '2.0', ...more }
}

const api = (routes: readonly HttpRoute[], more: Partial<HttpApiSpec> = {}): HttpApiSpec => ({
  logicalId: 'Api',
  apiId: 'ab12cd34ef',
  stack: 'shop',
  stage: '$default',
  stageVariables: {},
  routes,
  ...more,
})

async function open(
  t: TestContext,
  kind: FrontKind,
  answer: Answer = () => ({ statusCode: 200 }),
): Promise<{ readonly front: HttpFront; readonly events: Event[]; readonly called: string[] }> {
  const events: Event[] = []
  const called: string[] = []
  const front = await openHttpFront(kind, {
    host: '127.0.0.1',
    port: 0,
    region: 'us-east-1',
    accountId: '000000000000',
    log: silentLogger,
    counters: new Counters(),
    timeoutMs: 200,
    async invoke(request): Promise<FrontInvokeResult> {
      const event = JSON.parse(Buffer.from(request.payload).toString()) as Event
      called.push(request.functionName)
      events.push(event)
      const result = await answer(event, request)
      if (result instanceof Error)
        return { payload: Buffer.from(JSON.stringify({ errorMessage: result.message })), functionError: 'Unhandled' }
      return { payload: Buffer.from(typeof result === 'string' ? result : JSON.stringify(result)) }
    },
  })
  t.after(() => front.stop())
  return { front, events, called }
}

test('an event of format 2.0 has lower-case headers, cookies apart, joined repeats, and leaves out what is absent', async (t) => {
  const { front, events } = await open(t, httpApiFront([api([route('GET /orders/{id}')])]))
  await fetch(`${front.url}/orders/a%20b?x=1&x=2&y=`, {
    headers: {
      'X-Key': 'k',
      cookie: 'a=1; b=2',
      'user-agent': 'test',
      'x-amzn-trace-id': 'Root=1-6740a000-0123456789abcdef01234567',
    },
  })
  const [event] = events
  const { requestContext, headers, ...rest } = event!
  assert.deepEqual(rest, {
    version: '2.0',
    routeKey: 'GET /orders/{id}',
    rawPath: '/orders/a b',
    rawQueryString: 'x=1&x=2&y=',
    cookies: ['a=1', 'b=2'],
    queryStringParameters: { x: '1,2', y: '' },
    pathParameters: { id: 'a b' },
    isBase64Encoded: false,
  })
  assert.partialDeepStrictEqual(headers, {
    'x-key': 'k',
    'content-length': '0',
    'x-forwarded-proto': 'http',
    'x-amzn-trace-id': 'Root=1-6740a000-0123456789abcdef01234567',
  })
  assert.equal(Object.hasOwn(headers as object, 'cookie'), false)
  assert.partialDeepStrictEqual(requestContext, {
    accountId: '000000000000',
    apiId: 'ab12cd34ef',
    domainName: 'ab12cd34ef.execute-api.us-east-1.amazonaws.com',
    http: { method: 'GET', path: '/orders/a b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
    routeKey: 'GET /orders/{id}',
    stage: '$default',
  })
})

test('a route that lacks the method gives way to {proxy+}, and that to $default', async (t) => {
  const routes = [route('GET /a/{x}'), route('ANY /a/{proxy+}'), route('GET /a/b'), route('$default')]
  const { front, events } = await open(t, httpApiFront([api(routes)]))
  for (const [method, path] of [
    ['GET', '/a/b'],
    ['GET', '/a/c'],
    ['POST', '/a/c'],
    ['GET', '/a/c/d'],
    ['GET', '/other'],
  ] as const)
    await fetch(`${front.url}${path}`, { method })
  assert.deepEqual(
    events.map(({ routeKey }) => routeKey),
    ['GET /a/b', 'GET /a/{x}', 'ANY /a/{proxy+}', 'ANY /a/{proxy+}', '$default'],
  )
  const none = await open(t, httpApiFront([api([route('GET /a')])]))
  const missing = await fetch(`${none.front.url}/b`)
  assert.deepEqual([missing.status, await missing.text()], [404, '{"message":"Not Found"}'])
})

test('a named stage is a part of the path; a route of format 1.0 gets the older event', async (t) => {
  const { front, events } = await open(
    t,
    httpApiFront([
      api([route('GET /a', { payload: '1.0' }), route('GET /b')], { stage: 'live', stageVariables: { v: '1' } }),
    ]),
  )
  assert.equal((await fetch(`${front.url}/a`)).status, 404)
  await fetch(`${front.url}/live/a`)
  await fetch(`${front.url}/live/b`)
  assert.partialDeepStrictEqual(events[0], {
    version: '1.0',
    path: '/a',
    httpMethod: 'GET',
    stageVariables: { v: '1' },
    body: null,
  })
  assert.partialDeepStrictEqual(events[1], { rawPath: '/live/b', stageVariables: { v: '1' } })
})

test('format 1.0 has no stage in its path where the stage is $default', async (t) => {
  const { front, events } = await open(t, httpApiFront([api([route('GET /a', { payload: '1.0' })])]))
  await fetch(`${front.url}/a`)
  assert.partialDeepStrictEqual(events[0], { path: '/a', requestContext: { path: '/a', stage: '$default' } })
})

test('JSON text is text, a form and an image are base64', async (t) => {
  const { front, events } = await open(t, httpApiFront([api([route('$default')])]))
  const post = async (type: string, body: string | Buffer): Promise<void> =>
    void (await fetch(front.url, { method: 'POST', body, headers: { 'content-type': type } }))
  await post('application/json', '{"a":1}')
  await post('application/x-www-form-urlencoded', 'a=1')
  await post('image/png', Buffer.from([0x89, 0x50]))
  assert.deepEqual(
    events.map(({ body, isBase64Encoded }) => [body, isBase64Encoded]),
    [
      ['{"a":1}', false],
      ['YT0x', true],
      ['iVA=', true],
    ],
  )
})

for (const [what, result, status, type, body] of [
  ['an answer with a status', { statusCode: 201, body: 'made' }, 201, 'text/plain;charset=UTF-8', 'made'],
  ['any other JSON', { a: 1 }, 200, 'application/json', '{"a":1}'],
  ['a text', '"hello"', 200, 'application/json', '"hello"'],
  [
    'a base64 body',
    { statusCode: 200, body: 'aGk=', isBase64Encoded: true, headers: { 'content-type': 'x/y' } },
    200,
    'x/y',
    'hi',
  ],
  ['a status that is none', { statusCode: 'ok' }, 500, 'application/json', '{"message":"Internal Server Error"}'],
  ['a function error', new Error('x'), 500, 'application/json', '{"message":"Internal Server Error"}'],
  ['no answer in time', new Promise(() => {}), 503, null, '{"message":"Service Unavailable"}'],
] as const)
  test(`${what} is ${status} of an HTTP API`, async (t) => {
    const { front } = await open(t, httpApiFront([api([route('$default')])]), () => result)
    const response = await fetch(front.url)
    assert.deepEqual(
      [response.status, response.headers.get('content-type'), await response.text()],
      [status, type, body],
    )
    assert.ok(response.headers.has('apigw-requestid'))
  })

test('cookies of the answer are Set-Cookie headers', async (t) => {
  const { front } = await open(t, httpApiFront([api([route('$default')])]), () => ({
    statusCode: 200,
    cookies: ['a=1', 'b=2; Secure'],
  }))
  assert.deepEqual((await fetch(front.url)).headers.getSetCookie(), ['a=1', 'b=2; Secure'])
})

test("the API's CORS answers preflights and replaces the function's headers", async (t) => {
  const cors = {
    allowOrigins: ['https://*.shop.example'],
    allowMethods: ['GET'],
    allowHeaders: ['x-key'],
    exposeHeaders: [],
    allowCredentials: true,
    maxAgeSeconds: 5,
  }
  const { front, events } = await open(t, httpApiFront([api([route('$default')], { cors })]), () => ({
    statusCode: 200,
    headers: { 'Access-Control-Allow-Origin': '*' },
  }))
  const origin = 'https://a.shop.example'
  const asked = await fetch(front.url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET' },
  })
  assert.equal(asked.status, 204)
  assert.partialDeepStrictEqual(Object.fromEntries(asked.headers), {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'x-key',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '5',
  })
  assert.equal((await fetch(front.url, { headers: { origin } })).headers.get('access-control-allow-origin'), origin)
  assert.equal((await fetch(front.url, { headers: { origin: 'https://evil.example' } })).status, 403)
  assert.equal(events.length, 1)
})

const jwt = (claims: object): string => `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

test('a JWT is decoded: claims go on, an expired, foreign or missing one is 401, a missing scope 403', async (t) => {
  const authorizer: AuthorizerSpec = {
    kind: 'jwt',
    name: 'J',
    identitySource: '$request.header.Authorization',
    issuer: 'https://id',
    audience: ['web'],
    scopes: ['read'],
  }
  const { front, events } = await open(t, httpApiFront([api([route('$default', { authorizer })])]))
  const ask = (authorization?: string): Promise<Response> =>
    fetch(front.url, authorization === undefined ? {} : { headers: { authorization } })
  const status = async (authorization?: string): Promise<number> => (await ask(authorization)).status
  const challenge = async (authorization?: string): Promise<string | null> =>
    (await ask(authorization)).headers.get('www-authenticate')
  const claims = { iss: 'https://id', aud: ['web', 'app'], scope: 'read write', sub: 'ada', n: 1 }
  assert.equal(await status(), 401)
  assert.equal(await status('Bearer nonsense'), 401)
  assert.equal(await status(jwt({ ...claims, exp: 1 })), 401)
  assert.equal(await status(jwt({ ...claims, aud: 'other' })), 401)
  assert.equal(await status(jwt({ ...claims, scope: 'write' })), 403)
  assert.equal(await challenge(), 'Bearer')
  assert.equal(
    await challenge(jwt({ ...claims, aud: 'other' })),
    'Bearer scope="read" error="invalid_token" error_description="the token does not have a valid audience"',
  )
  assert.equal(await challenge(jwt({ ...claims, scope: 'write' })), 'Bearer scope="read" error="insufficient_scope"')
  assert.equal(await status(jwt(claims)), 200)
  assert.deepEqual(
    events.map(({ requestContext }) => requestContext['authorizer']),
    [
      {
        jwt: {
          claims: { iss: 'https://id', aud: '[web app]', scope: 'read write', sub: 'ada', n: '1' },
          scopes: ['read'],
        },
      },
    ],
  )
})

test('a Lambda authorizer is asked once for the same identity, and its context goes on', async (t) => {
  const authorizer: AuthorizerSpec = {
    kind: 'lambda',
    name: 'L',
    functionName: 'auth',
    type: 'REQUEST',
    identitySources: ['$request.header.X-Key'],
    ttlSeconds: 60,
    payload: '2.0',
    simpleAnswers: true,
  }
  const { front, events, called } = await open(t, httpApiFront([api([route('GET /a', { authorizer })])]), (event) =>
    event['type'] === 'REQUEST'
      ? { isAuthorized: (event['identitySource'] as string[])[0] === 'yes', context: { user: 'ada' } }
      : { statusCode: 200 },
  )
  const status = async (key?: string): Promise<number> =>
    (await fetch(`${front.url}/a`, key === undefined ? {} : { headers: { 'x-key': key } })).status
  assert.deepEqual([await status(), await status('no'), await status('yes'), await status('yes')], [401, 403, 200, 200])
  assert.deepEqual(called, ['auth', 'auth', 'fn', 'fn'])
  assert.deepEqual(events.at(-1)!.requestContext['authorizer'], { lambda: { user: 'ada' } })
  assert.partialDeepStrictEqual(events[0], {
    version: '2.0',
    routeKey: 'GET /a',
    routeArn: 'arn:aws:execute-api:us-east-1:000000000000:ab12cd34ef/$default/GET/a',
  })
})

const url: FunctionUrlSpec = {
  logicalId: 'FnUrl',
  urlId: 'abcdefghijklmnopqrstuvwxyz012345',
  stack: 's',
  functionName: 'fn',
  authType: 'NONE',
  invokeMode: 'BUFFERED',
}

test('a function URL hands every path on as 2.0, and a function error is its 502', async (t) => {
  const { front, events } = await open(t, functionUrlFront(url), (event) =>
    event['rawPath'] === '/bad' ? new Error('x') : { a: 1 },
  )
  const answer = await fetch(`${front.url}/any/path`, { method: 'PUT' })
  assert.deepEqual([answer.status, await answer.text()], [200, '{"a":1}'])
  assert.match(answer.headers.get('x-amzn-trace-id') ?? '', /^Root=1-/)
  assert.partialDeepStrictEqual(events[0], {
    routeKey: '$default',
    rawPath: '/any/path',
    requestContext: { domainName: `${url.urlId}.lambda-url.us-east-1.on.aws`, stage: '$default' },
  })
  const bad = await fetch(`${front.url}/bad`)
  assert.deepEqual([bad.status, await bad.text()], [502, 'Internal Server Error'])
})

test('a URL with AWS_IAM wants a signature, of any key', async (t) => {
  const { front, events } = await open(t, functionUrlFront({ ...url, authType: 'AWS_IAM' }))
  const refused = await fetch(front.url)
  assert.deepEqual([refused.status, await refused.text()], [403, '{"Message":"Forbidden"}'])
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00'
  assert.equal((await fetch(front.url, { headers: { authorization } })).status, 200)
  assert.partialDeepStrictEqual(events[0]!.requestContext['authorizer'], {
    iam: { accessKey: 'AKIDEXAMPLE', accountId: '000000000000' },
  })
})

test('a streamed answer comes chunk by chunk, behind the status and headers of its prelude', async (t) => {
  const more = Promise.withResolvers<void>()
  const { front } = await open(
    t,
    functionUrlFront({ ...url, invokeMode: 'RESPONSE_STREAM' }),
    async (_, { stream }) => {
      stream!.start('application/vnd.awslambda.http-integration-response')
      const prelude = Buffer.from(
        '{"statusCode":201,"headers":{"x-a":"b","content-type":"text/plain"},"cookies":["c=1"]}',
      )
      stream!.chunk(Buffer.concat([prelude, Buffer.alloc(8), Buffer.from('one ')]))
      await more.promise
      stream!.chunk(Buffer.from('two'))
      return ''
    },
  )
  const answer = await fetch(front.url)
  assert.deepEqual([answer.status, answer.headers.get('x-a'), answer.headers.getSetCookie()], [201, 'b', ['c=1']])
  const reader = answer.body!.getReader()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'one ')
  more.resolve()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'two')
  assert.equal((await reader.read()).done, true)
})
