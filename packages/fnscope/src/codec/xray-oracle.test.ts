// Spans of OTLP as X-Ray documents, against those that the OpenTelemetry collector's X-Ray exporter makes of them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import { bodyOf, OPTIONS, attributesOf } from './otlp-samples.ts'
import { decodeOtlpTracesJson } from './otlp-traces-json.ts'
import { encodeSpan } from './xray-encode.ts'
import { isJsonObject, type JsonObject } from './json.ts'

interface Pair {
  readonly case: string
  readonly span: JsonObject
  readonly segment: JsonObject
}

const PAIRS = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/otel/xray-oracle.json', import.meta.url), 'utf8'),
) as readonly Pair[]

const RESOURCE = attributesOf({
  'service.name': 'orders',
  'service.version': '1.2',
  'cloud.provider': 'aws',
  'cloud.platform': 'aws_lambda',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.language': 'python',
  'telemetry.sdk.version': '1.45.1',
  'aws.log.group.names': ['/aws/lambda/orders-fn'],
})

/** Where fnscope says more than the exporter: docs/protocols/otlp-mapping.md. */
const BETTER: Readonly<Record<string, JsonObject>> = {
  'http client new semconv 503': { name: 'api.example.test' },
  'sql new semconv': {
    name: 'shop@db.example.test',
    sql: {
      connection_string: 'db.example.test/shop',
      url: 'SELECT orders',
      sanitized_query: 'SELECT 1',
      database_type: 'postgresql',
    },
  },
}

/** What the exporter drops: it stands in a namespace of its own. */
const LOST: Readonly<Record<string, JsonObject>> = {
  'lambda server root': { name: 'orders-fn' },
  'aws sdk client': { name: 'DynamoDB.GetItem' },
  'http client new semconv 503': { name: 'GET' },
  'http client old semconv 429': { name: 'HTTP GET' },
  'http server root': { name: 'GET /orders/{id}' },
  sql: { name: 'SELECT shop.orders' },
  'sql new semconv': { name: 'SELECT orders' },
  'internal w/ exception': { name: 'validate <order>|x' },
  'peer.service': { name: 'call' },
  'producer sqs': { kind: 'producer' },
  link: { kind: 'consumer' },
  'no parent internal': { kind: 'internal' },
}

function documentOf(span: JsonObject): JsonObject {
  const batch = new SpanBatch()
  const request = { resourceSpans: [{ resource: { attributes: RESOURCE }, scopeSpans: [{ spans: [span] }] }] }
  assert.equal(decodeOtlpTracesJson(bodyOf(request), batch, OPTIONS).rejected, 0)
  return JSON.parse(JSON.stringify(encodeSpan(readSpans(batch)[0]!))) as JsonObject
}

/** Ids of exceptions are made up; times of the exporter are a float's. */
function comparable(document: JsonObject): JsonObject {
  const { cause, end_time: end } = document
  const exceptions = isJsonObject(cause) ? (cause['exceptions'] as readonly JsonObject[]) : undefined
  return {
    ...document,
    end_time: Math.round((end as number) * 1e6) / 1e6,
    ...(exceptions && { cause: { exceptions: exceptions.map(({ id: _id, ...rest }) => rest) } }),
  }
}

for (const { case: name, span, segment } of PAIRS)
  test(`a span becomes the document that the collector makes of it: ${name}`, () => {
    const { metadata, ...document } = comparable(documentOf(span))
    const { otel, ...others } = (metadata ?? {}) as JsonObject
    const { metadata: expected, ...rest }: JsonObject = { ...comparable(segment), ...BETTER[name] }
    assert.deepEqual(document, rest)
    assert.deepEqual(others, expected ?? {})
    assert.deepEqual(otel, LOST[name])
  })
