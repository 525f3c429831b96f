import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Span } from '../span/span.ts'
import { readJoinedTrace } from './joined-trace.ts'
import { MemoryStore } from './memory-store.ts'
import { GUIDE_TRACE, segmentAt, spanAt } from './sample-traces.ts'
import { mergeSame } from './same-spans.ts'

const OTHER_TRACE = 'd'.repeat(32)
const REQUEST = '630c0f4f-3696-4992-a2a6-885d47b30fb9'

const platform = (more: Partial<Span> = {}): Span[] => [
  segmentAt({ id: '1', start: 10, end: 20, name: 'pay', source: 'lambda', origin: 'AWS::Lambda', requestId: REQUEST }),
  segmentAt({
    id: '2',
    parentId: '1',
    start: 11,
    end: 19,
    name: 'pay',
    source: 'lambda',
    origin: 'AWS::Lambda::Function',
    requestId: REQUEST,
    ...more,
  }),
]

/** As ADOT and Datadog's library tell of it. */
const handler = (source: string, more: Partial<Span> & { id?: string } = {}): Span =>
  segmentAt({
    id: 'a',
    parentId: '2',
    start: 12,
    end: 18,
    kind: 2,
    name: 'pay',
    source,
    requestId: REQUEST,
    attributes: { 'faas.invocation_id': REQUEST, 'own.key': source },
    ...more,
  })

const short = (span: Span): string =>
  `${Number.parseInt(span.spanId, 16).toString(16)}<${Number.parseInt(span.parentId ?? '0', 16).toString(16)}`

test('an invocation is shown once: the platform’s segment stays, with what the SDK knows and its children', () => {
  const child = spanAt({ id: 'b', parentId: 'a', start: 13, end: 14, source: 'otlp' })
  const cold = handler('otlp', { coldStart: true, annotations: { tenant: 't' } })
  const shown = mergeSame([...platform(), cold, child])
  assert.deepEqual(shown.map(short), ['1<0', '2<1', 'b<2'])
  const [service, invocation] = shown
  assert.equal(service!.sources, undefined)
  assert.deepEqual(invocation!.sources, ['lambda', 'otlp'])
  assert.deepEqual(
    [invocation!.origin, invocation!.coldStart, invocation!.annotations['tenant'], invocation!.attributes['own.key']],
    ['AWS::Lambda::Function', true, 't', 'otlp'],
  )
})

test('without the platform one SDK’s span stays for another’s, and two of one SDK stay both', () => {
  const datadog = handler('datadog', { id: 'c' })
  assert.deepEqual(mergeSame([handler('otlp'), datadog]).map(short), ['a<2'])
  const again = handler('datadog', { id: 'e' })
  assert.deepEqual(mergeSame([datadog, again]).map(short), ['c<2', 'e<2'])
})

test('of an event that was tried again each SDK’s span is of the run in whose time it lies', () => {
  const times = { startNanos: 30_000_000_000n, endNanos: 40_000_000_000n }
  const again = { ...platform()[1]!, ...times, spanId: '3'.padStart(16, '0') }
  const second = handler('otlp', { id: 'c', startNanos: 31_000_000_000n, endNanos: 39_000_000_000n })
  const shown = mergeSame([
    ...platform(),
    again,
    handler('otlp'),
    second,
    spanAt({ id: 'd', parentId: 'c', start: 32, source: 'otlp' }),
  ])
  assert.deepEqual(shown.map(short), ['1<0', '2<1', '3<1', 'd<3'])
})

test('what asked for the invocation, and other requests, are not it', () => {
  const gateway = handler('datadog', { id: 'c', attributes: {} })
  const other = handler('otlp', { id: 'e', requestId: 'r2', attributes: { 'faas.invocation_id': 'r2' } })
  assert.equal(mergeSame([...platform(), gateway, other]).length, 4)
})

const call = (source: string, more: Partial<Span> & { id: string; start: number; end: number }): Span =>
  spanAt({ parentId: '2', kind: 3, source, http: { method: 'GET', url: 'https://api.test:443/a?b=1' }, ...more })

test('one call that two SDKs recorded is shown once, whichever is around the other', () => {
  const xray = call('xray', { id: 'a', start: 12, end: 14, name: 'api.test' })
  const otlp = call('otlp', {
    id: 'b',
    parentId: 'a',
    start: 12.001,
    end: 13.999,
    http: { method: 'GET', status: 200 },
    attributes: { 'url.full': 'https://api.test/a' },
  })
  const answer = segmentAt({ id: 'c', parentId: 'b', start: 12.5, end: 13, source: 'otlp', kind: 2 })
  const shown = mergeSame([...platform(), xray, otlp, answer])
  assert.deepEqual(shown.map(short), ['1<0', '2<1', 'a<2', 'c<a'])
  assert.deepEqual([shown[2]!.sources, shown[2]!.http?.status], [['xray', 'otlp'], 200])
})

test('calls of AWS and of databases are told by what is asked for', () => {
  const table = { name: 'orders', type: 'AWS::DynamoDB::Table' }
  const aws = (source: string, id: string, operation: string): Span =>
    spanAt({
      id,
      parentId: '2',
      kind: 3,
      source,
      start: 12,
      end: 13,
      peer: table,
      attributes: source === 'xray' ? { 'aws.operation': operation } : { 'rpc.method': operation },
    })
  assert.deepEqual(
    mergeSame([aws('xray', 'a', 'GetItem'), aws('otlp', 'b', 'GetItem'), aws('otlp', 'c', 'PutItem')]).map(short),
    ['a<2', 'c<2'],
  )
  const sql = (source: string, id: string, key: string, query: string): Span =>
    spanAt({ id, parentId: '2', kind: 3, source, start: 12, end: 13, attributes: { [key]: query } })
  assert.equal(
    mergeSame([sql('xray', 'a', 'sql.sanitized_query', 'SELECT  1'), sql('otlp', 'b', 'db.query.text', 'SELECT 1')])
      .length,
    1,
  )
})

test('a call that is below the other’s span is it, though its clock was read late', () => {
  const sdk = call('xray', { id: 'a', start: 12, end: 13 })
  const late = call('lambda', { id: 'b', parentId: 'a', start: 12.5, end: 13.4 })
  assert.deepEqual(mergeSame([...platform(), sdk, late]).map(short), ['1<0', '2<1', 'b<2'])
  assert.equal(mergeSame([...platform(), sdk, { ...late, parentId: sdk.parentId! }]).length, 4)
})

test('two calls stay two: of one SDK, at other times, of another path, with another status, from another segment', () => {
  const one = call('xray', { id: 'a', start: 12, end: 13 })
  const others = [
    call('xray', { id: 'b', start: 12, end: 13 }),
    call('otlp', { id: 'b', start: 13.1, end: 14 }),
    call('otlp', { id: 'b', start: 12, end: 13, http: { method: 'GET', url: 'https://api.test/b' } }),
    call('otlp', { id: 'b', start: 12, end: 13, http: { method: 'GET', url: 'https://api.test/a', status: 500 } }),
    call('otlp', { id: 'b', parentId: '1', start: 12, end: 13 }),
  ]
  const first = { ...one, http: { ...one.http, status: 200 } }
  for (const other of others) assert.equal(mergeSame([...platform(), first, other]).length, 4)
})

test('each of two equal calls meets one of the other SDK’s', () => {
  const at = (source: string, id: string, start: number): Span => call(source, { id, start, end: start + 0.1 })
  const shown = mergeSame([
    ...platform(),
    at('xray', 'a', 12),
    at('xray', 'b', 12.001),
    at('otlp', 'c', 12),
    at('otlp', 'd', 12.001),
  ])
  assert.deepEqual(shown.map(short), ['1<0', '2<1', 'a<2', 'b<2'])
})

test('a trace is read with what another SDK told of its invocation in a trace of its own', async () => {
  const own = { traceId: OTHER_TRACE }
  const { parentId: _none, ...root } = handler('datadog', { ...own })
  const child = spanAt({ ...own, id: 'b', parentId: 'a', start: 13, end: 14, source: 'datadog' })
  const stranger = handler('datadog', {
    id: 'c',
    traceId: 'e'.repeat(32),
    requestId: 'r9',
    attributes: { 'faas.invocation_id': 'r9' },
  })
  const store = new MemoryStore([...platform(), root, child, stranger])
  const shown = await readJoinedTrace(store, GUIDE_TRACE)
  assert.deepEqual(shown.map(short), ['1<0', '2<1', 'b<2'])
  assert.deepEqual(
    shown.map(({ ownTraceId }) => ownTraceId),
    [undefined, undefined, OTHER_TRACE],
  )
  assert.deepEqual(new Set(shown.map(({ traceId }) => traceId)), new Set([GUIDE_TRACE]))
  assert.deepEqual((await readJoinedTrace(store, OTHER_TRACE)).map(short).sort(), ['1<0', '2<1', 'b<2'])
  assert.deepEqual(await readJoinedTrace(store, 'f'.repeat(32)), [])
})
