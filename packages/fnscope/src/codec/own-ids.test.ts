import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import { encodeJaegerTrace } from './jaeger-json.ts'
import { withOwnIds } from './own-ids.ts'
import { assembleDocuments } from './xray-assemble.ts'

const TRACE = '6740a1b20123456789abcdef01234567'
const ROOT = '00000000000000a0'
const SHARED = '00000000000000a1'
const CHILD = '00000000000000a2'

function span(input: Partial<SpanInput>): Span {
  const base = {
    traceId: TRACE,
    spanId: ROOT,
    name: 'x',
    source: 'zipkin',
    service: 's',
    startNanos: 1_700_000_000_000_000_000n,
  }
  return completeSpan({ ...base, endNanos: 1_700_000_000_500_000_000n, receivedNanos: 1n, ...input })
}

const root = span({ kind: 2, segment: true, service: 'web' })
const client = span({
  spanId: SHARED,
  parentId: ROOT,
  kind: 3,
  service: 'web',
  name: 'call',
  peer: { name: 'db', type: 'remote' },
  namespace: 'remote',
})
const server = span({
  spanId: SHARED,
  parentId: ROOT,
  kind: 2,
  segment: true,
  service: 'db',
  name: 'serve',
  startNanos: 1_700_000_000_100_000_000n,
})
const child = span({
  spanId: CHILD,
  parentId: SHARED,
  kind: 1,
  service: 'db',
  name: 'work',
  startNanos: 1_700_000_000_200_000_000n,
})
const all = [root, client, server, child]

test('a shared id is the client’s; the server’s side stands below it, and has the children', () => {
  const [, first, second, third] = withOwnIds(all)
  assert.equal(first, client)
  assert.equal(second!.parentId, SHARED)
  assert.notEqual(second!.spanId, SHARED)
  assert.match(second!.spanId, /^[0-9a-f]{16}$/)
  assert.equal(third!.parentId, second!.spanId)
  assert.deepEqual(withOwnIds(all), withOwnIds(all))
})

test('spans with ids of their own stay as they are', () => {
  for (const spans of [[], [root, client], [root, server, child], all.map((one) => ({ ...one, source: 'otlp' }))])
    assert.equal(withOwnIds(spans), spans)
})

test('Jaeger is shown four spans of four ids, in a chain', () => {
  const { spans } = encodeJaegerTrace(all)
  assert.deepEqual(
    spans.map(({ references }) => references[0]?.spanID),
    [undefined, ROOT, SHARED, spans[2]!.spanID],
  )
  assert.equal(new Set(spans.map(({ spanID }) => spanID)).size, 4)
})

test('X-Ray is shown both segments, and no inferred one for the call that was answered', () => {
  const documents = assembleDocuments(TRACE, [], all).map(({ document }) => document)
  assert.deepEqual(
    documents.map(({ name }) => name),
    ['web', 'db'],
  )
  const [web, db] = documents
  assert.equal((web!['subsegments'] as readonly { readonly id: string }[])[0]!.id, SHARED)
  assert.equal(db!['parent_id'], SHARED)
  assert.equal((db!['subsegments'] as readonly { readonly id: string }[])[0]!.id, CHILD)
})
