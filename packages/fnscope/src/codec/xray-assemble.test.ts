import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDocuments } from '../../../../test/captures.ts'
import { newBatch, type RawDocument } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import type { JsonObject } from './json.ts'
import { assembleDocuments } from './xray-assemble.ts'
import { decodeDocument } from './xray.ts'

const TRACE = '6b0150e9aaaa00000000000000000001'
const XRAY_TRACE = '1-6b0150e9-aaaa00000000000000000001'
const BOUNDS = { minNanos: 0n, maxNanos: 2n ** 62n }

/** What the store would hold of the texts, the first received first. */
function store(texts: readonly (string | object)[]): { documents: RawDocument[]; spans: Span[] } {
  const batch = newBatch()
  for (const [index, text] of texts.entries()) {
    const result = decodeDocument(typeof text === 'string' ? text : JSON.stringify(text), batch, {
      receivedNanos: BigInt(index + 1),
      bounds: BOUNDS,
    })
    assert.deepEqual(result.ok, true, JSON.stringify(result))
  }
  return {
    documents: batch.documents.read(),
    spans: [...readSpans(batch.spans), ...readSpans(batch.openSpans, { open: true })],
  }
}

function assemble(texts: readonly (string | object)[], more: readonly Span[] = []): JsonObject[] {
  const { documents, spans } = store(texts)
  const entries = assembleDocuments(TRACE, documents, [...spans, ...more])
  for (const entry of entries) assert.equal(entry.id, entry.document['id'])
  return entries.map((entry) => entry.document)
}

const hex = (number: number): string => number.toString(16).padStart(16, '0')
const segment = (id: number, more: object = {}): object => ({
  id: hex(id),
  trace_id: XRAY_TRACE,
  name: `s${id}`,
  start_time: id,
  end_time: id + 1,
  ...more,
})
const sub = (id: number, parent: number, more: object = {}): object =>
  segment(id, { type: 'subsegment', parent_id: hex(parent), ...more })
const inner = (id: number, more: object = {}): object => ({
  id: hex(id),
  name: `s${id}`,
  start_time: id,
  end_time: id + 1,
  ...more,
})

interface Shape {
  readonly [id: string]: Shape
}
/** Ids as numbers, nested as the documents are. */
function shape(documents: readonly JsonObject[]): Shape {
  return Object.fromEntries(
    documents.map((one) => [
      one['inferred'] === true
        ? `inferred of ${Number(`0x${String(one['parent_id'])}`)}`
        : `${Number(`0x${String(one['id'])}`)}`,
      shape((one['subsegments'] ?? []) as readonly JsonObject[]),
    ]),
  )
}

test('streamed subsegments return into their parents, whichever came first, by start time', () => {
  const documents = assemble([sub(5, 3), sub(4, 3), sub(3, 1), segment(1, { subsegments: [inner(2)] })])
  assert.deepEqual(shape(documents), { 1: { 2: {}, 3: { 4: {}, 5: {} } } })
  const [first] = documents as [JsonObject]
  assert.deepEqual((first['subsegments'] as JsonObject[])[1]!['parent_id'], hex(1))
})

test('fields that fnscope does not know return', () => {
  const [document] = assemble([
    segment(1, { novel: { a: [1] }, annotations: { list: [1] }, subsegments: [inner(2, { odd: 7 })] }),
  ])
  assert.deepEqual(document!['novel'], { a: [1] })
  assert.deepEqual(document!['annotations'], { list: [1] })
  assert.equal((document!['subsegments'] as JsonObject[])[0]!['odd'], 7)
})

test('the Lambda SDK capture hangs under the platform’s function segment', () => {
  const texts = readDocuments('py-sdk-lambda')
  const traceId = '6b0150e9aaaa00000000000000000001'
  const platform = (more: Partial<SpanInput>): Span =>
    completeSpan({
      traceId,
      spanId: '1111111111111111',
      startNanos: 1_795_248_362_500_000_000n,
      endNanos: 1_795_248_364_000_000_000n,
      name: 'fn',
      service: 'fn',
      source: 'lambda',
      receivedNanos: 1n,
      ...more,
    })
  const documents = assemble(texts, [
    platform({ segment: true, origin: 'AWS::Lambda::Function', parentId: '9999999999999999' }),
    platform({ spanId: '9999999999999999', segment: true, origin: 'AWS::Lambda' }),
    platform({ spanId: '8888888888888888', parentId: '1111111111111111', name: 'Overhead' }),
  ])
  const real = documents.filter((one) => one['inferred'] !== true)
  assert.deepEqual(new Set(real.map((one) => one['origin'])), new Set(['AWS::Lambda', 'AWS::Lambda::Function']))
  const fn = real.find((one) => one['origin'] === 'AWS::Lambda::Function')!
  const below = fn['subsegments'] as JsonObject[]
  assert.deepEqual(new Set(below.map((one) => one['name'])), new Set(['## handler', 'Overhead']))
  const overhead = below.find((one) => one['name'] === 'Overhead')!
  assert.equal('trace_id' in overhead || 'type' in overhead, false)
  const count = (one: JsonObject): number =>
    1 + ((one['subsegments'] ?? []) as JsonObject[]).reduce((sum, child) => sum + count(child), 0)
  assert.equal(
    real.reduce((sum, one) => sum + count(one), 0),
    texts.length + 3,
  )
})

test('a complete copy wins over a later one in progress, a newer complete one over an older', () => {
  const open = segment(1, { end_time: undefined, in_progress: true, name: 'open' })
  assert.equal(assemble([open, segment(1, { name: 'done' })])[0]!['name'], 'done')
  assert.equal(assemble([segment(1, { name: 'done' }), open])[0]!['name'], 'done')
  assert.equal(assemble([segment(1, { name: 'old' }), segment(1, { name: 'new' })])[0]!['name'], 'new')
})

test('a subsegment that came embedded and streamed counts once', () => {
  const documents = assemble([sub(2, 1), segment(1, { subsegments: [inner(2)] })])
  assert.deepEqual(shape(documents), { 1: { 2: {} } })
})

test('children of a copy that lost stay', () => {
  const open = segment(1, { end_time: undefined, in_progress: true, subsegments: [inner(2)] })
  assert.deepEqual(shape(assemble([open, segment(1)])), { 1: { 2: {} } })
})

test('orphans and segments with a parent are entries of their own', () => {
  assert.deepEqual(shape(assemble([segment(1), segment(2, { parent_id: hex(1) }), sub(3, 77), sub(4, 3)])), {
    1: {},
    2: {},
    3: { 4: {} },
  })
})

test('parents that form a ring lose no document', () => {
  assert.deepEqual(shape(assemble([sub(1, 2), sub(2, 1), sub(3, 2)])), { 1: { 2: { 3: {} } } })
  assert.deepEqual(shape(assemble([sub(1, 1)])), { 1: {} })
  assert.deepEqual(shape(assemble([sub(1, 2), sub(2, 1), sub(3, 4), sub(4, 3)])), { 1: { 2: {} }, 3: { 4: {} } })
})

test('a call whose callee did not report gets an inferred segment, the same in every answer', () => {
  const call = inner(2, {
    namespace: 'aws',
    name: 'DynamoDB',
    aws: { table_name: 'orders' },
    http: { response: { status: 400 } },
    error: true,
  })
  const [, inferred] = assemble([segment(1, { subsegments: [call] })])
  const { id, ...rest } = inferred!
  assert.match(String(id), /^[0-9a-f]{16}$/)
  assert.deepEqual(rest, {
    name: 'DynamoDB',
    trace_id: XRAY_TRACE,
    parent_id: hex(2),
    inferred: true,
    origin: 'AWS::DynamoDB::Table',
    start_time: 2,
    end_time: 3,
    error: true,
    http: { response: { status: 400 } },
    aws: { table_name: 'orders' },
  })
  assert.equal(assemble([segment(1, { subsegments: [call] })])[1]!['id'], id)
})

test('a call whose callee reports, and one that is made of calls, get none', () => {
  const call = { namespace: 'remote', http: { request: { traced: true } } }
  assert.deepEqual(
    shape(assemble([segment(1, { subsegments: [inner(2, call)] }), segment(3, { parent_id: hex(2) })])),
    {
      1: { 2: {} },
      3: {},
    },
  )
  const outer = inner(2, { ...call, subsegments: [inner(3, call)] })
  assert.deepEqual(shape(assemble([segment(1, { subsegments: [outer] })])), {
    1: { 2: { 3: {} } },
    'inferred of 3': {},
  })
})

test('a call is answered by what lies below the code between them too, up to its own segment', () => {
  const call = { namespace: 'remote' }
  const around = inner(2, { ...call, subsegments: [inner(3)] })
  assert.deepEqual(shape(assemble([segment(1, { subsegments: [around] }), segment(4, { parent_id: hex(3) })])), {
    1: { 2: { 3: {} } },
    4: {},
  })
  const outer = inner(2, { ...call, subsegments: [inner(3, { subsegments: [inner(4, call)] })] })
  assert.deepEqual(shape(assemble([segment(1, { subsegments: [outer] })])), {
    1: { 2: { 3: { 4: {} } } },
    'inferred of 4': {},
  })
})

test('a chain of 20000 streamed subsegments comes back whole, in documents that can be written', () => {
  const size = 20_000
  const documents: RawDocument[] = Array.from({ length: size }, (_, index) => ({
    traceId: TRACE,
    spanId: hex(index + 1),
    ...(index === 0 ? {} : { parentId: hex(index) }),
    startNanos: 1n,
    receivedNanos: 1n,
    inProgress: false,
    segment: index === 0,
    text: JSON.stringify(index === 0 ? segment(1) : sub(index + 1, index)),
  }))
  const entries = assembleDocuments(TRACE, documents, [])
  const text = JSON.stringify(entries.map((entry) => entry.document))
  assert.equal(new Set(text.match(/"id":"[0-9a-f]{16}"/g)).size, size)
})

test('texts that are no documents and other traces’ are passed over', () => {
  const { documents } = store([segment(1)])
  const odd = ['', 'null', '[]', '{"id":5}'].map((text) => ({ ...documents[0]!, text }))
  const other = { ...documents[0]!, traceId: 'f'.repeat(32) }
  assert.deepEqual(assembleDocuments(TRACE, [...odd, other], []), [])
  assert.deepEqual(assembleDocuments(TRACE, [], []), [])
})

test('spans of X-Ray whose text is gone are encoded', () => {
  const { spans } = store([segment(1), sub(2, 1)])
  assert.deepEqual(shape(assembleDocuments(TRACE, [], spans).map((entry) => entry.document)), { 1: { 2: {} } })
})

test('a call by which a service begins is a segment of the service and the call in it', () => {
  const span = completeSpan({
    traceId: TRACE,
    spanId: 'aaaaaaaaaaaaaaaa',
    startNanos: 1_795_248_362_000_000_000n,
    endNanos: 1_795_248_363_000_000_000n,
    kind: 3,
    segment: true,
    name: 'GET',
    service: 'shop',
    source: 'otlp',
    peer: { name: 'billing', type: 'remote' },
    attributes: {
      'aws.span.kind': 'LOCAL_ROOT',
      'aws.local.service': 'shop-front',
      'aws.remote.service': 'billing',
      'http.request.method': 'GET',
    },
    resource: { 'service.name': 'shop' },
    receivedNanos: 1n,
  })
  const entries = assembleDocuments(TRACE, [], [span]).map(({ document }) => document)
  const [service, inferred] = entries as [JsonObject, JsonObject]
  assert.equal(entries.length, 2)
  assert.equal(service['name'], 'shop-front')
  assert.equal('parent_id' in service || 'http' in service || 'namespace' in service || 'type' in service, false)
  const [call] = service['subsegments'] as [JsonObject]
  assert.deepEqual(
    [call['id'], call['name'], call['namespace'], call['http']],
    ['aaaaaaaaaaaaaaaa', 'billing', 'remote', { request: { method: 'GET' }, response: { content_length: 0 } }],
  )
  assert.equal(inferred['parent_id'], 'aaaaaaaaaaaaaaaa')
})
