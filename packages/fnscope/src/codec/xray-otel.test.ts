import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { encodeJaegerTrace } from './jaeger-json.ts'
import { decodeDocument } from './xray.ts'

const BOUNDS = { minNanos: 0n, maxNanos: 2n ** 62n }

/** Tags of the document's first span as Jaeger's clients see them. */
function tagsOf(document: object): Record<string, unknown> {
  const batch = newBatch()
  const text = JSON.stringify({
    trace_id: '1-6b0150e9-aaaa00000000000000000001',
    id: '1111111111111111',
    start_time: 1_795_248_362,
    end_time: 1_795_248_363,
    ...document,
  })
  assert.equal(decodeDocument(text, batch, { receivedNanos: 1n, bounds: BOUNDS }).ok, true)
  const [span] = encodeJaegerTrace(readSpans(batch.spans)).spans
  return Object.fromEntries(span!.tags.map(({ key, value }) => [key, value]))
}

const CALL = { type: 'subsegment', parent_id: '2222222222222222' }

test('a subsegment of an AWS call reads as OpenTelemetry names such calls', () => {
  assert.deepEqual(
    tagsOf({
      ...CALL,
      name: 'DynamoDB',
      namespace: 'aws',
      throttle: true,
      error: true,
      http: { response: { status: 400, content_length: 12 } },
      aws: { operation: 'GetItem', region: 'eu-west-1', request_id: 'r', table_name: 'orders', retries: 2 },
    }),
    {
      'aws.dynamodb.table_names': '["orders"]',
      'aws.request_id': 'r',
      'aws.retries': 2,
      'aws.xray.namespace': 'aws',
      'aws.xray.throttle': true,
      'cloud.region': 'eu-west-1',
      error: true,
      'http.response.body.size': 12,
      'http.response.status_code': 400,
      'otel.status_code': 'ERROR',
      'rpc.method': 'GetItem',
      'rpc.service': 'DynamoDB',
      'rpc.system': 'aws-api',
      'span.kind': 'client',
    },
  )
})

test('a subsegment of SQL reads as OpenTelemetry names databases', () => {
  assert.deepEqual(
    tagsOf({
      ...CALL,
      name: 'shop@db.test',
      namespace: 'remote',
      sql: {
        url: 'u',
        user: 'app',
        sanitized_query: 'SELECT 1',
        database_type: 'PostgreSQL',
        database_version: '16',
      },
    }),
    {
      'aws.xray.namespace': 'remote',
      'db.namespace': 'shop',
      'db.query.text': 'SELECT 1',
      'db.system.name': 'postgresql',
      'db.user': 'app',
      'server.address': 'db.test',
      'span.kind': 'client',
      'sql.database_version': '16',
      'sql.url': 'u',
    },
  )
})

test('of a segment HTTP, user, annotations and metadata are seen', () => {
  const tags = tagsOf({
    name: 'shop',
    user: 'bob',
    http: { request: { method: 'GET', url: 'https://shop/a', client_ip: '10.0.0.1' }, response: { status: 200 } },
    annotations: { customer: 'c-1', 'http.route': '/a' },
    metadata: { cart: { items: 2 } },
  })
  assert.deepEqual(tags, {
    'aws.xray.metadata.cart': '{"items":2}',
    'client.address': '10.0.0.1',
    customer: 'c-1',
    'enduser.id': 'bob',
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'http.route': '/a',
    'span.kind': 'server',
    'url.full': 'https://shop/a',
  })
})
