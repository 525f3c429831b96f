// What calls an app's functions, read from templates: the same triggers as SAM's events and as CloudFormation's resources.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { AppSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import { makeApp, read } from './app-fixture.ts'

const FN = '{ CodeUri: ., Runtime: nodejs22.x, Handler: index.handler, FunctionName: fn'

async function readTemplate(t: TestContext, template: string): Promise<AppSpec> {
  return await read(await makeApp(t, { 'index.mjs': '', 'template.yaml': template }))
}

test('SAM events become polled sources, schedules, rules, subscriptions and notifications', async (t) => {
  const { triggers, notices } = await readTemplate(
    t,
    `
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Files: { Type: AWS::S3::Bucket, Properties: { BucketName: files } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Runtime: nodejs22.x
      Handler: index.handler
      FunctionName: fn
      FunctionUrlConfig: { AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM, Cors: { AllowOrigins: ['*'], MaxAge: 5 } }
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: { MaximumConcurrency: 2 }, FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } } }
        Table: { Type: DynamoDB, Properties: { Stream: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x', StartingPosition: LATEST, MaximumRetryAttempts: 2, BisectBatchOnFunctionError: true } }
        Data: { Type: Kinesis, Properties: { Stream: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', StartingPosition: TRIM_HORIZON, Enabled: false } }
        Kafka: { Type: MSK, Properties: { Stream: x } }
        Topic: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { kind: [a] } } }
        File: { Type: S3, Properties: { Bucket: !Ref Files, Events: 's3:ObjectCreated:*', Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }] } } } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(5 minutes), Input: '{"a":1}', Name: tick } }
        Tock: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 9 * * ? *), ScheduleExpressionTimezone: Europe/Berlin, State: DISABLED } }
        Bus: { Type: EventBridgeRule, Properties: { EventBusName: orders, Pattern: { source: [shop] }, InputPath: $.detail } }
        Logs: { Type: CloudWatchLogs, Properties: { LogGroupName: /aws/lambda/other, FilterPattern: '?ERROR' } }
`,
  )
  assert.partialDeepStrictEqual(triggers.eventSources, [
    {
      source: 'sqs',
      arn: 'arn:aws:sqs:us-east-1:000000000000:jobs',
      functionName: 'fn',
      batchSize: 5,
      partialFailures: true,
      maximumConcurrency: 2,
      filters: ['{"body":{"a":[1]}}'],
      enabled: true,
    },
    { source: 'dynamodb', batchSize: 100, startingPosition: 'LATEST', maximumRetryAttempts: 2, bisectOnError: true },
    { source: 'kinesis', startingPosition: 'TRIM_HORIZON', enabled: false },
  ])
  assert.match(triggers.eventSources[0]!.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.partialDeepStrictEqual(triggers.topicSubscriptions, [
    { topicArn: 'arn:aws:sns:us-east-1:000000000000:news', functionName: 'fn', filterPolicy: '{"kind":["a"]}' },
  ])
  assert.partialDeepStrictEqual(triggers.bucketNotifications, [
    { bucket: 'files', events: ['s3:ObjectCreated:*'], prefix: 'in/', suffix: '', target: 'fn' },
  ])
  assert.partialDeepStrictEqual(triggers.schedules, [
    {
      kind: 'rule',
      name: 'tick',
      expression: 'rate(5 minutes)',
      input: '{"a":1}',
      enabled: true,
      arn: 'arn:aws:events:us-east-1:000000000000:rule/tick',
    },
    { kind: 'scheduler', expression: 'cron(0 9 * * ? *)', timezone: 'Europe/Berlin', enabled: false },
  ])
  assert.partialDeepStrictEqual(triggers.eventRules, [
    { bus: 'orders', pattern: '{"source":["shop"]}', inputPath: '$.detail', functionName: 'fn' },
  ])
  assert.partialDeepStrictEqual(triggers.logSubscriptions, [
    { logGroup: '/aws/lambda/other', pattern: '?ERROR', functionName: 'fn' },
  ])
  assert.partialDeepStrictEqual(triggers.functionUrls, [
    { functionName: 'fn', authType: 'AWS_IAM', invokeMode: 'RESPONSE_STREAM', cors: { maxAgeSeconds: 5 } },
  ])
  assert.deepEqual(
    triggers.cloudResources.map(({ type, name }) => `${type} ${name}`),
    ['AWS::SQS::Queue jobs', 'AWS::SNS::Topic news', 'AWS::S3::Bucket files'],
  )
  assert.deepEqual(notices, ['Fn: event Kafka (MSK) is not emulated; invoke the function directly.'])
})

test("a REST API of CloudFormation's resources has the paths of its tree, its stages and its authorizers", async (t) => {
  const { triggers, outputs } = await readTemplate(
    t,
    `
Resources:
  Fn: { Type: AWS::Serverless::Function, Properties: ${FN} } }
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Orders: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders } }
  Order: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !Ref Orders, PathPart: '{id}' } }
  Auth: { Type: AWS::ApiGateway::Authorizer, Properties: { RestApiId: !Ref Api, Type: REQUEST, IdentitySource: 'method.request.header.A, method.request.querystring.b', AuthorizerUri: !Sub 'arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Fn.Arn}/invocations' } }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Order
      HttpMethod: GET
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Auth
      Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Join ['', ['arn:', !Ref 'AWS::Partition', ':apigateway:', !Ref 'AWS::Region', ':lambda:path/2015-03-31/functions/', !GetAtt Fn.Arn, '/invocations']] }
  Preflight:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Order
      HttpMethod: OPTIONS
      Integration: { Type: MOCK, RequestTemplates: { application/json: '{ statusCode: 204 }' }, IntegrationResponses: [{ StatusCode: '204', ResponseParameters: { method.response.header.Access-Control-Allow-Origin: "'https://shop.example'" } }] }
  Far: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: ANY, Integration: { Type: HTTP_PROXY, IntegrationHttpMethod: ANY, Uri: 'https://shop.example/' } } }
  Old: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !Ref Orders, HttpMethod: POST, Integration: { Type: AWS, Uri: 'arn:aws:apigateway:us-east-1:sqs:path/1/q' } } }
  Deployed: { Type: AWS::ApiGateway::Deployment, Properties: { RestApiId: !Ref Api, StageName: beta } }
  Live: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployed, StageName: live, TracingEnabled: true, Variables: { a: b } } }
Outputs:
  Url: { Value: !Join ['', ['https://', !Ref Api, '.execute-api.', !Ref 'AWS::Region', '.', !Ref 'AWS::URLSuffix', '/', !Ref Live, '/']] }
`,
  )
  const [live, beta] = triggers.restApis
  assert.partialDeepStrictEqual(live, { stage: 'live', tracing: true, name: 'shop', stageVariables: { a: 'b' } })
  assert.partialDeepStrictEqual(beta, { stage: 'beta', tracing: false, apiId: live!.apiId })
  assert.equal(live!.cors?.allowOrigin, 'https://shop.example')
  assert.equal(outputs['Url'], `https://${live!.apiId}.execute-api.us-east-1.amazonaws.com/live/`)
  const [get, options, far, old] = live!.routes
  assert.partialDeepStrictEqual(get, { method: 'GET', path: '/orders/{id}', target: { functionName: 'fn' } })
  assert.partialDeepStrictEqual(get!.authorizer, {
    kind: 'lambda',
    type: 'REQUEST',
    identitySources: ['method.request.header.A', 'method.request.querystring.b'],
  })
  assert.partialDeepStrictEqual(options!.target, { kind: 'mock', status: 204 })
  assert.deepEqual([far!.path, far!.target], ['/', { kind: 'http', method: 'ANY', url: 'https://shop.example/' }])
  assert.match(old!.target.kind === 'refused' ? old!.target.reason : '', /AWS of arn:aws:apigateway:us-east-1:sqs/)
})

test("an HTTP API of CloudFormation's resources has its routes, a JWT authorizer and its stage", async (t) => {
  const { triggers, notices } = await readTemplate(
    t,
    `
Resources:
  Fn: { Type: AWS::Serverless::Function, Properties: ${FN} } }
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: shop, ProtocolType: HTTP, CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: [get] } } }
  Chat: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: chat, ProtocolType: WEBSOCKET } }
  Call: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fn.Arn, PayloadFormatVersion: '2.0', TimeoutInMillis: 5000 } }
  Jwt: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: !Ref Api, AuthorizerType: JWT, IdentitySource: ['$request.header.Authorization'], JwtConfiguration: { Issuer: 'https://id.example', Audience: [a] } } }
  Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: 'GET /orders/{id}', Target: !Join ['/', [integrations, !Ref Call]], AuthorizationType: JWT, AuthorizerId: !Ref Jwt, AuthorizationScopes: [read] } }
  Rest: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: $default, Target: !Sub 'integrations/\${Call}' } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true } }
  Url: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE } }
  Poll: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !Ref Fn, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q' } }
  Every: { Type: AWS::Events::Rule, Properties: { ScheduleExpression: rate(1 day), Targets: [{ Id: a, Arn: !GetAtt Fn.Arn, Input: '{}' }] } }
  Filter: { Type: AWS::Logs::SubscriptionFilter, Properties: { LogGroupName: g, FilterPattern: '', DestinationArn: !GetAtt Fn.Arn } }
`,
  )
  assert.equal(triggers.httpApis.length, 1)
  const [api] = triggers.httpApis
  assert.partialDeepStrictEqual(api, {
    name: 'shop',
    stage: '$default',
    cors: { allowOrigins: ['https://a.example'], allowMethods: ['GET'] },
  })
  assert.partialDeepStrictEqual(api!.routes, [
    {
      method: 'GET',
      path: '/orders/{id}',
      payload: '2.0',
      timeoutMs: 5000,
      target: { kind: 'function', functionName: 'fn' },
      authorizer: { kind: 'jwt', issuer: 'https://id.example', scopes: ['read'] },
    },
    { method: 'ANY', path: '$default' },
  ])
  assert.partialDeepStrictEqual(triggers.functionUrls, [{ functionName: 'fn', logicalId: 'Url' }])
  assert.partialDeepStrictEqual(triggers.eventSources, [{ functionName: 'fn', source: 'sqs', batchSize: 10 }])
  assert.partialDeepStrictEqual(triggers.schedules, [{ expression: 'rate(1 day)', input: '{}' }])
  assert.partialDeepStrictEqual(triggers.logSubscriptions, [{ logGroup: 'g', filterName: 'Filter' }])
  assert.match(notices.join('\n'), /Chat .*WebSocket/)
})

test("scopes of a SAM event go before its authorizer's", async (t) => {
  const { triggers } = await readTemplate(
    t,
    `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: { Auth: { Authorizers: { Jwt: { AuthorizationScopes: [any], IdentitySource: $request.header.Authorization, JwtConfiguration: { issuer: 'https://id.example', audience: [a] } } } } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Runtime: nodejs22.x
      Handler: index.handler
      Events:
        Own: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /own, Method: GET, Auth: { Authorizer: Jwt, AuthorizationScopes: [read] } } }
        Its: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /its, Method: GET, Auth: { Authorizer: Jwt } } }
`,
  )
  const scopes = triggers.httpApis[0]?.routes.map(({ path, authorizer }) => [
    path,
    authorizer?.kind === 'jwt' && authorizer.scopes,
  ])
  assert.deepEqual(Object.fromEntries(scopes ?? []), { '/own': ['read'], '/its': ['any'] })
})
