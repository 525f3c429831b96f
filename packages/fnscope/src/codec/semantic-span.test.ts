// What OpenTelemetry's semantic conventions become in the model: docs/protocols/otlp-mapping.md as a table of facts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { decodeSample } from './otlp-samples.ts'

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5]

type Values = Readonly<Record<string, unknown>>

function peerOf(attributes: Values, kind = CLIENT): string | undefined {
  const { peer } = decodeSample({ kind, parentSpanId: '2222222222222222', attributes })
  return peer && `${peer.name} ${peer.type}`
}

const PEERS: readonly (readonly [Values, string | undefined])[] = [
  [{ 'rpc.system': 'aws-api', 'rpc.service': 'DynamoDB', 'aws.dynamodb.table_names': ['orders', 'x'] }, 'orders AWS::DynamoDB::Table'],
  [{ 'rpc.system': 'aws-api', 'rpc.service': 'AWS::DynamoDB' }, 'DynamoDB AWS::DynamoDB'],
  [{ 'rpc.system.name': 'aws-api', 'rpc.service': 'S3', 'aws.s3.bucket': 'b' }, 'b AWS::S3::Bucket'],
  [{ 'aws.service': 'sqs', 'aws.queue_url': 'https://sqs/1/q' }, 'q AWS::SQS::Queue'],
  [{ 'aws.service': 'SNS', 'aws.sns.topic.arn': 'arn:aws:sns:r:1:t' }, 't AWS::SNS::Topic'],
  [{ 'rpc.system': 'aws-api', 'rpc.service': 'Lambda', 'faas.invoked_name': 'fn' }, 'fn AWS::Lambda'],
  [{ 'rpc.system': 'aws-api', 'rpc.service': 'KMS' }, 'KMS AWS::KMS'],
  [{ 'db.system.name': 'postgresql', 'db.namespace': 'shop', 'server.address': 'pg' }, 'shop@pg Database::SQL'],
  [{ 'db.system': 'redis', 'net.peer.name': 'cache' }, 'cache Database::redis'],
  [{ 'db.system': 'aws.dynamodb', 'aws.dynamodb.table_names': ['t'] }, 't AWS::DynamoDB::Table'],
  [{ 'messaging.system': 'aws_sqs', 'messaging.destination.name': 'jobs' }, 'jobs AWS::SQS::Queue'],
  [{ 'messaging.system': 'kafka', 'messaging.destination.name': 'events' }, 'events remote'],
  [{ 'peer.service': 'billing', 'url.full': 'https://x.test/a' }, 'billing remote'],
  [{ 'http.url': 'https://u:p@api.test:8443/v1/a?b' }, 'api.test remote'],
  [{ 'server.address': 'api.test', 'url.full': 'https://other.test' }, 'api.test remote'],
  [{ 'network.peer.address': '10.0.0.7' }, '10.0.0.7 remote'],
  [{ 'http.request.method': 'GET' }, undefined],
] // prettier-ignore

for (const [attributes, expected] of PEERS)
  test(`a client with ${JSON.stringify(attributes)} calls ${expected}`, () =>
    assert.equal(peerOf(attributes), expected))

test('servers and consumers call nothing, a producer what it names', () => {
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.destination.name': 'events',
    'url.full': 'http://x.test',
  }
  assert.equal(peerOf(attributes, SERVER), undefined)
  assert.equal(peerOf(attributes, CONSUMER), undefined)
  assert.equal(peerOf(attributes, PRODUCER), 'events remote')
})

function flagsOf(span: Parameters<typeof decodeSample>[0]): readonly boolean[] {
  const { error, fault, throttle } = decodeSample(span)
  return [error, fault, throttle]
}

test('a status of HTTP decides between error, throttle and fault; without one the status of the span', () => {
  const http = (status: unknown, rest = {}): readonly boolean[] =>
    flagsOf({ attributes: { 'http.response.status_code': status }, ...rest })
  assert.deepEqual(http(200n), [false, false, false])
  assert.deepEqual(http(404n, { status: { code: 2 } }), [true, false, false])
  assert.deepEqual(http(429n), [true, false, true])
  assert.deepEqual(http('503'), [false, true, false])
  assert.deepEqual(http(200n, { status: { code: 2 } }), [false, true, false])
  assert.deepEqual(flagsOf({ status: { code: 2 } }), [false, true, false])
  assert.deepEqual(flagsOf({ attributes: { 'http.status_code': 70_000n } }), [false, false, false])
})

test('current names are believed before old ones, wherever they stand', () => {
  const both = { 'http.status_code': 200n, 'http.response.status_code': 500n }
  assert.equal(decodeSample({ attributes: both }).http?.status, 500)
  assert.equal(decodeSample({ attributes: Object.fromEntries(Object.entries(both).toReversed()) }).http?.status, 500)
})

const urlOf = (attributes: Values): string | undefined => decodeSample({ kind: SERVER, attributes }).http?.url

test('the URL of a served request is put together from its parts', () => {
  assert.equal(urlOf({ 'url.full': 'https://x.test/a' }), 'https://x.test/a')
  assert.equal(
    urlOf({ 'url.scheme': 'https', 'server.address': 'x.test', 'server.port': 8443n, 'url.path': '/a', 'url.query': 'b=1' }),
    'https://x.test:8443/a?b=1',
  ) // prettier-ignore
  assert.equal(urlOf({ 'http.host': 'x.test:81', 'net.host.port': 81n, 'http.target': '/a?b' }), 'http://x.test:81/a?b')
  assert.equal(urlOf({ 'url.path': '/only' }), '/only')
})

test('what is served is a segment with the node of its resource, what is inner is not', () => {
  const lambda = { 'service.name': 'orders', 'cloud.platform': 'aws_lambda', 'cloud.account.id': '123456789012' }
  const at = (kind: number, parentSpanId: string): Span => decodeSample({ kind, parentSpanId }, lambda)
  for (const root of [at(1, ''), at(SERVER, '2222222222222222')]) {
    assert.equal(root.segment, true)
    assert.equal(root.origin, 'AWS::Lambda::Function')
  }
  const inner = at(CLIENT, '2222222222222222')
  assert.deepEqual([inner.segment, inner.origin, inner.namespace], [false, undefined, 'remote'])
  assert.equal(inner.accountId, '123456789012')
})

test('a function’s request id and cold start are known', () => {
  const span = decodeSample({ kind: SERVER, attributes: { 'faas.invocation_id': 'req-1', 'faas.coldstart': true } })
  assert.deepEqual([span.requestId, span.coldStart], ['req-1', true])
  const resource = { 'cloud.platform': 'aws_lambda' }
  assert.equal(decodeSample({ kind: SERVER, attributes: { 'aws.request_id': 'r' } }, resource).requestId, 'r')
  assert.equal(decodeSample({ kind: CLIENT, parentSpanId: '22'.repeat(8), attributes: { 'aws.request_id': 'r' } }, resource).requestId, undefined) // prettier-ignore
})

test('a service that was not told its name has a better one where it is known', () => {
  const serviceOf = (resource: Values): string => decodeSample({}, resource).service
  assert.equal(serviceOf({ 'service.name': 'unknown_service:python', 'faas.name': 'fn' }), 'fn')
  assert.equal(serviceOf({ 'service.name': 'unknown_service:python' }), 'unknown_service:python')
  assert.equal(serviceOf({}), 'unknown_service')
  assert.equal(decodeSample({ attributes: { 'aws.local.service': 'own' } }).service, 'own')
})

test('scalars of the user’s own are indexed, and so is what aws.xray.annotations lists', () => {
  const attributes = {
    customer: 'c',
    'user.tier': 7n,
    'enduser.x': 1n,
    'http.route': '/a',
    list: [1n],
    'aws.xray.annotations': ['http.route'],
  }
  const span = decodeSample({ attributes })
  assert.deepEqual(span.annotations, { customer: 'c', 'user.tier': 7n, 'http.route': '/a' })
  assert.deepEqual(Object.keys(span.attributes), ['enduser.x', 'list', 'aws.xray.annotations'])
})
