// Metric filters of CloudWatch Logs through boto3 and the aws CLI: put, listed, tried, and the metrics that they make of lines
// as these come in; those of templates too, and over a restart.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runClient, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const TEMPLATE = `
Resources:
  Shop:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: shop
      Runtime: python3.11
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/shop
      Code:
        ZipFile: |
          def handler(event, context):
              print('{"status":"failed","kind":"book"}')
              print('{"status":"fine","kind":"book"}')
  Failed:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterName: failed
      LogGroupName: !Sub /aws/lambda/\${Shop}
      FilterPattern: '{ $.status = "failed" }'
      MetricTransformations:
        - MetricName: Failed
          MetricNamespace: Shop
          MetricValue: '1'
          Unit: Count
          Dimensions: [{ Key: Kind, Value: $.kind }]
`

let fnscope: StartedFnscope
let dataDir: string
let appDir: string

before(async () => {
  dataDir = temporaryDir('metric-filters')
  appDir = temporaryDir('metric-filters-app')
  writeFileSync(join(appDir, 'template.yaml'), TEMPLATE)
  fnscope = await startFnscope({ dataDir, app: appDir })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  for (const dir of [dataDir, appDir]) rmSync(dir, { recursive: true, force: true })
})

async function python<Answer>(code: string): Promise<Answer> {
  const env = { ...fnscope.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' }
  const ran = await runClient('python', ['-c', `${PRELUDE}\n${code}`], env, 'null')
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

const PRELUDE = `
from cloudwatch_read import *
from aws_both import both
minute = now_ms // 60000 * 60 - 600
clients = list(zip(('boto3', 'cli'), both('logs'), both('cloudwatch')))
def group(name, make=True):
  if make: logs.create_log_group(logGroupName=name)
  logs.create_log_stream(logGroupName=name, logStreamName='s')
def put(name, *messages, at=0):
  logs.put_log_events(logGroupName=name, logStreamName='s', logEvents=[{'timestamp': (minute + at) * 1000 + i, 'message': m} for i, m in enumerate(messages)])
def metric(name, value='1', **more): return [{'metricName': name, 'metricNamespace': 'Test', 'metricValue': value, **more}]
def points(cloudwatch, name, namespace='Test', count=1, **dimensions):
  ask = lambda: cloudwatch('GetMetricStatistics', Namespace=namespace, MetricName=name, StartTime=iso(minute - 60), EndTime=iso(minute + 900), Period=60, Statistics=['Sum', 'SampleCount', 'Minimum', 'Maximum'], Dimensions=[{'Name': k, 'Value': v} for k, v in dimensions.items()])['Datapoints']
  found = eventually(lambda: (lambda r: r if sum(p['SampleCount'] for p in r) >= count else None)(ask()))
  return sorted([p['Timestamp'] - minute, p['SampleCount'], p['Sum'], p['Minimum'], p['Maximum'], p['Unit']] for p in found)
def iso(seconds): return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
`

test('metric filters are put, replaced, listed by group, prefix and metric, paged and deleted', async () => {
  const answers = await python<readonly (readonly unknown[])[]>(`
out = []
for name, ask, _ in clients:
  g = '/listed/' + name
  group(g)
  p = lambda f, **k: ask('PutMetricFilter', **{'logGroupName': g, 'filterName': f, 'filterPattern': 'ERROR', 'metricTransformations': metric('m'), **k})
  d = lambda **k: ask('DescribeMetricFilters', **k)
  show = lambda r: [[f['filterName'], f['filterPattern'], f['metricTransformations']] for f in r['metricFilters']]
  got = [p('b'), p('a', filterPattern='{ $.ms > 0 }', metricTransformations=metric('n', '$.ms', dimensions={'Path': '$.path'}, unit='Milliseconds')), p('b', filterPattern='', metricTransformations=metric('m', '2', defaultValue=0))]
  first = d(logGroupName=g, limit=1)
  got += [show(first), show(d(logGroupName=g, limit=1, nextToken=first['nextToken'])), show(d(logGroupName=g, filterNamePrefix='b')), [f['logGroupName'] == g for f in d(metricName='n', metricNamespace='Test')['metricFilters']][-1:], logs.describe_log_groups(logGroupNamePrefix=g)['logGroups'][0]['metricFilterCount']]
  got += [ask('DeleteMetricFilter', logGroupName=g, filterName='a'), ask('DeleteMetricFilter', logGroupName=g, filterName='a'), len(show(d(logGroupName=g)))]
  got += [p('x', logGroupName='/none'), p('x', filterPattern='{ $.a ='), p('x', filterPattern='%a% %b% %c%'), p('x', metricTransformations=metric('m', 'many')), p('x', metricTransformations=metric('m', '$.ms')),
    p('x', filterPattern='[a, b]', metricTransformations=metric('m', '$c')), p('x', filterPattern='{ $.a = * }', metricTransformations=metric('m', dimensions={'A': '$.a'}, defaultValue=1)),
    p('x', metricTransformations=metric('m:')), p('x', metricTransformations=metric('m', unit='Furlongs')), p('x:'), p('x', fieldSelectionCriteria='a'), d(metricName='m'), d(logGroupName='/none')]
  got += [[p('r%d' % i, filterPattern='%a% %b%') for i in range(3)], [[logs.put_metric_filter(logGroupName=g, filterName='f%d' % i, filterPattern='', metricTransformations=metric('m')) for i in range(96)] and None, p('g'), p('h')][1:]]
  out.append(got)
answer(out)`)
  const listed = (name: string): readonly unknown[] =>
    name === 'a'
      ? [
          'a',
          '{ $.ms > 0 }',
          [
            {
              metricName: 'n',
              metricNamespace: 'Test',
              metricValue: '$.ms',
              dimensions: { Path: '$.path' },
              unit: 'Milliseconds',
            },
          ],
        ]
      : ['b', '', [{ metricName: 'm', metricNamespace: 'Test', metricValue: '2', defaultValue: 0 }]]
  const invalid = Array.from({ length: 11 }, () => 'InvalidParameterException')
  for (const got of answers)
    assert.deepEqual(got, [
      {},
      {},
      {},
      [listed('a')],
      [listed('b')],
      [listed('b')],
      [true],
      2,
      {},
      'ResourceNotFoundException',
      1,
      'ResourceNotFoundException',
      ...invalid,
      'ResourceNotFoundException',
      [{}, {}, 'LimitExceededException'],
      [{}, 'LimitExceededException'],
    ])
})

test('a pattern is tried with the values that it names', async () => {
  const answers = await python<readonly unknown[]>(`
line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /a HTTP/1.0" 200 1534'
t = lambda ask, pattern, *messages: [[m['eventNumber'], m['extractedValues']] for m in ask('TestMetricFilter', filterPattern=pattern, logEventMessages=list(messages))['matches']]
answer([[t(ask, 'ERROR', 'an ERROR', 'none'), t(ask, '[ip, id, user, time, request, status = 2*, size]', 'x', line), t(ask, '[..., size]', line),
  t(ask, '{ $.kind = "주문" && $.items[0].price > 3 }', '{"kind":"주문","items":[{"price":3.5}]}'), t(ask, '{ $.a = 1 || $.b = 2 }', '{"b":2}')] for _, ask, _ in clients])`)
  const named = {
    $ip: '127.0.0.1',
    $id: '-',
    $user: 'frank',
    $time: '10/Oct/2000:13:25:15 -0700',
    $request: 'GET /a HTTP/1.0',
    $status: '200',
    $size: '1534',
  }
  const numbered = Object.fromEntries(Object.values(named).map((value, i) => [i === 6 ? '$size' : `$${i + 1}`, value]))
  const tried = [
    [[1, {}]],
    [[2, named]],
    [[1, numbered]],
    [[1, { '$.kind': '주문', '$.items[0].price': '3.5' }]],
    [[1, { '$.b': '2' }]],
  ]
  assert.deepEqual(answers, [tried, tried])
})

test('lines that fit become metrics: a number or a value of the line, by dimensions, in the minute of the line', async () => {
  const answers = await python<readonly unknown[]>(`
group('/measured')
def filter(name, pattern, *transformation, **more):
  logs.put_metric_filter(logGroupName='/measured', filterName=name, filterPattern=pattern, metricTransformations=metric(name, *transformation, **more))
put('/measured', 'ERROR before there was a filter')
filter('errors', 'ERROR', unit='Count'); filter('ms', '{ $.ms >= 0 }', '$.ms', unit='Milliseconds'); filter('path', '{ $.path = * }', '$.ms', dimensions={'Path': '$.path', 'User': '$.user.name'})
filter('size', '[..., size > 10]', '$size'); filter('regex', '%ERR[A-Z]+%', '2.5')
put('/measured', 'ERROR one', '{"ms": 5, "path": "/a"}', '{"ms": 7, "path": "/a", "user": {"name": "김"}}', '{"ms": "much", "path": "/a"}', 'GET / 200 42', 'fine')
put('/measured', 'an ERROR again', '{"ms": 5, "path": "/a"}', at=60)
put('/measured', '{"ms": -1, "path": 12}', at=61)
answer([[points(c, 'errors', count=2), points(c, 'ms', count=3), points(c, 'path', Path='/a', count=2), points(c, 'path', Path='/a', User='김'), points(c, 'path', Path='12'), points(c, 'size'), points(c, 'regex', count=2)] for _, _, c in clients])`)
  const measured = [
    [
      [0, 1, 1, 1, 1, 'Count'],
      [60, 1, 1, 1, 1, 'Count'],
    ],
    [
      [0, 2, 12, 5, 7, 'Milliseconds'],
      [60, 1, 5, 5, 5, 'Milliseconds'],
    ],
    [
      [0, 1, 5, 5, 5, 'None'],
      [60, 1, 5, 5, 5, 'None'],
    ],
    [[0, 1, 7, 7, 7, 'None']],
    [[60, 1, -1, -1, -1, 'None']],
    [[0, 1, 42, 42, 42, 'None']],
    [
      [0, 1, 2.5, 2.5, 2.5, 'None'],
      [60, 1, 2.5, 2.5, 2.5, 'None'],
    ],
  ]
  assert.deepEqual(answers, [measured, measured])
})

test("a template's filters are there while it is deployed, from a directory and as a stack", async () => {
  const answer = await python<readonly unknown[]>(`
import boto3
cf = boto3.client('cloudformation')
names = lambda g: [f['filterName'] for f in logs.describe_metric_filters(logGroupName=g)['metricFilters']]
out = [names('/aws/lambda/shop')]
boto3.client('lambda').invoke(FunctionName='shop')
out.append([p[1:] for p in points(clients[1][2], 'Failed', 'Shop', Kind='book')])
template = {'Resources': {'Visits': {'Type': 'AWS::Logs::MetricFilter', 'Properties': {'LogGroupName': '/visits', 'FilterPattern': 'visit', 'MetricTransformations': [{'MetricName': 'Visits', 'MetricNamespace': 'Site', 'MetricValue': '1', 'DefaultValue': 0}]}}}, 'Outputs': {'Name': {'Value': {'Ref': 'Visits'}}}}
cf.create_stack(StackName='visits', TemplateBody=json.dumps(template))
cf.get_waiter('stack_create_complete').wait(StackName='visits', WaiterConfig={'Delay': 1})
group('/visits')
ref = cf.describe_stacks(StackName='visits')['Stacks'][0]['Outputs'][0]['OutputValue']
resource = cf.describe_stack_resources(StackName='visits')['StackResources'][0]
put('/visits', 'a visit', 'a visit', 'nobody')
out += [names('/visits') == [ref] == [resource['PhysicalResourceId']], resource.get('ResourceStatusReason'), points(clients[0][2], 'Visits', 'Site', count=2)]
cf.delete_stack(StackName='visits')
cf.get_waiter('stack_delete_complete').wait(StackName='visits', WaiterConfig={'Delay': 1})
out.append(names('/visits'))
answer(out)`)
  assert.deepEqual(answer, [['failed'], [[1, 1, 1, 1, 'Count']], true, null, [[0, 2, 2, 1, 1, 'None']], []])
})

test('over a restart filters stay, no point comes twice, and a minute without a fitting line has the default value', async () => {
  const minute = await python<number>(`
group('/again')
logs.put_metric_filter(logGroupName='/again', filterName='f', filterPattern='ERROR', metricTransformations=metric('again', defaultValue=0))
put('/again', 'ERROR', 'ERROR', 'fine')
put('/again', 'fine', at=60)
answer(minute)`)
  assert.equal(await fnscope.stop(), 0)
  fnscope = await startFnscope({ dataDir, app: appDir })
  const answers = await python<readonly unknown[]>(`
minute = ${minute}
put('/again', 'ERROR', at=120)
answer([[points(c, 'again', count=4), [f['filterName'] for f in ask('DescribeMetricFilters', logGroupName='/again')['metricFilters']]] for _, ask, c in clients])`)
  const kept = [
    [
      [0, 2, 2, 1, 1, 'None'],
      [60, 1, 0, 0, 0, 'None'],
      [120, 1, 1, 1, 1, 'None'],
    ],
    ['f'],
  ]
  assert.deepEqual(answers, [kept, kept])
})
