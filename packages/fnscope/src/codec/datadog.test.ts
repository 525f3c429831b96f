import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { decodeDatadogJson } from './datadog-json.ts'
import type { DatadogContext } from './datadog-rows.ts'
import { decodeDatadogV04 } from './datadog-v04.ts'
import { decodeDatadogV05 } from './datadog-v05.ts'
import { pack, Real } from './msgpack-samples.ts'
import { MalformedError, type Taken } from './taken.ts'

const FOLDER = new URL('../../../../test/fixtures/datadog/', import.meta.url)
const CONTEXT: DatadogContext = { receivedNanos: 7n, bounds: { minNanos: 1n, maxNanos: 1n << 62n } }

type Decode = (body: Uint8Array, into: SpanBatch, context: DatadogContext) => Taken
interface Wire {
  readonly [field: string]: unknown
  readonly meta?: { readonly [key: string]: string }
  readonly metrics?: { readonly [key: string]: number }
}

function decoded(decode: Decode, body: Uint8Array): { readonly spans: readonly Span[]; readonly taken: Taken } {
  const batch = new SpanBatch()
  const taken = decode(body, batch, CONTEXT)
  batch.checkRows()
  return { spans: readSpans(batch), taken }
}

/** Numbers of more digits than a double holds stay bigints. */
function parseExact(text: string): { readonly traces: readonly (readonly Wire[])[] } {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value,
  ) as { readonly traces: readonly (readonly Wire[])[] }
}

function hex(value: unknown): string {
  return BigInt((value ?? 0) as bigint)
    .toString(16)
    .padStart(16, '0')
}

/** Every field of a span of the wire is in the row. */
function assertSame(span: Span, wire: Wire, tid: string): void {
  const { meta = {}, metrics = {} } = wire
  assert.equal(span.traceId, tid + hex(wire['trace_id']))
  assert.equal(span.spanId, hex(wire['span_id']))
  assert.equal(span.parentId ?? hex(0), hex(wire['parent_id']))
  assert.equal(span.startNanos, BigInt(wire['start'] as bigint))
  assert.equal(span.endNanos! - span.startNanos, BigInt(wire['duration'] as bigint))
  assert.equal(span.service, wire['service'])
  assert.equal(span.source, 'datadog')
  assert.equal(span.statusCode, wire['error'] === 1 ? 2 : 0)
  const kept = { ...span.attributes, ...span.annotations }
  assert.equal(kept['operation.name'], wire['name'])
  assert.equal(kept['resource.name'], wire['resource'])
  assert.equal(kept['span.type'], wire['type'] || undefined)
  assert.equal(span.name, wire['type'] === 'web' ? wire['resource'] : wire['name'])
  for (const [key, value] of Object.entries(meta)) if (key !== 'events') assert.equal(kept[key], value, key)
  for (const [key, value] of Object.entries(metrics)) assert.equal(Number(kept[key]), value, key)
  if (wire['error'] === 1) {
    assert.equal(span.statusMessage, meta['error.message'])
    assert.deepEqual(span.events.at(-1), {
      timeNanos: span.endNanos,
      name: 'exception',
      attributes: {
        'exception.type': meta['error.type'],
        'exception.message': meta['error.message'],
        'exception.stacktrace': meta['error.stack'],
      },
    })
  }
}

const CAPTURES: readonly (readonly [name: string, decode: Decode])[] = [
  ['py-hello-v05-cold2', decodeDatadogV05],
  ['py2x-hello-v05', decodeDatadogV05],
  ['py-order-httpapi-v04', decodeDatadogV04],
  ['py-error-v04', decodeDatadogV04],
  ['py-ext-order-v05', decodeDatadogV05],
  ['js-ext-order-v04', decodeDatadogV04],
]

for (const [name, decode] of CAPTURES) {
  test(`every field of ${name} comes back`, () => {
    const { traces } = parseExact(readFileSync(new URL(`${name}.decoded.json`, FOLDER), 'utf8'))
    const { spans, taken } = decoded(decode, readFileSync(new URL(`${name}.body`, FOLDER)))
    assert.deepEqual([taken.rows, taken.rejected], [spans.length, 0])
    assert.equal(spans.length, traces.flat().length)
    let row = 0
    for (const chunk of traces)
      for (const wire of chunk) assertSame(spans[row++]!, wire, chunk[0]!.meta!['_dd.p.tid'] ?? '0'.repeat(16))
  })

  test(`${name} cut off anywhere is refused`, () => {
    const body = readFileSync(new URL(`${name}.body`, FOLDER))
    const batch = new SpanBatch()
    // Every byte of the shorter ones, a prime step in the longer.
    for (let size = 0; size < body.length; size += body.length > 4000 ? 37 : 1) {
      batch.clear()
      assert.throws(() => decode(body.subarray(0, size), batch, CONTEXT), MalformedError, `${size} bytes`)
    }
  })
}

test("a function's span has the columns that an OpenTelemetry span of it has", () => {
  const { spans } = decoded(decodeDatadogV04, readFileSync(new URL('py-order-httpapi-v04.body', FOLDER)))
  const [api, lambda, , query, , request] = spans
  assert.deepEqual(
    [lambda!.name, lambda!.kind, lambda!.origin, lambda!.accountId, lambda!.requestId, lambda!.coldStart],
    ['aws.lambda', 2, 'AWS::Lambda::Function', '123456789012', 'e5487f06-275f-41c6-860e-c5716ef97de4', true],
  )
  assert.deepEqual(
    [lambda!.http?.method, lambda!.http?.status, lambda!.http?.url],
    ['POST', 201, 'https://abcdef1234.execute-api.us-east-1.amazonaws.com/orders'],
  )
  assert.equal(lambda!.resource['faas.name'], 'hello-py')
  assert.equal(lambda!.resource['deployment.environment.name'], 'dev')
  assert.equal(lambda!.resource['service.instance.id'], 'a8228d15029f483ba2c3c508fb433047')
  assert.deepEqual([api!.name, api!.origin, api!.requestId], ['POST /orders', undefined, lambda!.requestId])
  assert.equal(api!.http?.clientIp, '203.0.113.7')
  assert.deepEqual(query!.peer, { name: 'postgresql', type: 'Database::SQL' })
  assert.equal(query!.attributes['db.query.text'], 'SELECT * FROM orders WHERE id = ?')
  assert.deepEqual(request!.peer, { name: '127.0.0.1', type: 'remote' })
  assert.deepEqual(spans[2]!.annotations['order.id'], 'A-17')
})

test('an event of Node in a tag becomes an event, and the tag is gone', () => {
  const { spans } = decoded(decodeDatadogV04, readFileSync(new URL('js-ext-order-v04.body', FOLDER)))
  const span = spans.find(({ name }) => name === 'order.validate')!
  assert.deepEqual(span.events, [{ timeNanos: 1795249076757288400n, name: 'checked', attributes: { ok: true, n: 2n } }])
  assert.equal('events' in { ...span.attributes, ...span.annotations }, false)
})

const SPAN = { service: 's', name: 'n', resource: 'r', trace_id: 1, span_id: 2, start: 5, duration: 3 }

test('links, events and structs of v0.4 keep their values', () => {
  const { spans } = decoded(
    decodeDatadogV04,
    pack([
      [
        {
          ...SPAN,
          meta: { '_dd.span_links': '[{"trace_id":"0a","span_id":"0b","attributes":{"a":1},"tracestate":"dd=s:1"}]' },
          meta_struct: { appsec: pack({ rule: [1, 'x', null] }), odd: new Uint8Array([1, 2]) },
          span_links: [
            { trace_id: 2n ** 64n - 1n, trace_id_high: 1, span_id: 9, flags: 2 ** 31 + 1, attributes: { $k: 'v' } },
            { trace_id: 0, span_id: 0, attributes: { 'link.kind': 'span-pointer', 'ptr.hash': 'abc' } },
          ],
          span_events: [
            {
              name: 'boo',
              time_unix_nano: 4,
              attributes: {
                s: { type: 0, string_value: 'é"' },
                b: { type: 1, bool_value: true },
                i: { type: 2, int_value: -5 },
                d: { type: 3, double_value: new Real(2) },
                a: {
                  type: 4,
                  array_value: {
                    values: [
                      { type: 2, int_value: 1 },
                      { type: 0, string_value: 'x' },
                    ],
                  },
                },
              },
            },
          ],
        },
      ],
    ]),
  )
  const span = spans[0]!
  assert.deepEqual(span.links, [
    {
      traceId: '0000000000000000000000000000000a',
      spanId: '000000000000000b',
      traceState: 'dd=s:1',
      attributes: { a: 1n },
    },
    {
      traceId: '0000000000000001ffffffffffffffff',
      spanId: '0000000000000009',
      flags: 1,
      attributes: { $k: 'v' },
    },
  ])
  assert.deepEqual(span.events, [
    { timeNanos: 4n, name: 'boo', attributes: { s: 'é"', b: true, i: -5n, d: 2, a: [1n, 'x'] } },
  ])
  assert.deepEqual(span.attributes['span_pointers'], [{ 'link.kind': 'span-pointer', 'ptr.hash': 'abc' }])
  assert.deepEqual({ ...span.attributes, ...span.annotations }['appsec'], { rule: [1n, 'x', null] })
  assert.deepEqual({ ...span.attributes, ...span.annotations }['odd'], Uint8Array.from([1, 2]))
})

test('the upper half of a trace id is that of the chunk, wherever it is said', () => {
  const tid = { '_dd.p.tid': '6b0153a300000000' }
  const body = pack([
    [
      { ...SPAN, trace_id: 7, span_id: 1 },
      { ...SPAN, trace_id: 7, span_id: 2, meta: tid },
    ],
    [{ ...SPAN, trace_id: 7, span_id: 3 }],
    [{ ...SPAN, trace_id: 8, span_id: 4 }],
    [{ ...SPAN, trace_id: 9, span_id: 5, meta: { '_dd.p.tid': 'nonsense' } }],
  ])
  const { spans } = decoded(decodeDatadogV04, body)
  assert.deepEqual(
    spans.map(({ traceId }) => traceId),
    [
      '6b0153a3000000000000000000000007',
      '6b0153a3000000000000000000000007',
      '6b0153a3000000000000000000000007',
      '00000000000000000000000000000008',
      '00000000000000000000000000000009',
    ],
  )
})

test('spans that were sampled out say so, all of their chunk', () => {
  const chunk = (priority: unknown, id: number): unknown => [
    { ...SPAN, span_id: id, metrics: { _sampling_priority_v1: priority } },
    { ...SPAN, span_id: id + 1 },
  ]
  const { spans } = decoded(
    decodeDatadogV04,
    pack([chunk(-1, 1), chunk(new Real(0), 3), chunk(1, 5), chunk(new Real(2), 7)]),
  )
  assert.deepEqual(
    spans.map(({ unsampled, rootRank }) => [unsampled, rootRank === 255]),
    [...Array.from({ length: 4 }, () => [true, true]), ...Array.from({ length: 4 }, () => [undefined, false])],
  )
})

test('good spans of a request with bad ones are kept, and the bad ones counted', () => {
  const meta = { tag: 'left behind' }
  const { spans, taken } = decoded(
    decodeDatadogV04,
    pack([
      [
        { ...SPAN, trace_id: 0, meta: { ...meta, '_dd.p.tid': '6b0153a300000000' } },
        { ...SPAN, span_id: 0, meta },
        { ...SPAN, start: 0, meta },
        { ...SPAN, start: 2n ** 63n, meta },
        SPAN,
      ],
    ]),
  )
  assert.equal(taken.rejected, 4)
  assert.deepEqual(
    [...taken.reasons],
    [
      ['bad_trace_id', 1],
      ['bad_span_id', 1],
      ['too_old', 1],
      ['too_new', 1],
    ],
  )
  assert.deepEqual(
    spans.map(({ annotations }) => annotations),
    [{ 'operation.name': 'n', 'resource.name': 'r' }].map((own) => ({ 'resource.name': own['resource.name'] })),
  )
})

test('JSON is read as MessagePack is', () => {
  const spans = [
    [
      {
        ...SPAN,
        trace_id: 18446744073709551615n,
        parent_id: 3,
        start: 1795249076757288401n,
        error: 1,
        meta: { 'http.method': 'GET', '_dd.p.tid': '6b0153a300000000' },
        metrics: { share: 0.5, count: 3 },
      },
    ],
  ]
  const json = JSON.stringify(spans, (_key, value: unknown) =>
    typeof value === 'bigint' ? `n${value}` : value,
  ).replace(/"n(\d+)"/g, '$1')
  assert.deepEqual(decoded(decodeDatadogJson, Buffer.from(json)).spans, decoded(decodeDatadogV04, pack(spans)).spans)
})

test('what is no traces at all is refused', () => {
  for (const [decode, body] of [
    [decodeDatadogV04, pack({})],
    [decodeDatadogV04, pack('x')],
    [decodeDatadogV04, pack([[SPAN]]).slice(0, -1)],
    [decodeDatadogV04, Buffer.concat([pack([]), pack([])])],
    [decodeDatadogV04, Buffer.from('ddffffffff', 'hex')],
    [decodeDatadogV04, Buffer.from('91ddffffffff', 'hex')],
    [decodeDatadogV04, Buffer.from('9191c1', 'hex')],
    [decodeDatadogV05, pack([[''], [[[0, 0, 0, 1, 2, 0, 5, 1, 0, {}, {}]]]])],
    [decodeDatadogV05, pack([[''], [[[0, 0, 1, 1, 2, 0, 5, 1, 0, {}, {}, 0]]]])],
    [decodeDatadogV05, pack([[''], [[[0, 0, 0, 1, 2, 0, 5, 1, 0, new Map([[0, -1]]), {}, 0]]]])],
    [decodeDatadogV05, pack([['']])],
    [decodeDatadogJson, Buffer.from('{"a":1}')],
    [decodeDatadogJson, Buffer.from('[[{"trace_id":"zz"}]]')],
    [decodeDatadogJson, Buffer.from('[[{"meta":[]}]]')],
    [decodeDatadogJson, Buffer.from('[['.repeat(5000))],
    [decodeDatadogJson, Buffer.from('')],
  ] as const)
    assert.throws(() => decode(body, new SpanBatch(), CONTEXT), MalformedError, Buffer.from(body).toString('hex'))
})

test('values nested deeper than any are refused or passed over, not followed', () => {
  const deep = Buffer.concat([Buffer.alloc(5000, 0x91), Buffer.from('c0', 'hex')])
  const unknown = Buffer.concat([Buffer.from('919181a178', 'hex'), deep])
  assert.equal(decoded(decodeDatadogV04, unknown).taken.rejected, 1)
  const tag = Buffer.concat([Buffer.from('919181a46d65746181a178', 'hex'), deep])
  assert.throws(() => decodeDatadogV04(tag, new SpanBatch(), CONTEXT), MalformedError)
})

test('a string named over and over does not become gigabytes', () => {
  const names = Array.from({ length: 3000 }, (_, at) => [at % 2, 0] as const)
  const meta = Array.from({ length: 100 }, () => [0, 0, 0, 1, 2, 0, 5, 1, 0, new Map(names), {}, 0])
  const body = pack([['x'.repeat(2 ** 20), 'k'], [meta]])
  assert.throws(() => decodeDatadogV05(body, new SpanBatch(), CONTEXT), /more than 256 MiB/)
})

test('text that is not UTF-8 is kept as far as it is', () => {
  const body = Buffer.from(pack([[{ ...SPAN, name: 'näme', meta: { k: 'välue' } }]]))
  for (let at = body.indexOf('ä'); at !== -1; at = body.indexOf('ä')) body[at + 1] = 0xff
  const { spans } = decoded(decodeDatadogV04, body)
  assert.match(spans[0]!.name, /^n\ufffd+me$/)
  assert.match(String(spans[0]!.annotations['k']), /^v\ufffd+lue$/)
})
