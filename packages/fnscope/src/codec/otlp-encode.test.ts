import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import { completeSpan, type Span } from '../span/span.ts'
import { encodeOtlpTrace } from './otlp-encode.ts'
import { OPTIONS } from './otlp-samples.ts'
import { decodeOtlpTracesJson, otlpTracesProtobuf } from './otlp-traces-json.ts'
import { decodeOtlpTraces } from './otlp-traces.ts'

const FIXTURES = new URL('../../../../test/fixtures/otel/', import.meta.url)
const fixture = (name: string): Uint8Array => readFileSync(new URL(name, FIXTURES))
const CAPTURED: Readonly<Record<string, Uint8Array>> = {
  'node-http-traces.json': fixture('node-http-traces.json'),
  'node-http-traces.pb': gunzipSync(fixture('node-http-traces.pb.gz')),
  'node-grpc-traces.pb': fixture('node-grpc-traces.pb'),
  'python-grpc-traces.pb': fixture('python-grpc-traces.pb'),
  'python-http-traces.pb': fixture('python-http-traces.pb'),
}

function decoded(body: Uint8Array, decode: typeof decodeOtlpTraces): Span[] {
  const batch = new SpanBatch()
  decode(body, batch, OPTIONS)
  return readSpans(batch)
}

const byId = (spans: readonly Span[]): Span[] => spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1))

for (const [name, body] of Object.entries(CAPTURED)) {
  test(`${name} says the same once it was encoded again, as JSON and as protobuf`, () => {
    const spans = decoded(body, name.endsWith('.json') ? decodeOtlpTracesJson : decodeOtlpTraces)
    assert.ok(spans.length > 0)
    for (const trace of Map.groupBy(spans, ({ traceId }) => traceId).values()) {
      const json = Buffer.from(JSON.stringify(encodeOtlpTrace(trace)))
      assert.deepEqual(byId(decoded(json, decodeOtlpTracesJson)), byId(trace))
      assert.deepEqual(byId(decoded(otlpTracesProtobuf(json), decodeOtlpTraces)), byId(trace))
    }
  })
}

test('a segment has its fields under names of OpenTelemetry, its exceptions as events, and the status ERROR', () => {
  const span = completeSpan({
    traceId: '6740a1b20123456789abcdef01234567',
    spanId: '1111111111111111',
    startNanos: 1_000n,
    endNanos: 2_000n,
    name: '주문',
    service: '주문',
    source: 'xray',
    receivedNanos: 1n,
    kind: 2,
    fault: true,
    origin: 'AWS::Lambda::Function',
    http: { method: 'post', status: 502 },
    annotations: { turn: 7, vip: true },
    metadata: { cart: { items: [2n] } },
    cause: { exceptions: [{ type: 'Oops', message: 'bad' }] },
  })
  const { resourceSpans } = encodeOtlpTrace([span])
  assert.deepEqual(resourceSpans[0]!.resource, {
    attributes: [{ key: 'service.name', value: { stringValue: '주문' } }],
  })
  assert.deepEqual(resourceSpans[0]!.scopeSpans[0]!.spans, [
    {
      traceId: span.traceId,
      spanId: span.spanId,
      name: '주문',
      kind: 2,
      startTimeUnixNano: '1000',
      endTimeUnixNano: '2000',
      attributes: [
        { key: 'turn', value: { doubleValue: 7 } },
        { key: 'vip', value: { boolValue: true } },
        { key: 'http.request.method', value: { stringValue: 'POST' } },
        { key: 'http.response.status_code', value: { intValue: '502' } },
        { key: 'aws.xray.origin', value: { stringValue: 'AWS::Lambda::Function' } },
        { key: 'aws.xray.fault', value: { boolValue: true } },
        {
          key: 'aws.xray.metadata.cart',
          value: {
            kvlistValue: { values: [{ key: 'items', value: { arrayValue: { values: [{ intValue: '2' }] } } }] },
          },
        },
      ],
      events: [
        {
          timeUnixNano: '2000',
          name: 'exception',
          attributes: [
            { key: 'exception.type', value: { stringValue: 'Oops' } },
            { key: 'exception.message', value: { stringValue: 'bad' } },
          ],
        },
      ],
      status: { code: 2 },
    },
  ])
})
