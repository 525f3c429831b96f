// Segments that are none: by UDP, where nobody is answered, and by HTTP, where each is named in the answer.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { counted } from '../raw-http.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  assertGoodDataPasses,
  goodSegment,
  HEADER,
  post,
  readMetrics,
  residentBytes,
  sendDatagrams,
} from './traffic.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

/** A document of `good` with one thing wrong, and the reason it is refused for. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['ParseError', 'no JSON', '{"name":'],
  ['ParseError', 'a number', '42'],
  ['ParseError', 'null', 'null'],
  ['MissingId', 'a list', '[]'],
  ['MissingId', 'nothing in it', '{}'],
  ['InvalidId', 'an id of zeros', goodSegment({ id: '0'.repeat(16) }).text],
  ['InvalidId', 'an id that is a number', goodSegment({ id: 7 }).text],
  ['InvalidId', 'an id that is a list', goodSegment({ id: ['a'] }).text],
  ['InvalidId', 'a short id', goodSegment({ id: 'abc' }).text],
  ['InvalidTraceId', 'a trace id of words', goodSegment({ trace_id: 'not a trace id' }).text],
  ['InvalidTraceId', 'a trace id that is an object', goodSegment({ trace_id: {} }).text],
  ['InvalidParentId', 'a parent of words', goodSegment({ parent_id: 'the root' }).text],
  ['InvalidName', 'an empty name', goodSegment({ name: '' }).text],
  ['InvalidName', 'a name that is an object', goodSegment({ name: { toString: 'x' } }).text],
  ['MissingName', 'no name', goodSegment({ name: null }).text],
  ['MissingStartTime', 'no start', goodSegment({ start_time: null }).text],
  ['InvalidStartTime', 'a start of text', goodSegment({ start_time: 'yesterday' }).text],
  ['InvalidStartTime', 'a start in milliseconds', goodSegment({ start_time: Date.now() }).text],
  ['InvalidStartTime', 'a start below zero', goodSegment({ start_time: -1 }).text],
  [
    'InvalidStartTime',
    'a start beyond all numbers',
    goodSegment().text.replace(/"start_time":\d+/, '"start_time":1e999'),
  ],
  ['InvalidStartTime', 'a start past retention', goodSegment({ start_time: 1_500_000_000 }).text],
  ['InvalidEndTime', 'an end far ahead', goodSegment({ end_time: Date.now() / 1000 + 1e7 }).text],
  ['MissingEndTime', 'no end', goodSegment({ end_time: null }).text],
  ['SegmentTooLarge', 'more than 64 kB', goodSegment({ metadata: { a: { b: 'x'.repeat(65_536) } } }).text],
  ['ParseError', 'nested without end', goodSegment().text.replace('"good"', '['.repeat(20_000) + ']'.repeat(20_000))],
  ['MissingId', 'a child that is no object', goodSegment({ subsegments: [1] }).text],
  ['InvalidId', 'a child with a bad id', goodSegment({ subsegments: [{ id: 'x', name: 'c' }] }).text],
]

test('each bad document is named in the answer, and the good ones beside it are taken', async () => {
  const good = goodSegment()
  const documents = [...REFUSED.map(([, , text]) => text), 17, null, { a: 1 }, good.text]
  const { status, body } = await post(fnscope, '/TraceSegments', { TraceSegmentDocuments: documents })
  assert.equal(status, 200)
  const { UnprocessedTraceSegments: refused } = JSON.parse(body) as {
    readonly UnprocessedTraceSegments: readonly { readonly ErrorCode: string; readonly Message: string }[]
  }
  assert.deepEqual(
    refused.map(({ ErrorCode }) => ErrorCode),
    [...REFUSED.map(([code]) => code), 'ParseError', 'ParseError', 'ParseError'],
  )
  for (const { Message } of refused) assert.match(Message, /^Invalid (sub)?segment\. ErrorCode: /)
  const metrics = await readMetrics(fnscope)
  assert.equal(counted(metrics, 'fnscope_received_total', { door: 'xray-api', signal: 'document' }), 1)
  assert.equal(counted(metrics, 'fnscope_dropped_total', { door: 'xray-api' }), REFUSED.length + 3)
  assert.ok(counted(metrics, 'fnscope_dropped_total', { door: 'xray-api', reason: 'segment_too_large' }) > 0)
})

test('junk datagrams are counted by their reason and stop nothing', async () => {
  // A datagram cannot hold more than 65 507 bytes: those documents are HTTP's.
  const fitting = REFUSED.filter(([, , text]) => text.length < 65_000)
  const junk: (string | Uint8Array)[] = [
    '',
    '\n',
    HEADER,
    `${HEADER}   `,
    '{"format":"json","version":2}\n{}',
    '{"format":"xml","version":1}\n{}',
    '{"format":"json"}\n{}',
    'null\n{}',
    'GET / HTTP/1.1\r\n\r\n',
    `${HEADER}T1Sxxxx`,
    `${HEADER}M1`,
    'T1Sxxxx',
    Buffer.concat([Buffer.from(HEADER), randomBytes(1000)]),
    Buffer.concat([Buffer.from(HEADER), Buffer.alloc(65_000, 0xff)]),
    Buffer.alloc(65_507, 0x5b),
    HEADER + '['.repeat(60_000),
    HEADER + '{"a":'.repeat(12_000),
    ...Array.from({ length: 200 }, () => randomBytes(1 + Math.floor(Math.random() * 1400))),
    ...fitting.map(([, , text]) => HEADER + text),
  ]
  await sendDatagrams(fnscope, junk)
  const metrics = await eventually(async () => {
    const text = await readMetrics(fnscope)
    return counted(text, 'fnscope_dropped_total', { door: 'xray-daemon' }) >= junk.length ? text : undefined
  })
  assert.equal(counted(metrics, 'fnscope_dropped_total', { door: 'xray-daemon' }), junk.length)
  assert.equal(counted(metrics, 'fnscope_received_total', { door: 'xray-daemon' }), 0)
  for (const reason of ['no_newline', 'bad_header', 'empty_body', 'malformed', 'parse_error', 'invalid_trace_id'])
    assert.ok(counted(metrics, 'fnscope_dropped_total', { door: 'xray-daemon', reason }) > 0, reason)
  await assertGoodDataPasses(fnscope)
})

/** Strange, but nothing that the model cannot hold: kept, and every member of the wrong type left out. */
const KEPT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'members of the wrong type': {
    http: 'GET',
    aws: [],
    sql: 7,
    annotations: 'x',
    metadata: ['x'],
    cause: 12,
    links: {},
    subsegments: 'none',
    service: null,
    user: { name: 1 },
    origin: 1,
    namespace: [],
    fault: 'yes',
    resource_arn: {},
  },
  'members one level deeper': {
    http: { request: 'x', response: { status: 'ok', content_length: {} } },
    aws: { account_id: 1, ec2: 'x', resource_names: 4 },
    cause: { exceptions: 'none', paths: 3 },
    annotations: { a: {}, b: [], c: null, d: 1e308 },
    links: [1, {}, { trace_id: 'x' }],
  },
  'statuses that are none': { http: { response: { status: 1e20 } } },
  'keys of the prototype': {
    annotations: JSON.parse('{"__proto__":"polluted","constructor":"x","toString":true,"hasOwnProperty":1}'),
    metadata: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}}}'),
    aws: JSON.parse('{"__proto__":{"polluted":true}}'),
  },
  'names of any kind': { name: "\u0000\u001b[31m\ud800 \u202e\"'`<script>{{7*7}}'; DROP TABLE spans; --" },
  'deep metadata': { metadata: { a: JSON.parse('{"a":'.repeat(900) + '1' + '}'.repeat(900)) } },
  'as many keys as fit': {
    annotations: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, i])),
  },
  'as many children as fit': {
    subsegments: Array.from({ length: 500 }, (_, i) => ({
      id: (i + 1).toString(16).padStart(16, '0'),
      name: 'c',
      start_time: Math.floor(Date.now() / 1000) - 1,
      in_progress: true,
    })),
  },
  'an end before its start': { end_time: Math.floor(Date.now() / 1000) - 100 },
}

test('strange but usable documents are kept and every reader answers', async () => {
  const segments = Object.entries(KEPT).map(([what, more]) => ({ what, ...goodSegment(more) }))
  for (const { what, text } of segments) {
    const { body } = await post(fnscope, '/TraceSegments', { TraceSegmentDocuments: [text] })
    assert.equal(body, '{"UnprocessedTraceSegments":[]}', what)
  }
  for (const { what, traceId } of segments) {
    await eventually(async () => {
      const { status, body } = await post(fnscope, '/Traces', { TraceIds: [traceId] })
      assert.equal(status, 200, `${what}: ${body}`)
      return body.includes('"Segments"') ? true : undefined
    })
    assert.equal((await fetch(`${fnscope.url}/api/traces/${traceId}`)).status, 200, what)
    const graph = await post(fnscope, '/TraceGraph', { TraceIds: [traceId] })
    assert.equal(graph.status, 200, `${what}: ${graph.body}`)
  }
  const now = Date.now() / 1000
  const window = { StartTime: now - 600, EndTime: now + 60 }
  for (const path of ['/TraceSummaries', '/ServiceGraph'])
    assert.equal((await post(fnscope, path, window)).status, 200, path)
  assert.equal((await fetch(`${fnscope.url}/api/traces?limit=200`)).status, 200)
  assert.equal(({} as { readonly polluted?: unknown }).polluted, undefined)
  await assertGoodDataPasses(fnscope)
})

test('a flood of junk leaves the process as small as it was', async () => {
  const before = residentBytes(fnscope)
  const junk = Array.from({ length: 3000 }, (_, i) => (i % 2 ? randomBytes(8000) : HEADER + '{"a":'.repeat(1500)))
  await sendDatagrams(fnscope, junk)
  for (let i = 0; i < 20; i++) {
    const documents = Array.from({ length: 50 }, () => `{"id":"${'x'.repeat(60_000)}"}`)
    assert.equal((await post(fnscope, '/TraceSegments', { TraceSegmentDocuments: documents })).status, 200)
  }
  await assertGoodDataPasses(fnscope)
  if (before !== undefined) assert.ok(residentBytes(fnscope)! < before + 300 * 1024 * 1024, `${residentBytes(fnscope)}`)
  assert.ok(!/"level":(50|60)/.test(fnscope.stderr()), fnscope.stderr().slice(0, 2000))
})
