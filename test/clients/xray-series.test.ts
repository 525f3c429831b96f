// Groups' graphs and time series as boto3 is answered, compared with figures computed by hand below each request.
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

let fnscope: StartedFnscope

// A minute that ended an hour ago, the first of five that are a period of 300 s.
const FROM = Math.floor(epochSeconds() / 300) * 300 - 3600

/** A request to `web` of so many seconds that calls `orders` for half of them, which reads a table. */
function request(start: number, seconds: number, more: Document = {}): (Document & { trace_id: string; id: string })[] {
  const call = hex(8)
  const web = segmentAt(start, {
    name: 'web',
    end_time: start + seconds,
    ...more,
    subsegments: [{ id: call, name: 'orders', namespace: 'remote', start_time: start, end_time: start + seconds / 2 }],
  })
  const orders = segmentAt(start, {
    trace_id: web.trace_id,
    parent_id: call,
    name: 'orders',
    origin: 'AWS::Lambda::Function',
    end_time: start + seconds / 4,
    subsegments: [
      {
        id: hex(8),
        name: 'DynamoDB',
        namespace: 'aws',
        aws: { table_name: 'Orders' },
        start_time: start,
        end_time: start + seconds / 8,
        ...(more['fault'] === true ? { fault: true } : {}),
      },
    ],
  })
  return [web, orders]
}

const documents = [
  // Minute 0: 1 + 2 + 4 s, one of them a fault.
  ...request(FROM + 1, 1, { annotations: { customer: 'é' } }),
  ...request(FROM + 2, 2),
  ...request(FROM + 59.5, 4, { fault: true, annotations: { customer: 'é' } }),
  // Minute 1: nothing. Minute 2: 1 s throttled, 1 s with an error.
  ...request(FROM + 120, 1, { throttle: true, error: true }),
  ...request(FROM + 130, 1, { error: true, annotations: { customer: 'é' } }),
  // Minute 6, of the next 300 s: 3 s.
  ...request(FROM + 360, 3, { annotations: { customer: 'é' } }),
]

before(async () => {
  fnscope = await startFnscope()
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
  await runXray(
    fnscope,
    `answer([xray.create_group(GroupName='é ☕', FilterExpression='annotation.customer = "é"')['Group'],
  xray.create_group(GroupName='all', FilterExpression='responsetime >= 0')['Group'],
  xray.create_group(GroupName='of another', FilterExpression='group.name = "é ☕" AND fault')['Group']])`,
  )
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

interface Statistics {
  readonly OkCount: number
  readonly ErrorStatistics: { readonly ThrottleCount: number; readonly OtherCount: number; readonly TotalCount: number }
  readonly FaultStatistics: { readonly TotalCount: number }
  readonly TotalCount: number
  readonly TotalResponseTime: number
}

interface Point {
  readonly Timestamp: number
  readonly EdgeSummaryStatistics?: Statistics
  readonly ServiceSummaryStatistics?: Statistics
  readonly ResponseTimeHistogram: readonly { readonly Value: number; readonly Count: number }[]
}

/** minute, ok, throttled, error, fault, seconds; then its histogram as seconds × count. */
type Row = readonly [
  minute: number,
  ok: number,
  throttle: number,
  error: number,
  fault: number,
  seconds: number,
  times: string,
]

function rowOf(point: Point, member: 'EdgeSummaryStatistics' | 'ServiceSummaryStatistics'): Row {
  const { OkCount, ErrorStatistics, FaultStatistics, TotalCount, TotalResponseTime } = point[member]!
  assert.equal(ErrorStatistics.TotalCount, ErrorStatistics.ThrottleCount + ErrorStatistics.OtherCount)
  assert.equal(TotalCount, OkCount + ErrorStatistics.TotalCount + FaultStatistics.TotalCount)
  const times = point.ResponseTimeHistogram.map(({ Value, Count }) => `${Value}×${Count}`).join(' ')
  const { ThrottleCount, OtherCount } = ErrorStatistics
  const minute = (point.Timestamp - FROM) / 60
  return [minute, OkCount, ThrottleCount, OtherCount, FaultStatistics.TotalCount, TotalResponseTime, times]
}

const RANGE = { StartTime: FROM, EndTime: FROM + 600 }

interface Case {
  readonly what: string
  readonly request: Document
  readonly member: 'EdgeSummaryStatistics' | 'ServiceSummaryStatistics'
  readonly rows: readonly Row[]
}

const BY_MINUTE: readonly Row[] = [
  [0, 2, 0, 0, 1, 7, '1×1 2×1 4×1'],
  [2, 0, 1, 1, 0, 2, '1×2'],
  [6, 1, 0, 0, 0, 3, '3×1'],
]

const CASES: readonly Case[] = [
  { what: 'no selector: what clients called', request: {}, member: 'EdgeSummaryStatistics', rows: BY_MINUTE },
  {
    what: 'periods of 300 s',
    request: { Period: 300 },
    member: 'EdgeSummaryStatistics',
    rows: [
      [0, 2, 1, 1, 1, 9, '1×3 2×1 4×1'],
      [5, 1, 0, 0, 0, 3, '3×1'],
    ],
  },
  {
    what: 'a service by its name',
    request: { EntitySelectorExpression: 'service("web")' },
    member: 'ServiceSummaryStatistics',
    rows: BY_MINUTE,
  },
  {
    what: 'a service by its name and type',
    request: { EntitySelectorExpression: 'id(name: "orders", type: "AWS::Lambda::Function")' },
    member: 'ServiceSummaryStatistics',
    rows: [
      [0, 3, 0, 0, 0, 1.75, '0.25×1 0.5×1 1×1'],
      [2, 2, 0, 0, 0, 0.5, '0.25×2'],
      [6, 1, 0, 0, 0, 0.75, '0.75×1'],
    ],
  },
  {
    what: 'a table that did not report',
    request: { EntitySelectorExpression: 'service(id(type: "AWS::DynamoDB::Table"))' },
    member: 'ServiceSummaryStatistics',
    rows: [
      [0, 2, 0, 0, 1, 0.875, '0.125×1 0.25×1 0.5×1'],
      [2, 2, 0, 0, 0, 0.25, '0.125×2'],
      [6, 1, 0, 0, 0, 0.375, '0.375×1'],
    ],
  },
  {
    what: 'a connection, as its caller saw it',
    request: { EntitySelectorExpression: 'edge("web", "orders")' },
    member: 'EdgeSummaryStatistics',
    rows: [
      [0, 3, 0, 0, 0, 3.5, '0.5×1 1×1 2×1'],
      [2, 2, 0, 0, 0, 1, '0.5×2'],
      [6, 1, 0, 0, 0, 1.5, '1.5×1'],
    ],
  },
  {
    what: 'a connection that is not there',
    request: { EntitySelectorExpression: 'edge("orders", "web")' },
    member: 'EdgeSummaryStatistics',
    rows: [],
  },
  {
    what: 'a group',
    request: { GroupName: 'é ☕' },
    member: 'EdgeSummaryStatistics',
    rows: [
      [0, 1, 0, 0, 1, 5, '1×1 4×1'],
      [2, 0, 0, 1, 0, 1, '1×1'],
      [6, 1, 0, 0, 0, 3, '3×1'],
    ],
  },
  {
    what: 'a service of a group of a group',
    request: { GroupName: 'of another', EntitySelectorExpression: 'service("Orders")' },
    member: 'ServiceSummaryStatistics',
    rows: [[0, 0, 0, 0, 1, 0.5, '0.5×1']],
  },
  {
    what: 'a group of all traces',
    request: { GroupName: 'all' },
    member: 'EdgeSummaryStatistics',
    rows: BY_MINUTE,
  },
  {
    what: 'the ragged ends of a range',
    request: { StartTime: FROM + 2, EndTime: FROM + 125 },
    member: 'EdgeSummaryStatistics',
    rows: [
      [0, 1, 0, 0, 1, 6, '2×1 4×1'],
      [2, 0, 1, 0, 0, 1, '1×1'],
    ],
  },
]

async function series(): Promise<readonly (readonly Point[])[]> {
  return await runXray(
    fnscope,
    `
pages = lambda one: xray.get_paginator('get_time_series_service_statistics').paginate(**one)
answer([[point for page in pages(one) for point in page['TimeSeriesServiceStatistics']] for one in request])`,
    CASES.map(({ request: one }) => ({ ...RANGE, ...one })),
  )
}

test('time series are what was computed by hand, and the same when the job has stored the minutes', async () => {
  for (const stored of [false, true]) {
    if (stored) await minutesStored(fnscope)
    const answers = await series()
    for (const [i, { what, member, rows }] of CASES.entries()) {
      assert.deepEqual(
        answers[i]!.map((point) => rowOf(point, member)),
        rows,
        `${what}${stored ? ', stored' : ''}`,
      )
    }
  }
})

test('more than a day of minutes comes by pages, each minute once', async () => {
  const answer = await runXray<{ readonly pages: number; readonly minutes: readonly number[] }>(
    fnscope,
    `
pages = list(xray.get_paginator('get_time_series_service_statistics').paginate(**request))
answer({'pages': len(pages), 'minutes': [point['Timestamp'].timestamp() for page in pages for point in page['TimeSeriesServiceStatistics']]})`,
    { StartTime: FROM - 86_400, EndTime: FROM + 600 },
  )
  assert.deepEqual(answer, { pages: 2, minutes: [FROM, FROM + 120, FROM + 360] })
})

test("a group's graph is of its traces alone, and that of a group of all the graph of all", async () => {
  interface Graph {
    readonly Services: readonly {
      readonly Name: string
      readonly SummaryStatistics?: Statistics
      readonly Edges: object
    }[]
  }
  const graphs = await runXray<readonly [all: Graph, group: Graph, some: Graph, byArn: Graph, ids: readonly string[]]>(
    fnscope,
    `
arn = xray.get_group(GroupName='é ☕')['Group']['GroupARN']
graph = lambda **more: {'Services': xray.get_service_graph(**request, **more)['Services']}
found = xray.get_trace_summaries(**request, FilterExpression='group.arn = "%s" AND fault' % arn)['TraceSummaries']
answer([graph(), graph(GroupName='all'), graph(GroupName='é ☕'), graph(GroupARN=arn), [one['Id'] for one in found]])`,
    RANGE,
  )
  const [all, group, some, byArn, ids] = graphs
  assert.deepEqual(group, all)
  assert.deepEqual(byArn, some)
  const totals = some.Services.map(({ Name, SummaryStatistics: own }) => [
    Name,
    own?.TotalCount,
    own?.TotalResponseTime,
  ])
  assert.deepEqual(totals, [
    ['web', 4, 9],
    ['orders', 4, 2.25],
    ['Orders', 4, 1.125],
    ['web', undefined, undefined],
  ])
  assert.deepEqual(ids, [documents[4]!.trace_id])
})

test("fnscope's own search knows groups too", async () => {
  const search = new URL('/api/traces', fnscope.url)
  search.search = new URLSearchParams({ filter: 'group.name = "é ☕" AND fault', since: '2h' }).toString()
  const { traces } = (await (await fetch(search)).json()) as { readonly traces: readonly { readonly id: string }[] }
  assert.deepEqual(
    traces.map(({ id }) => id),
    [documents[4]!.trace_id],
  )
})
