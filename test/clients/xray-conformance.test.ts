// All 38 operations of X-Ray's model, each asked with the same request through boto3 and through the aws CLI (its own
// program, run in one process for speed): the same answer, held against the model.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, runXray, segmentAt, visible, type Document } from './xray-client.ts'

let fnscope: StartedFnscope

/** Half an hour ago, at the start of a minute. */
const FROM = Math.floor(epochSeconds() / 60) * 60 - 1800
const RANGE = { StartTime: FROM, EndTime: FROM + 600 }
const documents = Array.from({ length: 4 }, (_, i) =>
  segmentAt(FROM + i, { name: '상점 🛒', fault: true, annotations: { user: 'brian1' } }),
)
const traceIds = documents.map((one) => one.trace_id)

before(async () => {
  fnscope = await startFnscope()
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const RULE = {
  RuleName: '$CLIENT',
  ResourceARN: '*',
  Priority: 1,
  FixedRate: 0.5,
  ReservoirSize: 1,
  ServiceName: '*',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: '*',
  URLPath: '*',
  Version: 1,
}
const POLICY = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]}'
const ANNOTATED = 'annotation.user = "brian1"'
const late = segmentAt(FROM, { id: hex(8) })

/**
 * In this order. `$CLIENT` is the asker's name, `$Member` what one of its answers had there last. `holds` must be in the
 * answer's JSON.
 */
const CALLS: readonly (readonly [operation: string, request: Document, holds?: string])[] = [
  ['PutTraceSegments', { TraceSegmentDocuments: [JSON.stringify(late), '{}'] }, 'MissingId'],
  ['PutTelemetryRecords', { TelemetryRecords: [{ Timestamp: FROM, SegmentsReceivedCount: 1 }] }],
  ['GetTraceSummaries', { ...RANGE, FilterExpression: ANNOTATED }, '상점 🛒'],
  ['BatchGetTraces', { TraceIds: traceIds }, 'brian1'],
  ['GetTraceGraph', { TraceIds: traceIds }, '상점 🛒'],
  ['CreateGroup', { GroupName: '$CLIENT', FilterExpression: ANNOTATED, Tags: [{ Key: 'k', Value: 'v' }] }, ANNOTATED],
  ['UpdateGroup', { GroupName: '$CLIENT', InsightsConfiguration: { InsightsEnabled: true } }, 'true'],
  ['GetGroup', { GroupARN: '$GroupARN' }, ANNOTATED],
  ['GetGroups', {}, 'Default'],
  ['GetServiceGraph', { ...RANGE, GroupName: '$CLIENT' }, '"TotalCount":4'],
  ['GetTimeSeriesServiceStatistics', { ...RANGE, GroupName: '$CLIENT' }, '"TotalCount":4'],
  ['GetInsightSummaries', { ...RANGE, GroupName: '$CLIENT' }, '"FaultCount":4'],
  ['GetInsight', { InsightId: '$InsightId' }, '"FaultCount":4'],
  ['GetInsightEvents', { InsightId: '$InsightId' }, '100 %'],
  ['GetInsightImpactGraph', { InsightId: '$InsightId', ...RANGE }, '상점 🛒'],
  ['TagResource', { ResourceARN: '$GroupARN', Tags: [{ Key: '標籤', Value: '値' }] }],
  ['ListTagsForResource', { ResourceARN: '$GroupARN' }, '標籤'],
  ['UntagResource', { ResourceARN: '$GroupARN', TagKeys: ['k'] }],
  ['CreateSamplingRule', { SamplingRule: RULE }, '"FixedRate":0.5'],
  ['UpdateSamplingRule', { SamplingRuleUpdate: { RuleARN: '$RuleARN', FixedRate: 0.75 } }, '0.75'],
  ['GetSamplingRules', {}, 'Default'],
  [
    'GetSamplingTargets',
    {
      SamplingStatisticsDocuments: [
        { RuleName: '$CLIENT', ClientID: 'a'.repeat(24), Timestamp: '$NOW', RequestCount: 3, SampledCount: 2 },
        { RuleName: 'none', ClientID: 'a'.repeat(24), Timestamp: '$NOW', RequestCount: 3, SampledCount: 2 },
      ],
    },
    '0.75',
  ],
  ['GetSamplingStatisticSummaries', {}, '"RequestCount":3'],
  ['DeleteSamplingRule', { RuleName: '$CLIENT' }, '0.75'],
  ['PutEncryptionConfig', { Type: 'NONE' }, 'ACTIVE'],
  ['GetEncryptionConfig', {}, 'NONE'],
  ['PutResourcePolicy', { PolicyName: '$CLIENT', PolicyDocument: POLICY }, 'PolicyRevisionId'],
  ['ListResourcePolicies', {}, 'Allow'],
  ['DeleteResourcePolicy', { PolicyName: '$CLIENT', PolicyRevisionId: '$PolicyRevisionId' }],
  ['UpdateIndexingRule', { Name: 'Default', Rule: { Probabilistic: { DesiredSamplingPercentage: 50 } } }, '50'],
  ['GetIndexingRules', {}, '50'],
  ['UpdateTraceSegmentDestination', { Destination: 'XRay' }, 'ACTIVE'],
  ['GetTraceSegmentDestination', {}, 'XRay'],
  ['StartTraceRetrieval', { TraceIds: traceIds, ...RANGE }, 'RetrievalToken'],
  ['ListRetrievedTraces', { RetrievalToken: '$RetrievalToken' }, 'brian1'],
  ['GetRetrievedTracesGraph', { RetrievalToken: '$RetrievalToken' }, '상점 🛒'],
  ['CancelTraceRetrieval', { RetrievalToken: '$RetrievalToken' }],
  ['DeleteGroup', { GroupARN: '$GroupARN' }],
]

test('every operation of the model gives boto3 and the aws CLI the same answer', async () => {
  const { operations, answers } = await runXray<{
    readonly operations: readonly string[]
    readonly answers: Readonly<Record<'boto3' | 'cli', readonly Document[]>>
  }>(
    fnscope,
    `
import contextlib, io
from botocore import xform_name
from awscli.clidriver import create_clidriver

def plain(value):
    if isinstance(value, dict): return {k: plain(v) for k, v in value.items() if k != 'ResponseMetadata'}
    if isinstance(value, list): return [plain(v) for v in value]
    return value.timestamp() if isinstance(value, datetime.datetime) else value

def by_boto3(operation, arguments): return plain(getattr(xray, xform_name(operation))(**arguments))

cli = create_clidriver()
def by_cli(operation, arguments):
    out = io.TextIOWrapper(io.BytesIO(), encoding='utf-8', write_through=True)
    err = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(['xray', xform_name(operation, '-'), '--cli-input-json', json.dumps(arguments), '--output', 'json'])
    text = out.buffer.getvalue().decode()
    assert code == 0, (operation, code, err.getvalue())
    return plain(json.loads(text)) if text.strip() else {}

def filled(value, known):
    if isinstance(value, dict): return {k: filled(v, known) for k, v in value.items()}
    if isinstance(value, list): return [filled(v, known) for v in value]
    return known.get(value[1:], value) if isinstance(value, str) and value.startswith('$') else value

def learn(value, known):
    for item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(item[1], str) and isinstance(item[0], str): known[item[0]] = item[1]
        learn(item[1], known)

def ask(client, call):
    known, answers = {'CLIENT': client, 'NOW': int(time.time())}, []
    for operation, arguments in request:
        got = call(operation, filled(arguments, known))
        learn(got, known)
        answers.append(got)
    return answers

answer({'operations': xray.meta.service_model.operation_names, 'answers': {'boto3': ask('boto3', by_boto3), 'cli': ask('cli', by_cli)}})`,
    CALLS.map(([operation, request]) => [operation, request]),
  )
  assert.deepEqual(
    CALLS.map(([operation]) => operation).sort(),
    operations.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  assert.equal(operations.length, 38)
  for (const [i, [operation, , holds]] of CALLS.entries()) {
    const [boto3, cli] = [same(answers.boto3[i]!), same(answers.cli[i]!)]
    assert.deepEqual(JSON.parse(cli), JSON.parse(boto3), operation)
    // Documents are JSON in JSON.
    if (holds !== undefined) assert.ok(boto3.replaceAll('\\"', '"').includes(holds), `${operation}: ${boto3}`)
  }
})

/** Times of the calls, names of the clients and random ids are what differs. */
const DIFFERING = new Set([
  'CreatedAt',
  'ModifiedAt',
  'LastUpdatedTime',
  'LastRuleModification',
  'ReservoirQuotaTTL',
  'Timestamp',
])

function same(answer: Document): string {
  const text = JSON.stringify(answer, (name, value: unknown) => {
    if (DIFFERING.has(name)) return 0
    return name === 'RetrievalToken' || name === 'InsightId' ? name : value
  })
  return text.replaceAll('"cli"', '"boto3"').replaceAll(/(group|sampling-rule)\/(?:boto3|cli)(?:\/\w+)?"/g, '$1"')
}
