// GetTraceSummaries as boto3 pages through it: every trace once, also over a restart; what it samples and refuses.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, runXray, segmentAt, visible } from './xray-client.ts'

const TRACES = 350
const dataDir = temporaryDir('summaries')
// An hour ago, in a window of its own; three traces share each start.
const FROM = Math.floor(epochSeconds()) - 3600
const traces = Array.from({ length: TRACES }, (_, i) => segmentAt(FROM + Math.floor(i / 3) * 0.5))
const newestFirst = traces.toSorted((a, b) => startOf(b) - startOf(a)).map((one) => one.trace_id)

function startOf(document: object): number {
  return (document as { readonly start_time: number }).start_time
}

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ dataDir })
  await putDocuments(fnscope, traces)
  await visible(fnscope, traces)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const RANGE = { StartTime: FROM, EndTime: FROM + 600 }

test('the paginator gives several hundred traces newest first, without a gap or a repetition', async () => {
  const { ids, processed, pages, approximate } = await runXray<{
    readonly ids: string[]
    readonly processed: number
    readonly pages: number
    readonly approximate: number[]
  }>(
    fnscope,
    `
pages = list(xray.get_paginator('get_trace_summaries').paginate(**request))
answer({'ids': [one['Id'] for page in pages for one in page['TraceSummaries']], 'pages': len(pages),
  'processed': sum(page['TracesProcessedCount'] for page in pages),
  'approximate': [page['ApproximateTime'] for page in pages]})`,
    RANGE,
  )
  assert.equal(ids.length, TRACES)
  assert.equal(new Set(ids).size, TRACES)
  assert.deepEqual(
    ids.map((id) => startOf(traces.find((one) => one.trace_id === id)!)),
    newestFirst.map((id) => startOf(traces.find((one) => one.trace_id === id)!)),
  )
  assert.equal(processed, TRACES)
  assert.ok(pages > 1, 'one page proves nothing')
  assert.deepEqual(
    approximate,
    approximate.toSorted((a, b) => b - a),
  )
  assert.equal(approximate.at(-1), FROM)
})

test('a token continues after a restart on the same data, and belongs to its question alone', async () => {
  interface Page {
    readonly ids: string[]
    readonly token: string | null
  }
  const page = `
page = xray.get_trace_summaries(**request)
answer({'ids': [one['Id'] for one in page['TraceSummaries']], 'token': page.get('NextToken')})`
  const first = await runXray<Page>(fnscope, page, RANGE)
  assert.ok(first.token)
  assert.equal(await fnscope.stop(), 0)
  fnscope = await startFnscope({ dataDir })
  const ids = [...first.ids]
  for (let token: string | null = first.token; token !== null;) {
    const next: Page = await runXray<Page>(fnscope, page, { ...RANGE, NextToken: token })
    ids.push(...next.ids)
    token = next.token
  }
  assert.equal(ids.length, TRACES)
  assert.deepEqual(new Set(ids), new Set(newestFirst))
  const refusals = await runXray<(readonly [string, string])[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([refused(xray.get_trace_summaries, **one) for one in request])`,
    [
      { ...RANGE, EndTime: RANGE.EndTime + 1, NextToken: first.token },
      { ...RANGE, TimeRangeType: 'Event', NextToken: first.token },
      { ...RANGE, NextToken: 'garbage' },
    ],
  )
  for (const refusal of refusals) {
    assert.equal(refusal[0], 'InvalidRequestException')
    assert.match(refusal[1], /NextToken is not valid/)
  }
})

test('FixedRate answers a stable share, other sampling everything', async () => {
  const answer = await runXray<{ readonly half: string[][]; readonly counts: number[]; readonly processed: number }>(
    fnscope,
    `
def every(**more):
    pages = list(xray.get_paginator('get_trace_summaries').paginate(**request, **more))
    return [one['Id'] for page in pages for one in page['TraceSummaries']], sum(page['TracesProcessedCount'] for page in pages)
half = dict(Sampling=True, SamplingStrategy={'Name': 'FixedRate', 'Value': 0.5})
everything = [dict(Sampling=True), dict(Sampling=False), dict(Sampling=True, SamplingStrategy={'Name': 'PartialScan'}),
  dict(Sampling=True, SamplingStrategy={'Name': 'FixedRate', 'Value': 1.0})]
answer({'half': [every(**half)[0], every(**half)[0]], 'processed': every(**half)[1],
  'counts': [len(every(**one)[0]) for one in everything]})`,
    RANGE,
  )
  assert.deepEqual(answer.half[0], answer.half[1])
  assert.ok(answer.half[0]!.length > TRACES * 0.3 && answer.half[0]!.length < TRACES * 0.7, `${answer.half[0]!.length}`)
  assert.deepEqual(answer.counts, [TRACES, TRACES, TRACES, TRACES])
  assert.equal(answer.processed, TRACES)
})

test('what cannot be answered is refused with the reason: a filter, a group, times the wrong way round', async () => {
  const refusals = await runXray<([string, string] | null)[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([
  refused(xray.get_trace_summaries, **request, FilterExpression='service("orders'),
  refused(xray.get_trace_summaries, StartTime=request['EndTime'], EndTime=request['StartTime']),
  refused(xray.get_trace_summaries, **request, SamplingStrategy={'Name': 'FixedRate', 'Value': 3.0}),
  refused(xray.get_service_graph, **request, GroupName='mine'),
  refused(xray.get_groups, NextToken='more'),
])`,
    RANGE,
  )
  for (const refusal of refusals) assert.equal(refusal?.[0], 'InvalidRequestException')
  assert.match(refusals[0]![1], /character/)
  assert.match(refusals[3]![1], /no group "mine"/)
})
