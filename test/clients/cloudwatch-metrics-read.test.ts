// CloudWatch's metrics as their readers use them: boto3 in each of its protocols and the aws CLI; over PutMetricData, EMF
// and a real function's figures. The numbers are calculated by hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { APPS, runClient, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'sam-app') })
  for (let i = 0; i < 2; i++) await fetch(fnscope.apps[0]!.urls['HelloWorldApi']!)
  await python(`
client = client_of('json')
base = int(time.time()) // 300 * 300 - 600
at = lambda s: datetime.datetime.fromtimestamp(base + s, datetime.timezone.utc)
dims = [{'Name': 'shop', 'Value': 'Ünï 商店'}]
put = lambda s, **d: client.put_metric_data(Namespace='Shop', MetricData=[{'MetricName': 'Latency', 'Timestamp': at(s), 'Dimensions': dims, 'Unit': 'Milliseconds', **d}])
put(0, Values=[10, 20, 30], Counts=[1, 2, 1])
put(30, Value=100)
put(120, StatisticValues={'SampleCount': 4, 'Sum': 40, 'Minimum': 5, 'Maximum': 15})
client.put_metric_data(Namespace='Shop', MetricData=[{'MetricName': 'Latency', 'Timestamp': at(0), 'Value': 7}])
client.put_metric_data(Namespace='Shop', MetricData=[{'MetricName': 'Total', 'Timestamp': at(60 * i), 'Value': v} for i, v in enumerate([5, 15, 45])])
eventually(lambda: len([m for m in client.list_metrics(Namespace='Shop')['Metrics']]) == 3)
answer(base)`)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function python<Answer>(code: string): Promise<Answer> {
  const env = { ...fnscope.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' }
  const ran = await runClient('python', ['-c', `from cloudwatch_read import *\n${code}`], env, 'null')
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

/** Names in Python: client, base (seconds), at(seconds after base), dims, data(queries…). */
const ASK = (protocol: string): string => `
client = client_of('${protocol}')
dims = [{'Name': 'shop', 'Value': 'Ünï 商店'}]
first = client.get_metric_data(StartTime=datetime.datetime.fromtimestamp(int(time.time()) // 60 * 60 - 3600), EndTime=datetime.datetime.fromtimestamp(int(time.time()) + 60), ScanBy='TimestampAscending',
  MetricDataQueries=[{'Id': 'm', 'MetricStat': {'Metric': {'Namespace': 'Shop', 'MetricName': 'Total'}, 'Period': 60, 'Stat': 'Sum'}}])['MetricDataResults'][0]['Timestamps'][0]
at = lambda s: first + datetime.timedelta(seconds=s)
latency = lambda stat, period=60, **k: {'MetricStat': {'Metric': {'Namespace': 'Shop', 'MetricName': 'Latency', 'Dimensions': dims}, 'Period': period, 'Stat': stat}, **k}
total = lambda **k: {'MetricStat': {'Metric': {'Namespace': 'Shop', 'MetricName': 'Total'}, 'Period': 60, 'Stat': 'Sum'}, **k}
def data(*queries, **k):
  r = client.get_metric_data(**{'StartTime': at(0), 'EndTime': at(300), 'ScanBy': 'TimestampAscending', 'MetricDataQueries': [{'Id': 'q%d' % i, **q} for i, q in enumerate(queries)], **k})
  return [[x['Label'], [int((t - at(0)).total_seconds()) for t in x['Timestamps']], x['Values']] for x in r['MetricDataResults']]
`

for (const protocol of ['json', 'query', 'smithy-rpc-v2-cbor'])
  test(`GetMetricStatistics, GetMetricData and ListMetrics over ${protocol} answer what one calculates`, async () => {
    const found = await python<Readonly<Record<string, unknown>>>(`${ASK(protocol)}
s = lambda **k: client.get_metric_statistics(**{'Namespace': 'Shop', 'MetricName': 'Latency', 'Dimensions': dims, 'StartTime': at(0), 'EndTime': at(300), 'Period': 60, **k})
points = s(Statistics=['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount'])
answer({
  'points': [[int((p['Timestamp'] - at(0)).total_seconds()), p['SampleCount'], p['Sum'], p['Average'], p['Minimum'], p['Maximum'], p['Unit']] for p in points['Datapoints']],
  'extended': [p.get('ExtendedStatistics') for p in s(ExtendedStatistics=['p50', 'p99.9'])['Datapoints']],
  'plain': [p['Sum'] for p in s(Statistics=['Sum'], Dimensions=[])['Datapoints']],
  'unit': s(Statistics=['Sum'], Unit='Bytes')['Datapoints'],
  'data': data(latency('Sum', 300), latency('p50', 300), latency('Maximum', Label='worst'), total(ReturnData=False)),
  'listed': sorted([m['MetricName'], [d['Value'] for d in m['Dimensions']]] for m in client.list_metrics(Namespace='Shop')['Metrics']),
  'by': [[m['MetricName'] for m in client.list_metrics(Dimensions=d)['Metrics']] for d in (dims, [{'Name': 'shop'}], [{'Name': 'shop', 'Value': 'x'}])],
})`)
    assert.deepEqual(found['points'], [
      [0, 5, 180, 36, 10, 100, 'Milliseconds'],
      [120, 4, 40, 10, 5, 15, 'Milliseconds'],
    ])
    assert.deepEqual(found['extended'], [{ p50: 20, 'p99.9': 100 }, {}])
    assert.deepEqual([found['plain'], found['unit']], [[7], []])
    assert.deepEqual(found['data'], [
      ['Latency', [0], [220]],
      ['Latency', [], []],
      ['worst', [0, 120], [100, 15]],
    ])
    assert.deepEqual(found['listed'], [
      ['Latency', []],
      ['Latency', ['Ünï 商店']],
      ['Total', []],
    ])
    assert.deepEqual(found['by'], [['Latency'], ['Latency'], []])
  })

test('metric math is calculated time by time, and pages hand on all of it', async () => {
  const found = await python<readonly unknown[]>(`${ASK('smithy-rpc-v2-cbor')}
e = lambda text, **k: {'Expression': text, **k}
out = [data(total(), e('q0 * 2 + 1'), e('RATE(q0)'), e('DIFF(q0)'), e('100 * q0 / SUM(q0)', Label='share'), e('-q0 / 0'))]
out += [data(total(ReturnData=False), latency('Sum', ReturnData=False), e('SUM(METRICS())'), e('q0 + q1'), e('MAX([q0, q1])'), e('FILL(q1, 0) + q0'), e('FILL(q1, REPEAT)'))]
pages = []
token = {}
while True:
  r = client.get_metric_data(StartTime=at(0), EndTime=at(300), MaxDatapoints=2, MetricDataQueries=[{'Id': 'a', **total()}, {'Id': 'b', **latency('Sum')}], **token)
  pages.append([x['Values'] for x in r['MetricDataResults']])
  if 'NextToken' not in r: break
  token = {'NextToken': r['NextToken']}
answer(out + [pages])`)
  assert.deepEqual(found[0], [
    ['Total', [0, 60, 120], [5, 15, 45]],
    ['q1', [0, 60, 120], [11, 31, 91]],
    ['q2', [60, 120], [10 / 60, 0.5]],
    ['q3', [60, 120], [10, 30]],
    ['share', [0, 60, 120], [(100 * 5) / 65, (100 * 15) / 65, (100 * 45) / 65]],
    ['q5', [], []],
  ])
  assert.deepEqual(found[1], [
    ['q2', [0, 60, 120], [185, 15, 85]],
    ['q3', [0, 120], [185, 85]],
    ['q4', [0, 60, 120], [180, 15, 45]],
    ['q5', [0, 60, 120], [185, 15, 85]],
    ['q6', [0, 60, 120, 180, 240], [180, 180, 40, 40, 40]],
  ])
  assert.deepEqual(found[2], [
    [[45, 15], []],
    [[5], [40]],
    [[], [180]],
  ])
})

test('searches find metrics, dashboards math chooses, trims and labels them, and there are no alarms', async () => {
  for (const protocol of ['json', 'query', 'smithy-rpc-v2-cbor']) {
    const found = await python<readonly unknown[]>(`${ASK(protocol)}
e = lambda text, **k: {'Expression': text, **k}
shop = '''SEARCH('{Shop, shop} MetricName="Latency" "shop"=("Ünï 商店" OR "x")', 'Sum', 300)'''
answer([
  data(e(shop), e('REMOVE_EMPTY(%s)' % shop.replace('Sum', 'p50').replace('300', '60'), Label="\${PROP('Dim.shop')} \${MAX}")),
  data(e("SORT(SEARCH('Namespace=\\"Shop\\"', 'Sum', 300), SUM, DESC)")),
  data(total(ReturnData=False), e('IF(q0 > 10, 1, 0)', Label='busy'), e('FILL(q0, LINEAR)'), e('TIME_SERIES(AVG(q0))')),
  [data(latency(name))[0][2] for name in ('tm60', 'WM(:60%)', 'TC(20:100)', 'PR(:20)', 'IQM')],
  [p.get('ExtendedStatistics') for p in client.get_metric_statistics(Namespace='Shop', MetricName='Latency', Dimensions=dims, StartTime=at(0), EndTime=at(60), Period=60, ExtendedStatistics=['tm60', 'IQM'])['Datapoints']],
  [[k for k in a if k != 'ResponseMetadata'] for a in (client.describe_alarms(), client.describe_alarms_for_metric(Namespace='Shop', MetricName='Latency'), client.describe_alarm_history())],
])`)
    assert.deepEqual(found[0], [
      ['Latency', [0], [220]],
      ['Ünï 商店 20', [0], [20]],
    ])
    assert.deepEqual(found[1], [
      ['Latency Ünï 商店', [0], [220]],
      ['Total', [0], [65]],
      ['Latency', [0], [7]],
    ])
    assert.deepEqual(found[2], [
      ['busy', [0, 60, 120], [0, 1, 1]],
      ['q2', [0, 60, 120], [5, 15, 45]],
      ['q3', [0, 60, 120, 180, 240], Array.from({ length: 5 }, () => 65 / 3)],
    ])
    // 10, 20, 20, 30, 100.
    assert.deepEqual(found[3], [[50 / 3], [18], [2], [60], [70 / 3]])
    assert.deepEqual(found[4], [{ tm60: 50 / 3, IQM: 70 / 3 }])
    assert.deepEqual(found[5], [['CompositeAlarms', 'MetricAlarms'], ['MetricAlarms'], ['AlarmHistoryItems']])
  }
})

test('Metrics Insights: SELECT over metrics, grouped, ordered and in metric math, through boto3 and the aws CLI', async () => {
  const found = await python<readonly (readonly unknown[])[]>(`${ASK('json')}
from aws_both import both
put = lambda name, shop, *values, **more: client.put_metric_data(Namespace='Chain', MetricData=[{'MetricName': name, 'Timestamp': at(60 * i), 'Value': v, 'Dimensions': [{'Name': k, 'Value': w} for k, w in {'shop': shop, **more}.items()]} for i, v in enumerate(values)])
put('Sales', '商店', 1, 2); put('Sales', 'b', 10, 20); put('Sales', 'b', 100, till='1'); put('Other', 'b', 1000)
client.put_metric_data(Namespace='Chain', MetricData=[{'MetricName': 'Sales', 'Timestamp': at(0), 'Value': 5}])
eventually(lambda: len(client.list_metrics(Namespace='Chain')['Metrics']) == 5)
out = []
for ask in both('cloudwatch'):
  def data(*queries):
    r = ask('GetMetricData', StartTime=at(0), EndTime=at(300), ScanBy='TimestampAscending', MetricDataQueries=[{'Id': 'q%d' % i, **q} for i, q in enumerate(queries)])
    return r if isinstance(r, str) else [[x['Label'], [int(t - at(0).timestamp()) for t in x['Timestamps']], x['Values']] for x in r['MetricDataResults']]
  q = lambda text, period=60, **k: data({'Expression': text, 'Period': period, **k})
  out.append([
    q('SELECT SUM(Sales) FROM Chain', 300), q('SELECT AVG(Sales) FROM SCHEMA(Chain, shop) GROUP BY shop ORDER BY SUM() DESC'),
    q("SELECT MAX(Sales) FROM Chain WHERE shop = 'b' AND till != '2'"), q('SELECT COUNT(Sales) FROM "Chain" GROUP BY shop ORDER BY COUNT() ASC LIMIT 1', 300, Label='least'),
    q("SELECT MIN(Sales) FROM SCHEMA(Chain) WHERE shop = 'b'"), 
    data({'Expression': 'SELECT SUM(Sales) FROM SCHEMA(Chain, shop) GROUP BY shop', 'Period': 60, 'ReturnData': False}, {'Expression': 'SUM(q0) * 2', 'Label': 'twice'}),
    data({'Expression': 'SELECT SUM(Sales) FROM Chain'}), q('SELECT P99(Sales) FROM Chain'), q("SELECT SUM(Sales) FROM Chain WHERE shop LIKE 'b%'"), q('SELECT SUM(Sales) FROM Chain', 7),
  ])
answer(out)`)
  const answers = [
    [['q0', [0], [138]]],
    [
      ['b', [0, 60], [10, 20]],
      ['商店', [0, 60], [1, 2]],
    ],
    [['q0', [0], [100]]],
    [['least Other', [0], [1]]],
    [],
    [['twice', [0, 60], [22, 44]]],
    'ValidationError',
    'ValidationError',
    'ValidationError',
    'InvalidParameterValue',
  ]
  assert.deepEqual(found, [answers, answers])
})

test('what is not supported is refused, never answered with nothing', async () => {
  const failures = await python<readonly (readonly [string, number, string])[]>(`${ASK('json')}
g = lambda query, **k: failure(client.get_metric_data, **{'StartTime': at(0), 'EndTime': at(300), 'MetricDataQueries': [{'Id': 'q', **query}], **k})
s = lambda **k: failure(client.get_metric_statistics, **{'Namespace': 'Shop', 'MetricName': 'Latency', 'StartTime': at(0), 'EndTime': at(300), 'Period': 60, 'Statistics': ['Sum'], **k})
e = lambda text: g({'Expression': text})
answer([g(latency('tm101')), g(latency('p101')), e("SEARCH('x', 'Sum', 60) + DB_PERF_INSIGHTS('x')"), e('ANOMALY_DETECTION_BAND(m)'), e('none + 1'), e('q + 1'), e('1 + 1'), e('(' * 1000), g(latency('Sum'), NextToken='zz'),
  g(latency('Sum'), StartTime=at(300), EndTime=at(0)), g({**latency('Sum'), 'Expression': '1'}), s(Period=7), s(StartTime=at(-90000)), s(Unit='Bits'), failure(client.put_metric_alarm, AlarmName='a', EvaluationPeriods=1, ComparisonOperator='LessThanThreshold')])`)
  assert.deepEqual(
    failures.map(([code, status]) => [code, status]),
    [
      ...Array.from({ length: 8 }, () => ['ValidationError', 400]),
      ['InvalidNextToken', 400],
      ['ValidationError', 400],
      ['ValidationError', 400],
      ['InvalidParameterValue', 400],
      ['InvalidParameterCombination', 400],
      ['taken', 200],
      ['InvalidAction', 400],
    ],
  )
  assert.match(failures[2]![2], /DB_PERF_INSIGHTS is not supported/)
})

test("a function's figures are there with the names and dimensions of the cloud, for boto3 and the aws CLI", async () => {
  const name = await python<string>(`
client = boto3.client('cloudwatch')
metrics = eventually(lambda: [m for p in client.get_paginator('list_metrics').paginate(Namespace='AWS/Lambda', MetricName='Invocations') for m in p['Metrics']])
assert sorted([d['Name'] for d in m['Dimensions']] for m in metrics) == [[], ['FunctionName'], ['FunctionName', 'Resource']], metrics
name = metrics[-1]['Dimensions'][0]['Value'] if metrics[-1]['Dimensions'] else metrics[0]['Dimensions'][0]['Value']
end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)
start = end - datetime.timedelta(hours=1)
def value(metric, stat, dims):
  d = client.get_metric_statistics(Namespace='AWS/Lambda', MetricName=metric, Dimensions=[{'Name': k, 'Value': v} for k, v in dims.items()], StartTime=start, EndTime=end, Period=7200, Statistics=[stat])['Datapoints']
  return [x[stat] for x in d]
for dims in ({}, {'FunctionName': name}, {'FunctionName': name, 'Resource': name}):
  assert eventually(lambda: value('Invocations', 'Sum', dims) == [2.0]), dims
  assert value('Errors', 'Sum', dims) == [0.0] and value('Throttles', 'Sum', dims) == [0.0]
  assert value('ConcurrentExecutions', 'Maximum', dims) == [1.0] and value('Duration', 'SampleCount', dims) == [2.0]
assert value('Invocations', 'Sum', {'FunctionName': 'nobody'}) == []
answer(name)`)
  const queries = JSON.stringify([
    {
      Id: 'e',
      Expression: '100 * errors / invocations',
      Label: 'Error rate',
    },
    ...['Errors', 'Invocations'].map((metric) => ({
      Id: metric.toLowerCase(),
      ReturnData: false,
      MetricStat: {
        Metric: { Namespace: 'AWS/Lambda', MetricName: metric, Dimensions: [{ Name: 'FunctionName', Value: name }] },
        Period: 3600,
        Stat: 'Sum',
      },
    })),
  ])
  const now = Date.now()
  const times = [
    '--start-time',
    new Date(now - 3_600_000).toISOString(),
    '--end-time',
    new Date(now + 60_000).toISOString(),
  ]
  const args = ['cloudwatch', 'get-metric-data', '--metric-data-queries', queries, ...times, '--output', 'json']
  const ran = await runClient('aws', args, fnscope.clientEnv)
  assert.equal(ran.code, 0, ran.stderr)
  const { MetricDataResults: results } = JSON.parse(ran.stdout) as {
    readonly MetricDataResults: readonly { readonly Label: string; readonly Values: readonly number[] }[]
  }
  assert.deepEqual(
    results.map(({ Label, Values }) => [Label, new Set(Values)]),
    [['Error rate', new Set([0])]],
  )
})
