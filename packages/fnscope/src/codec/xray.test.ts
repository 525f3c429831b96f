import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch, type Batch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { CAPTURES, readDocuments } from '../../../../test/captures.ts'
import { decodeDocument, type DecodeResult } from './xray.ts'

/** How many times as many random documents are tried. */
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)
const T = 1_795_248_362
const RECEIVED = BigInt(T) * 1_000_000_000n
const BOUNDS = { minNanos: RECEIVED - 86_400_000_000_000n, maxNanos: RECEIVED + 86_400_000_000_000n }
const TRACE = '1-6b0150e9-aaaa00000000000000000001'
const SEGMENT = { id: '1111111111111111', name: 'shop', trace_id: TRACE, start_time: T, end_time: T + 1 }
const CHILD = { id: '2222222222222222', name: 'step', start_time: T, end_time: T + 0.5 }

function decode(document: unknown, batch: Batch = newBatch()): DecodeResult {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return decodeDocument(text, batch, { receivedNanos: RECEIVED, bounds: BOUNDS })
}

function spansOf(document: unknown): Span[] {
  const batch = newBatch()
  assert.deepEqual(decode(document, batch).ok, true)
  batch.spans.checkRows()
  batch.openSpans.checkRows()
  return [...readSpans(batch.spans), ...readSpans(batch.openSpans, { open: true })]
}

const countEntities = (document: { subsegments?: object[] }): number =>
  1 + (document.subsegments ?? []).reduce((sum, child) => sum + countEntities(child), 0)

for (const capture of CAPTURES)
  test(`every document of ${capture} is stored, one row a segment and subsegment`, () => {
    const batch = newBatch()
    const documents = readDocuments(capture)
    for (const text of documents) assert.deepEqual({ ...decode(text, batch), traceId: '', spanId: '' }, OK)
    batch.spans.checkRows()
    const expected = documents.reduce((sum, text) => sum + countEntities(JSON.parse(text) as object), 0)
    assert.equal(batch.spans.rows + batch.openSpans.rows, expected)
    assert.deepEqual(
      batch.documents.read().map((document) => document.text),
      documents,
    )
  })
const OK = { ok: true, traceId: '', spanId: '' }

test('a DynamoDB call of the Python SDK has its table as peer, its own request id as attribute', () => {
  const text = readDocuments('py-sdk-lambda').find((one) => one.includes('"dynamodb"'))
  const [span] = spansOf(text)
  assert.equal(span!.kind, 3)
  assert.equal(span!.rootRank, ROOT_RANK.detached)
  assert.equal(span!.service, '')
  assert.deepEqual(span!.peer, { name: 'orders', type: 'AWS::DynamoDB::Table' })
  assert.equal(span!.http?.status, 200)
  assert.equal(span!.requestId, undefined)
  assert.equal(span!.attributes['aws.request_id'], 'REQ-0001')
  assert.deepEqual(span!.attributes['aws.consumed_capacity'], { TableName: 'orders', CapacityUnits: 0.5 })
})

test('typed annotations, metadata and microseconds of a Powertools-like handler survive', () => {
  const [span] = spansOf(readDocuments('py-sdk-lambda').at(-1))
  assert.deepEqual(span!.annotations, { order_id: 'A-17', amount: 12.5, vip: true, units: 3 })
  assert.deepEqual(span!.metadata, { shop: { event: { path: '/hello', items: [1, 2, { k: null }] } } })
  assert.equal(span!.startNanos, 1_795_248_362_547_515_000n)
  assert.equal(span!.parentId, '1111111111111111')
})

test('a cold start is known by the annotation and by the init subsegment of a Lambda function segment', () => {
  assert.equal(spansOf(readDocuments('powertools-python')[1])[0]!.coldStart, true)
  const init = { ...SEGMENT, origin: 'AWS::Lambda::Function', subsegments: [{ ...CHILD, name: 'Init' }] }
  assert.deepEqual(
    spansOf(init).map((span) => span.coldStart),
    [true, false],
  )
  assert.equal(spansOf({ ...init, origin: 'AWS::EC2::Instance' })[0]!.coldStart, false)
})

test('a failed subsegment carries its cause and the message of its exception; its parent the id of it', () => {
  const [, , child, parent] = readDocuments('powertools-python')
  const [failed] = spansOf(child)
  assert.equal(failed!.statusCode, 2)
  assert.equal(failed!.statusMessage, 'boom')
  assert.equal(spansOf(parent)[0]!.cause, 'ada9cbdb40d3f019')
})

test('embedded subsegments take trace, service and parent from where they stand', () => {
  const spans = spansOf({
    ...SEGMENT,
    subsegments: [{ ...CHILD, subsegments: [{ ...CHILD, id: '3333333333333333' }] }],
  })
  assert.deepEqual(
    spans.map((span) => [span.spanId, span.parentId, span.service, span.rootRank]),
    [
      ['1111111111111111', undefined, 'shop', ROOT_RANK.root],
      ['2222222222222222', '1111111111111111', 'shop', ROOT_RANK.inner],
      ['3333333333333333', '2222222222222222', 'shop', ROOT_RANK.inner],
    ],
  )
  assert.equal(spansOf({ ...SEGMENT, parent_id: '9999999999999999' })[0]!.rootRank, ROOT_RANK.entry)
})

test('a subsegment in progress goes to the open spans by itself, out of a complete segment', () => {
  const batch = newBatch()
  const open = { id: CHILD.id, name: 'open', start_time: T, in_progress: true }
  decode({ ...SEGMENT, in_progress: false, subsegments: [open] }, batch)
  assert.deepEqual([batch.spans.rows, batch.openSpans.rows, batch.documents.rows], [1, 1, 1])
  assert.equal(batch.documents.read()[0]!.inProgress, false)
})

test('an end before the start is stored as no duration', () => {
  const [span] = spansOf({ ...SEGMENT, end_time: T - 5 })
  assert.equal(span!.endNanos, span!.startNanos)
})

test('a request id on a Lambda segment is the invocation’s', () => {
  const [span] = spansOf({ ...SEGMENT, origin: 'AWS::Lambda', aws: { request_id: 'r-1', account_id: '000000000000' } })
  assert.equal(span!.requestId, 'r-1')
  assert.equal(span!.accountId, '000000000000')
  assert.deepEqual(span!.attributes, {})
})

test('names of any length and sign are kept', () => {
  const name = `${'n'.repeat(300)} ?;*<> \u00fc \u2713`
  assert.equal(spansOf({ ...SEGMENT, name })[0]!.name, name)
})

const without = (key: string): object => Object.fromEntries(Object.entries(SEGMENT).filter(([name]) => name !== key))
const DETACHED = { ...CHILD, type: 'subsegment', trace_id: TRACE, parent_id: SEGMENT.id }

const REFUSALS: readonly (readonly [what: string, document: unknown, code: string, message: string])[] = [
  ['text that is no JSON', '{"id":', 'ParseError', 'Invalid segment. ErrorCode: ParseError'],
  ['an empty text', '', 'ParseError', 'Invalid segment. ErrorCode: ParseError'],
  ['a number', '7', 'ParseError', 'Invalid segment. ErrorCode: ParseError'],
  ['an array', '[]', 'MissingId', 'Invalid segment. ErrorCode: MissingId'],
  ['an empty object', {}, 'MissingId', 'Invalid segment. ErrorCode: MissingId'],
  ['no name', without('name'), 'MissingName', 'Invalid segment. ErrorCode: MissingName'],
  ['no trace id', without('trace_id'), 'MissingTraceId', 'Invalid segment. ErrorCode: MissingTraceId'],
  ['no start', without('start_time'), 'MissingStartTime', 'Invalid segment. ErrorCode: MissingStartTime'],
  ['no end', without('end_time'), 'MissingEndTime', 'Invalid segment. ErrorCode: MissingEndTime'],
  [
    'in_progress false and no end',
    { ...without('end_time'), in_progress: false },
    'MissingEndTime',
    'Invalid segment. ErrorCode: MissingEndTime',
  ],
  ['a short id', { ...SEGMENT, id: '11' }, 'InvalidId', 'Invalid segment. ErrorCode: InvalidId'],
  ['an id of zeros', { ...SEGMENT, id: '0'.repeat(16) }, 'InvalidId', 'Invalid segment. ErrorCode: InvalidId'],
  ['an id that is a number', { ...SEGMENT, id: 1 }, 'InvalidId', 'Invalid segment. ErrorCode: InvalidId'],
  [
    'a trace id without dashes',
    { ...SEGMENT, trace_id: 'a'.repeat(32) },
    'InvalidTraceId',
    'Invalid segment. ErrorCode: InvalidTraceId',
  ],
  ['a wrong parent', { ...SEGMENT, parent_id: 'x' }, 'InvalidParentId', 'Invalid segment. ErrorCode: InvalidParentId'],
  [
    'a stand-alone subsegment without parent',
    { ...CHILD, type: 'subsegment', trace_id: TRACE },
    'InvalidParentId',
    'Invalid subsegment. ErrorCode: InvalidParentId',
  ],
  [
    'an empty name',
    { ...DETACHED, name: '' },
    'InvalidName',
    'Invalid subsegment. ErrorCode: InvalidName, Cause: null',
  ],
  [
    'a name that is no text',
    { ...SEGMENT, name: 5 },
    'InvalidName',
    'Invalid segment. ErrorCode: InvalidName, Cause: null',
  ],
  [
    'a start that is a text',
    { ...SEGMENT, start_time: `${T}` },
    'InvalidStartTime',
    'Invalid segment. ErrorCode: InvalidStartTime',
  ],
  [
    'an end that is a text',
    { ...SEGMENT, end_time: 'x' },
    'InvalidEndTime',
    'Invalid segment. ErrorCode: InvalidEndTime',
  ],
  [
    'a nested subsegment without name',
    { ...SEGMENT, subsegments: [CHILD, { ...CHILD, name: null }] },
    'MissingName',
    'Invalid subsegment. ErrorCode: MissingName',
  ],
]

for (const [what, document, code, message] of REFUSALS)
  test(`${what} is refused with ${code} and leaves no row`, () => {
    const batch = newBatch()
    const result = decode(document, batch)
    assert.equal(result.ok, false)
    assert.deepEqual([result.code, result.message], [code, message])
    assert.deepEqual([batch.spans.rows, batch.openSpans.rows, batch.documents.rows], [0, 0, 0])
  })

test('a refusal names the document by its id, and by none where there is none', () => {
  const nested = decode({ ...SEGMENT, subsegments: [{ ...CHILD, name: '' }] })
  assert.equal(!nested.ok && nested.id, SEGMENT.id)
  assert.equal('id' in decode('{'), false)
  assert.equal('id' in decode({ name: 'n' }), false)
})

test('times outside of what is kept are refused with a sentence that says what is kept', () => {
  for (const start of [0, -1, T - 90_000, T + 90_000, 1e300, Number.MAX_VALUE]) {
    const result = decode({ ...SEGMENT, start_time: start })
    assert.equal(!result.ok && result.code, 'InvalidStartTime')
    assert.match(!result.ok ? result.message : '', /start_time .* is outside of what is kept, \d{4}-.* to \d{4}-/)
  }
  const late = decode(JSON.stringify(SEGMENT).replace(`"end_time":${T + 1}`, '"end_time":1e999'))
  assert.equal(!late.ok && late.code, 'InvalidEndTime')
})

test('a document of 65536 bytes is taken, one more is refused', () => {
  const padded = (bytes: number): string => {
    const empty = JSON.stringify({ ...SEGMENT, metadata: { a: '' } })
    return empty.replace('"a":""', `"a":"${'\u00fc'.repeat(2)}${'x'.repeat(bytes - empty.length - 4)}"`)
  }
  assert.equal(Buffer.byteLength(padded(65_536)), 65_536)
  assert.equal(decode(padded(65_536)).ok, true)
  const refused = decode(padded(65_537))
  assert.equal(!refused.ok && refused.code, 'SegmentTooLarge')
})

test('nesting beyond the limit is refused, not a full stack', () => {
  const deep = `${'[{"subsegments":'.repeat(3000)}[]${'}]'.repeat(3000)}`
  const result = decode(`{"id":"1","subsegments":${deep}}`)
  assert.equal(!result.ok && result.code, 'ParseError')
  const metadata = decode(
    JSON.stringify(SEGMENT).replace('}', `,"metadata":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`),
  )
  assert.equal(!metadata.ok && metadata.code, 'ParseError')
})

test('keys of the prototype are keys like any other', () => {
  const text = `{"id":"1111111111111111","name":"n","trace_id":"${TRACE}","start_time":${T},"end_time":${T},
    "annotations":{"__proto__":"a","constructor":1,"toString":true},"aws":{"__proto__":"b"},"service":{"constructor":"c"}}`
  const [span] = spansOf(text)
  assert.deepEqual(Object.entries(span!.annotations), [
    ['__proto__', 'a'],
    ['constructor', 1],
    ['toString', true],
  ])
  assert.equal(span!.attributes['aws.__proto__'], 'b')
  assert.equal(span!.resource['service.constructor'], 'c')
})

test('objects, arrays and null are no annotations', () => {
  const [span] = spansOf({ ...SEGMENT, annotations: { a: null, b: [1], c: {}, d: 'kept' } })
  assert.deepEqual(span!.annotations, { d: 'kept' })
})

/** A small seeded generator, so that a failure can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const ODD = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e400',
  '-0',
  'true',
  '"\\ud800"',
  '[null]',
  '{"__proto__":{}}',
  '9e99',
  '"x"',
  '70000',
]

test('no text makes it throw or leaves columns of different length', () => {
  const random = seeded(20_261_121)
  const texts = CAPTURES.flatMap((capture) => readDocuments(capture).slice(0, 12)).filter((one) => one.length < 4000)
  const batch = newBatch()
  const counts = { ok: 0, refused: 0 }
  for (let round = 0; round < 1500 * ROUNDS; round++) {
    let text = texts[random(texts.length)]!
    for (let change = random(4); change >= 0; change--) {
      const at = random(text.length)
      const kind = random(4)
      if (kind === 0) text = text.slice(0, at) + String.fromCharCode(random(65_536)) + text.slice(at + random(3))
      else if (kind === 1) text = text.slice(0, at)
      else if (kind === 2)
        text = text.replace(/(?<=":\s*)("[^"]*"|[\d.]+|true|false)/g, (value) =>
          random(10) === 0 ? ODD[random(ODD.length)]! : value,
        )
      else text = text.slice(0, at) + text.slice(random(text.length))
    }
    const before = batch.spans.rows + batch.openSpans.rows
    const { ok } = decode(text, batch)
    counts[ok ? 'ok' : 'refused'] += 1
    if (!ok) assert.equal(batch.spans.rows + batch.openSpans.rows, before)
  }
  for (let round = 0; round < 500; round++)
    decode(
      Array.from({ length: random(60) }, () => String.fromCharCode(random(round % 2 ? 128 : 65_536))).join(''),
      batch,
    )
  batch.spans.checkRows()
  batch.openSpans.checkRows()
  // Both ways were walked.
  assert.ok(counts.ok > 100 && counts.refused > 100, JSON.stringify(counts))
})
