// v0.7 and v1.0 of the agent's API, from payloads put together here by their published layouts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import type { DatadogContext } from './datadog-rows.ts'
import { decodeDatadogV07 } from './datadog-v07.ts'
import { decodeDatadogV1 } from './datadog-v1.ts'
import { pack, Real } from './msgpack-samples.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { MalformedError, type Taken } from './taken.ts'

const CONTEXT: DatadogContext = { receivedNanos: 7n, bounds: { minNanos: 1n, maxNanos: 1n << 62n } }
type Decode = (body: Uint8Array, into: SpanBatch, context: DatadogContext) => Taken

function decoded(decode: Decode, body: Uint8Array): readonly Span[] {
  const batch = new SpanBatch()
  decode(body, batch, CONTEXT)
  batch.checkRows()
  return readSpans(batch)
}

function kept(span: Span): Record<string, unknown> {
  return { ...span.attributes, ...span.annotations }
}

const SPAN = { service: 's', name: 'n', resource: 'r', trace_id: 1, span_id: 2, start: 5, duration: 3 }

const PAYLOAD_V07 = {
  container_id: 'c',
  language_name: 'python',
  language_version: '3.12',
  tracer_version: '9.9',
  runtime_id: 'run-1',
  chunks: [
    {
      // Behind the spans, as some encoders have it.
      spans: [
        { ...SPAN, meta: { own: 'x' } },
        { ...SPAN, span_id: 3 },
      ],
      priority: -1,
      origin: 'lambda',
      tags: { '_dd.p.tid': '6b0153a300000000', extra: 'chunk' },
      dropped_trace: false,
    },
    { priority: 1, spans: [{ ...SPAN, span_id: 4, meta: { env: 'dev', version: '2' } }], dropped_trace: true },
    { priority: 1, spans: null },
  ],
  tags: { payload: 'tag' },
  env: 'prod',
  hostname: 'web-1',
  app_version: '1.0',
}

test('v0.7: what the payload and the chunk say is said of their spans', () => {
  const [first, second, third, ...rest] = decoded(decodeDatadogV07, pack(PAYLOAD_V07))
  assert.equal(rest.length, 0)
  assert.equal(first!.traceId, '6b0153a3000000000000000000000001')
  assert.equal(second!.traceId, first!.traceId)
  for (const span of [first!, second!]) {
    assert.deepEqual(span.resource, {
      'service.name': 's',
      'service.version': '1.0',
      'deployment.environment.name': 'prod',
      'service.instance.id': 'run-1',
      'host.name': 'web-1',
      'telemetry.sdk.name': 'datadog',
      'telemetry.sdk.language': 'python',
      'telemetry.sdk.version': '9.9',
    })
    assert.equal(span.unsampled, true)
  }
  const { own, extra, payload, _sampling_priority_v1: priority, '_dd.origin': origin } = kept(first!)
  assert.deepEqual([own, extra, payload, priority, origin], ['x', 'chunk', 'tag', -1n, 'lambda'])
  assert.equal(third!.unsampled, true, 'dropped by its tracer')
  assert.deepEqual([third!.resource['deployment.environment.name'], third!.resource['service.version']], ['dev', '2'])
})

/** Writes strings the first time as they are and then by number. */
class Streaming {
  readonly #to = new MsgpackWriter()
  readonly #numbers = new Map<string, number>([['', 0]])

  get bytes(): Uint8Array {
    return this.#to.bytes
  }

  write(value: unknown): this {
    if (typeof value === 'string') {
      const number = this.#numbers.get(value)
      if (number !== undefined) pack(number, this.#to)
      else {
        this.#numbers.set(value, this.#numbers.size)
        this.#to.string(value)
      }
    } else if (value instanceof Map) {
      this.#to.map(value.size)
      for (const [key, item] of value as ReadonlyMap<unknown, unknown>) this.write(key).write(item)
    } else if (Array.isArray(value)) {
      this.#to.array(value.length)
      for (const item of value) this.write(item)
    } else pack(value, this.#to)
    return this
  }
}

function map(members: { readonly [key: number]: unknown }): Map<number, unknown> {
  return new Map(Object.entries(members).map(([key, value]) => [Number(key), value]))
}

const TRACE_ID = Uint8Array.from(Buffer.from('6b0153a3000000000000000000000abc', 'hex'))

const ATTRIBUTES = [
  ['http.method', 1, 'GET'],
  ['cached', 2, true],
  ['share', 3, new Real(0.5)],
  ['count', 4, -3],
  ['raw', 5, Uint8Array.from([1, 2])],
  ['list', 6, [1, 'GET', 4, 7]],
  ['nested', 7, ['GET', 1, 'x']],
  ['error.message', 1, 'kaputt'],
].flat()

function v1(
  span: { readonly [key: number]: unknown } = {},
  chunk: { readonly [key: number]: unknown } = {},
): Uint8Array {
  const members = map({
    1: 'shop',
    2: 'web.request',
    3: 'GET /',
    4: 2n ** 63n + 1n,
    5: 0,
    6: 1_795_249_076_702_792_960n,
    7: 1500,
    8: true,
    9: ATTRIBUTES,
    10: 'web',
    11: [map({ 1: TRACE_ID, 2: 9, 3: ['why', 1, 'GET'], 4: 'dd=s:1', 5: 2 ** 31 + 1 })],
    12: [map({ 1: 77, 2: 'GET', 3: ['n', 4, 5] })],
    13: 'prod',
    14: '2.0',
    15: 'flask',
    16: 2,
    99: ['unknown', 'strings'],
    ...span,
  })
  const chunks = [map({ 1: 0, 2: 'lambda', 3: ['chunk', 1, 'tag'], 4: [members], 6: TRACE_ID, 7: 4, ...chunk })]
  return new Streaming().write(map({ 3: 'go', 5: '2.1', 6: 'run-1', 7: 'dev', 8: 'web-1', 9: '1.0', 11: chunks })).bytes
}

test('v1.0: every field comes back, whether its string came or is named', () => {
  const [span] = decoded(decodeDatadogV1, v1())
  assert.equal(span!.traceId, '6b0153a3000000000000000000000abc')
  assert.equal(span!.spanId, '8000000000000001')
  assert.equal(span!.startNanos, 1_795_249_076_702_792_960n)
  assert.deepEqual([span!.name, span!.service, span!.kind, span!.statusCode], ['GET /', 'shop', 2, 2])
  assert.equal(span!.statusMessage, 'kaputt')
  assert.deepEqual(span!.links, [
    {
      traceId: span!.traceId,
      spanId: '0000000000000009',
      traceState: 'dd=s:1',
      flags: 1,
      attributes: { why: 'GET' },
    },
  ])
  assert.deepEqual(span!.events[0], { timeNanos: 77n, name: 'GET', attributes: { n: 5n } })
  const { resource } = span!
  assert.deepEqual(
    [resource['deployment.environment.name'], resource['service.version'], resource['telemetry.sdk.language']],
    ['prod', '2.0', 'go'],
  )
  const all = kept(span!)
  assert.deepEqual(
    ['http.method', 'cached', 'share', 'count', 'raw', 'list', 'nested', 'component', 'chunk'].map((key) => all[key]),
    ['GET', true, 0.5, -3n, Uint8Array.from([1, 2]), ['GET', 7n], { GET: 'x' }, 'flask', 'tag'],
  )
  assert.deepEqual([all['_sampling_priority_v1'], all['_dd.origin'], all['_dd.p.dm']], [0n, 'lambda', '-4'])
  assert.equal(span!.unsampled, true)
})

test('v1.0: what breaks its rules is refused', () => {
  for (const [what, body] of [
    ['a string that did not come', v1({ 1: 10_000 })],
    ['attributes that are no threes', v1({ 9: ['a', 1] })],
    ['an unknown type', v1({ 9: ['a', 8, 1] })],
    ['no trace id', v1({}, { 6: null })],
    ['a short trace id', v1({}, { 6: Uint8Array.from([1]) })],
    ['no chunks', pack(new Map([[3, 'go']]))],
    ['no map', pack([])],
    ['nested too deep', v1({ 9: ['a', 6, Array.from({ length: 200 }).reduce((inner) => [6, inner], [])] })],
  ] as const)
    assert.throws(() => decodeDatadogV1(body, new SpanBatch(), CONTEXT), MalformedError, what)
})

test('v0.7 and v1.0 cut off anywhere are refused', () => {
  const batch = new SpanBatch()
  for (const [decode, body] of [
    [decodeDatadogV07, pack(PAYLOAD_V07)],
    [decodeDatadogV1, v1()],
  ] as const)
    for (let size = 0; size < body.length; size++) {
      batch.clear()
      assert.throws(() => decode(body.subarray(0, size), batch, CONTEXT), MalformedError, `${size} bytes`)
    }
})

test('v1.0: a string named over and over does not become gigabytes', () => {
  const long = 'x'.repeat(2 ** 20)
  const attributes = Array.from({ length: 300 }, (_, at) => [`k${at % 7}`, 1, long]).flat()
  assert.throws(() => decodeDatadogV1(v1({ 9: attributes }), new SpanBatch(), CONTEXT), /more than 256 MiB/)
})
