// The rules of OTLP/JSON; what a request means is otlp-traces.test.ts, for both encodings.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { bodyOf, decodeSample, OPTIONS, requestJson, spanJson } from './otlp-samples.ts'
import { MalformedError, type Taken } from './taken.ts'
import { decodeOtlpTracesJson } from './otlp-traces-json.ts'

function decode(body: Uint8Array): { readonly taken: Taken; readonly spans: readonly Span[] } {
  const batch = new SpanBatch()
  const taken = decodeOtlpTracesJson(body, batch, OPTIONS)
  return { taken, spans: readSpans(batch) }
}

const VALUES: readonly (readonly [wire: string, expected: unknown])[] = [
  ['{"intValue":"9223372036854775807"}', 9223372036854775807n],
  ['{"intValue":9223372036854775807}', 9223372036854775807n],
  ['{"intValue":"-9223372036854775808"}', -9223372036854775808n],
  ['{"intValue":1}', 1n],
  ['{"intValue":1.0}', 1n],
  ['{"intValue":1e3}', 1000n],
  ['{"doubleValue":0.1}', 0.1],
  ['{"doubleValue":3}', 3],
  ['{"doubleValue":-0.0}', -0],
  ['{"doubleValue":"NaN"}', Number.NaN],
  ['{"doubleValue":"Infinity"}', Infinity],
  ['{"doubleValue":"-Infinity"}', -Infinity],
  ['{"doubleValue":1e308}', 1e308],
  ['{"boolValue":false}', false],
  ['{"stringValue":""}', ''],
  ['{"stringValue":"\\ud83d\\ude00"}', '\u{1f600}'],
  ['{"bytesValue":"AP/+"}', Uint8Array.of(0, 255, 254)],
  ['{"bytesValue":"AP_-"}', Uint8Array.of(0, 255, 254)],
  ['{"bytesValue":""}', new Uint8Array(0)],
  ['{"arrayValue":{"values":[{"intValue":"7"},{},{"doubleValue":"NaN"}]}}', [7n, null, Number.NaN]],
  ['{"arrayValue":{}}', []],
  ['{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AA=="}}]}}', { k: Uint8Array.of(0) }],
  ['{"kvlistValue":{}}', {}],
  ['{}', null],
  ['{"stringValue":null,"intValue":"5"}', 5n],
  ['{"later":1}', null],
]

for (const [wire, expected] of VALUES)
  test(`${wire} is kept exactly`, () => {
    // Into the text, for JSON.stringify has neither -0 nor numbers of 64 bits.
    const body = JSON.stringify(requestJson([{ ...spanJson({}), attributes: [{ key: 'aws.v', value: 'HERE' }] }]))
    const { spans } = decode(new TextEncoder().encode(body.replace('"HERE"', wire)))
    assert.deepEqual(spans[0]!.attributes['aws.v'], expected)
  })

test('ids are hex of either case, times and enums numbers or texts', () => {
  const expected = decodeSample({ kind: 3, status: { code: 2, message: 'm' }, parentSpanId: 'aabbccddeeff0011' })
  assert.equal(expected.kind, 3)
  assert.equal(expected.statusCode, 2)
  assert.equal(expected.parentId, 'aabbccddeeff0011')
  assert.deepEqual(
    decodeSample({
      traceId: '6740A1B20123456789ABCDEF01234567',
      parentSpanId: 'AABBCCDDEEFF0011',
      kind: 'SPAN_KIND_CLIENT',
      status: { code: 'STATUS_CODE_ERROR', message: 'm' },
      startTimeUnixNano: 1_732_288_946_000_000_000,
    }),
    expected,
  )
  assert.equal(decodeSample({ kind: 'SPAN_KIND_OF_TOMORROW' }).kind, 0)
  assert.equal(decodeSample({ kind: 77 }).kind, 0)
})

test('an id that is no hex refuses its span alone', () => {
  const good = spanJson({ spanId: '2222222222222222' })
  const bad = ['Z0lb0g==', '1', 'zz11111111111111', ''].map((spanId) => spanJson({ spanId }))
  const { taken, spans } = decode(bodyOf(requestJson([...bad, good, spanJson({ parentSpanId: 'no hex at all!!!' })])))
  assert.equal(spans.length, 1)
  assert.deepEqual([...taken.reasons], [['bad_span_id', 4], ['bad_parent_id', 1]]) // prettier-ignore
  assert.match(taken.message, /^Rejected: 4 bad_span_id .*; 1 bad_parent_id /)
})

test('unknown fields are ignored, snake_case ones are unknown', () => {
  assert.equal(decodeSample({ start_time_unix_nano: 'x', later: { deep: [1] } }).startNanos, 1732288946000000000n)
  assert.deepEqual(decode(bodyOf({ resource_spans: [{ scope_spans: [{}] }] })).taken.rows, 0)
  assert.deepEqual(decode(bodyOf({ resourceSpans: [{ resource: null, scopeSpans: null }] })).taken.rows, 0)
})

test('events, links, counts, flags and URLs are kept', () => {
  const request = {
    resourceSpans: [
      {
        resource: { attributes: [], droppedAttributesCount: 9 },
        schemaUrl: 'https://x.test/r',
        scopeSpans: [
          {
            scope: { name: 's', version: '1', attributes: [{ key: 'k', value: { intValue: 1 } }], droppedAttributesCount: 2 },
            schemaUrl: 'https://x.test/s',
            spans: [
              spanJson({
                flags: 0xffffffff,
                traceState: 'a=b,c="d"',
                droppedAttributesCount: 3,
                droppedEventsCount: 4,
                droppedLinksCount: '5',
                events: [{ timeUnixNano: '18446744073709551615', name: 'e', attributes: [], droppedAttributesCount: 6 }],
                links: [{ traceId: '01'.repeat(16), spanId: '02'.repeat(8), traceState: 's', flags: 1, droppedAttributesCount: 7 }],
              }),
            ],
          },
        ],
      },
    ],
  } // prettier-ignore
  const [span] = decode(bodyOf(request)).spans
  assert.equal(span!.traceFlags, 0xffffffff)
  assert.equal(span!.traceState, 'a=b,c="d"')
  assert.deepEqual(span!.dropped, { attributes: 3, events: 4, links: 5, resourceAttributes: 9 })
  assert.equal(span!.schemaUrl, 'https://x.test/r')
  assert.deepEqual(span!.scope, {
    name: 's',
    version: '1',
    attributes: { k: 1n },
    droppedAttributes: 2,
    schemaUrl: 'https://x.test/s',
  })
  assert.equal(span!.events[0]!.timeNanos, 18446744073709551615n)
  assert.equal(span!.events[0]!.droppedAttributes, 6)
  assert.equal(span!.links[0]!.traceState, 's')
  assert.equal(span!.links[0]!.droppedAttributes, 7)
})

const MALFORMED: readonly string[] = [
  '', '[]', 'null', '7', '{', '{"resourceSpans":7}', '{"resourceSpans":[7]}', '{"resourceSpans":[{"resource":[]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":7}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1.5}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":{"k":"v"}}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":{"bytesValue":"%"}}]}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":{"boolValue":1}}]}]}]}]}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":{"doubleValue":"x"}}]}]}]}]}',
  `{"resourceSpans":${'['.repeat(100_000)}`,
  `{"resourceSpans":[${'{"scopeSpans":['.repeat(50_000)}`,
] // prettier-ignore

for (const text of MALFORMED)
  test(`${text.slice(0, 90)} is malformed`, () => {
    assert.throws(() => decode(new TextEncoder().encode(text)), MalformedError)
  })
