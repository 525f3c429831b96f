// What clients may send to an API and what a function finds of it: repeated headers and parameters, names in their own
// case, escapes in paths, bytes, and bodies that are too long. A real fnscope, REST and HTTP APIs of both payload versions.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { startInlineApp, type InlineApp } from '../inline-app.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: live, BinaryMediaTypes: [image~1png] } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      CodeUri: src/
      Handler: app.handler
      Timeout: 60
      MemorySize: 512
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Rest: { Type: Api, Properties: { RestApiId: !Ref Api, Path: '/any/{proxy+}', Method: any } }
        Two: { Type: HttpApi, Properties: { Path: '/two/{proxy+}', Method: any } }
        One: { Type: HttpApi, Properties: { Path: '/one/{proxy+}', Method: any, PayloadFormatVersion: '1.0' } }
Outputs:
  Rest: { Value: !Sub "https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/live/any/" }
  Http: { Value: !Sub "https://\${ServerlessHttpApi}.execute-api.\${AWS::Region}.amazonaws.com" }
  Url: { Value: !GetAtt EchoUrl.FunctionUrl }
`
const CODE = `
import base64, json
PNG = bytes(range(256))
def handler(event, context):
    path = event.get('rawPath') or event['path']
    if path.endswith('/length'):
        return {'statusCode': 200, 'body': str(len(event['body']))}
    if path.endswith('/image'):
        same = base64.b64decode(event['body']) == PNG
        return {'statusCode': 201 if same else 500, 'headers': {'Content-Type': 'image/png'},
                'isBase64Encoded': True, 'body': base64.b64encode(PNG).decode()}
    if path.endswith('/cookies'):
        if event.get('version') == '2.0':
            return {'statusCode': 200, 'cookies': ['a=1', 'b=2'], 'body': ''}
        return {'statusCode': 200, 'multiValueHeaders': {'Set-Cookie': ['a=1', 'b=2']}, 'body': ''}
    return {'statusCode': 200, 'body': json.dumps(event)}
`

interface Event {
  readonly [name: string]: unknown
  readonly headers: Readonly<Record<string, string>>
}

let app: InlineApp

before(async () => {
  app = await startInlineApp('http-requests', { template: TEMPLATE, code: CODE })
})

after(async () => {
  await app?.[Symbol.asyncDispose]()
})

const output = (name: string): string => app.fnscope.apps[0]!.outputs[name]!
const places = (): { readonly rest: string; readonly two: string; readonly one: string; readonly url: string } => {
  const http = output('Http')
  return { rest: output('Rest'), two: `${http}/two/`, one: `${http}/one/`, url: output('Url') }
}

/** With headers as they stand, in pairs. */
async function eventOf(url: string, headers: readonly string[] = []): Promise<Event> {
  const { promise, resolve, reject } = Promise.withResolvers<Event>()
  const { host, hostname, port } = new URL(url)
  const path = url.slice(url.indexOf(host) + host.length)
  request({ hostname, port, path, headers: ['Host', host, ...headers] }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    response.once('end', () => resolve(JSON.parse(text) as Event))
  })
    .once('error', reject)
    .end()
  return await promise
}

test('headers: a REST API keeps their names and all values, an HTTP API has them in lower case and joined', async () => {
  const sent = ['X-Many', 'a', 'x-many', 'b', 'X-Many', 'c, d']
  const { rest, two } = places()
  const first = await eventOf(`${rest}x`, sent)
  assert.partialDeepStrictEqual(first.headers, { 'X-Many': 'c, d', 'x-many': 'b' })
  assert.partialDeepStrictEqual(first['multiValueHeaders'], { 'X-Many': ['a', 'c, d'], 'x-many': ['b'] })
  assert.partialDeepStrictEqual((await eventOf(`${two}x`, sent)).headers, { 'x-many': 'a,b,c, d' })
})

test('parameters that are repeated, empty or escaped come as each format has them', async () => {
  const query = '?a=1&a=2%203&b=&c%5B%5D=x+y&d'
  const values = { a: '2 3', b: '', 'c[]': 'x y', d: '' }
  const all = { a: ['1', '2 3'], b: [''], 'c[]': ['x y'], d: [''] }
  const { rest, two, one } = places()
  for (const url of [rest, one]) {
    const event = await eventOf(`${url}x${query}`)
    assert.deepEqual({ ...(event['queryStringParameters'] as object) }, values)
    assert.deepEqual(event['multiValueQueryStringParameters'], all)
  }
  const event = await eventOf(`${two}x${query}`)
  assert.equal(event['rawQueryString'], query.slice(1))
  assert.deepEqual(event['queryStringParameters'], { ...values, a: '1,2 3' })
})

test('a greedy parameter is the rest of the path, decoded, with slashes that were escaped', async () => {
  const { rest, two } = places()
  for (const url of [rest, two]) {
    const of = async (path: string): Promise<unknown> => (await eventOf(url + path))['pathParameters']
    assert.deepEqual(await of('a/b'), { proxy: 'a/b' })
    assert.deepEqual(await of('a%2Fb%20c/%C3%A9+d'), { proxy: 'a/b c/é+d' })
    assert.deepEqual(await of('100%25'), { proxy: '100%' })
  }
})

test('bytes go through both formats and come back', async () => {
  const body = Uint8Array.from({ length: 256 }, (_, index) => index)
  const { rest, two, one, url } = places()
  for (const base of [rest, two, one, url]) {
    const answer = await fetch(`${base}image`, { method: 'POST', body, headers: { 'content-type': 'image/png' } })
    assert.equal(answer.status, 201, base)
    assert.equal(answer.headers.get('content-type'), 'image/png')
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), body)
  }
})

test('an answer sets several cookies in the way of its format', async () => {
  for (const base of Object.values(places()))
    assert.deepEqual((await fetch(`${base}cookies`)).headers.getSetCookie(), ['a=1', 'b=2'], base)
})

test('an event of more than 6 MB is refused in the words of each API, as is a body of more than 10', async () => {
  const headers = { 'content-type': 'text/plain' }
  const { rest, two, one, url } = places()
  const answers = [
    [rest, '{"message":"Request Too Long"}'],
    [two, '{"message":"Request Entity Too Large"}'],
    [one, '{"message":"Request Entity Too Large"}'],
    [url, '{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}'],
  ] as const
  for (const [base, text] of answers) {
    const send = async (bytes: number): Promise<Response> =>
      await fetch(`${base}length`, { method: 'POST', headers, body: 'x'.repeat(bytes) })
    const inside = await send(6 * 1024 * 1024 - 10_000)
    assert.deepEqual([inside.status, await inside.text()], [200, String(6 * 1024 * 1024 - 10_000)], base)
    for (const bytes of [6 * 1024 * 1024, 10 * 1024 * 1024 + 1]) {
      const over = await send(bytes)
      assert.deepEqual([over.status, (await over.text()).replace(': "', ':"')], [413, text], base)
    }
  }
})
