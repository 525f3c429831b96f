// The operations of X-Ray beside reading traces and the graph, as boto3 calls them, every answer held against the service
// model; and what of it is still there after a restart.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { runClient, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
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

const dataDir = temporaryDir('operations')
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ dataDir })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

async function restart(): Promise<void> {
  assert.equal(await fnscope.stop(), 0)
  fnscope = await startFnscope({ dataDir })
}

const RULE = {
  RuleName: 'checkout',
  ResourceARN: '*',
  Priority: 20,
  FixedRate: 0.25,
  ReservoirSize: 3,
  ServiceName: 'shop',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: 'POST',
  URLPath: '/buy/*',
  Version: 1,
}

interface RuleRecord {
  readonly SamplingRule: Document
  readonly CreatedAt: number
  readonly ModifiedAt: number
}

test('a sampling rule is made, changed, found after a restart and deleted', async () => {
  const { made, changed, other } = await runXray<Readonly<Record<'made' | 'changed' | 'other', RuleRecord>>>(
    fnscope,
    `
made = xray.create_sampling_rule(SamplingRule=request, Tags=[{'Key': 'team', 'Value': 'caisse ☕'}])['SamplingRuleRecord']
other = xray.create_sampling_rule(SamplingRule={**request, 'RuleName': '规则 🚀', 'Priority': 1, 'Attributes': {'a': 'b'}})['SamplingRuleRecord']
changed = xray.update_sampling_rule(SamplingRuleUpdate={'RuleARN': made['SamplingRule']['RuleARN'], 'FixedRate': 0.5, 'Priority': 30})['SamplingRuleRecord']
xray.update_sampling_rule(SamplingRuleUpdate={'RuleName': 'Default', 'FixedRate': 0.1, 'ReservoirSize': 7})
answer({'made': made, 'changed': changed, 'other': other})`,
    RULE,
  )
  const arn = 'arn:aws:xray:us-east-1:000000000000:sampling-rule/checkout'
  assert.deepEqual(made.SamplingRule, { ...RULE, RuleARN: arn, Attributes: {} })
  assert.ok(Math.abs(made.CreatedAt - Date.now() / 1000) < 60 && made.ModifiedAt >= made.CreatedAt)
  assert.deepEqual(changed.SamplingRule, { ...made.SamplingRule, FixedRate: 0.5, Priority: 30 })
  await restart()
  const after = await runXray<{
    readonly rules: readonly RuleRecord[]
    readonly tags: Document
    readonly gone: RuleRecord
  }>(
    fnscope,
    `
rules = [one for page in xray.get_paginator('get_sampling_rules').paginate() for one in page['SamplingRuleRecords']]
tags = xray.list_tags_for_resource(ResourceARN='${arn}')['Tags']
gone = xray.delete_sampling_rule(RuleName='checkout')['SamplingRuleRecord']
answer({'rules': rules, 'tags': tags, 'gone': gone})`,
  )
  assert.deepEqual(
    after.rules.map(({ SamplingRule: rule }) => [rule['RuleName'], rule['FixedRate'], rule['ReservoirSize']]),
    [
      ['规则 🚀', 0.25, 3],
      ['checkout', 0.5, 3],
      ['Default', 0.1, 7],
    ],
  )
  assert.deepEqual(after.rules[0], other)
  assert.deepEqual(after.rules[1], changed)
  assert.deepEqual(after.tags, [{ Key: 'team', Value: 'caisse ☕' }])
  assert.deepEqual(after.gone, changed)
})

/** Operation of boto3, its arguments, what refuses it. */
type Refusal = readonly [operation: string, request: object, code: string, message: RegExp]

const INVALID = 'InvalidRequestException'
const MISSING_ARN = 'arn:aws:xray:us-east-1:000000000000:group/none/1'
const REFUSALS: readonly Refusal[] = [
  ['create_sampling_rule', { SamplingRule: { ...RULE, RuleName: 'Default' } }, INVALID, /Default already/],
  ['create_sampling_rule', { SamplingRule: { ...RULE, Version: 2 } }, INVALID, /Version must be 1/],
  ['create_sampling_rule', { SamplingRule: { ...RULE, Priority: 10_000 } }, INVALID, /Priority must be from 1 to 9999/],
  ['create_sampling_rule', { SamplingRule: { ...RULE, FixedRate: 1.5 } }, INVALID, /FixedRate must be from 0 to 1/],
  ['create_sampling_rule', { SamplingRule: { ...RULE, Host: 'h'.repeat(65) } }, INVALID, /Host may have at most 64/],
  ['create_sampling_rule', { SamplingRule: { ...RULE, RuleARN: 'arn' } }, INVALID, /RuleARN is given by the service/],
  [
    'create_sampling_rule',
    { SamplingRule: { ...RULE, SamplingRateBoost: { MaxRate: 1, CooldownWindowMinutes: 1 } } },
    INVALID,
    /SamplingRateBoost is not supported/,
  ],
  [
    'update_sampling_rule',
    { SamplingRuleUpdate: { RuleName: 'none', FixedRate: 1 } },
    INVALID,
    /no sampling rule "none"/,
  ],
  ['update_sampling_rule', { SamplingRuleUpdate: { FixedRate: 1 } }, INVALID, /RuleName or RuleARN is missing/],
  ['update_sampling_rule', { SamplingRuleUpdate: { RuleName: 'Default', Host: 'h' } }, INVALID, /Host of the default/],
  ['delete_sampling_rule', { RuleName: 'Default' }, INVALID, /cannot be deleted/],
  ['delete_sampling_rule', { RuleName: 'none' }, INVALID, /no sampling rule "none"/],
  ['get_sampling_rules', { NextToken: 'x' }, INVALID, /NextToken is not valid/],
  ['create_group', { GroupName: 'g'.repeat(33) }, INVALID, /at most 32 characters/],
  ['create_group', { GroupName: 'Default' }, INVALID, /"Default" already/],
  ['create_group', { GroupName: 'g', FilterExpression: 'service("' }, INVALID, /character/],
  ['create_group', { GroupName: 'g', FilterExpression: 'group.name = "g"' }, INVALID, /asks for itself/],
  [
    'create_group',
    { GroupName: 'g', InsightsConfiguration: { InsightsEnabled: false, NotificationsEnabled: true } },
    INVALID,
    /needs InsightsEnabled/,
  ],
  ['create_group', { GroupName: 'g', Tags: [{ Key: 'aws:x', Value: '' }] }, INVALID, /cloud's own/],
  ['get_group', {}, INVALID, /GroupName or GroupARN is missing/],
  ['get_group', { GroupName: 'none' }, INVALID, /no group "none"/],
  ['update_group', { GroupName: 'Default', FilterExpression: 'ok' }, INVALID, /default group has every trace/],
  ['delete_group', { GroupName: 'Default' }, INVALID, /cannot be deleted/],
  ['delete_group', { GroupARN: MISSING_ARN }, INVALID, /no group/],
  ['get_service_graph', { StartTime: 1, EndTime: 2, GroupName: 'none' }, INVALID, /no group "none"/],
  ['tag_resource', { ResourceARN: MISSING_ARN, Tags: [] }, 'ResourceNotFoundException', /no group or sampling rule/],
  ['untag_resource', { ResourceARN: MISSING_ARN, TagKeys: [] }, 'ResourceNotFoundException', /no group or sampling/],
  ['list_tags_for_resource', { ResourceARN: MISSING_ARN }, 'ResourceNotFoundException', /no group or sampling rule/],
  ['get_time_series_service_statistics', { StartTime: 1, EndTime: 2, Period: 61 }, INVALID, /Period must be 60 or 300/],
  ['get_time_series_service_statistics', { StartTime: 2, EndTime: 1 }, INVALID, /StartTime must be before EndTime/],
  [
    'get_time_series_service_statistics',
    { StartTime: 1, EndTime: 2, ForecastStatistics: true },
    INVALID,
    /forecasts nothing/,
  ],
  [
    'get_time_series_service_statistics',
    { StartTime: 1, EndTime: 2, EntitySelectorExpression: 'duration > 5' },
    INVALID,
    /EntitySelectorExpression must be service/,
  ],
  ['put_encryption_config', { Type: 'KMS' }, INVALID, /KeyId is missing/],
  ['put_encryption_config', { Type: 'NONE', KeyId: 'k' }, INVALID, /KeyId goes with Type KMS/],
  ['put_encryption_config', { Type: 'AES' }, INVALID, /Type must be NONE or KMS/],
  [
    'update_indexing_rule',
    { Name: 'none', Rule: { Probabilistic: { DesiredSamplingPercentage: 1 } } },
    'ResourceNotFoundException',
    /no indexing rule "none"/,
  ],
  [
    'update_indexing_rule',
    { Name: 'Default', Rule: { Probabilistic: { DesiredSamplingPercentage: 101 } } },
    INVALID,
    /from 0 to 100/,
  ],
  ['update_trace_segment_destination', { Destination: 'CloudWatchLogs' }, INVALID, /copies no segments to log groups/],
  ['put_resource_policy', { PolicyName: 'a b', PolicyDocument: '{}' }, INVALID, /PolicyName may have/],
  ['put_resource_policy', { PolicyName: 'p', PolicyDocument: '{' }, 'MalformedPolicyDocumentException', /not JSON/],
  [
    'put_resource_policy',
    { PolicyName: 'p', PolicyDocument: '{}' },
    'MalformedPolicyDocumentException',
    /no Statement/,
  ],
  [
    'put_resource_policy',
    { PolicyName: 'p', PolicyDocument: 'p'.repeat(5 * 1024 + 1) },
    'PolicySizeLimitExceededException',
    /at most 5120 bytes/,
  ],
  ['delete_resource_policy', { PolicyName: 'none' }, INVALID, /no resource policy "none"/],
  ['start_trace_retrieval', { TraceIds: ['x'], StartTime: 1, EndTime: 2 }, INVALID, /"x" is not a trace id/],
  ['list_retrieved_traces', { RetrievalToken: 'x' }, 'ResourceNotFoundException', /no retrieval/],
  ['get_retrieved_traces_graph', { RetrievalToken: 'x' }, 'ResourceNotFoundException', /no retrieval/],
  ['cancel_trace_retrieval', { RetrievalToken: 'x' }, 'ResourceNotFoundException', /no retrieval/],
]

test('what is wrong is refused with the code of the model and the reason', async () => {
  const answers = await runXray<readonly ([string, string] | null)[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([refused(getattr(xray, name), **arguments) for name, arguments in request])`,
    REFUSALS.map(([operation, request]) => [operation, request]),
  )
  for (const [i, [operation, request, code, message]] of REFUSALS.entries()) {
    const what = `${operation} ${JSON.stringify(request)}`
    assert.equal(answers[i]?.[0], code, `${what}: ${JSON.stringify(answers[i])}`)
    assert.match(answers[i][1], message, what)
  }
})

test('a group is made, changed, tagged, found after a restart and deleted', async () => {
  const { group, changed, first } = await runXray<Readonly<Record<'group' | 'changed' | 'first', Document>>>(
    fnscope,
    `
group = xray.create_group(GroupName='lent 🐢', FilterExpression='responsetime > 5', Tags=[{'Key': 'a', 'Value': '1'}])['Group']
xray.tag_resource(ResourceARN=group['GroupARN'], Tags=[{'Key': 'b', 'Value': '2'}, {'Key': 'a', 'Value': '3'}])
xray.tag_resource(ResourceARN=group['GroupARN'], Tags=[{'Key': 'c', 'Value': ''}])
xray.untag_resource(ResourceARN=group['GroupARN'], TagKeys=['b', 'x'])
changed = xray.update_group(GroupARN=group['GroupARN'], FilterExpression='responsetime > 6',
  InsightsConfiguration={'InsightsEnabled': True, 'NotificationsEnabled': True})['Group']
first = xray.get_group(GroupName='Default')['Group']
answer({'group': group, 'changed': changed, 'first': first})`,
  )
  assert.match(String(group['GroupARN']), /^arn:aws:xray:us-east-1:000000000000:group\/lent 🐢\/[0-9A-Z]+$/)
  assert.deepEqual(changed, {
    ...group,
    FilterExpression: 'responsetime > 6',
    InsightsConfiguration: { InsightsEnabled: true, NotificationsEnabled: true },
  })
  await restart()
  const after = await runXray<{ readonly groups: object; readonly tags: object; readonly left: object }>(
    fnscope,
    `
groups = [one for page in xray.get_paginator('get_groups').paginate() for one in page['Groups']]
tags = xray.list_tags_for_resource(ResourceARN=request)['Tags']
xray.delete_group(GroupName='lent 🐢')
answer({'groups': groups, 'tags': tags, 'left': xray.get_groups()['Groups']})`,
    group['GroupARN'],
  )
  assert.deepEqual(after.groups, [first, changed])
  assert.deepEqual(after.tags, [
    { Key: 'a', Value: '3' },
    { Key: 'c', Value: '' },
  ])
  assert.deepEqual(after.left, [first])
})

test("policies and the account's settings are kept over a restart, a policy's revision guards it", async () => {
  const policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"xray:*","Resource":"*"}]}'
  interface Policy {
    readonly PolicyRevisionId: string
    readonly PolicyDocument: string
  }
  const before = await runXray<{
    readonly first: Policy
    readonly second: Policy
    readonly refusals: readonly ([string, string] | null)[]
    readonly many: [string, string] | null
    readonly encryption: readonly Document[]
    readonly indexing: Document
    readonly destination: readonly Document[]
  }>(
    fnscope,
    `
put = xray.put_resource_policy
first = put(PolicyName='mine', PolicyDocument=request, PolicyRevisionId='0')['ResourcePolicy']
second = put(PolicyName='mine', PolicyDocument=request, PolicyRevisionId=first['PolicyRevisionId'])['ResourcePolicy']
refusals = [
  refused(put, PolicyName='mine', PolicyDocument=request, PolicyRevisionId='0'),
  refused(put, PolicyName='mine', PolicyDocument=request, PolicyRevisionId=first['PolicyRevisionId']),
  refused(xray.delete_resource_policy, PolicyName='mine', PolicyRevisionId=first['PolicyRevisionId']),
]
for i in range(4): put(PolicyName=f'other-{i}', PolicyDocument=request)
many = refused(put, PolicyName='sixth', PolicyDocument=request)
for i in range(4): xray.delete_resource_policy(PolicyName=f'other-{i}')
plain = lambda answer: {name: value for name, value in answer.items() if name != 'ResponseMetadata'}
encryption = [xray.get_encryption_config()['EncryptionConfig'],
  xray.put_encryption_config(Type='KMS', KeyId='alias/aws/xray')['EncryptionConfig']]
indexing = xray.update_indexing_rule(Name='Default', Rule={'Probabilistic': {'DesiredSamplingPercentage': 12.5}})['IndexingRule']
destination = [plain(xray.update_trace_segment_destination(Destination='XRay')), plain(xray.get_trace_segment_destination())]
answer({'first': first, 'second': second, 'refusals': refusals, 'many': many, 'encryption': encryption,
  'indexing': indexing, 'destination': destination})`,
    policy,
  )
  assert.equal(before.first.PolicyDocument, policy)
  assert.notEqual(before.first.PolicyRevisionId, before.second.PolicyRevisionId)
  for (const refusal of before.refusals) assert.equal(refusal?.[0], 'InvalidPolicyRevisionIdException')
  assert.equal(before.many?.[0], 'PolicyCountLimitExceededException')
  assert.deepEqual(before.encryption, [
    { Status: 'ACTIVE', Type: 'NONE' },
    { Status: 'ACTIVE', Type: 'KMS', KeyId: 'alias/aws/xray' },
  ])
  for (const one of before.destination) assert.deepEqual(one, { Destination: 'XRay', Status: 'ACTIVE' })
  await restart()
  const after = await runXray<Readonly<Record<'policies' | 'encryption' | 'none' | 'indexing', object>>>(
    fnscope,
    `
answer({'policies': [one for page in xray.get_paginator('list_resource_policies').paginate() for one in page['ResourcePolicies']],
  'encryption': xray.get_encryption_config()['EncryptionConfig'],
  'none': xray.put_encryption_config(Type='NONE')['EncryptionConfig'],
  'indexing': xray.get_indexing_rules()['IndexingRules']})`,
  )
  assert.deepEqual(after.policies, [before.second])
  assert.deepEqual(after.encryption, before.encryption[1])
  assert.deepEqual(after.none, before.encryption[0])
  assert.deepEqual(after.indexing, [before.indexing])
  assert.deepEqual((before.indexing['Rule'] as Document)['Probabilistic'], {
    DesiredSamplingPercentage: 12.5,
    ActualSamplingPercentage: 100,
  })
})

test('there may be 25 sampling rules beside the default one, as in the cloud', async () => {
  const refusal = await runXray<[string, string] | null>(
    fnscope,
    `
def make(i): return dict(SamplingRule={**request, 'RuleName': f'many-{i}'})
names = []
while (no := refused(xray.create_sampling_rule, **make(len(names)))) is None: names.append(f'many-{len(names)}')
count = len(xray.get_sampling_rules()['SamplingRuleRecords'])
for name in names: xray.delete_sampling_rule(RuleName=name)
answer([no[0], str(count)])`,
    RULE,
  )
  assert.deepEqual(refusal, ['RuleLimitExceededException', '26'])
})

test('the aws CLI makes a rule and a group, reads them and takes them away', async () => {
  const aws = async (...args: readonly string[]): Promise<Document> => {
    const ran = await runClient('aws', ['xray', ...args, '--output', 'json'], environmentOf(fnscope))
    assert.equal(ran.code, 0, ran.stderr)
    return (ran.stdout === '' ? {} : JSON.parse(ran.stdout)) as Document
  }
  await aws('create-sampling-rule', '--sampling-rule', JSON.stringify({ ...RULE, RuleName: 'by-cli' }))
  const rules = (await aws('get-sampling-rules'))['SamplingRuleRecords'] as readonly RuleRecord[]
  assert.ok(rules.some(({ SamplingRule }) => SamplingRule['RuleName'] === 'by-cli'))
  await aws('delete-sampling-rule', '--rule-name', 'by-cli')
  await aws('create-group', '--group-name', 'by-cli', '--filter-expression', 'fault')
  const group = (await aws('get-group', '--group-name', 'by-cli'))['Group'] as Document
  assert.equal(group['FilterExpression'], 'fault')
  await aws('delete-group', '--group-name', 'by-cli')
})

test('retrieved traces come by fives, long ones by a hundred segments, with their graph, until they are cancelled', async () => {
  const start = Math.floor(epochSeconds()) - 600
  const long = segmentAt(start, { name: 'long' })
  const parts = Array.from({ length: 119 }, (_, i) =>
    segmentAt(start, { trace_id: long.trace_id, id: hex(8), parent_id: long.id, name: `part-${i}` }),
  )
  const others = Array.from({ length: 6 }, () => segmentAt(start))
  const outside = segmentAt(start - 1000)
  const documents = [...others.slice(0, 3), long, ...parts, ...others.slice(3), outside]
  for (let i = 0; i < documents.length; i += 50) await putDocuments(fnscope, documents.slice(i, i + 50))
  await visible(fnscope, documents)
  const ids = [...new Set(documents.map((one) => one.trace_id))]
  const answer = await runXray<{
    readonly pages: readonly (readonly (readonly [string, number])[])[]
    readonly names: readonly string[]
    readonly graph: readonly string[]
    readonly status: readonly string[]
    readonly refusal: [string, string] | null
  }>(
    fnscope,
    `
token = xray.start_trace_retrieval(TraceIds=request['ids'], StartTime=request['start'], EndTime=request['start'] + 60)['RetrievalToken']
pages, names, more = [], [], {}
while True:
    page = xray.list_retrieved_traces(RetrievalToken=token, **more)
    pages.append([[one['Id'], len(one['Spans'])] for one in page['Traces']])
    names += [json.loads(span['Document'])['name'] for one in page['Traces'] for span in one['Spans']]
    if 'NextToken' not in page: break
    more = {'NextToken': page['NextToken']}
graph = xray.get_retrieved_traces_graph(RetrievalToken=token)
refusal = refused(xray.list_retrieved_traces, RetrievalToken=token, TraceFormat='ZIPKIN')
xray.cancel_trace_retrieval(RetrievalToken=token)
after = xray.list_retrieved_traces(RetrievalToken=token)
answer({'pages': pages, 'names': names, 'graph': [one['Service']['Name'] for one in graph['Services']], 'refusal': refusal,
  'status': [page['RetrievalStatus'], graph['RetrievalStatus'], after['RetrievalStatus'], str(len(after['Traces']))]})`,
    { ids, start },
  )
  const [first, second] = [others.slice(0, 3), others.slice(3)].map((some) =>
    some.map((one) => [one.trace_id, 1] as const),
  )
  assert.deepEqual(answer.pages, [
    [...first!, [long.trace_id, 100]],
    [[long.trace_id, 20], ...second!],
  ])
  assert.equal(new Set(answer.names).size, 121)
  assert.equal(answer.graph.filter((name) => name.startsWith('part-')).length, 119)
  assert.deepEqual(answer.status, ['COMPLETE', 'COMPLETE', 'CANCELLED', '0'])
  assert.match(answer.refusal![1], /must be XRAY or OTEL/)
})

test('as OTEL every span of a retrieved trace comes by itself, for boto3 and the aws CLI', async () => {
  const start = Math.floor(epochSeconds()) - 600
  const documents = [
    segmentAt(start, {
      name: '상점',
      http: { request: { method: 'GET', url: 'http://shop.example/orders' }, response: { status: 500 } },
      fault: true,
      annotations: { user: 'brian1' },
      subsegments: [
        { id: hex(8), name: 'orders', start_time: start + 0.25, end_time: start + 0.5, namespace: 'remote' },
      ],
    }),
  ]
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
  const [segment] = documents
  const [token, page] = await runXray<readonly [string, RetrievedPage]>(
    fnscope,
    `
token = xray.start_trace_retrieval(TraceIds=request['ids'], StartTime=request['start'], EndTime=request['start'] + 60)['RetrievalToken']
page = xray.list_retrieved_traces(RetrievalToken=token, TraceFormat='OTEL')
answer([token, {key: page[key] for key in ('TraceFormat', 'Traces')}])`,
    { ids: [segment!.trace_id], start },
  )
  assert.deepEqual([page.TraceFormat, page.Traces.map(({ Id }) => Id)], ['OTEL', [segment!.trace_id]])
  const spans = page.Traces[0]!.Spans.map(({ Id, Document }) => {
    const document = JSON.parse(Document) as Document
    assert.equal(document['spanId'], Id)
    return document
  })
  assert.partialDeepStrictEqual(spans, [
    {
      traceId: segment!.trace_id.slice(2).replace('-', ''),
      spanId: segment!.id,
      kind: 'SERVER',
      resource: { attributes: { 'service.name': '상점' } },
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 500, user: 'brian1' },
      status: { code: 'ERROR' },
    },
    { parentSpanId: segment!.id, kind: 'CLIENT', name: 'orders', durationNano: 250_000_000 },
  ])
  const args = [
    'xray',
    'list-retrieved-traces',
    '--retrieval-token',
    token,
    '--trace-format',
    'OTEL',
    '--output',
    'json',
  ]
  const ran = await runClient('aws', args, environmentOf(fnscope))
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual((JSON.parse(ran.stdout) as RetrievedPage).Traces, page.Traces)
})

interface RetrievedPage {
  readonly TraceFormat: string
  readonly Traces: readonly {
    readonly Id: string
    readonly Spans: readonly { readonly Id: string; readonly Document: string }[]
  }[]
}
