// `aws xray …` of the unmodified AWS CLI, with times as people type them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runClient, startFnscope, type Ran, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, segmentAt, visible, type Document } from './xray-client.ts'
import { shopTrace } from './xray-shop.ts'

const START = Math.floor(epochSeconds()) - 120
const shop = shopTrace(START)
let fnscope: StartedFnscope

async function aws(...args: string[]): Promise<Ran> {
  return await runClient('aws', ['xray', ...args], fnscope.clientEnv)
}

async function awsJson<Answer>(...args: string[]): Promise<Answer> {
  const ran = await aws(...args, '--output', 'json')
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout) as Answer
}

before(async () => {
  fnscope = await startFnscope()
  const put = await awsJson<Document>(
    'put-trace-segments',
    '--trace-segment-documents',
    ...shop.documents.map((one) => JSON.stringify(one)),
    '{"id":"0123456789abcdef"}',
  )
  assert.deepEqual(put, {
    UnprocessedTraceSegments: [
      { Id: '0123456789abcdef', ErrorCode: 'MissingName', Message: 'Invalid segment. ErrorCode: MissingName' },
    ],
  })
  await visible(fnscope, shop.documents)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('get-trace-summaries takes epoch seconds and ISO times', async () => {
  const end = String(Math.floor(epochSeconds()))
  const byEpoch = await awsJson<{ readonly TraceSummaries: readonly Document[] }>(
    'get-trace-summaries',
    '--start-time',
    String(START - 60),
    '--end-time',
    end,
  )
  const byIso = await awsJson<{ readonly TraceSummaries: readonly Document[] }>(
    'get-trace-summaries',
    '--start-time',
    new Date((START - 60) * 1000).toISOString(),
    '--end-time',
    new Date(Number(end) * 1000).toISOString(),
  )
  assert.deepEqual(byIso.TraceSummaries, byEpoch.TraceSummaries)
  const [summary] = byEpoch.TraceSummaries
  assert.equal(summary!['Id'], shop.traceId)
  // The first CLI prints what came, the second a date with its zone.
  const start = summary!['StartTime']
  assert.equal(typeof start === 'number' ? start : Date.parse(String(start)) / 1000, START)
})

test('get-trace-summaries until now, as `date +%s` says it, has what began a few seconds ago', async () => {
  const now = segmentAt(epochSeconds() - 5)
  const put = await aws('put-trace-segments', '--trace-segment-documents', JSON.stringify(now))
  assert.equal(put.code, 0, put.stderr)
  await visible(fnscope, [now])
  const { stdout } = await aws(
    'get-trace-summaries',
    '--start-time',
    String(START - 60),
    '--end-time',
    String(Math.floor(epochSeconds())),
    '--query',
    'TraceSummaries[].Id',
    '--output',
    'text',
  )
  assert.deepEqual(stdout.trim().split('\t'), [now.trace_id, shop.traceId])
})

test('--max-items leaves a token with which the CLI goes on', async () => {
  const more = Array.from({ length: 3 }, (_, i) => segmentAt(START - 1000 + i))
  const put = await aws('put-trace-segments', '--trace-segment-documents', ...more.map((one) => JSON.stringify(one)))
  assert.equal(put.code, 0, put.stderr)
  await visible(fnscope, more)
  interface Page {
    readonly TraceSummaries: readonly { readonly Id: string }[]
    readonly NextToken?: string
  }
  const range = ['--start-time', String(START - 1100), '--end-time', String(START - 900), '--max-items', '2'] as const
  const first = await awsJson<Page>('get-trace-summaries', ...range)
  const second = await awsJson<Page>('get-trace-summaries', ...range, '--starting-token', first.NextToken!)
  assert.deepEqual(
    [...first.TraceSummaries, ...second.TraceSummaries].map((one) => one.Id),
    more.map((one) => one.trace_id).toReversed(),
  )
})

test('batch-get-traces, get-trace-graph and get-service-graph print what boto3 reads', async () => {
  const traces = await awsJson<{ readonly Traces: readonly { readonly Segments: readonly unknown[] }[] }>(
    'batch-get-traces',
    '--trace-ids',
    shop.traceId,
  )
  assert.equal(traces.Traces[0]!.Segments.length, 5)
  const names = async (...args: string[]): Promise<string[]> =>
    (await awsJson<{ readonly Services: readonly Document[] }>(...args)).Services.map((one) => String(one['Name']))
  assert.deepEqual(await names('get-trace-graph', '--trace-ids', shop.traceId), [
    'web',
    'orders',
    'backend',
    'SNS',
    'worker',
    'web',
  ])
  const window = ['--start-time', String(START - 30), '--end-time', String(START + 30)]
  assert.deepEqual(
    new Set(await names('get-service-graph', ...window)),
    new Set(['web', 'orders', 'backend', 'SNS', 'worker']),
  )
})

test('a refusal is printed with its code, and sampling rules are listed', async () => {
  const filter = await aws(
    'get-trace-summaries',
    '--start-time',
    String(START),
    '--end-time',
    String(START + 1),
    '--filter-expression',
    'falt',
  )
  // 255 of the first CLI, 254 of the second.
  assert.ok(filter.code === 254 || filter.code === 255, `${filter.code}`)
  assert.match(
    filter.stderr,
    /\(InvalidRequestException\) when calling the GetTraceSummaries operation: .* at character 1 \(falt\)/,
  )
  const unknown = await awsJson<Document>('batch-get-traces', '--trace-ids', `1-00000001-${hex(12)}`)
  assert.deepEqual(unknown['Traces'], [])
  const rules = await awsJson<{ readonly SamplingRuleRecords: readonly Document[] }>('get-sampling-rules')
  assert.equal(rules.SamplingRuleRecords.length, 1)
})
