// Insights as boto3 and the aws CLI are answered: a fault wave of a table that a function reads and a web service passes on.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runClient, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  environmentOf,
  epochSeconds,
  hex,
  putDocuments,
  runXray,
  segmentAt,
  visible,
  type Document,
} from './xray-client.ts'

let fnscope: StartedFnscope

/** An hour and a half ago, at the start of a minute. */
const FROM = Math.floor(epochSeconds() / 60) * 60 - 5400
const CALLS = 4

function request(minute: number, second: number, fault: boolean): (Document & { trace_id: string; id: string })[] {
  const start = FROM + minute * 60 + second
  const [call, flag] = [hex(8), fault ? { fault } : {}]
  const times = { start_time: start, end_time: start + 1 }
  const web = segmentAt(start, {
    name: 'boutique é',
    ...flag,
    annotations: { second },
    subsegments: [{ id: call, name: 'orders', namespace: 'remote', ...times }],
  })
  const orders = segmentAt(start, {
    trace_id: web.trace_id,
    parent_id: call,
    name: 'orders',
    ...flag,
    subsegments: [{ id: hex(8), name: 'DynamoDB', namespace: 'aws', aws: { table_name: 'Orders' }, ...times, ...flag }],
  })
  return [web, orders]
}

// 30 quiet minutes, 3 in which three of four requests fault, 10 quiet ones.
const documents = Array.from({ length: 43 * CALLS }, (_, i) => {
  const [minute, second] = [Math.floor(i / CALLS), i % CALLS]
  return request(minute, second, minute >= 30 && minute < 33 && second < 3)
}).flat()

before(async () => {
  fnscope = await startFnscope()
  for (let i = 0; i < documents.length; i += 50) await putDocuments(fnscope, documents.slice(i, i + 50))
  await visible(fnscope, documents)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const RANGE = { StartTime: FROM, EndTime: FROM + 3600 }
const IMPACT = { FaultCount: 9, OkCount: 3, TotalCount: 12 }

interface Insight {
  readonly InsightId: string
  readonly TopAnomalousServices: readonly { readonly ServiceId: { readonly Name: string } }[]
  readonly [member: string]: unknown
}

test('a wave of faults is one insight with its root cause, its impact, its events and its graph', async () => {
  const answer = await runXray<{
    readonly summaries: readonly Insight[]
    readonly insight: Insight
    readonly events: readonly { readonly EventTime: number; readonly RootCauseServiceRequestImpactStatistics: object }[]
    readonly graph: { readonly Services: readonly (Document & { readonly Edges: readonly Document[] })[] }
    readonly counts: readonly number[]
  }>(
    fnscope,
    `
def summaries(**more): return xray.get_insight_summaries(**{**request, 'GroupName': 'Default', **more})['InsightSummaries']
found = summaries()
one = found[0]['InsightId']
events, more = [], {}
while True:
    page = xray.get_insight_events(InsightId=one, MaxResults=2, **more)
    events += page['InsightEvents']
    if 'NextToken' not in page: break
    more = {'NextToken': page['NextToken']}
graph = xray.get_insight_impact_graph(InsightId=one, StartTime=request['StartTime'], EndTime=request['EndTime'])
later = request['StartTime'] + 40 * 60
answer({'summaries': found, 'insight': xray.get_insight(InsightId=one)['Insight'], 'events': events,
  'graph': {'Services': graph['Services']},
  'counts': [len(summaries(States=['ACTIVE'])), len(summaries(States=['CLOSED'])), len(summaries(StartTime=later)),
    len(summaries(StartTime=request['StartTime'] + 31 * 60, EndTime=request['StartTime'] + 32 * 60))]})`,
    RANGE,
  )
  const [{ LastUpdateTime, ...summary }, ...others] = answer.summaries as [Insight, ...Insight[]]
  assert.deepEqual(others, [])
  assert.equal(LastUpdateTime, FROM + 33 * 60)
  assert.deepEqual(summary, answer.insight)
  const { InsightId: id, TopAnomalousServices: anomalous, ...rest } = answer.insight
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(anomalous.map(({ ServiceId }) => ServiceId.Name).sort(), ['Orders', 'boutique é', 'orders'])
  assert.deepEqual(rest, {
    GroupARN: 'arn:aws:xray:us-east-1:000000000000:group/Default',
    GroupName: 'Default',
    RootCauseServiceId: { Name: 'Orders', Names: ['Orders'], Type: 'AWS::DynamoDB::Table' },
    Categories: ['FAULT'],
    State: 'CLOSED',
    StartTime: FROM + 30 * 60,
    EndTime: FROM + 33 * 60,
    Summary: '75 % (9 of 12) of the requests to Orders (AWS::DynamoDB::Table) were faults. It reached 2 more services.',
    ClientRequestImpactStatistics: IMPACT,
    RootCauseServiceRequestImpactStatistics: IMPACT,
  })
  assert.deepEqual(
    answer.events.map((event) => [(event.EventTime - FROM) / 60, event.RootCauseServiceRequestImpactStatistics]),
    [32, 31, 30].map((minute) => [minute, { FaultCount: 3, OkCount: 1, TotalCount: 4 }]),
  )
  const names = new Map(answer.graph.Services.map((one) => [one['ReferenceId'], one['Name']]))
  assert.deepEqual(
    answer.graph.Services.map((one) => [one['Name'], ...one.Edges.map((edge) => names.get(edge['ReferenceId']))]),
    [['boutique é', 'orders'], ['orders', 'Orders'], ['Orders'], ['boutique é', 'boutique é']],
  )
  assert.deepEqual(answer.counts, [0, 1, 0, 1])
})

test('a group has insights of its traces, and is refused where they are not enabled', async () => {
  const answer = await runXray<{ readonly impact: object; readonly refusals: readonly ([string, string] | null)[] }>(
    fnscope,
    `
enabled = {'InsightsEnabled': True}
xray.create_group(GroupName='first three', FilterExpression='annotation.second < 3', InsightsConfiguration=enabled)
xray.create_group(GroupName='quiet', FilterExpression='annotation.second = 3', InsightsConfiguration=enabled)
xray.create_group(GroupName='without')
found = xray.get_insight_summaries(**request, GroupName='first three')['InsightSummaries']
assert not xray.get_insight_summaries(**request, GroupName='quiet')['InsightSummaries']
one = xray.get_insight(InsightId=found[0]['InsightId'])['Insight']
assert one['GroupName'] == 'first three'
missing = '00000000-0000-4000-8000-000000000000'
refusals = [refused(xray.get_insight_summaries, **request, GroupName='without'), refused(xray.get_insight_summaries, **request)]
refusals += [refused(xray.get_insight, InsightId=missing), refused(xray.get_insight_events, InsightId='x'),
  refused(xray.get_insight_impact_graph, InsightId=missing, **request),
  refused(xray.get_insight_summaries, **request, GroupName='quiet', MaxResults=101),
  refused(xray.get_insight_summaries, **request, GroupName='quiet', NextToken='x')]
answer({'impact': one['RootCauseServiceRequestImpactStatistics'], 'refusals': refusals})`,
    RANGE,
  )
  assert.deepEqual(answer.impact, { FaultCount: 9, OkCount: 0, TotalCount: 9 })
  const reasons = [/not enabled/, /is missing/, /no insight/, /must be one/, /no insight/, /from 1 to 100/, /NextToken/]
  for (const [i, reason] of reasons.entries()) {
    assert.equal(answer.refusals[i]?.[0], 'InvalidRequestException')
    assert.match(answer.refusals[i][1], reason)
  }
})

test('the aws CLI lists insights', async () => {
  const args = ['--group-name', 'Default', '--start-time', String(FROM), '--end-time', String(FROM + 3600)]
  const command = ['xray', 'get-insight-summaries', ...args, '--output', 'json']
  const { code, stdout, stderr } = await runClient('aws', command, environmentOf(fnscope))
  assert.equal(code, 0, stderr)
  const { InsightSummaries: found } = JSON.parse(stdout) as { readonly InsightSummaries: readonly Document[] }
  assert.deepEqual(
    found.map((one) => (one['RootCauseServiceId'] as Document)['Name']),
    ['Orders'],
  )
})
