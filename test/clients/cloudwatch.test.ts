// CloudWatch as its writers use it: boto3 in each of its protocols, the aws CLI, AWS SDK for JavaScript, Powertools.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import type { ConsoleLogLine, ConsoleMetricPoint } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runClient, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { readLines } from '../captures.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const HERE = dirname(fileURLToPath(import.meta.url))

async function python<Answer>(code: string, request: unknown = null, started = fnscope): Promise<Answer> {
  const env = { ...started.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' }
  const script = `from cloudwatch_write import *\n${code}`
  const ran = await runClient('python', ['-c', script], env, JSON.stringify(request))
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

async function readPoints(namespace: string, count: number): Promise<readonly ConsoleMetricPoint[]> {
  return await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/metrics?limit=10000&namespace=${encodeURIComponent(namespace)}`)
    const { points } = (await answer.json()) as { readonly points: readonly ConsoleMetricPoint[] }
    return points.length >= count ? points : undefined
  })
}

async function findLines(query: Readonly<Record<string, string>>, count = 1): Promise<readonly ConsoleLogLine[]> {
  return await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/logs?${new URLSearchParams(query).toString()}`)
    const { lines } = (await answer.json()) as { readonly lines: readonly ConsoleLogLine[] }
    return lines.length >= count ? lines : undefined
  })
}

const shown = ({ name, dimensions, unit, value, count, min, max }: ConsoleMetricPoint): unknown[] => [
  name,
  dimensions,
  unit,
  [count, value, min, max],
]

for (const protocol of ['json', 'query', 'smithy-rpc-v2-cbor'])
  test(`PutMetricData over ${protocol} takes values, weighed values and statistics, small and gzipped`, async () => {
    const namespace = `Shop/${protocol}`
    const failures = await python(
      `
client = client_of('${protocol}')
stamp = datetime.datetime.fromtimestamp(int(time.time()) - 60.5, datetime.timezone.utc)
client.put_metric_data(Namespace=request, MetricData=[
  {'MetricName': 'm', 'Value': 1.5, 'Unit': 'Count', 'Timestamp': stamp, 'Dimensions': [{'Name': 'FunctionName', 'Value': 'fn-é<&"'}]},
  {'MetricName': 's', 'StatisticValues': {'SampleCount': 3, 'Sum': 10, 'Minimum': 1, 'Maximum': 5}},
  {'MetricName': 'v', 'Values': [1, 2.5, -3], 'Counts': [1, 2, 3], 'StorageResolution': 1, 'Unit': 'Bytes/Second'}])
client.put_metric_data(Namespace=request + '/large', MetricData=[
  {'MetricName': 'm%d' % i, 'Value': i, 'Dimensions': [{'Name': 'd%d' % d, 'Value': 'v'} for d in range(30)]} for i in range(1000)])
answer([failure(client.put_metric_data, Namespace=request, MetricData=[{'MetricName': 'm', **bad}])[:2] for bad in (
  {'Value': 1, 'Unit': 'Parsecs'}, {'Value': float('nan')}, {'Value': 2.0 ** 361}, {}, {'Value': 1, 'Values': [1]},
  {'Values': [1, 2], 'Counts': [1]}, {'Value': 1, 'StorageResolution': 5}, {'Values': [1] * 151},
  {'Value': 1, 'Timestamp': stamp - datetime.timedelta(days=15)}, {'Value': 1, 'Timestamp': stamp + datetime.timedelta(hours=3)},
  {'Value': 1, 'Dimensions': [{'Name': 'a', 'Value': 'x'}, {'Name': 'a', 'Value': 'y'}]})] + [
  failure(client.put_metric_data, Namespace='AWS/Lambda', MetricData=[{'MetricName': 'm', 'Value': 1}])[:2]])`,
      namespace,
    )
    const value = ['InvalidParameterValue', 400]
    const expected = Array.from({ length: 12 }, () => value)
    expected[3] = ['MissingParameter', 400]
    expected[4] = ['InvalidParameterCombination', 400]
    assert.deepEqual(failures, expected)
    const points = await readPoints(namespace, 3)
    assert.deepEqual(points.map(shown), [
      ['m', { FunctionName: 'fn-é<&"' }, 'Count', [1, 1.5, 1.5, 1.5]],
      ['s', {}, 'None', [3, 10, 1, 5]],
      ['v', {}, 'Bytes/Second', [6, -3, -3, 2.5]],
    ])
    assert.equal(points[0]!.service, 'fn-é<&"')
    assert.equal(points[0]!.timeMs % 1000, 500)
    const large = await readPoints(`${namespace}/large`, 1000)
    assert.equal(Object.keys(large[0]!.dimensions).length, 30)
  })

test('PutLogEvents refuses what the cloud refuses, with its codes', async () => {
  const failures = await python<readonly (readonly [code: string, status: number])[]>(`
put = lambda events, group='/refused', stream='s': failure(logs.put_log_events, logGroupName=group, logStreamName=stream, logEvents=events)[:2]
line = lambda ms, text='x': {'timestamp': ms, 'message': text}
out = [put([line(now_ms)])]
logs.create_log_group(logGroupName='/refused')
out += [failure(logs.create_log_group, logGroupName='/refused')[:2], put([line(now_ms)])]
logs.create_log_stream(logGroupName='/refused', logStreamName='s')
out += [failure(logs.create_log_stream, logGroupName='/refused', logStreamName='s')[:2]]
out += [put([line(now_ms), line(now_ms - 1)]), put([line(now_ms - 86400001), line(now_ms)]),
  put([line(now_ms, 'x' * 1048551)]), put([line(now_ms, 'x' * 1048550)]), put([line(now_ms)] * 10000)]
out += [failure(logs.put_retention_policy, logGroupName='/refused', retentionInDays=2)[:2], failure(logs.create_log_group, logGroupName='a b')[:2]]
answer(out)`)
  assert.deepEqual(failures, [
    ['ResourceNotFoundException', 400],
    ['ResourceAlreadyExistsException', 400],
    ['ResourceNotFoundException', 400],
    ['ResourceAlreadyExistsException', 400],
    ['InvalidParameterException', 400],
    ['InvalidParameterException', 400],
    ['InvalidParameterException', 400],
    ['taken', 200],
    ['taken', 200],
    ['InvalidParameterException', 400],
    ['InvalidParameterException', 400],
  ])
})

test('events outside the times that are kept are told by their place, and the rest is stored', async () => {
  const [old, fresh, expired] = await python<readonly Readonly<Record<string, unknown>>[]>(`
logs.create_log_group(logGroupName='/times')
logs.create_log_stream(logGroupName='/times', logStreamName='s')
day, hour = 86400000, 3600000
def put(*ms):
  r = logs.put_log_events(logGroupName='/times', logStreamName='s', sequenceToken='anything', logEvents=[{'timestamp': now_ms + m, 'message': 'kept %d' % m} for m in ms])
  assert r['nextSequenceToken']
  return r.get('rejectedLogEventsInfo')
out = [put(-15 * day, -15 * day + hour), put(-hour, 0, 3 * hour)]
logs.put_retention_policy(logGroupName='/times', retentionInDays=1)
out += [put(-25 * hour, -23 * hour)]
answer(out)`)
  assert.deepEqual(old, { tooOldLogEventEndIndex: 2, expiredLogEventEndIndex: 2 })
  assert.deepEqual(fresh, { tooNewLogEventStartIndex: 2 })
  assert.deepEqual(expired, { expiredLogEventEndIndex: 1 })
  const lines = await findLines({ filter: 'kept', function: '/times', sinceMs: String(2 * 86_400_000) }, 3)
  assert.deepEqual(lines.map(({ body }) => body).sort(), ['kept -3600000', 'kept -82800000', 'kept 0'])
})

test("lines of a function's group have their request, trace, level and metrics", async () => {
  const requestId = crypto.randomUUID()
  const traceId = '1-5759e988-bd862e3fe1be46a994272793'
  const emf = JSON.stringify({
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: 'FromLogs', Dimensions: [[]], Metrics: [{ Name: 'Orders', Unit: 'Count' }] }],
    },
    Orders: 3,
  })
  const messages = [
    `START RequestId: ${requestId} Version: $LATEST\n`,
    'plain words\n',
    JSON.stringify({ level: 'WARN', message: '訂單成立 🎉', service: 'ignored', order: 7 }),
    `Traceback (most recent call last):\n  File "app.py", line 3\nValueError: bad`,
    emf,
    JSON.stringify({ timestamp: 'x', level: 'INFO', requestId, message: emf.replace('FromLogs', 'Wrapped') }),
    `END RequestId: ${requestId}`,
    `REPORT RequestId: ${requestId}\tDuration: 3.21 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\t\nXRAY TraceId: ${traceId}\tSegmentId: 29b2db393960f3d1\tSampled: true\t\n`,
    'after',
  ]
  await python(
    `
group, stream = '/aws/lambda/remote-fn', '2026/11/21/[$LATEST]abc'
logs.create_log_group(logGroupName=group)
logs.create_log_stream(logGroupName=group, logStreamName=stream)
answer(logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{'timestamp': now_ms + i, 'message': m} for i, m in enumerate(request)]))`,
    messages,
  )
  const lines = await findLines({ function: 'remote-fn' }, messages.length)
  assert.deepEqual(
    lines.map(({ kind, severity }) => [kind, severity]),
    [
      ['platform', ''],
      ['function', ''],
      ['function', 'WARN'],
      ['function', 'ERROR'],
      ['function', ''],
      ['function', 'INFO'],
      ['platform', ''],
      ['platform', ''],
      ['function', ''],
    ],
  )
  assert.deepEqual(
    lines.map((line) => [line.requestId, line.traceId]),
    [...Array.from({ length: 8 }, () => [requestId, traceId]), [undefined, undefined]],
  )
  for (const filter of ['訂單', '🎉', 'ValueError bad', 'plain']) {
    const [found] = await findLines({ function: 'remote-fn', filter })
    assert.equal(found!.requestId, requestId, filter)
  }
  for (const namespace of ['FromLogs', 'Wrapped']) {
    const [point] = await readPoints(namespace, 1)
    assert.deepEqual([point!.value, point!.service, point!.requestId], [3, 'remote-fn', requestId])
  }
})

test('the lines that Powertools printed become its metrics from any group', async () => {
  await python(
    `
logs.create_log_group(logGroupName='metrics')
logs.create_log_stream(logGroupName='metrics', logStreamName='s')
answer(logs.put_log_events(logGroupName='metrics', logStreamName='s', logEvents=[{'timestamp': now_ms, 'message': m.replace('"Shop"', '"PutShop"').replace('1795249022889', str(now_ms))} for m in request]))`,
    readLines('emf/powertools-metrics.jsonl'),
  )
  const points = await readPoints('PutShop', 7)
  const total = (name: string): number[] => {
    const of = points.filter((point) => point.name === name)
    return [of.reduce((sum, { count }) => sum + count, 0), of.reduce((sum, { value }) => sum + value, 0)]
  }
  assert.deepEqual(['Orders', 'Latency', 'Hot', 'ColdStart'].map(total), [
    [2, 2],
    [4, 65],
    [2, 2],
    [1, 1],
  ])
})

test('the aws CLI makes groups, puts lines and metrics, and lists what is there', async () => {
  const aws = async (...args: string[]): Promise<unknown> => {
    const ran = await runClient('aws', [...args, '--output', 'json'], fnscope.clientEnv)
    assert.equal(ran.code, 0, ran.stderr)
    return ran.stdout.trim() === '' ? undefined : JSON.parse(ran.stdout)
  }
  await aws('logs', 'create-log-group', '--log-group-name', '/cli/a', '--tags', 'team=blue')
  await aws('logs', 'create-log-stream', '--log-group-name', '/cli/a', '--log-stream-name', 'one')
  await aws('logs', 'put-retention-policy', '--log-group-name', '/cli/a', '--retention-in-days', '7')
  const nowMs = Date.now()
  const event = `timestamp=${nowMs},message=from-the-cli`
  await aws('logs', 'put-log-events', '--log-group-name', '/cli/a', '--log-stream-name', 'one', '--log-events', event)
  await aws(...'cloudwatch put-metric-data --namespace Cli --metric-name m --value 2 --unit Seconds'.split(' '))
  assert.deepEqual((await readPoints('Cli', 1)).map(shown), [['m', {}, 'Seconds', [1, 2, 2, 2]]])
  const { logGroups } = (await aws('logs', 'describe-log-groups', '--log-group-name-prefix', '/cli')) as {
    readonly logGroups: readonly Readonly<Record<string, unknown>>[]
  }
  assert.deepEqual(
    logGroups.map(({ logGroupName, retentionInDays, storedBytes, arn }) => [
      logGroupName,
      retentionInDays,
      storedBytes,
      arn,
    ]),
    [['/cli/a', 7, 12 + 26, 'arn:aws:logs:us-east-1:000000000000:log-group:/cli/a:*']],
  )
  const { logStreams } = (await aws('logs', 'describe-log-streams', '--log-group-name', '/cli/a')) as {
    readonly logStreams: readonly Readonly<Record<string, unknown>>[]
  }
  assert.deepEqual(
    logStreams.map((stream) => [stream['logStreamName'], stream['lastEventTimestamp']]),
    [['one', nowMs]],
  )
})

test('AWS SDK for JavaScript writes lines and metrics, as it likes and over CBOR', async () => {
  const config = {
    endpoint: fnscope.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const cbor = { ...config, protocol: AwsSmithyRpcV2CborProtocol }
  for (const [namespace, client] of [
    ['JsOwn', new CloudWatchClient(config)],
    ['JsCbor', new CloudWatchClient(cbor)],
  ] as const) {
    const datum = {
      MetricName: 'm',
      Value: 0.25,
      Unit: 'Percent',
      Timestamp: new Date(),
      StorageResolution: 1,
    } as const
    await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [datum] }))
    assert.deepEqual((await readPoints(namespace, 1)).map(shown), [['m', {}, 'Percent', [1, 0.25, 0.25, 0.25]]])
    const refused = client.send(new PutMetricDataCommand({ Namespace: ':', MetricData: [datum] }))
    await assert.rejects(refused, (error: Error) => error.name.startsWith('InvalidParameterValue'))
    client.destroy()
  }
  const logs = new CloudWatchLogsClient(config)
  const names = { logGroupName: 'metrics', logStreamName: 'js' }
  await logs.send(new CreateLogStreamCommand(names))
  await logs.send(new PutLogEventsCommand({ ...names, logEvents: [{ timestamp: Date.now(), message: 'from js' }] }))
  await assert.rejects(
    logs.send(new PutLogEventsCommand({ ...names, logStreamName: 'no', logEvents: [{ timestamp: 1, message: 'x' }] })),
    { name: 'ResourceNotFoundException' },
  )
  logs.destroy()
  assert.equal((await findLines({ filter: 'from js' }))[0]!.logStream, 'js')
})

test('log groups, streams and their retention survive a restart, and `kill -9`', async () => {
  const dataDir = temporaryDir('log-groups')
  const list = `
groups = {g['logGroupName']: g.get('retentionInDays') for g in logs.describe_log_groups()['logGroups']}
answer([groups, [s['logStreamName'] for s in logs.describe_log_streams(logGroupName='/kept')['logStreams']]])`
  {
    await using started = await startFnscope({ dataDir })
    await python(
      `
logs.create_log_group(logGroupName='/kept')
logs.put_retention_policy(logGroupName='/kept', retentionInDays=3)
logs.create_log_stream(logGroupName='/kept', logStreamName='s')
answer(0)`,
      null,
      started,
    )
    started.child.kill('SIGKILL')
    await started.stop()
  }
  await using again = await startFnscope({ dataDir })
  assert.deepEqual(await python(list, null, again), [{ '/kept': 3 }, ['s']])
})

test('an operation that is not here, and a body that is none, are refused in the protocol of the request', async () => {
  const post = async (path: string, headers: Readonly<Record<string, string>>, body: string): Promise<unknown[]> => {
    const answer = await fetch(fnscope.url + path, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 x', ...headers },
      body,
    })
    const text = await answer.text()
    return [answer.status, answer.headers.get('content-type'), /[A-Z]\w+(?:Exception|Action)/.exec(text)?.[0]]
  }
  const json = { 'content-type': 'application/x-amz-json-1.1' }
  assert.deepEqual(await post('/', { ...json, 'x-amz-target': 'Logs_20140328.StartQuery2' }, '{}'), [
    400,
    'application/x-amz-json-1.1',
    'UnknownOperationException',
  ])
  assert.deepEqual(await post('/', { ...json, 'x-amz-target': 'Logs_20140328.PutLogEvents' }, '{"half'), [
    400,
    'application/x-amz-json-1.1',
    'SerializationException',
  ])
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.deepEqual(await post('/', form, 'Action=Nothing&Version=2010-08-01'), [400, 'text/xml', 'InvalidAction'])
  assert.deepEqual(await post('/service/GraniteServiceVersion20100801/operation/PutMetricData', {}, '\u00ff'), [
    400,
    'application/cbor',
    'SerializationException',
  ])
  const unsigned = await fetch(fnscope.url, { method: 'POST', headers: form, body: 'Action=PutMetricData' })
  assert.equal(unsigned.status, 403)
})

test('what Powertools prints now, put as log events, is its metrics', async () => {
  await python(`
import contextlib, io
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    metrics = Metrics(namespace='Live', service='orders')
    metrics.add_dimension(name='stage', value='dev')
    metrics.add_metric(name='Orders', unit=MetricUnit.Count, value=2)
    metrics.add_metric(name='Orders', unit=MetricUnit.Count, value=3)
    metrics.flush_metrics()
    with single_metric(name='Size', unit=MetricUnit.Bytes, value=512, namespace='Live') as metric:
        metric.add_dimension(name='kind', value='big')
lines = printed.getvalue().splitlines()
group, stream = '/aws/lambda/live', 's'
logs.create_log_group(logGroupName=group)
logs.create_log_stream(logGroupName=group, logStreamName=stream)
answer(logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{'timestamp': now_ms, 'message': line} for line in lines]))`)
  const points = await readPoints('Live', 2)
  assert.deepEqual(points.toSorted((a, b) => a.name.localeCompare(b.name)).map(shown), [
    ['Orders', { service: 'orders', stage: 'dev' }, 'Count', [2, 5, 2, 3]],
    ['Size', { kind: 'big' }, 'Bytes', [1, 512, 512, 512]],
  ])
})
