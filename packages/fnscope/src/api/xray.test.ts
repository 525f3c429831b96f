import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Fastify from 'fastify'
import { assembleDocuments } from '../codec/xray-assemble.ts'
import { decodeDocument } from '../codec/xray.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import { silentLogger } from '../log.ts'
import { MemoryStore } from '../query/memory-store.ts'
import { GUIDE_SECONDS, GUIDE_TRACE, guideTrace, segmentAt } from '../query/sample-traces.ts'
import { SamplingRules } from '../sampling/targets.ts'
import type { Batch } from '../span/batch.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import { secondsToNanos } from '../span/time.ts'
import { mountXray, type XrayApiOptions } from './xray.ts'
import { TraceRetrievals } from './xray-retrieval.ts'
import { XraySettings } from './xray-state.ts'

const NOW = GUIDE_SECONDS + 60
const GUIDE_ID = formatXrayTraceId(GUIDE_TRACE)

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

type Call = (path: string, body: unknown) => Promise<Answer>

/** A real server over a store in memory; `call` posts JSON, or a text as it is. */
async function open(t: TestContext, spans: readonly Span[] = [], more: Partial<XrayApiOptions> = {}): Promise<Call> {
  const server = Fastify()
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  mountXray(server, {
    reader: new MemoryStore(spans),
    ingest: { accept: async () => undefined },
    rules: new SamplingRules({ nowSeconds: NOW }),
    settings: new XraySettings({ log: silentLogger }),
    retrievals: new TraceRetrievals(),
    region: 'us-east-1',
    accountId: '000000000000',
    now: () => secondsToNanos(NOW),
    bounds: () => ({ minNanos: 0n, maxNanos: 1n << 62n }),
    decode: decodeDocument,
    assemble: assembleDocuments,
    log: silentLogger,
    ...more,
  })
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  return async (path, body) => {
    const response = await fetch(url + path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> }
  }
}

const WINDOW = { StartTime: GUIDE_SECONDS - 10, EndTime: GUIDE_SECONDS + 10 }

async function assertRefused(
  answer: Promise<Answer>,
  message: RegExp,
  code = 'InvalidRequestException',
): Promise<void> {
  const { status, headers, body } = await answer
  assert.equal(headers.get('x-amzn-errortype'), code)
  assert.equal(status, 400)
  assert.match(body['Message'] as string, message)
}

test("the guide's graph comes in the order and with the figures that sam prints", async (t) => {
  const call = await open(t, guideTrace())
  const { body, headers } = await call('/ServiceGraph', WINDOW)
  assert.ok(headers.get('x-amzn-requestid'))
  assert.deepEqual([body['StartTime'], body['EndTime']], [1675436390, 1675436390])
  const services = body['Services'] as Record<string, unknown>[]
  assert.deepEqual(
    services.map((one) => [
      one['ReferenceId'],
      one['Root'],
      one['Type'],
      one['State'],
      one['SummaryStatistics'] === undefined,
    ]),
    [
      [0, true, 'AWS::Lambda', 'active', false],
      [1, undefined, 'AWS::Lambda::Function', 'active', false],
      [2, undefined, 'client', 'unknown', true],
    ],
  )
  assert.deepEqual(services[0]!['SummaryStatistics'], {
    OkCount: 1,
    ErrorStatistics: { ThrottleCount: 0, OtherCount: 0, TotalCount: 0 },
    FaultStatistics: { OtherCount: 0, TotalCount: 0 },
    TotalCount: 1,
    TotalResponseTime: 0.924,
  })
  assert.deepEqual(services[1]!['ResponseTimeHistogram'], [{ Value: 0.016, Count: 1 }])
  assert.equal((services[2]!['Edges'] as Record<string, unknown>[])[0]!['ReferenceId'], 0)
  const trace = await call('/TraceGraph', { TraceIds: [GUIDE_ID] })
  assert.deepEqual(trace.body['Services'], services)
})

test('a summary has the fields of the trace, and no NextToken', async (t) => {
  const call = await open(t, guideTrace())
  const { body } = await call('/TraceSummaries', { ...WINDOW, TimeRangeType: 'TraceId' })
  const [summary] = body['TraceSummaries'] as Record<string, unknown>[]
  assert.equal(summary?.['Id'], GUIDE_ID)
  assert.equal(summary?.['Duration'], 0.924)
  assert.equal(summary?.['Revision'], 1)
  assert.deepEqual(summary?.['Http'], { HttpStatus: 200 })
  assert.equal(body['TracesProcessedCount'], 1)
  assert.equal('NextToken' in body, false)
})

test('pages go from new to old, each trace once, and a page may also end by its size', async (t) => {
  const spans = Array.from({ length: 25 }, (_, i) =>
    segmentAt({
      id: '1',
      traceId: i.toString(16).padStart(32, '0'),
      start: GUIDE_SECONDS - (i % 5),
      end: GUIDE_SECONDS + 1,
    }),
  )
  for (const limits of [{ pageSize: 10 }, { pageSize: 10, maxBytes: 1500 }]) {
    const call = await open(t, spans, limits)
    const seen: string[] = []
    const starts: number[] = []
    let token: unknown
    do {
      const { body } = await call('/TraceSummaries', { ...WINDOW, NextToken: token })
      for (const summary of body['TraceSummaries'] as { Id: string; StartTime: number }[]) {
        seen.push(summary.Id)
        starts.push(summary.StartTime)
      }
      token = body['NextToken']
    } while (token !== undefined)
    assert.equal(new Set(seen).size, 25)
    assert.equal(seen.length, 25)
    assert.deepEqual(
      starts,
      starts.toSorted((a, b) => b - a),
    )
  }
})

test('a token works with the question it came from alone', async (t) => {
  const call = await open(t, guideTrace(), { pageSize: 1 })
  await assertRefused(call('/TraceSummaries', { ...WINDOW, NextToken: 'bm90' }), /NextToken/)
  await assertRefused(call('/TraceSummaries', { ...WINDOW, NextToken: '' }), /NextToken/)
  const foreign = Buffer.from(JSON.stringify(['1 2 TraceId all', '5', GUIDE_TRACE])).toString('base64url')
  await assertRefused(call('/TraceSummaries', { ...WINDOW, NextToken: foreign }), /NextToken/)
})

test('a fixed rate answers a share of the traces, the same every time', async (t) => {
  const ids = Array.from({ length: 40 }, (_, i) => ((i * 2654435761) % 2 ** 32).toString(16).padStart(32, '0'))
  const call = await open(
    t,
    ids.map((traceId) => segmentAt({ id: '1', traceId, start: GUIDE_SECONDS, end: NOW })),
  )
  const SamplingStrategy = { Name: 'FixedRate', Value: 0.5 }
  const first = await call('/TraceSummaries', { ...WINDOW, Sampling: true, SamplingStrategy })
  const second = await call('/TraceSummaries', { ...WINDOW, Sampling: true, SamplingStrategy })
  const count = (first.body['TraceSummaries'] as unknown[]).length
  assert.ok(count > 10 && count < 30, `${count} of 40`)
  assert.equal(first.body['TracesProcessedCount'], 40)
  assert.deepEqual(second.body, first.body)
})

test('an EndTime cut to the current second stands for now', async (t) => {
  const call = await open(t, [segmentAt({ id: '1', start: NOW - 0.1, end: NOW - 0.05 })])
  const { body } = await call('/TraceSummaries', { StartTime: NOW - 600, EndTime: Math.floor(NOW) })
  assert.equal((body['TraceSummaries'] as unknown[]).length, 1)
  const older = await call('/TraceSummaries', { StartTime: NOW - 600, EndTime: Math.floor(NOW) - 1 })
  assert.equal((older.body['TraceSummaries'] as unknown[]).length, 0)
})

test('wrong questions are refused with the member that is wrong', async (t) => {
  const call = await open(t)
  await assertRefused(
    call('/TraceSummaries', { ...WINDOW, FilterExpression: 'fault AND falt' }),
    /character 11 \(falt\)/,
  )
  await assertRefused(call('/TraceSummaries', { StartTime: 5, EndTime: 5 }), /StartTime must be before/)
  await assertRefused(call('/TraceSummaries', { EndTime: 5 }), /StartTime is missing/)
  await assertRefused(call('/TraceSummaries', { StartTime: '1', EndTime: 5 }), /StartTime must be a number/)
  await assertRefused(call('/TraceSummaries', { StartTime: 1, EndTime: 1e300 }), /EndTime/)
  await assertRefused(call('/TraceSummaries', { ...WINDOW, TimeRangeType: 'toString' }), /TimeRangeType/)
  await assertRefused(call('/ServiceGraph', { ...WINDOW, GroupName: 'mine' }), /no group "mine"/)
  await assertRefused(call('/Traces', { TraceIds: ['x'] }), /"x" is not a trace id/)
  await assertRefused(call('/Traces', { TraceIds: [] }), /at least one/)
  await assertRefused(call('/Traces', '{'), /not JSON/, 'SerializationException')
  await assertRefused(call('/Traces', '[]'), /JSON object/, 'SerializationException')
})

test('a trace comes with its segments as JSON texts, and unknown ids are named', async (t) => {
  const call = await open(t, guideTrace())
  const missing = `1-00000000-${'0'.repeat(24)}`
  const { body } = await call('/Traces', { TraceIds: [GUIDE_ID, missing, GUIDE_ID] })
  const [trace, ...rest] = body['Traces'] as {
    Id: string
    Duration: number
    Segments: { Id: string; Document: string }[]
  }[]
  assert.equal(rest.length, 0)
  assert.equal(trace?.Duration, 0.924)
  assert.deepEqual(
    trace?.Segments.map((segment) => (JSON.parse(segment.Document) as { origin: string }).origin),
    ['AWS::Lambda', 'AWS::Lambda::Function'],
  )
  assert.deepEqual(body['UnprocessedTraceIds'], [missing])
})

test('traces that do not fit one answer come in the next', async (t) => {
  const ids = ['a', 'b', 'c'].map((digit) => digit.repeat(32))
  const spans = ids.map((traceId) => segmentAt({ id: '1', traceId, start: 100, end: 101 }))
  const call = await open(t, spans, { maxBytes: 10 })
  const seen: string[] = []
  let token: unknown
  do {
    const { body } = await call('/Traces', { TraceIds: ids, NextToken: token })
    seen.push(...(body['Traces'] as { Id: string }[]).map((trace) => trace.Id))
    token = body['NextToken']
  } while (token !== undefined)
  assert.deepEqual(seen, ids.map(formatXrayTraceId))
})

test('good documents are taken in one batch, and each bad one is told with its code', async (t) => {
  const batches: Batch[] = []
  const call = await open(t, [], { ingest: { accept: async (batch) => void batches.push(batch) } })
  const good = { trace_id: GUIDE_ID, id: '0a1b2c3d4e5f6071', name: 'web', start_time: 100, end_time: 101 }
  const TraceSegmentDocuments = [
    JSON.stringify(good),
    JSON.stringify({ ...good, trace_id: 'x' }),
    '[]',
    'no json',
    7,
    JSON.stringify({ ...good, id: '0a1b2c3d4e5f6072' }),
  ]
  const { status, body } = await call('/TraceSegments', { TraceSegmentDocuments })
  assert.equal(status, 200)
  assert.deepEqual(
    (body['UnprocessedTraceSegments'] as Record<string, unknown>[]).map((one) => [one['Id'], one['ErrorCode']]),
    [
      [good.id, 'InvalidTraceId'],
      [undefined, 'MissingId'],
      [undefined, 'ParseError'],
      [undefined, 'ParseError'],
    ],
  )
  assert.deepEqual(
    batches.map((batch) => batch.spans.rows),
    [2],
  )
})

test('a full log asks the sender to come again', async (t) => {
  const full = { accept: () => Promise.reject(new IngestFullError('the log is full', 3)) }
  const call = await open(t, [], { ingest: full })
  const document = { trace_id: GUIDE_ID, id: '0a1b2c3d4e5f6071', name: 'web', start_time: 100, end_time: 101 }
  const { status, headers } = await call('/TraceSegments', { TraceSegmentDocuments: [JSON.stringify(document)] })
  assert.equal(status, 429)
  assert.equal(headers.get('x-amzn-errortype'), 'ThrottledException')
  assert.equal(headers.get('retry-after'), '3')
})

test('a store that does not answer is 503, a bug 500 without its words', async (t) => {
  for (const [error, expected] of [
    [Object.assign(new Error('down'), { retryable: true }), 503],
    [new TypeError('secret'), 500],
  ] as const) {
    const reader = Object.assign(new MemoryStore(), { listTraces: () => Promise.reject(error) })
    const call = await open(t, [], { reader })
    const { status, body } = await call('/TraceSummaries', WINDOW)
    assert.equal(status, expected)
    assert.doesNotMatch(body['Message'] as string, /secret/)
  }
})

test('sampling rules and targets have what SDKs check', async (t) => {
  const call = await open(t)
  const rules = await call('/GetSamplingRules', {})
  const [record] = rules.body['SamplingRuleRecords'] as { SamplingRule: Record<string, unknown> }[]
  assert.deepEqual(record?.SamplingRule['Attributes'], {})
  assert.deepEqual(
    ['Version', 'ResourceARN', 'RuleName', 'Priority', 'FixedRate', 'ReservoirSize'].map(
      (key) => record?.SamplingRule[key],
    ),
    [1, '*', 'Default', 10000, 0.05, 1],
  )
  const report = { ClientID: 'a'.repeat(24), RequestCount: 3, BorrowCount: 1, SampledCount: 1, Timestamp: NOW }
  const { body } = await call('/SamplingTargets', {
    SamplingStatisticsDocuments: [
      { ...report, RuleName: 'Default' },
      { ...report, RuleName: 'gone' },
    ],
  })
  assert.equal(typeof body['LastRuleModification'], 'number')
  assert.deepEqual(body['SamplingTargetDocuments'], [
    { RuleName: 'Default', FixedRate: 0.05, ReservoirQuota: 1, ReservoirQuotaTTL: Math.floor(NOW) + 300, Interval: 10 },
  ])
  assert.equal((body['UnprocessedStatistics'] as Record<string, unknown>[])[0]!['RuleName'], 'gone')
  const statistics = await call('/SamplingStatisticSummaries', {})
  assert.equal((statistics.body['SamplingStatisticSummaries'] as Record<string, unknown>[])[0]!['RequestCount'], 3)
})

test('telemetry records are checked and answered with an empty object', async (t) => {
  const call = await open(t)
  assert.deepEqual((await call('/TelemetryRecords', { TelemetryRecords: [{ Timestamp: NOW }] })).body, {})
  await assertRefused(call('/TelemetryRecords', { TelemetryRecords: [{}] }), /TelemetryRecords\[0\].Timestamp/)
})
