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
`
const CODE = `
import json, os
def handler(event, context):
    return {'statusCode': 200, 'body': json.dumps({'event': event, 'api': os.environ.get('API_URL')})}
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
