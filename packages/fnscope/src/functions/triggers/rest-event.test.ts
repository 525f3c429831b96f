import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { RestApiSpec } from '../trigger-spec.ts'
import { fromProxyResult, MALFORMED } from './gateway-answer.ts'
import type { ProxyRequest } from './proxy-request.ts'
import { toProxyEvent, type ProxyEvent } from './rest-event.ts'

const api: RestApiSpec = {
  logicalId: 'ServerlessRestApi',
  apiId: 'abc123',
  stack: 'sam-powertools',
  stage: 'Prod',
  stageVariables: {},
  tracing: false,
  routes: [],
}

function eventOf(
  request: Partial<ProxyRequest>,
  pathParameters: Record<string, string> = {},
  path = '/hello',
): ProxyEvent {
  return toProxyEvent(
    {
      method: 'GET',
      path: '/hello',
      query: '',
      headers: [],
      body: new Uint8Array(),
      sourceIp: '203.0.113.7',
      httpVersion: '1.1',
      ...request,
    },
    { path, pathParameters },
    api,
    {
      region: 'us-east-1',
      accountId: '000000000000',
      requestId: '5b6b4f3e-2c56-4e60-9a55-6f5f3c1d0001',
      extendedRequestId: 'Zx1aAbCdEfGhIjK=',
      timeMs: 1732288800000,
      port: 443,
      traceHeader: 'Root=1-6740a000-0123456789abcdef01234567',
    },
  )
}

interface Recorded extends Omit<ProxyEvent, 'requestContext'> {
  readonly requestContext: { readonly identity: object; readonly resourceId: string } & Record<string, unknown>
}

test('the event of a plain GET is the recorded one, apart from what a local listener cannot have', () => {
  const file = new URL('../../../../../test/apps/sam-powertools/events/hello.json', import.meta.url)
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded
  const made = eventOf({
    headers: [
      ['Accept', '*/*'],
      ['Host', 'abc123.execute-api.us-east-1.amazonaws.com'],
      ['User-Agent', 'curl/8.5.0'],
    ],
  })
  const { 'User-Agent': _, ...headers } = made.headers ?? {}
  assert.deepEqual({ ...headers, 'X-Forwarded-Proto': 'https' }, recorded.headers)
  for (const key of Object.keys(recorded) as (keyof ProxyEvent)[]) {
    if (key === 'headers' || key === 'multiValueHeaders' || key === 'requestContext') continue
    assert.deepEqual(made[key], recorded[key], key)
  }
  const { identity, resourceId, ...context } = recorded.requestContext
  for (const [key, value] of Object.entries(context)) assert.deepEqual(made.requestContext[key], value, key)
  assert.match(String(made.requestContext['resourceId']), new RegExp(`^[a-z0-9]{${resourceId.length}}$`))
  assert.partialDeepStrictEqual(made.requestContext['identity'], identity)
})

test('repeated query parameters and headers are lists, and the last one counts alone', () => {
  const event = eventOf({
    query: 'a=1&a=2%203&b=',
    headers: [
      ['X-A', '1'],
      ['X-A', '2'],
      ['X-Forwarded-For', '198.51.100.1'],
    ],
  })
  assert.deepEqual(event.queryStringParameters, { a: '2 3', b: '' })
  assert.deepEqual(event.multiValueQueryStringParameters, { a: ['1', '2 3'], b: [''] })
  assert.equal(event.headers?.['X-A'], '2')
  assert.deepEqual(event.multiValueHeaders?.['X-A'], ['1', '2'])
  assert.equal(event.headers?.['X-Forwarded-For'], '198.51.100.1, 203.0.113.7')
})

test('path parameters stand in the event, and the template path is the resource', () => {
  const event = eventOf({ path: '/hello/a%20b' }, { name: 'a b' }, '/hello/{name}')
  assert.deepEqual(event.pathParameters, { name: 'a b' })
  assert.equal(event.resource, '/hello/{name}')
  assert.equal(event.path, '/hello/a%20b')
  assert.equal(event.requestContext['path'], '/Prod/hello/a%20b')
})

test('a text body is text and any other is base64', () => {
  const body = Buffer.from('{"ü":1}')
  const json = eventOf({ method: 'POST', body, headers: [['Content-Type', 'application/json; charset=utf-8']] })
  assert.deepEqual([json.body, json.isBase64Encoded], ['{"ü":1}', false])
  const image = eventOf({ method: 'POST', body: Buffer.from([0x89, 0x50]), headers: [['content-type', 'image/png']] })
  assert.deepEqual([image.body, image.isBase64Encoded], ['iVA=', true])
  const untyped = eventOf({ method: 'POST', body: Buffer.from([0xff, 0xfe]) })
  assert.equal(untyped.isBase64Encoded, true)
})

test('an answer with status, headers and body becomes the response', () => {
  const response = fromProxyResult(
    Buffer.from(
      JSON.stringify({
        statusCode: 201,
        headers: { 'X-One': 1, 'X-Two': 'a' },
        multiValueHeaders: { 'x-two': ['b', 'c'], 'Set-Cookie': ['d=1', 'e=2'] },
        body: 'made',
      }),
    ),
  )
  assert.equal(response.status, 201)
  assert.deepEqual(response.headers, {
    'X-One': ['1'],
    'x-two': ['b', 'c'],
    'Set-Cookie': ['d=1', 'e=2'],
    'Content-Type': ['application/json'],
  })
  assert.equal(Buffer.from(response.body).toString(), 'made')
})

test('a base64 body is sent as bytes, and headers the gateway owns are renamed or dropped', () => {
  const response = fromProxyResult(
    Buffer.from(
      '{"statusCode":"200","body":"iVA=","isBase64Encoded":true,"headers":{"Server":"x","Transfer-Encoding":"chunked","content-type":"image/png"}}',
    ),
  )
  assert.deepEqual([...response.body], [0x89, 0x50])
  assert.deepEqual(response.headers, { 'x-amzn-Remapped-Server': ['x'], 'content-type': ['image/png'] })
})

for (const payload of [
  'null',
  '"text"',
  '[]',
  '{}',
  '{"body":"no status"}',
  '{"statusCode":"ok"}',
  '{"statusCode":99}',
  '{"statusCode":200,"body":{"a":1}}',
  '{"statusCode":200,"headers":["a"]}',
  '{"statusCode":200,"headers":{"a":{"b":1}}}',
  '{"statusCode":200,"headers":{"a":"b\\r\\nc: d"}}',
  '{"statusCode":200,"multiValueHeaders":{"a":"b"}}',
  '{"statusCode":200,"isBase64Encoded":"yes"}',
  '{"statusCode":',
]) {
  test(`${payload} is no proxy answer: 502`, () => {
    assert.equal(fromProxyResult(Buffer.from(payload)), MALFORMED)
    assert.equal(Buffer.from(MALFORMED.body).toString(), '{"message": "Internal server error"}')
  })
}
