// REST API, HTTP API and function URL of one app, called as a client calls them: a real fnscope, real functions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { type StartedFnscope } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Handler: app.handler, Timeout: 20, MemorySize: 256 }
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Variables: { color: blue }
      Auth: { Authorizers: { Token: { FunctionArn: !GetAtt Gate.Arn } } }
  Gate: { Type: AWS::Serverless::Function, Properties: { Handler: app.gate } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Open: { Type: Api, Properties: { RestApiId: !Ref Api, Path: '/files/{proxy+}', Method: get } }
        Closed: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /closed, Method: get, Auth: { Authorizer: Token } } }
        Http: { Type: HttpApi, Properties: { Path: '/items/{id}', Method: post } }
  Ask: { Type: AWS::Serverless::Function, Properties: { Handler: app.ask } }
  Page: { Type: AWS::Serverless::Function }
  Written:
    Type: AWS::Serverless::Api
    Properties:
      StageName: w
      DefinitionBody:
        swagger: '2.0'
        info: { title: written, version: '1' }
        securityDefinitions:
          Token: { type: apiKey, name: X-Token, in: header, x-amazon-apigateway-authtype: custom, x-amazon-apigateway-authorizer: { type: token, authorizerUri: &gate !Sub 'arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Gate.Arn}/invocations', identityValidationExpression: '^[a-z]+$', authorizerResultTtlInSeconds: 0 } }
          Request: { type: apiKey, name: Unused, in: header, x-amazon-apigateway-authtype: custom, x-amazon-apigateway-authorizer: { type: request, identitySource: 'method.request.header.X-Who, method.request.querystring.q', authorizerUri: &ask !Sub 'arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Ask.Arn}/invocations' } }
          Key: { type: apiKey, name: x-api-key, in: header }
          Signed: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
          Plain: { type: basic }
        security: [{ Token: [] }]
        paths:
          /usual: { get: { x-amazon-apigateway-integration: &echo { type: aws_proxy, httpMethod: POST, uri: !Sub 'arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Page.Arn}/invocations', payloadFormatVersion: '2.0' } } }
          /request: { get: { security: [{ Request: [] }], x-amazon-apigateway-integration: *echo } }
          /key: { get: { security: [{ Key: [] }], x-amazon-apigateway-integration: *echo } }
          /signed: { get: { security: [{ Signed: [] }], x-amazon-apigateway-integration: *echo } }
          /open: { get: { security: [], x-amazon-apigateway-integration: *echo } }
          /plain: { get: { security: [{ Plain: [] }], x-amazon-apigateway-integration: *echo } }
  WrittenHttp:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: 3.0.1
        info: { title: written, version: '1' }
        components:
          securitySchemes:
            Jwt: { type: oauth2, x-amazon-apigateway-authorizer: { type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: { issuer: 'https://id.example', audience: [shop] } } }
            Simple: { type: apiKey, name: X-Who, in: header, x-amazon-apigateway-authorizer: { type: request, identitySource: $request.header.X-Who, authorizerUri: *ask, authorizerPayloadFormatVersion: '2.0', enableSimpleResponses: true } }
        paths:
          /jwt: { get: { security: [{ Jwt: [read] }], x-amazon-apigateway-integration: *echo } }
          /simple: { get: { security: [{ Simple: [] }], x-amazon-apigateway-integration: *echo } }
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: { AuthType: NONE }
      Environment: { Variables: { API_URL: !Sub "https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/live/" } }
Outputs:
  Caller: { Value: !GetAtt CallerUrl.FunctionUrl }
  Rest: { Value: !Sub "https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/live/" }
  Http: { Value: !Sub "https://\${ServerlessHttpApi}.execute-api.\${AWS::Region}.amazonaws.com" }
  Url: { Value: !GetAtt EchoUrl.FunctionUrl }
  Written: { Value: !Sub "https://\${Written}.execute-api.\${AWS::Region}.amazonaws.com/w/" }
  WrittenHttp: { Value: !Sub "https://\${WrittenHttp}.execute-api.\${AWS::Region}.amazonaws.com/" }
`
const CODE = `
import json, os
def handler(event, context):
    return {'statusCode': 200, 'body': json.dumps({'event': event, 'api': os.environ.get('API_URL')})}
def ask(event, context):
    allowed = {name.lower(): value for name, value in event['headers'].items()}.get('x-who') == 'ada'
    if event.get('version') == '2.0': return {'isAuthorized': allowed, 'context': {'from': event['identitySource']}}
    return {'principalId': 'ada', 'policyDocument': {'Version': '2012-10-17', 'Statement': [
        {'Action': 'execute-api:Invoke', 'Effect': 'Allow' if allowed else 'Deny', 'Resource': event['methodArn']}]}}
def gate(event, context):
    if event['authorizationToken'] == 'nobody': raise Exception('Unauthorized')
    effect = 'Allow' if event['authorizationToken'] == 'ada' else 'Deny'
    return {'principalId': 'ada', 'context': {'level': 3}, 'policyDocument': {'Version': '2012-10-17', 'Statement': [
        {'Action': 'execute-api:Invoke', 'Effect': effect, 'Resource': event['methodArn']}]}}
`

interface Body {
  readonly api: string
  readonly event: {
    readonly requestContext: Readonly<Record<string, unknown>>
    readonly pathParameters: Readonly<Record<string, string>>
  } & Readonly<Record<string, unknown>>
}

let app: InlineApp
let fnscope: StartedFnscope

before(async () => {
  app = await startInlineApp('http-triggers', { template: TEMPLATE, code: CODE })
  fnscope = app.fnscope
})

after(async () => {
  await app[Symbol.asyncDispose]()
})

const output = (name: string): string => fnscope.apps[0]!.outputs[name]!

async function call(url: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: Body }> {
  const answer = await fetch(url, init)
  return { status: answer.status, body: (await answer.json()) as Body }
}

test('a greedy path of a REST API reaches its function', async () => {
  const { status, body } = await call(`${output('Rest')}files/a/b%20c?x=1`)
  assert.equal(status, 200)
  assert.deepEqual(body.event.pathParameters, { proxy: 'a/b c' })
  assert.deepEqual(body.event['stageVariables'], { color: 'blue' })
})

test('a TOKEN authorizer lets in, keeps out and fails as on the cloud', async () => {
  const as = async (authorization?: string): Promise<{ readonly status: number; readonly body: Body }> =>
    await call(`${output('Rest')}closed`, authorization === undefined ? {} : { headers: { authorization } })
  assert.deepEqual(await as(), { status: 401, body: { message: 'Unauthorized' } })
  assert.deepEqual(await as('nobody'), { status: 401, body: { message: 'Unauthorized' } })
  assert.deepEqual(await as('eve'), {
    status: 403,
    body: { Message: 'User is not authorized to access this resource with an explicit deny' },
  })
  const { status, body } = await as('ada')
  assert.equal(status, 200)
  assert.partialDeepStrictEqual(body.event.requestContext['authorizer'], { principalId: 'ada', level: '3' })
})

test('a REST API’s own document says by which authorizer of its own each operation is guarded', async () => {
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await call(`${output('Written')}${path}`, { headers })).status
  assert.equal(await status('usual', { 'x-token': 'ada' }), 200)
  // Without one, another's header, what the expression does not take, who is told off, who is refused.
  for (const headers of [
    {},
    { authorization: 'ada' },
    { 'x-token': 'ADA' },
    { 'x-token': 'ada ' + 'a'.repeat(4000) },
    { 'x-token': 'nobody' },
  ])
    assert.equal(await status('usual', headers as Record<string, string>), 401, JSON.stringify(headers).slice(0, 60))
  assert.equal(await status('usual', { 'x-token': 'eve' }), 403)
  assert.equal(await status('request?q=1', { 'x-who': 'ada' }), 200)
  assert.equal(await status('request?q=1', { 'x-who': 'eve' }), 403)
  assert.equal(await status('request', { 'x-who': 'ada' }), 401)
  assert.equal(await status('key'), 403)
  assert.equal(await status('key', { 'x-api-key': 'any' }), 200)
  assert.equal(await status('signed'), 403)
  assert.equal(await status('open'), 200)
  assert.equal(await status('plain'), 200)
})

test('an HTTP API’s own document guards by JWT and by a function, and no broken token comes through', async () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (claims: unknown): string => `Bearer ${part({ alg: 'RS256' })}.${part(claims)}.${part('signature')}`
  const good = { iss: 'https://id.example', aud: 'shop', scope: 'read write', exp: 4_000_000_000 }
  const status = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await call(`${output('WrittenHttp')}${path}`, { headers })).status
  assert.equal(await status('jwt', { authorization: token(good) }), 200)
  const hostile = [
    '',
    'Bearer',
    'Bearer ..',
    'Bearer a.b.c',
    `Bearer ${part({})}.!!!.x`,
    `Basic ${part(good)}`,
    token(null),
    token('text'),
    token([good]),
    token({ ...good, iss: 'https://evil.example' }),
    token({ ...good, aud: ['other'] }),
    token({ ...good, exp: 1 }),
    token({ ...good, iss: { toString: 'https://id.example' } }),
    `Bearer ${'a'.repeat(4000)}.${'b'.repeat(3000)}`,
  ]
  for (const authorization of hostile)
    assert.equal(await status('jwt', { authorization }), 401, authorization.slice(0, 60))
  assert.equal(await status('jwt', { authorization: token({ ...good, scope: 'write' }) }), 403)
  assert.equal(await status('simple', { 'x-who': 'ada' }), 200)
  assert.equal(await status('simple', { 'x-who': 'eve' }), 403)
  assert.equal(await status('simple', {}), 401)
})

test('an HTTP API and a function URL hand over events of format 2.0', async () => {
  const http = await call(`${output('Http')}/items/7`, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  })
  assert.partialDeepStrictEqual(http.body.event, {
    version: '2.0',
    routeKey: 'POST /items/{id}',
    body: '{"a":1}',
    pathParameters: { id: '7' },
  })
  const url = await call(`${output('Url')}some/path?q=1`)
  assert.partialDeepStrictEqual(url.body.event, {
    version: '2.0',
    rawPath: '/some/path',
    rawQueryString: 'q=1',
    routeKey: '$default',
  })
})

test('a function has the local URL of an API in its variables', async () => {
  const { body } = await call(output('Caller'))
  assert.match(body.api, /^http:\/\/127\.0\.0\.1:\d+\/live\/$/)
  assert.equal(body.api, output('Rest'))
})

test('a function list names the local URLs of every trigger', async () => {
  const listed = (await (await fetch(`${fnscope.url}/api/functions`)).json()) as {
    readonly functions: readonly { readonly logicalId: string; readonly urls: readonly string[] }[]
  }
  const urls = listed.functions.find(({ logicalId }) => logicalId === 'Echo')!.urls
  assert.deepEqual(
    urls.map((url) => url.replace(/:\d+/, ':P')),
    [
      'GET http://127.0.0.1:P/live/files/{proxy+}',
      'GET http://127.0.0.1:P/live/closed',
      'POST http://127.0.0.1:P/items/{id}',
      'ANY http://127.0.0.1:P/',
    ],
  )
})
