// The service graph and the graph of traces as boto3 reads them: nodes, edges, classes, histograms, and the same figures
// whether a minute is derived at the question or was stored by the minute job.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  epochSeconds,
  hex,
  minutesStored,
  putDocuments,
  runXray,
  segmentAt,
  visible,
  type Document,
} from './xray-client.ts'
import { ACCOUNT, shopTrace } from './xray-shop.ts'

// Minutes of their own, long closed.
const MINUTE = Math.floor(epochSeconds() / 60) * 60 - 600
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

type Services = readonly Document[]

async function traceGraph(traceIds: readonly string[]): Promise<Services> {
  return await runXray(fnscope, `answer(xray.get_trace_graph(TraceIds=request)['Services'])`, traceIds)
}

interface ServiceGraph {
  readonly StartTime: number
  readonly EndTime: number
  readonly ContainsOldGroupVersions: boolean
  readonly Services: Services
}

async function serviceGraph(start: number, end: number): Promise<ServiceGraph> {
  return await runXray(
    fnscope,
    `
graph = xray.get_service_graph(StartTime=request[0], EndTime=request[1])
answer({key: graph[key] for key in ('StartTime', 'EndTime', 'ContainsOldGroupVersions', 'Services')})`,
    [start, end],
  )
}

const statistics = (
  seconds: number,
  counts: { ok?: number; throttle?: number; error?: number; fault?: number },
): Document => {
  const { ok = 0, throttle = 0, error = 0, fault = 0 } = counts
  return {
    OkCount: ok,
    ErrorStatistics: { ThrottleCount: throttle, OtherCount: error, TotalCount: throttle + error },
    FaultStatistics: { OtherCount: fault, TotalCount: fault },
    TotalCount: ok + throttle + error + fault,
    TotalResponseTime: seconds,
  }
}

test('two equal requests make one graph: its nodes, edges, classes and histograms', async () => {
  const shops = [shopTrace(MINUTE + 10), shopTrace(MINUTE + 30)]
  await putDocuments(
    fnscope,
    shops.flatMap((one) => one.documents),
  )
  await visible(
    fnscope,
    shops.flatMap((one) => one.documents),
  )
  const services = await traceGraph(shops.map((one) => one.traceId))
  const figures = (service: Document, seconds: number, counts: object): Document => ({
    ...service,
    SummaryStatistics: statistics(seconds * 2, counts),
    DurationHistogram: [{ Value: seconds, Count: 2 }],
    ResponseTimeHistogram: [{ Value: seconds, Count: 2 }],
  })
  const times = (from: number): Document => ({ StartTime: MINUTE + 10 + from, EndTime: MINUTE + 30 + from })
  const edge = (target: number, from: number, seconds: number, counts: object): Document => ({
    ReferenceId: target,
    ...times(from),
    SummaryStatistics: statistics(seconds * 2, counts),
    ResponseTimeHistogram: [{ Value: seconds, Count: 2 }],
    Aliases: [],
  })
  const named = (name: string, type: string, state: string): Document => ({
    Name: name,
    Names: [name],
    Type: type,
    State: state,
  })
  assert.deepEqual(services, [
    figures(
      {
        ReferenceId: 0,
        ...named('web', 'AWS::EC2::Instance', 'active'),
        AccountId: ACCOUNT,
        Root: true,
        ...times(0),
        Edges: [edge(1, 0, 0.2, { throttle: 2 }), edge(2, 0, 3, { fault: 2 })],
      },
      4,
      { fault: 2 },
    ),
    figures({ ReferenceId: 1, ...named('orders', 'AWS::DynamoDB::Table', 'unknown'), ...times(0), Edges: [] }, 0.2, {
      throttle: 2,
    }),
    figures(
      {
        ReferenceId: 2,
        ...named('backend', 'AWS::ECS::Container', 'active'),
        ...times(0),
        Edges: [edge(3, 1, 0.1, { ok: 2 }), edge(4, 5, 1, { ok: 2 })],
      },
      2.8,
      { fault: 2 },
    ),
    figures({ ReferenceId: 3, ...named('SNS', 'AWS::SNS', 'unknown'), ...times(1), Edges: [] }, 0.1, { ok: 2 }),
    figures({ ReferenceId: 4, ...named('worker', 'AWS::EC2::Instance', 'active'), ...times(5), Edges: [] }, 1, {
      ok: 2,
    }),
    {
      ReferenceId: 5,
      ...named('web', 'client', 'unknown'),
      ...times(0),
      Edges: [edge(0, 0, 4, { fault: 2 })],
    },
  ])
  const graph = await serviceGraph(MINUTE, MINUTE + 60)
  assert.deepEqual(graph.Services, services)
  assert.deepEqual([graph.StartTime, graph.EndTime, graph.ContainsOldGroupVersions], [MINUTE + 10, MINUTE + 30, false])
})

test('a stored minute, a derived one and the graph of its traces agree, and a late segment changes all three', async () => {
  const minute = MINUTE - 120
  const shop = shopTrace(minute + 5)
  const [worker, backend, web] = shop.documents
  // web and its backend come first, and the callee's caller is not known: backend is a root.
  const early = [backend!, { ...web!, subsegments: [] }]
  await putDocuments(fnscope, early)
  await visible(fnscope, [backend!, web!])
  const derived = (await serviceGraph(minute, minute + 60)).Services
  assert.deepEqual(derived, await traceGraph([shop.traceId]))
  await minutesStored(fnscope)
  assert.deepEqual((await serviceGraph(minute, minute + 60)).Services, derived, 'stored')
  // Ragged ends around the stored minute.
  assert.deepEqual((await serviceGraph(minute - 17, minute + 60 + 17)).Services, derived)

  await putDocuments(fnscope, [worker!, web!])
  await visible(fnscope, [
    worker!,
    ...(web!['subsegments'] as readonly { readonly id: string }[]).map(({ id }) => ({ id, trace_id: shop.traceId })),
  ])
  const late = (await serviceGraph(minute, minute + 60)).Services
  assert.deepEqual(late, await traceGraph([shop.traceId]))
  assert.notDeepEqual(late, derived)
  await minutesStored(fnscope)
  for (let i = 0; i < 3; i++) assert.deepEqual((await serviceGraph(minute, minute + 60)).Services, late, 'stored again')
})

test('a trace over the border of two minutes gives each minute what starts in it', async () => {
  const minute = MINUTE - 300
  const shop = shopTrace(minute + 58)
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
  await minutesStored(fnscope)
  const names = (services: Services): unknown[] =>
    services.map((one) => `${String(one['Name'])} ${String(one['Type'])}`)
  const first = (await serviceGraph(minute, minute + 60)).Services
  const second = (await serviceGraph(minute + 60, minute + 120)).Services
  const both = (await serviceGraph(minute, minute + 120)).Services
  assert.deepEqual(both, await traceGraph([shop.traceId]))
  assert.equal(names(first).includes('worker AWS::EC2::Instance'), false)
  // backend called in the first minute; here it is the caller alone.
  assert.deepEqual(new Set(names(second)), new Set(['backend AWS::ECS::Container', 'worker AWS::EC2::Instance']))
  const caller = second.find((one) => one['Name'] === 'backend')!
  assert.deepEqual(caller['SummaryStatistics'], statistics(0, {}))
  assert.equal((caller['Edges'] as readonly Document[]).length, 1)
})

test('each class of outcome is counted once: fault before throttle before error', async () => {
  const minute = MINUTE - 420
  const flags = [
    {},
    { error: true },
    { throttle: true, error: true },
    { fault: true, error: true, throttle: true },
    { fault: true },
  ]
  const roots = flags.map((one, i) => segmentAt(minute + i, { name: 'classes', end_time: minute + i + 0.5, ...one }))
  const running = { ...segmentAt(minute + 9, { name: 'classes' }), end_time: undefined, in_progress: true }
  const again = roots[1]!
  await putDocuments(fnscope, [...roots, running, again, again])
  await visible(fnscope, [...roots, running])
  const [service, client] = (await serviceGraph(minute, minute + 60)).Services
  assert.deepEqual(service!['SummaryStatistics'], statistics(2.5, { ok: 1, error: 1, throttle: 1, fault: 2 }))
  assert.deepEqual(service!['ResponseTimeHistogram'], [{ Value: 0.5, Count: 5 }])
  assert.equal(client!['Type'], 'client')
  assert.equal('SummaryStatistics' in client!, false)
  assert.equal('Root' in client!, false)
})

test('a queue that nobody reports for is a node named as the last part of its URL', async () => {
  const minute = MINUTE - 540
  const send = hex(8)
  const producer = segmentAt(minute, {
    name: 'producer',
    subsegments: [
      {
        id: send,
        name: 'SQS',
        namespace: 'aws',
        start_time: minute + 0.1,
        end_time: minute + 0.2,
        aws: { operation: 'SendMessage', queue_url: 'https://sqs.us-east-1.amazonaws.com/1/jobs' },
      },
    ],
  })
  await putDocuments(fnscope, [producer])
  await visible(fnscope, [producer])
  const services = await traceGraph([producer.trace_id])
  const [service, queue] = services
  assert.deepEqual([queue!['Name'], queue!['Type'], queue!['State']], ['jobs', 'AWS::SQS::Queue', 'unknown'])
  assert.equal((service!['Edges'] as readonly Document[])[0]!['ReferenceId'], 1)
  assert.equal(services.length, 3, 'and the client')
})

test('no traces are an empty graph', async () => {
  const graph = await serviceGraph(MINUTE - 7200, MINUTE - 7100)
  assert.deepEqual(graph.Services, [])
  assert.deepEqual([graph.StartTime, graph.EndTime], [MINUTE - 7200, MINUTE - 7100])
  assert.deepEqual(await traceGraph([`1-00000001-${hex(12)}`]), [])
})
