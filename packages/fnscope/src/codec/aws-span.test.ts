import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSpan } from '../span/span.ts'
import { encodeAwsSpans } from './aws-span.ts'

const IDS = { traceId: '5759e988bd862e3fe1be46a994272793', source: 'otlp', service: '상점', receivedNanos: 0n }

test('spans come by their start, with their resource and scope, plain attributes and exact times', () => {
  const spans = encodeAwsSpans([
    completeSpan({
      ...IDS,
      spanId: '00000000000000bb',
      parentId: '00000000000000aa',
      startNanos: 1_795_000_000_000_000_002n,
      name: 'open',
    }),
    completeSpan({
      ...IDS,
      spanId: '00000000000000aa',
      startNanos: 1_795_000_000_000_000_001n,
      endNanos: 1_795_000_000_123_456_789n,
      name: 'GET /',
      kind: 2,
      statusCode: 2,
      statusMessage: 'no luck',
      resource: { 'service.name': '상점', big: 9_007_199_254_740_993n },
      scope: { name: 'scope', version: '1', attributes: {} },
      attributes: { text: '訂單', list: [1, 'a'], nested: { __proto__: null, deep: true }, nothing: null },
      events: [{ timeNanos: 1_795_000_000_000_000_003n, name: 'said', attributes: { n: 0.5 } }],
    }),
  ])
  assert.deepEqual(
    spans.map(({ id }) => id),
    ['00000000000000aa', '00000000000000bb'],
  )
  const [server, open] = spans.map(({ document }) => JSON.parse(document) as Record<string, unknown>)
  assert.ok(spans[0]!.document.includes('"startTimeUnixNano":1795000000000000001,'))
  assert.ok(spans[0]!.document.includes('"durationNano":123456788}'))
  assert.ok(spans[0]!.document.includes('"big":9007199254740993}'))
  assert.partialDeepStrictEqual(server, {
    resource: { attributes: { 'service.name': '상점' } },
    scope: { name: 'scope', version: '1' },
    traceId: IDS.traceId,
    spanId: '00000000000000aa',
    name: 'GET /',
    kind: 'SERVER',
    attributes: { text: '訂單', list: [1, 'a'], nested: { deep: true }, nothing: null },
    events: [{ name: 'said', attributes: { n: 0.5 } }],
    status: { code: 'ERROR', message: 'no luck' },
  })
  assert.partialDeepStrictEqual(open, {
    parentSpanId: '00000000000000aa',
    kind: 'UNSPECIFIED',
    status: { code: 'UNSET' },
  })
  assert.ok(!('endTimeUnixNano' in open!) && !('durationNano' in open!))
})
