import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'

import { pino } from 'pino'

import { Counters } from '../counters.ts'
import { FnscopeError } from '../errors.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import { silentLogger } from '../log.ts'
import { sendAwsError } from './aws-error.ts'
import { awsErrorFormat, ownErrorFormat } from './error-format.ts'
import { listen } from './listen.ts'
import { closeHttpServer, createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0, explicit: true }

interface Started {
  readonly server: HttpServer
  readonly port: number
  readonly counters: Counters
}

async function start(t: TestContext, options: Partial<HttpServerOptions> = {}, mount?: (server: HttpServer) => void) {
  const counters = new Counters()
  const server = createHttpServer({ log: silentLogger, counters, bodyLimitBytes: 1000, ...options })
  server.all('/', (request) => ({ body: (request.body as Buffer | undefined)?.toString('latin1') ?? null }))
  mount?.(server)
  const bound = await listen(server, ANY_PORT)
  assert.ok(bound.closed === undefined)
  t.after(() => closeHttpServer(server, 0))
  return { server, port: bound.port, counters } satisfies Started
}

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** Not fetch: that keeps Host, Origin and Sec-Fetch-* to itself. */
async function send({ port }: Pick<Started, 'port'>, { method = 'GET', path = '/', headers = {}, body }: Sent = {}) {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false })
  request.end(body)
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, text }
}

test('bodies of every content type reach the route as the bytes that were sent', async (t) => {
  const started = await start(t)
  const bytes = Buffer.from([0, 255, 123, 10])
  for (const type of ['application/json', 'text/plain', 'application/x-amz-json-1.1', 'application/x-protobuf', '']) {
    const headers = type === '' ? {} : { 'content-type': type }
    const { status, text } = await send(started, { method: 'POST', headers, body: bytes })
    assert.equal(status, 200, type)
    assert.equal((JSON.parse(text) as { body: string }).body, bytes.toString('latin1'))
  }
})

test('the Host must be loopback or allowed, and a refusal is counted', async (t) => {
  const started = await start(t, { allowedHosts: ['box', '.example.org'] })
  const own = [
    'localhost',
    'LOCALHOST:1',
    'api.localhost:80',
    '127.0.0.1:4747',
    '127.8.8.8',
    '[::1]:4747',
    'box:1',
    'a.example.org',
  ]
  for (const host of own) assert.equal((await send(started, { headers: { host } })).status, 200, host)
  const foreign = [
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'localhost@evil.test',
    'example.org',
    '0.0.0.0',
    'localhost:1:2',
  ]
  for (const host of foreign) assert.equal((await send(started, { headers: { host } })).status, 403, host)
  assert.equal(await refusals(started, 'host'), foreign.length)
})

test('the guards stand before unknown paths too', async (t) => {
  const started = await start(t)
  assert.equal((await send(started, { path: '/nowhere', headers: { host: 'evil.test' } })).status, 403)
  assert.equal((await send(started, { path: '/nowhere' })).status, 404)
})

test('only the server’s own origin passes, by scheme, host and port', async (t) => {
  const started = await start(t)
  const host = `localhost:${started.port}`
  const status = async (origin: string) => (await send(started, { method: 'POST', headers: { host, origin } })).status
  assert.equal(await status(`http://${host}`), 200)
  const others = [
    `https://${host}`,
    'http://localhost',
    `http://127.0.0.1:${started.port}`,
    'http://evil.test',
    'null',
    '',
  ]
  for (const origin of others) assert.equal(await status(origin), 403, origin)
  assert.equal(await refusals(started, 'origin'), others.length)
})

test('a browser’s cross-site request without Origin is refused, a followed link is not', async (t) => {
  const started = await start(t)
  const status = async (method: string, site: string, mode: string, dest: string) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    return (await send(started, { method, headers })).status
  }
  assert.equal(await status('GET', 'cross-site', 'navigate', 'document'), 200)
  assert.equal(await status('GET', 'same-origin', 'cors', 'empty'), 200)
  assert.equal(await status('GET', 'none', 'navigate', 'document'), 200)
  assert.equal(await status('GET', 'cross-site', 'no-cors', 'image'), 403)
  assert.equal(await status('GET', 'same-site', 'no-cors', 'script'), 403)
  assert.equal(await status('GET', 'cross-site', 'navigate', 'iframe'), 403)
  assert.equal(await status('POST', 'cross-site', 'navigate', 'document'), 403)
  assert.equal(await refusals(started, 'cross_site'), 4)
})

test('no CORS header goes out unless the origin is allowed, and then a preflight is answered', async (t) => {
  const closed = await start(t)
  const own = await send(closed, { headers: { host: 'localhost:1', origin: 'http://localhost:1' } })
  assert.equal(own.status, 200)
  assert.equal(own.headers['access-control-allow-origin'], undefined)

  const open = await start(t, { allowedOrigins: ['https://ui.test'], token: 'secret' })
  const headers = { origin: 'https://ui.test', 'access-control-request-method': 'PUT' }
  const preflight = await send(open, { method: 'OPTIONS', headers })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], 'https://ui.test')
  assert.equal(preflight.headers['access-control-allow-methods'], 'PUT')
  assert.equal((await send(open, { headers: { origin: 'https://ui.test' } })).status, 401)
  assert.equal((await send(open, { method: 'OPTIONS', headers: { ...headers, origin: 'https://x.test' } })).status, 403)
})

test('with any origin allowed, headers are left to the routes', async (t) => {
  const started = await start(t, { allowedOrigins: 'any' })
  const { status, headers } = await send(started, { headers: { origin: 'https://shop.test' } })
  assert.equal(status, 200)
  assert.equal(headers['access-control-allow-origin'], undefined)
})

test('with a token every request needs it, in any form a client can send', async (t) => {
  const token = 'to/k+en'
  const started = await start(t, { token })
  const sigv4 = (id: string) =>
    `AWS4-HMAC-SHA256 Credential=${id}/20261121/us-east-1/xray/aws4_request, SignedHeaders=host, Signature=0`
  const good: Sent[] = [
    { headers: { authorization: `Bearer ${token}` } },
    { headers: { 'x-fnscope-token': token } },
    { headers: { authorization: sigv4(token) } },
    {
      path: `/?X-Amz-Credential=${encodeURIComponent(`${token}/20261121/us-east-1/s3/aws4_request`)}&X-Amz-Signature=0`,
    },
  ]
  for (const sent of good) assert.equal((await send(started, sent)).status, 200, JSON.stringify(sent))
  const bad: Sent[] = [
    {},
    { headers: { authorization: 'Bearer to/k+e' } },
    { headers: { authorization: `Basic ${token}` } },
    { headers: { 'x-fnscope-token': '' } },
    { headers: { authorization: sigv4('AKIA') } },
    { path: `/?token=${token}` },
  ]
  for (const sent of bad) assert.equal((await send(started, sent)).status, 401, JSON.stringify(sent))
  assert.equal(await refusals(started, 'token'), bad.length)
})

test('a request that must be authorized and is not gets the cloud’s words in the caller’s format', async (t) => {
  const started = await start(t, { requireAuthorization: () => true, errorFormat: () => awsErrorFormat })
  const { status, headers, text } = await send(started, { method: 'POST', body: '{}' })
  assert.equal(status, 403)
  assert.equal(text, '{"message":"Missing Authentication Token"}')
  assert.equal(headers['x-amzn-errortype'], 'MissingAuthenticationTokenException')
  assert.equal((await send(started, { headers: { authorization: 'anything' } })).status, 200)
  assert.equal(await refusals(started, 'no_authorization'), 1)
})

test('what a route throws is told in the caller’s format, and only our own bugs are logged', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const started = await start(
    t,
    { log, errorFormat: (request) => (request.url.startsWith('/aws') ? awsErrorFormat : ownErrorFormat) },
    (server) => {
      server.get('/aws/missing', () => {
        throw new FnscopeError('FNS_FUNCTION_NOT_FOUND', 'There is no function "x".')
      })
      server.get('/full', () => {
        throw new IngestFullError('full', 2)
      })
      server.get('/bug', () => {
        throw new TypeError('secret detail')
      })
      server.get('/aws/error', (_request, reply) =>
        sendAwsError(reply, { status: 429, type: 'ThrottledException', message: 'slow', messageKey: 'Message' }),
      )
    },
  )
  const missing = await send(started, { path: '/aws/missing' })
  assert.deepEqual(
    [missing.status, missing.headers['x-amzn-errortype'], missing.text],
    [404, 'FNS_FUNCTION_NOT_FOUND', '{"message":"There is no function \\"x\\"."}'],
  )
  const full = await send(started, { path: '/full' })
  assert.deepEqual([full.status, full.headers['retry-after']], [503, '2'])
  assert.equal(full.text, '{"error":{"code":"ServiceUnavailableException","message":"full"}}')
  const large = await send(started, { method: 'POST', body: 'x'.repeat(1001) })
  assert.equal(large.status, 413)
  const throttled = await send(started, { path: '/aws/error' })
  assert.deepEqual(
    [throttled.status, throttled.headers['x-amzn-errortype'], throttled.text],
    [429, 'ThrottledException', '{"Message":"slow"}'],
  )
  assert.equal(lines.length, 0)
  const bug = await send(started, { path: '/bug' })
  assert.equal(bug.status, 500)
  assert.ok(!bug.text.includes('secret detail'))
  assert.ok(lines[0]?.includes('secret detail'))
})

test('a whole URL in the request line is its path, and its host is looked at', async (t) => {
  const started = await start(t)
  const ask = async (path: string): Promise<number | undefined> => (await send(started, { path })).status
  assert.equal(await ask('http://stream-127.0.0.1:4747/?a=b'), 200)
  assert.equal(await ask('HTTP://localhost'), 200)
  assert.equal(await ask('http://example.org/'), 403)
  assert.equal(await ask('http://stream-example.org/'), 403)
})

test('a port in use is fatal with its holder’s name when the user named it, else the door is closed with the reason', async (t) => {
  const { port } = await start(t)
  const second = createHttpServer({ log: silentLogger, counters: new Counters(), bodyLimitBytes: 1 })
  const wanted = { host: '127.0.0.1', port }
  await assert.rejects(listen(second, { ...wanted, explicit: true }), (error) => {
    assert.ok(error instanceof FnscopeError)
    assert.equal(error.code, 'FNS_PORT_IN_USE')
    assert.ok(error.message.includes(`127.0.0.1:${port}`), error.message)
    assert.ok(error.message.includes(`(process ${process.pid})`), error.message)
    return true
  })
  const third = createHttpServer({ log: silentLogger, counters: new Counters(), bodyLimitBytes: 1 })
  const closed = await listen(third, { ...wanted, explicit: false })
  assert.ok(closed.closed?.includes(`(process ${process.pid})`))
})

test('an address that is not this machine’s is said so', async () => {
  const server = createHttpServer({ log: silentLogger, counters: new Counters(), bodyLimitBytes: 1 })
  await assert.rejects(listen(server, { host: '192.0.2.1', port: 0, explicit: true }), { code: 'FNS_CONFIG' })
})

test('closing ends idle connections at once, lets an answer in flight go out, and cuts it after the grace', async (t) => {
  const entered = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<string>()
  const mount = (server: HttpServer) =>
    void server.get('/slow', () => {
      entered.resolve()
      return answer.promise
    })
  const patient = await start(t, {}, mount)
  const idle = connect(patient.port, '127.0.0.1')
  await once(idle, 'connect')
  const slow = send(patient, { path: '/slow' })
  await entered.promise
  const closing = closeHttpServer(patient.server, 10_000)
  await once(idle.resume(), 'close')
  answer.resolve('done')
  assert.equal((await slow).text, 'done')
  await closing

  const stuck = Promise.withResolvers<void>()
  const hasty = await start(
    t,
    {},
    (server) =>
      void server.get('/never', () => {
        stuck.resolve()
        return new Promise(() => undefined)
      }),
  )
  const cut = assert.rejects(send(hasty, { path: '/never' }))
  await stuck.promise
  await closeHttpServer(hasty.server, 20)
  await cut
})

async function refusals({ counters }: Started, reason: string): Promise<number> {
  const { values } = await counters.refusedRequests.get()
  return values.find((value) => value.labels['reason'] === reason)?.value ?? 0
}
