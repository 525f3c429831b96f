// Two readers of the same documents, one over bytes and one over objects: they must not differ in anything.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPTURES, readDocuments } from '../../../../test/captures.ts'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { decodeDocument, decodeDocumentBytes } from './xray.ts'
import { pushWireDocument } from './xray-wire.ts'

const T = 1_795_248_362
const RECEIVED = BigInt(T) * 1_000_000_000n
const OPTIONS = {
  receivedNanos: RECEIVED,
  bounds: { minNanos: RECEIVED - 86_400_000_000_000n, maxNanos: RECEIVED + 86_400_000_000_000n },
}
// A search for differences: FNSCOPE_TEST_ROUNDS=100 takes a hundred times as long.
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)
const TEXTS = CAPTURES.flatMap((capture) => readDocuments(capture))

function decoded(document: Buffer, decode: (batch: ReturnType<typeof newBatch>) => object): object {
  const batch = newBatch()
  const result = decode(batch)
  batch.spans.checkRows()
  batch.openSpans.checkRows()
  const spans = [...readSpans(batch.spans), ...readSpans(batch.openSpans, { open: true })]
  // As it is answered: JSON.stringify knows no -0.
  return {
    result,
    spans: spans.map(({ metadata, ...span }) => ({ ...span, metadata: JSON.stringify(metadata) })),
    documents: batch.documents.read(),
  }
}

/** Fails where the two readers differ. Answers whether the bytes were read as bytes. */
function compare(document: Buffer): boolean {
  const byBytes = decoded(document, (batch) => decodeDocumentBytes(document, batch, OPTIONS))
  const byText = decoded(document, (batch) => decodeDocument(document.toString(), batch, OPTIONS))
  assert.deepEqual(byBytes, byText, document.toString())
  return pushWireDocument(document, newBatch(), OPTIONS) !== undefined
}

/** Numbers that look random and are the same each time. */
function newRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PIECES = [
  'true', 'false', 'null', '""', '0', '-0', '-1', '1.50', '0.1234567', '1e3', '123456789012345678', '1795248362.5',
  '{', '}', '[', ']', ',', ':', '"', '\\', '\\u0041', '\u00fc', '\n', ' ', '\u0000', '\u007f', '{}', '[]',
  '"id":"1111111111111111",', '"name":"n",', '"in_progress":true,', '"type":"subsegment",', '"traced":true,',
  '"annotations":{"a":1,"a":2},', '"aws":{"request_id":"r","account_id":"1"},', '"http":{"response":{"status":70000}},',
  '"namespace":"aws",', '"sql":{"url":"u"},', '"parent_id":"0000000000000000",', '"subsegments":[],', '"links":[{}],',
  '"cause":"ada9cbdb40d3f019",', '"metadata":{"a":{"1":1.0}},', '"service":{"version":"1"},', '"user":"u",',
] // prettier-ignore

test('captured documents read as bytes are what they are read as objects', () => {
  const wire = TEXTS.filter((text) => compare(Buffer.from(text)))
  // Some have escapes or other letters.
  assert.ok(wire.length > TEXTS.length / 2, `${wire.length} of ${TEXTS.length}`)
})

test('documents that are changed anywhere are read, or refused, alike', () => {
  const random = newRandom(7)
  let [read, changed] = [0, 0]
  for (let round = 0; round < 600 * ROUNDS; round++) {
    let document = Buffer.from(TEXTS[random(TEXTS.length)]!)
    for (let changes = 1 + random(2); changes > 0; changes--) {
      const at = random(document.length)
      const piece = random(3) === 0 ? '' : PIECES[random(PIECES.length)]!
      const gone = [0, 1, piece.length, random(20)][random(4)]!
      document = Buffer.concat([document.subarray(0, at), Buffer.from(piece), document.subarray(at + gone)])
    }
    changed += 1
    if (compare(document)) read += 1
  }
  assert.ok(read > changed / 20 && read < changed - 20, `${read} of ${changed} read as bytes`)
})

test('members are changed for values of every kind', () => {
  const values = [
    'true',
    'false',
    'null',
    '""',
    '"x"',
    '7',
    '-7',
    '7.25',
    '-0',
    '1e2',
    '[]',
    '[1,{"a":2}]',
    '{}',
    '{"a":"b"}',
  ]
  const whole = {
    id: '1111111111111111', name: 'shop', trace_id: '1-6b0150e9-AAAA00000000000000000001', parent_id: '2222222222222222',
    start_time: T, end_time: T + 1, in_progress: false, type: 'x', origin: 'AWS::Lambda', namespace: 'remote',
    resource_arn: 'arn', user: 'me', error: true, fault: true, throttle: true, cause: { exceptions: [{ message: 'm' }] },
    http: { request: { method: 'GET', url: 'u', user_agent: 'a', client_ip: 'c', traced: true, other: 1 }, response: { status: 200, content_length: 5 } },
    aws: { account_id: '1', request_id: 'r', operation: 'o', n: 5, f: 1.5, table_name: 't' },
    sql: { url: 'u' }, annotations: { text: 't', whole: 5, part: 1.5, yes: true, ColdStart: true }, metadata: { a: { b: 1 } },
    links: [{ trace_id: '1-6b0150e9-aaaa00000000000000000001', id: '3333333333333333' }], service: { version: 'v', n: 2 },
    subsegments: [{ id: '4444444444444444', name: 'Init', start_time: T, end_time: T, namespace: 'aws', aws: { bucket_name: 'b' } }],
  } // prettier-ignore
  let read = 0
  const change = (path: readonly string[], value: string): void => {
    const marked = structuredClone(whole) as Record<string, unknown>
    let inner = marked
    for (const key of path.slice(0, -1)) inner = inner[key] as Record<string, unknown>
    inner[path.at(-1)!] = 'MARK'
    if (compare(Buffer.from(JSON.stringify(marked).replace('"MARK"', value)))) read += 1
  }
  const paths = (object: object, prefix: readonly string[]): string[][] =>
    Object.entries(object).flatMap(([key, value]) => [
      [...prefix, key],
      ...(typeof value === 'object' && value !== null ? paths(value as object, [...prefix, key]) : []),
    ])
  // Every member meets a fifth of the kinds, and every kind a fifth of the members; in many rounds all meet all.
  const step = ROUNDS > 1 ? 1 : 5
  for (const [index, path] of paths(whole, []).entries())
    for (let at = index % step; at < values.length; at += step) change(path, values[at]!)
  assert.ok(read > 60, `${read} read as bytes`)
})

test('times to the last digit are rounded alike', () => {
  const random = newRandom(11)
  for (let round = 0; round < 300 * ROUNDS; round++) {
    const digits = String(random(1e9))
      .padStart(9, '0')
      .slice(0, 1 + random(9))
    const end = `${T + random(100)}.${digits}`
    const document = `{"id":"1111111111111111","name":"n","trace_id":"1-6b0150e9-aaaa00000000000000000001","start_time":${T},"end_time":${end}}`
    assert.equal(compare(Buffer.from(document)), true)
  }
})
