// Nonsense at the AWS-compatible API and fnscope's own: each answer is the client's own kind of error, never a 500.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { counted, send } from '../raw-http.ts'
import { APPS, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { assertGoodDataPasses, goodSegment, post, readMetrics } from './traffic.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'guarded') })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const OPERATIONS = [
  '/TraceSegments',
  '/TelemetryRecords',
  '/TraceSummaries',
  '/Traces',
  '/TraceGraph',
  '/ServiceGraph',
  '/GetSamplingRules',
  '/SamplingTargets',
  '/SamplingStatisticSummaries',
]

const GARBAGE: readonly (string | Uint8Array)[] = [
  '{',
  'null',
  '[]',
  '"text"',
  '12',
  '\u0000',
  new Uint8Array([0xff, 0xfe, 0xc3, 0x28]),
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  gzipSync('{"TraceSegmentDocuments":[]}'),
]

test('a body that is no JSON object is a 400 of every operation', async () => {
  for (const path of OPERATIONS) {
    for (const body of GARBAGE) {
      const answer = await post(fnscope, path, body)
      assert.equal(answer.status, 400, `${path} ${String(body).slice(0, 20)}: ${answer.body}`)
      assert.equal(answer.type, 'SerializationException')
    }
  }
})

test('a body that is said to be compressed is answered, not guessed at', async () => {
  const body = gzipSync(JSON.stringify({ TraceSegmentDocuments: [goodSegment().text] }))
  const answer = await post(fnscope, '/TraceSegments', body, { 'content-encoding': 'gzip' })
  assert.ok(answer.status === 400 || answer.status === 415, `${answer.status} ${answer.body}`)
})

const VALUES = [null, true, 7, -1, 1e300, 'x', '', [], [null], ['x'], {}, { a: 1 }]
const MEMBERS = [
  'TraceSegmentDocuments',
  'TelemetryRecords',
  'StartTime',
  'EndTime',
  'TimeRangeType',
  'Sampling',
  'SamplingStrategy',
  'FilterExpression',
  'NextToken',
  'TraceIds',
  'GroupName',
  'GroupARN',
  'SamplingStatisticsDocuments',
]

test('members of every wrong type are answered 200 or 400, never worse', async () => {
  const now = Math.floor(Date.now() / 1000)
  const base = { StartTime: now - 60, EndTime: now, TraceIds: [goodSegment().traceId] }
  for (const path of OPERATIONS) {
    for (const member of MEMBERS) {
      for (const value of VALUES) {
        const answer = await post(fnscope, path, { ...base, [member]: value })
        const what = `${path} ${member}=${JSON.stringify(value)}: ${answer.status} ${answer.body}`
        assert.ok(answer.status === 200 || answer.status === 400, what)
        if (answer.status === 400) assert.match(answer.type ?? '', /^(InvalidRequest|Serialization)Exception$/, what)
      }
    }
  }
})

test('nonsense inside lists names the entry or is left out', async () => {
  const now = Date.now() / 1000
  const bodies: readonly (readonly [string, unknown])[] = [
    ['/Traces', { TraceIds: Array.from({ length: 1000 }, () => goodSegment().traceId) }],
    ['/Traces', { TraceIds: ["1-00000000-' OR 1=1 --"] }],
    ['/Traces', { TraceIds: [`${goodSegment().traceId}\u0000`] }],
    ['/TraceSummaries', { StartTime: now, EndTime: now - 60 }],
    ['/TraceSummaries', { StartTime: -1e18, EndTime: 1e18 }],
    ['/TraceSummaries', { StartTime: 0, EndTime: now, NextToken: Buffer.from('["a","b","c"]').toString('base64url') }],
    ['/SamplingTargets', { SamplingStatisticsDocuments: [{ RuleName: {}, ClientID: 1, RequestCount: 'x' }] }],
    ['/TelemetryRecords', { TelemetryRecords: [{ Timestamp: 'now' }] }],
  ]
  for (const [path, body] of bodies) {
    const answer = await post(fnscope, path, body)
    assert.ok(answer.status === 400 || answer.status === 200, `${path}: ${answer.status} ${answer.body}`)
    assert.ok(answer.body.length < 2000, 'no echo of the request')
  }
})

test('nonsense names, qualifiers and headers of Invoke are 4xx with the type that SDKs know', async () => {
  const signed = { authorization: 'any' }
  const invoke = async (name: string, headers = {}, body: string | Uint8Array = '{}', query = '') =>
    await post(fnscope, `/2015-03-31/functions/${name}/invocations${query}`, body, { ...signed, ...headers })
  for (const name of [
    'nobody',
    '..%2f..%2fetc',
    '%00',
    'a'.repeat(3000),
    '__proto__',
    'constructor',
    'arn:aws:lambda',
    '%ff',
    "x'%3B--",
    '%20',
  ])
    assert.ok([400, 404, 414].includes((await invoke(name)).status), name.slice(0, 20))
  assert.equal((await invoke('MarkFunction', {}, '{}', '?Qualifier=7')).type, 'ResourceNotFoundException')
  assert.equal((await invoke('MarkFunction', {}, '{}', '?Qualifier=$LATEST&Qualifier=x')).status, 404)
  assert.equal((await invoke('MarkFunction:x')).type, 'ResourceNotFoundException')
  assert.equal(
    (await invoke('MarkFunction', { 'x-amz-invocation-type': 'Wish' })).type,
    'InvalidParameterValueException',
  )
  assert.equal((await invoke('MarkFunction', {}, '{"a":')).type, 'InvalidRequestContentException')
  assert.equal((await invoke('MarkFunction', {}, new Uint8Array([0xff]))).type, 'InvalidRequestContentException')
  assert.equal((await invoke('MarkFunction', {}, `"${'x'.repeat(6 * 1024 * 1024)}"`)).status, 413)
  for (const headers of [
    { 'x-amz-client-context': '!!! no base64' },
    { 'x-amz-client-context': Buffer.from('no json').toString('base64') },
    { 'x-amzn-trace-id': 'Root=1-zzz;Parent=;Sampled=maybe;;;=' },
    { 'x-amz-log-type': 'Head' },
  ]) {
    const { status, body } = await invoke('MarkFunction', headers)
    assert.ok(status === 200 || status === 400, `${JSON.stringify(headers)}: ${status} ${body}`)
  }
  const absent = await invoke('AbsentFunction')
  assert.equal(absent.status, 200)
  assert.match(absent.body, /"errorType": ?"Runtime\.HandlerNotFound"/)
})

test('an invocation deeper than any program recurses does not harm fnscope', async () => {
  const deep = `{"mark":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  const { status } = await post(fnscope, '/2015-03-31/functions/MarkFunction/invocations', deep, {
    authorization: 'any',
  })
  assert.equal(status, 200, 'the function fails on it, the call does not')
})

test("fnscope's own API says what it wants", async () => {
  for (const path of [
    '/api/traces?sinceMs=x',
    '/api/traces?limit=-1',
    '/api/traces?limit=1e9',
    '/api/traces?sinceMs=1&sinceMs=2',
    '/api/traces/nonsense',
    '/api/traces/%00',
    '/api/logs?after=x',
    '/api/logs?after=99999999999999999999',
    '/api/logs?after=9999999999999999999',
    "/api/logs?trace=' OR 1=1",
    '/api/logs?limit=NaN',
    '/api/logs?function=a&function=b',
    '/api/logs?filter=a&filter=b',
    '/api/logs?request=a&request=b',
  ]) {
    const answer = await send(fnscope.url, { path: path.replaceAll(' ', '%20') })
    assert.ok(answer.status === 400 || answer.status === 404, `${path}: ${answer.status} ${answer.body.slice(0, 300)}`)
    assert.match(answer.body, /"code":"[A-Z]/, path)
  }
  for (const path of [
    '/api/logs?filter=%27%3B%20DROP%20TABLE%20logs',
    '/api/logs?function=%00%ff',
    '/api/logs?request=%27',
  ])
    assert.equal((await send(fnscope.url, { path })).status, 200, path)
})

test('each of these was counted, and good data still passes', async () => {
  const metrics = await readMetrics(fnscope)
  for (const status of ['400', '404', '413'])
    assert.ok(counted(metrics, 'fnscope_bad_requests_total', { status }) > 0, status)
  assert.ok(!/"level":(50|60)/.test(fnscope.stderr()), fnscope.stderr().slice(0, 2000))
  await assertGoodDataPasses(fnscope)
})
