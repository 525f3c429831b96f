// Every field of a TraceSummary for traces whose figures are known, read by boto3.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, runXray, segmentAt, visible } from './xray-client.ts'
import { ACCOUNT, QUEUE_ARN, shopTrace } from './xray-shop.ts'

const START = Math.floor(epochSeconds()) - 600
const shop = shopTrace(START)
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function summaryOf(traceId: string): Promise<Record<string, unknown>> {
  return await runXray(
    fnscope,
    `
end = time.time() + 60
while time.time() < end:
    found = xray.get_trace_summaries(StartTime=time.time() - 3600, EndTime=time.time() + 60)['TraceSummaries']
    if any(one['Id'] == request for one in found): break
    time.sleep(0.1)
answer(next(one for one in found if one['Id'] == request))`,
    traceId,
  )
}

const WEB = { Name: 'web', Names: ['web'], AccountId: ACCOUNT, Type: 'AWS::EC2::Instance' }
const BACKEND = { Name: 'backend', Names: ['backend'], Type: 'AWS::ECS::Container' }
const WORKER = { Name: 'worker', Names: ['worker'], Type: 'AWS::EC2::Instance' }
const ORDERS = { Name: 'orders', Names: ['orders'], Type: 'AWS::DynamoDB::Table' }
const SNS = { Name: 'SNS', Names: ['SNS'], Type: 'AWS::SNS' }
const BOOM = [{ Name: 'ValueError', Message: 'boom' }]

test('every field of a summary is what the segments say', async () => {
  const { Revision, ...summary } = await summaryOf(shop.traceId)
  assert.ok(Number(Revision) >= 1)
  assert.deepEqual(summary, {
    Id: shop.traceId,
    StartTime: START,
    Duration: 6,
    ResponseTime: 4,
    HasFault: true,
    HasError: false,
    HasThrottle: true,
    IsPartial: false,
    Http: {
      HttpURL: 'http://shop/order?id=1',
      HttpStatus: 503,
      HttpMethod: 'GET',
      UserAgent: 'curl/8',
      ClientIp: '203.0.113.9',
    },
    Annotations: {
      tier: [{ AnnotationValue: { StringValue: 'gold' }, ServiceIds: [WEB, BACKEND] }],
      count: [
        { AnnotationValue: { NumberValue: 3 }, ServiceIds: [WEB] },
        { AnnotationValue: { NumberValue: 5.5 }, ServiceIds: [BACKEND] },
      ],
      retried: [
        { AnnotationValue: { BooleanValue: true }, ServiceIds: [WEB] },
        { AnnotationValue: { BooleanValue: false }, ServiceIds: [BACKEND] },
      ],
    },
    Users: [
      { UserName: 'ann', ServiceIds: [WEB] },
      { UserName: 'bob', ServiceIds: [BACKEND] },
    ],
    ServiceIds: [WEB, BACKEND, WORKER, ORDERS, SNS],
    ResourceARNs: [{ ARN: QUEUE_ARN }],
    InstanceIds: [{ Id: 'i-1' }, { Id: 'i-2' }],
    AvailabilityZones: [{ Name: 'us-east-1a' }, { Name: 'us-east-1b' }],
    EntryPoint: WEB,
    FaultRootCauses: [
      {
        ClientImpacting: true,
        Services: [
          {
            ...WEB,
            Inferred: false,
            EntityPath: [
              { Name: 'web', Remote: false, Exceptions: BOOM },
              { Name: 'backend.local', Remote: true, Exceptions: [] },
            ],
          },
          {
            ...BACKEND,
            Inferred: false,
            EntityPath: [
              { Name: 'backend', Remote: false, Exceptions: [] },
              { Name: 'compute', Remote: false, Exceptions: BOOM },
            ],
          },
        ],
      },
    ],
    ErrorRootCauses: [
      {
        ClientImpacting: false,
        Services: [
          {
            ...WEB,
            Inferred: false,
            EntityPath: [
              { Name: 'web', Remote: false, Exceptions: BOOM },
              { Name: 'DynamoDB', Remote: true, Exceptions: [] },
            ],
          },
          { ...ORDERS, Inferred: true, EntityPath: [{ Name: 'orders', Remote: false, Exceptions: [] }] },
        ],
      },
    ],
    ResponseTimeRootCauses: [
      {
        ClientImpacting: true,
        Services: [
          {
            ...WEB,
            Inferred: false,
            EntityPath: [
              { Name: 'web', Remote: false, Coverage: 1 },
              { Name: 'backend.local', Remote: true, Coverage: 0.75 },
            ],
          },
          {
            ...BACKEND,
            Inferred: false,
            EntityPath: [
              { Name: 'backend', Remote: false, Coverage: 0.7 },
              { Name: 'compute', Remote: false, Coverage: 0.65 },
            ],
          },
        ],
      },
    ],
  })
})

test('a root of its own says error and throttle of itself; without http and user their keys are empty', async () => {
  const limited = segmentAt(START + 1, { name: 'limited', error: true, throttle: true, end_time: START + 1.25 })
  await putDocuments(fnscope, [limited])
  await visible(fnscope, [limited])
  const summary = await summaryOf(limited.trace_id)
  assert.deepEqual(
    [summary['HasError'], summary['HasThrottle'], summary['HasFault'], summary['ResponseTime'], summary['Duration']],
    [true, true, false, 0.25, 0.25],
  )
  assert.deepEqual(summary['Http'], {})
  assert.deepEqual(summary['Users'], [])
  assert.deepEqual(summary['Annotations'], {})
  assert.deepEqual(summary['EntryPoint'], { Name: 'limited', Names: ['limited'] })
})

test('a trace is partial while something runs, an asked service is silent, or a parent is missing', async () => {
  const start = START + 2
  const inProgress = segmentAt(start)
  const running = {
    ...segmentAt(start),
    trace_id: inProgress.trace_id,
    parent_id: inProgress.id,
    in_progress: true,
    end_time: undefined,
  }
  const traced = segmentAt(start, {
    subsegments: [
      {
        id: hex(8),
        name: 'peer',
        namespace: 'remote',
        start_time: start,
        end_time: start + 1,
        http: { request: { traced: true } },
      },
    ],
  })
  const orphan = segmentAt(start, { type: 'subsegment', parent_id: hex(8), name: '## handler' })
  const foreign = segmentAt(start, { parent_id: hex(8) })
  const documents = [inProgress, running, traced, orphan, foreign]
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
  const partial = async (document: { readonly trace_id: string }): Promise<unknown> =>
    (await summaryOf(document.trace_id))['IsPartial']
  assert.equal(await partial(inProgress), true)
  assert.equal(await partial(traced), true)
  assert.equal(await partial(orphan), true)
  assert.equal(await partial(foreign), false, 'a caller outside our sight is nothing that is still to come')
  const done = { ...running, in_progress: undefined, end_time: start + 1 }
  await putDocuments(fnscope, [done])
  await runXray(
    fnscope,
    `
end = time.time() + 30
while time.time() < end:
    found = xray.get_trace_summaries(StartTime=time.time() - 3600, EndTime=time.time() + 60)['TraceSummaries']
    if not next(one for one in found if one['Id'] == request)['IsPartial']: break
    time.sleep(0.1)
else: raise AssertionError('still partial')
answer(None)`,
    inProgress.trace_id,
  )
})
