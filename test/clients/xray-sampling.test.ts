// Sampling as SDKs and boto3 ask for it: rules, targets, statistics; on the API's port and unsigned on the daemon's TCP.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { hex, runXray, type Document } from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('the default rule is one that every SDK accepts', async () => {
  const records = await runXray<readonly { readonly SamplingRule: Document; readonly ModifiedAt: number }[]>(
    fnscope,
    `answer([one for page in xray.get_paginator('get_sampling_rules').paginate() for one in page['SamplingRuleRecords']])`,
  )
  const { RuleARN, FixedRate, ReservoirSize, ...rule } = records.at(-1)!.SamplingRule
  assert.deepEqual(rule, {
    RuleName: 'Default',
    ResourceARN: '*',
    Priority: 10_000,
    ServiceName: '*',
    ServiceType: '*',
    Host: '*',
    HTTPMethod: '*',
    URLPath: '*',
    Version: 1,
    Attributes: {},
  })
  assert.match(String(RuleARN), /^arn:aws:xray:.*:sampling-rule\/Default$/)
  assert.equal(typeof FixedRate, 'number')
  assert.equal(typeof ReservoirSize, 'number')
})

test('clients share the reservoir, an unknown rule and an old report are named, and what was told is summed', async () => {
  const answer = await runXray<{
    readonly first: Document
    readonly second: Document
    readonly unprocessed: readonly Document[]
    readonly changed: number
    readonly summaries: readonly Document[]
    readonly many: [string, string] | null
  }>(
    fnscope,
    `
def report(client, rule='Default', at=None, n=10):
    return {'RuleName': rule, 'ClientID': client, 'RequestCount': n, 'BorrowCount': 1, 'SampledCount': 2, 'Timestamp': at or time.time()}
one, two = request
xray.get_sampling_targets(SamplingStatisticsDocuments=[report(one)])
both = xray.get_sampling_targets(SamplingStatisticsDocuments=[report(two)])
again = xray.get_sampling_targets(SamplingStatisticsDocuments=[report(one), report(one, rule='none'), report(one, at=time.time() - 7200)])
pages = xray.get_paginator('get_sampling_statistic_summaries').paginate()
answer({'first': again['SamplingTargetDocuments'][0], 'second': both['SamplingTargetDocuments'][0],
  'unprocessed': again['UnprocessedStatistics'], 'changed': again['LastRuleModification'],
  'summaries': [s for page in pages for s in page['SamplingStatisticSummaries']],
  'many': refused(xray.get_sampling_targets, SamplingStatisticsDocuments=[report(one)] * 26)})`,
    [hex(12), hex(12)],
  )
  for (const target of [answer.first, answer.second]) {
    assert.equal(target['RuleName'], 'Default')
    assert.equal(target['Interval'], 10)
    const ttl = Number(target['ReservoirQuotaTTL']) - Date.now() / 1000
    assert.ok(ttl > 240 && ttl < 360, `${ttl} s`)
  }
  const quotas = Number(answer.first['ReservoirQuota']) + Number(answer.second['ReservoirQuota'])
  const rules = await runXray<number>(
    fnscope,
    `answer(xray.get_sampling_rules()['SamplingRuleRecords'][-1]['SamplingRule']['ReservoirSize'])`,
  )
  assert.equal(quotas, rules)
  assert.deepEqual(
    answer.unprocessed.map((one) => one['RuleName']),
    ['none', 'Default'],
  )
  assert.ok(answer.changed > 0)
  const sum = (name: string): number => answer.summaries.reduce((total, one) => total + Number(one[name]), 0)
  assert.deepEqual([sum('RequestCount'), sum('BorrowCount'), sum('SampledCount')], [30, 3, 6])
  assert.equal(answer.many?.[0], 'InvalidRequestException')
})

test("the daemon's TCP port answers unsigned, with LastRuleModification a number, and carries the whole API", async () => {
  const door = `http://${fnscope.doors['xray-daemon']}`
  const post = async (path: string, body: string): Promise<Document> => {
    const response = await fetch(door + path, { method: 'POST', body })
    assert.equal(response.status, 200)
    return (await response.json()) as Document
  }
  const rules = await post('/GetSamplingRules', '{}')
  assert.equal((rules['SamplingRuleRecords'] as readonly unknown[]).length, 1)
  const targets = await post('/SamplingTargets', '{"SamplingStatisticsDocuments":[]}')
  assert.equal(typeof targets['LastRuleModification'], 'number')
  assert.deepEqual(await post('/TraceSummaries', '{"StartTime":1,"EndTime":2}'), {
    TraceSummaries: [],
    ApproximateTime: 1,
    TracesProcessedCount: 0,
  })
})
