// API Gateway's read calls by boto3 and the aws CLI: what is deployed, in the service's own shapes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { runClient, runPython } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Api
    Properties: { Name: shop, StageName: v1, TracingEnabled: true, Variables: { tier: gold } }
  Web:
    Type: AWS::Serverless::HttpApi
    Properties: { CorsConfiguration: { AllowOrigins: ['https://a.example'], MaxAge: 60 } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.11
      Events:
        Item: { Type: Api, Properties: { Path: '/items/{id}', Method: get, RestApiId: !Ref Shop } }
        Items: { Type: Api, Properties: { Path: /items, Method: post, RestApiId: !Ref Shop } }
        Hello: { Type: HttpApi, Properties: { Path: /hello, Method: get, ApiId: !Ref Web } }
        Rest: { Type: HttpApi, Properties: { ApiId: !Ref Web } }
`

let app: InlineApp

before(async () => {
  const code = 'def handler(event, context):\n    return {"statusCode": 200}\n'
  app = await startInlineApp('gateway', { template: TEMPLATE, code })
})

after(() => app[Symbol.asyncDispose]())

const boto = <Answer>(code: string): Promise<Answer> =>
  runPython<Answer>(
    `
import boto3, json
from botocore.exceptions import ClientError
v1, v2 = boto3.client('apigateway'), boto3.client('apigatewayv2')
out = {}
def refused(call, **arguments):
    try: call(**arguments)
    except ClientError as e: return [e.response['Error']['Code'], e.response['Error']['Message'], e.response['ResponseMetadata']['HTTPStatusCode']]
${code}
print(json.dumps(out, default=str))`,
    app.fnscope.clientEnv,
  )

test('a REST API is read with its stage, its tree of resources and its methods', async () => {
  const answer = await boto<Record<string, unknown>>(`
[api] = v1.get_rest_apis()['items']
id = api['id']
out['api'] = [api['name'], api['createdDate'].year > 2020, v1.get_rest_api(restApiId=id)['rootResourceId'] == api['rootResourceId']]
[stage] = v1.get_stages(restApiId=id)['item']
out['stage'] = [stage['stageName'], stage['tracingEnabled'], stage['variables'], v1.get_stage(restApiId=id, stageName='v1')['stageName']]
resources = v1.get_resources(restApiId=id)['items']
out['resources'] = [[one['path'], one.get('pathPart'), sorted(one.get('resourceMethods', {}))] for one in resources]
by_path = {one['path']: one for one in resources}
out['tree'] = [by_path['/items/{id}']['parentId'] == by_path['/items']['id'], by_path['/items']['parentId'] == api['rootResourceId']]
method = v1.get_method(restApiId=id, resourceId=by_path['/items']['id'], httpMethod='POST')
out['method'] = [method['authorizationType'], method['apiKeyRequired'], method['methodIntegration']['type'], method['methodIntegration']['uri'].split(':function:')[1].endswith('/invocations')]
embedded = v1.get_resources(restApiId=id, embed=['methods'])['items']
out['embedded'] = [one['resourceMethods']['POST']['httpMethod'] for one in embedded if one['path'] == '/items']
paged = v1.get_resources(restApiId=id, limit=2)
out['pages'] = [len(paged['items']), len(v1.get_resources(restApiId=id, limit=2, position=paged['position'])['items'])]
out['deployment'] = v1.get_deployments(restApiId=id)['items'][0]['id'] == stage['deploymentId']
out['errors'] = [refused(v1.get_rest_api, restApiId='nothere'), refused(v1.get_stage, restApiId=id, stageName='v2'), refused(v1.get_resource, restApiId=id, resourceId='x'), refused(v1.get_method, restApiId=id, resourceId=by_path['/items']['id'], httpMethod='PUT')]
`)
  assert.deepEqual(answer, {
    api: ['shop', true, true],
    stage: ['v1', true, { tier: 'gold' }, 'v1'],
    resources: [
      ['/', null, []],
      ['/items', 'items', ['POST']],
      ['/items/{id}', '{id}', ['GET']],
    ],
    tree: [true, true],
    method: ['NONE', false, 'AWS_PROXY', true],
    embedded: ['POST'],
    pages: [2, 1],
    deployment: true,
    errors: [
      ['NotFoundException', 'Invalid API identifier specified 000000000000:nothere', 404],
      ['NotFoundException', 'Invalid stage identifier specified', 404],
      ['NotFoundException', 'Invalid Resource identifier specified', 404],
      ['NotFoundException', 'Invalid Method identifier specified', 404],
    ],
  })
})

test('an HTTP API is read with its stage, routes and integrations; its endpoint is the one that answers here', async () => {
  const answer = await boto<Record<string, unknown>>(`
import urllib.request
[api] = v2.get_apis()['Items']
id = api['ApiId']
out['api'] = [api['ProtocolType'], api['CorsConfiguration'], v2.get_api(ApiId=id)['CreatedDate'].year > 2020]
out['answers'] = urllib.request.urlopen(api['ApiEndpoint'] + '/hello').status
out['stages'] = [one['StageName'] for one in v2.get_stages(ApiId=id)['Items']]
routes = v2.get_routes(ApiId=id)['Items']
out['routes'] = sorted([one['RouteKey'], one['AuthorizationType']] for one in routes)
integrations = {one['IntegrationId']: one for one in v2.get_integrations(ApiId=id)['Items']}
target = integrations[routes[0]['Target'].split('/')[1]]
out['integration'] = [target['IntegrationType'], target['PayloadFormatVersion'], ':function:' in target['IntegrationUri']]
out['one'] = v2.get_route(ApiId=id, RouteId=routes[0]['RouteId'])['RouteKey'] == routes[0]['RouteKey']
out['errors'] = [refused(v2.get_api, ApiId='nothere')[::2], refused(v2.get_stage, ApiId=id, StageName='none')[::2]]
`)
  assert.deepEqual(answer, {
    api: ['HTTP', { AllowOrigins: ['https://a.example'], MaxAge: 60 }, true],
    answers: 200,
    stages: ['$default'],
    routes: [
      ['$default', 'NONE'],
      ['GET /hello', 'NONE'],
    ],
    integration: ['AWS_PROXY', '2.0', true],
    one: true,
    errors: [
      ['NotFoundException', 404],
      ['NotFoundException', 404],
    ],
  })
})

test('the aws CLI prints both', async () => {
  for (const [args, expected] of [
    [['apigateway', 'get-rest-apis', '--query', 'items[].name'], /shop/],
    [['apigatewayv2', 'get-apis', '--query', 'Items[].ProtocolType'], /HTTP/],
  ] as const) {
    const { code, stdout, stderr } = await runClient('aws', args, app.fnscope.clientEnv)
    assert.equal(code, 0, stderr)
    assert.match(stdout, expected)
  }
})
