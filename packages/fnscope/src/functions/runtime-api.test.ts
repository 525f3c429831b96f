import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { afterEach, beforeEach, test } from 'node:test'
import { EnvironmentServer } from './environment-server.ts'
import { MAX_RESPONSE_BYTES, RuntimeApi, type ApiError } from './runtime-api.ts'

let api: RuntimeApi
let server: EnvironmentServer
let address: string
let told: string[]
let lastError: ApiError | undefined

beforeEach(async () => {
  told = []
  lastError = undefined
  const error =
    (kind: string) =>
    (from: ApiError): void => {
      lastError = from
      told.push(kind)
    }
  api = new RuntimeApi({
    next: () => told.push('next'),
    response: (body, streamedBytes) => told.push(`response ${streamedBytes ?? body.length}`),
    error: error('error'),
    initError: error('init error'),
    rejected: (type) => told.push(type),
    activity: () => {},
  })
  server = new EnvironmentServer([api])
  address = await server.listen()
})
afterEach(() => server.close())

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

function call(
  method: string,
  path: string,
  options: { readonly body?: string | Buffer; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':')
    const sent = request({ host, port, method, path, headers: options.headers ?? {}, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(options.body)
  })
}

const BASE = '/2018-06-01/runtime'
const WORK = {
  requestId: 'id-1',
  deadlineMillis: 1_795_000_003_000,
  functionArn: 'arn:f',
  traceHeader: 'Root=1;Sampled=1',
  payload: Buffer.from('{"a":1}'),
}

function errorOf(answer: Answer): [number, string] {
  return [answer.status, (JSON.parse(answer.text) as { errorType: string }).errorType]
}

test('next waits for work, and gives its headers and bytes; absent values are left out', async () => {
  const next = call('GET', `${BASE}/invocation/next`)
  api.send(WORK)
  const { status, headers, text } = await next
  assert.deepEqual([status, text, headers['content-type']], [200, '{"a":1}', 'application/json'])
  assert.equal(headers['lambda-runtime-aws-request-id'], 'id-1')
  assert.equal(headers['lambda-runtime-deadline-ms'], '1795000003000')
  assert.equal(headers['lambda-runtime-trace-id'], 'Root=1;Sampled=1')
  assert.equal(headers['lambda-runtime-client-context'], undefined)
  const answer = await call('POST', `${BASE}/invocation/id-1/response`, { body: '"x"' })
  assert.deepEqual([answer.status, answer.text], [202, '{"status":"OK"}'])
  assert.deepEqual(told, ['next', 'response 3'])
})

test('transitions that the state does not allow are 403', async () => {
  const forbidden = [403, 'InvalidStateTransition']
  assert.deepEqual(errorOf(await call('POST', `${BASE}/invocation/id-1/response`, { body: '1' })), forbidden)
  const next = call('GET', `${BASE}/invocation/next`)
  api.send(WORK)
  await next
  assert.deepEqual(errorOf(await call('GET', `${BASE}/invocation/next`)), forbidden)
  const late = await call('POST', `${BASE}/init/error`, { body: '{}' })
  assert.deepEqual(errorOf(late), forbidden)
  assert.match(late.text, /State transition from Running to InitError failed for runtime\. Error: /)
})

test('another id and a second answer are 400', async () => {
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  const bad = [400, 'InvalidRequestID']
  assert.deepEqual(errorOf(await call('POST', `${BASE}/invocation/other/response`, { body: '1' })), bad)
  assert.equal((await call('POST', `${BASE}/invocation/id-1/error`, { body: '{}' })).status, 202)
  assert.deepEqual(errorOf(await call('POST', `${BASE}/invocation/id-1/response`, { body: '1' })), bad)
})

test('a result over the limit is 413 after all of it was read', async () => {
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  const body = Buffer.alloc(MAX_RESPONSE_BYTES + 1, 120)
  assert.deepEqual(errorOf(await call('POST', `${BASE}/invocation/id-1/response`, { body })), [
    413,
    'RequestEntityTooLarge',
  ])
  assert.deepEqual(told, ['next', 'Function.ResponseSizeTooLarge'])
})

test('an unknown response mode is refused and fails the invocation', async () => {
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  const headers = { 'Lambda-Runtime-Function-Response-Mode': 'odd' }
  const answer = await call('POST', `${BASE}/invocation/id-1/response`, { body: '1', headers })
  assert.deepEqual(errorOf(answer), [400, 'InvalidFunctionResponseMode'])
  assert.deepEqual(told, ['next', 'Runtime.InvalidResponseModeHeader'])
})

test('a streamed result goes to who waits for it chunk by chunk, and is the result all the same', async () => {
  const heard: string[] = []
  const stream = {
    start: (type: string | undefined) => void heard.push(`start ${type}`),
    chunk: (bytes: Uint8Array) => {
      heard.push(Buffer.from(bytes).toString())
      if (heard.length === 2) sent.end('two')
    },
  }
  const next = call('GET', `${BASE}/invocation/next`)
  api.send({ ...WORK, stream })
  await next
  const [host, port] = address.split(':')
  const headers = { 'lambda-runtime-function-response-mode': 'streaming', 'content-type': 'text/plain' }
  const sent = request({ host, port, method: 'POST', path: `${BASE}/invocation/id-1/response`, headers })
  const answered = once(sent, 'response')
  sent.write('one ')
  const [answer] = (await answered) as [{ readonly statusCode: number; resume(): void }]
  answer.resume()
  assert.equal(answer.statusCode, 202)
  assert.deepEqual(heard, ['start text/plain', 'one ', 'two'])
  assert.deepEqual(told, ['next', 'response 7'])
})

test('an error may carry a cause of a megabyte in a header', async () => {
  const cause = 'c'.repeat(1024 * 1024 - 1)
  const headers = {
    'Lambda-Runtime-Function-XRay-Error-Cause': cause,
    'Lambda-Runtime-Function-Error-Type': 'Runtime.X',
  }
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  assert.equal(
    (await call('POST', `${BASE}/invocation/id-1/error`, { body: '{"errorType":"X"}', headers })).status,
    202,
  )
  assert.equal(lastError?.xrayCause?.length, cause.length)
  assert.equal(lastError.errorType, 'Runtime.X')
})

test('a body that is cut off fails the invocation', async () => {
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  const [host, port] = address.split(':')
  const failed = new Promise<void>((resolve) => {
    const sent = request({
      host,
      port,
      method: 'POST',
      path: `${BASE}/invocation/id-1/response`,
      headers: { 'Content-Length': '100' },
    })
    sent.on('error', () => resolve())
    sent.write('short', () => setImmediate(() => sent.destroy()))
  })
  await failed
  while (told.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(told, ['next', 'Runtime.TruncatedResponse'])
})

test('ping answers pong; what is not there is 404', async () => {
  assert.equal((await call('GET', '/ping')).text, 'pong')
  assert.equal((await call('GET', `${BASE}/nothing`)).status, 404)
})

const streamed = { 'Lambda-Runtime-Function-Response-Mode': 'streaming' }

test('a result that is streamed to its caller may be larger than a buffered one, and is not kept', async () => {
  const seen: number[] = []
  api.send({ ...WORK, stream: { start: () => seen.push(0), chunk: (bytes) => seen.push(bytes.length) } })
  await call('GET', `${BASE}/invocation/next`)
  const body = Buffer.alloc(24 * 1024 * 1024)
  assert.equal((await call('POST', `${BASE}/invocation/id-1/response`, { body, headers: streamed })).status, 202)
  assert.equal(seen[0], 0)
  assert.equal(
    seen.reduce((sum, bytes) => sum + bytes, 0),
    body.length,
  )
  assert.deepEqual(told, ['next', `response ${body.length}`])
})

test('one that is streamed to nobody is as large as a buffered one at most', async () => {
  api.send(WORK)
  await call('GET', `${BASE}/invocation/next`)
  const body = Buffer.alloc(MAX_RESPONSE_BYTES + 1)
  assert.equal((await call('POST', `${BASE}/invocation/id-1/response`, { body, headers: streamed })).status, 413)
  assert.deepEqual(told, ['next', 'Function.ResponseSizeTooLarge'])
})

test('a stream that fails before its first byte has not begun', async () => {
  const begun: unknown[] = []
  api.send({ ...WORK, stream: { start: (type) => begun.push(type), chunk: () => begun.push('chunk') } })
  await call('GET', `${BASE}/invocation/next`)
  const [host, port] = address.split(':')
  const headers = { ...streamed, 'Transfer-Encoding': 'chunked', Trailer: 'Lambda-Runtime-Function-Error-Type' }
  const sent = request({ host, port, method: 'POST', path: `${BASE}/invocation/id-1/response`, headers })
  sent.addTrailers({ 'Lambda-Runtime-Function-Error-Type': 'Mine' })
  const answered = once(sent, 'response')
  sent.end()
  await answered
  assert.deepEqual(begun, [])
  assert.deepEqual(told, ['next', 'error'])
})

test('the Host may be what a local proxy was asked by, and no name of a web page', async () => {
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await call('GET', '/ping', { headers })).status
  for (const host of ['127.0.0.1:9002', 'localhost:1', 'sandbox.localdomain:9001'])
    assert.equal(await status({ host }), 200, host)
  for (const host of ['rebound.example', 'rebound.example:9001', '127.0.0.1.rebound.example', '10.0.0.1'])
    assert.equal(await status({ host }), 403, host)
  assert.equal(await status({ origin: 'http://127.0.0.1' }), 403)
})
