// CloudWatch Logs as its readers use it, unmodified: boto3 and its paginators, the aws CLI, `sam logs`; over the lines of
// real functions and over lines that were put.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { APPS, runClient, startFnscope, VENV, type Ran, type StartedFnscope } from '../started-fnscope.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const TEXTS = [
  '訂單成立 🎉 customer=王小明',
  '결제가 완료되었습니다 ✅',
  'Le paiement a échoué à 12 h 05',
  'plain ERROR line',
]

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'sam-app') })
  const response = await fetch(fnscope.apps[0]!.urls['HelloWorldApi']!)
  assert.equal(response.status, 200)
  await python(
    `
logs.create_log_group(logGroupName='/texts')
for stream in ('one', 'two'):
  logs.create_log_stream(logGroupName='/texts', logStreamName=stream)
  logs.put_log_events(logGroupName='/texts', logStreamName=stream, logEvents=[{'timestamp': now_ms - 1000 + i, 'message': m} for i, m in enumerate(request)])
eventually(lambda: len(logs.filter_log_events(logGroupName='/texts')['events']) == 2 * len(request))
groups = lambda: [g['logGroupName'] for g in logs.describe_log_groups(logGroupNamePrefix='/aws/lambda/')['logGroups']]
eventually(lambda: [e for g in groups() for e in logs.filter_log_events(logGroupName=g, filterPattern='REPORT')['events']])
answer(0)`,
    TEXTS,
  )
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function python<Answer>(code: string, request: unknown = null): Promise<Answer> {
  const env = { ...fnscope.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' }
  const ran = await runClient('python', ['-c', `from cloudwatch_read import *\n${code}`], env, JSON.stringify(request))
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

async function succeed(name: string, ...args: string[]): Promise<Ran> {
  const ran = await runClient(name, args, { ...fnscope.clientEnv, PYTHONUTF8: '1' })
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

test('FilterLogEvents answers events in order, the same ids each time, every kind of pattern, and its pages', async () => {
  const found = await python<Readonly<Record<string, unknown>>>(
    `
f = lambda **k: logs.filter_log_events(logGroupName='/texts', **k)['events']
m = lambda **k: [e['message'] for e in f(**k)]
pages = [[e['eventId'] for e in p['events']] for p in logs.get_paginator('filter_log_events').paginate(logGroupName='/texts', PaginationConfig={'PageSize': 3})]
first = f()[0]
answer({
  'all': m(), 'one': m(logStreamNames=['one']), 'prefix': m(logStreamNamePrefix='tw'),
  'patterns': [sorted(set(m(filterPattern=p))) for p in ('訂單', '"🎉 customer"', '완료되었습니다', 'échoué', 'ERROR', '-ERROR -échoué -訂單', '?ERROR ?échoué', '%c[a-z]+=%', '[..., last = line]')],
  'time': m(startTime=first['timestamp'] + 1, endTime=first['timestamp'] + 2),
  'newest': m(startFromHead=False)[:2],
  'pages': [len(p) for p in pages], 'ids': [e['eventId'] for e in f()] == [i for p in pages for i in p], 'again': f()[0] == first,
  'first': sorted(first), 'times': [f()[-1]['timestamp'] - first['timestamp'], first['ingestionTime'] >= first['timestamp']], 'stream': first['logStreamName'],
})`,
  )
  assert.deepEqual(
    found['all'],
    TEXTS.flatMap((text) => [text, text]),
  )
  assert.deepEqual(found['one'], TEXTS)
  assert.deepEqual(found['prefix'], TEXTS)
  assert.deepEqual(found['patterns'], [
    [TEXTS[0]],
    [TEXTS[0]],
    [TEXTS[1]],
    [TEXTS[2]],
    [TEXTS[3]],
    [TEXTS[1]],
    [TEXTS[2], TEXTS[3]],
    [TEXTS[0]],
    [TEXTS[3]],
  ])
  assert.deepEqual(found['time'], [TEXTS[1], TEXTS[1], TEXTS[2], TEXTS[2]])
  assert.deepEqual(found['newest'], [TEXTS[3], TEXTS[3]])
  assert.deepEqual(found['pages'], [3, 3, 2])
  assert.deepEqual([found['ids'], found['again']], [true, true])
  assert.deepEqual(found['first'], ['eventId', 'ingestionTime', 'logStreamName', 'message', 'timestamp'])
  assert.deepEqual([found['times'], found['stream']], [[3, true], 'one'])
})

test('GetLogEvents pages both ways, and its tokens stay at the ends until something new comes', async () => {
  const found = await python<Readonly<Record<string, unknown>>>(
    `
g = lambda **k: logs.get_log_events(logGroupName='/texts', logStreamName='one', **k)
t = lambda p: [request.index(e['message']) for e in p['events']]
newest = g(limit=2)
back = g(limit=2, nextToken=newest['nextBackwardToken'])
begin = g(limit=2, nextToken=back['nextBackwardToken'])
again = g(limit=2, nextToken=begin['nextBackwardToken'])
turned = g(limit=9, nextToken=again['nextForwardToken'])
head = g(limit=3, startFromHead=True)
rest = g(limit=3, nextToken=head['nextForwardToken'])
end = g(limit=3, nextToken=rest['nextForwardToken'])
behind = g(limit=9, nextToken=end['nextBackwardToken'])
logs.put_log_events(logGroupName='/texts', logStreamName='one', logEvents=[{'timestamp': now_ms, 'message': request[0]}])
late = eventually(lambda: t(g(nextToken=end['nextForwardToken'])))
answer({'pages': [t(p) for p in (newest, back, begin, again, turned, head, rest, end, behind)], 'late': late,
  'stable': [begin['nextBackwardToken'] == again['nextBackwardToken'], rest['nextForwardToken'] == end['nextForwardToken']],
  'end': t(g(startTime=head['events'][2]['timestamp'], endTime=head['events'][2]['timestamp'] + 1))})`,
    TEXTS,
  )
  assert.deepEqual(found['pages'], [[2, 3], [0, 1], [], [], [0, 1, 2, 3], [0, 1, 2], [3], [], [0, 1, 2, 3]])
  assert.deepEqual(found['stable'], [true, true])
  assert.deepEqual(found['late'], [0])
  assert.deepEqual(found['end'], [2])
})

test('what is wrong is refused with the code of the cloud and the place of the mistake', async () => {
  const failures = await python<readonly (readonly [string, number, string])[]>(`
f = lambda **k: failure(logs.filter_log_events, **{'logGroupName': '/texts', **k})
g = lambda **k: failure(logs.get_log_events, **{'logGroupName': '/texts', 'logStreamName': 'one', **k})
answer([f(logGroupName='/none'), f(logStreamNames=['none']), f(logStreamNames=['one'], logStreamNamePrefix='o'), f(limit=10001), f(nextToken='x'),
  f(startTime=2, endTime=1), f(filterPattern='{ $.a = }'), f(filterPattern='ERROR ?WARN'), f(filterPattern='"x'), f(filterPattern='x' * 1024 + 'y'),
  g(logStreamName='none'), g(nextToken='f/1/s'), g(startTime=5, endTime=4)])`)
  assert.deepEqual(
    failures.map(([code]) => code),
    [
      'ResourceNotFoundException',
      'ResourceNotFoundException',
      ...Array.from({ length: 8 }, () => 'InvalidParameterException'),
      'ResourceNotFoundException',
      ...Array.from({ length: 2 }, () => 'InvalidParameterException'),
    ],
  )
  assert.match(failures[6]![2], /character 9/)
})

test('a group that is deleted takes its lines with it, and so does a stream', async () => {
  const left = await python<readonly unknown[]>(`
def put(group, stream, text):
  logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{'timestamp': now_ms, 'message': text}])
def make(group, *streams):
  logs.create_log_group(logGroupName=group)
  for stream in streams:
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
m = lambda group: [e['message'] for e in logs.filter_log_events(logGroupName=group)['events']]
make('/gone', 'a', 'b')
put('/gone', 'a', 'first'); put('/gone', 'b', 'second')
logs.delete_log_stream(logGroupName='/gone', logStreamName='a')
out = [eventually(lambda: m('/gone'))]
logs.delete_log_group(logGroupName='/gone')
out += [failure(logs.filter_log_events, logGroupName='/gone')[0]]
make('/gone', 'b')
out += [m('/gone')]
put('/gone', 'b', 'third')
out += [eventually(lambda: m('/gone')), failure(logs.delete_log_group, logGroupName='/none')[0]]
answer(out)`)
  assert.deepEqual(left, [['second'], 'ResourceNotFoundException', [], ['third'], 'ResourceNotFoundException'])
})

test('lines past the retention of their group are not answered, and come back to nobody when it ends', async () => {
  const found = await python<readonly unknown[]>(`
day = 86400000
logs.create_log_group(logGroupName='/kept')
logs.create_log_stream(logGroupName='/kept', logStreamName='s')
for age in (5, 2, 0):
  logs.put_log_events(logGroupName='/kept', logStreamName='s', logEvents=[{'timestamp': now_ms - age * day, 'message': 'age %d' % age}])
m = lambda: [e['message'] for e in logs.filter_log_events(logGroupName='/kept')['events']]
out = [eventually(lambda: len(m()) == 3 and m())]
logs.put_retention_policy(logGroupName='/kept', retentionInDays=3)
out += [m(), logs.describe_log_groups(logGroupNamePrefix='/kept')['logGroups'][0]['retentionInDays']]
import urllib.request, os
raw = lambda: [l['body'] for l in json.load(urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/api/logs?function=%2Fkept&sinceMs=' + str(9 * day)))['lines']]
eventually(lambda: 'age 5' not in raw())
logs.delete_retention_policy(logGroupName='/kept')
out += [m(), 'retentionInDays' in logs.describe_log_groups(logGroupNamePrefix='/kept')['logGroups'][0]]
answer(out)`)
  assert.deepEqual(found, [['age 5', 'age 2', 'age 0'], ['age 2', 'age 0'], 3, ['age 2', 'age 0'], false])
})

test('subscription filters are kept, listed, replaced and deleted, two a group', async () => {
  const found = await python<readonly unknown[]>(`
arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
put = lambda name, pattern='ERROR', **k: failure(logs.put_subscription_filter, **{'logGroupName': '/texts', 'filterName': name, 'filterPattern': pattern, 'destinationArn': arn, **k})[0]
show = lambda: [[f['filterName'], f['filterPattern'], f['destinationArn'], f['distribution'], f['logGroupName']] for p in logs.get_paginator('describe_subscription_filters').paginate(logGroupName='/texts', PaginationConfig={'PageSize': 1}) for f in p['subscriptionFilters']]
out = [put('b'), put('a', ''), put('c'), put('b', '訂單', distribution='Random'), put('d', '{ $.a'), put('d', destinationArn='x'), put('d', logGroupName='/none'), show()]
out += [failure(logs.delete_subscription_filter, logGroupName='/texts', filterName='a')[0], failure(logs.delete_subscription_filter, logGroupName='/texts', filterName='a')[0], len(show())]
answer(out)`)
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
  assert.deepEqual(found, [
    'taken',
    'taken',
    'LimitExceededException',
    'taken',
    'InvalidParameterException',
    'InvalidParameterException',
    'ResourceNotFoundException',
    [
      ['a', '', arn, 'ByLogStream', '/texts'],
      ['b', '訂單', arn, 'Random', '/texts'],
    ],
    'taken',
    'ResourceNotFoundException',
    1,
  ])
})

test("tags, fields of a group, one record and a pattern's trial are answered", async () => {
  const found = await python<Readonly<Record<string, unknown>>>(
    `
logs.create_log_group(logGroupName='/fields', tags={'팀': '결제'})
arn = logs.describe_log_groups(logGroupNamePrefix='/fields')['logGroups'][0]['logGroupArn']
logs.tag_resource(resourceArn=arn, tags={'a': 'b', 'c': 'd'})
logs.untag_resource(resourceArn=arn, tagKeys=['a', 'never'])
logs.create_log_stream(logGroupName='/fields', logStreamName='s')
logs.put_log_events(logGroupName='/fields', logStreamName='s', logEvents=[{'timestamp': now_ms - 1000 + i, 'message': m} for i, m in enumerate(request)])
fields = eventually(lambda: logs.get_log_group_fields(logGroupName='/fields')['logGroupFields'])
query = logs.start_query(logGroupName='/fields', startTime=now_ms // 1000 - 60, endTime=now_ms // 1000 + 60, queryString='filter order.id = 7')['queryId']
rows = eventually(lambda: logs.get_query_results(queryId=query)['results'])
pointer = [f['value'] for f in rows[0] if f['field'] == '@ptr'][0]
record = logs.get_log_record(logRecordPointer=pointer)['logRecord']
answer({
  'tags': [logs.list_tags_for_resource(resourceArn=arn + ':*')['tags'], logs.list_tags_log_group(logGroupName='/fields')['tags']],
  'fields': {f['name']: f['percent'] for f in fields},
  'elsewhen': logs.get_log_group_fields(logGroupName='/fields', time=1000)['logGroupFields'],
  'record': {k: record.get(k) for k in ('@message', '@logStream', 'order.id', 'user')},
  'tried': [[m['eventNumber'] for m in logs.test_metric_filter(filterPattern=p, logEventMessages=request)['matches']] for p in ('{ $.order.id = 7 }', 'failed', '-failed')],
  'failures': [failure(logs.get_log_record, logRecordPointer='x')[0], failure(logs.get_log_record, logRecordPointer=pointer[:-1] + '9')[0], failure(logs.get_log_group_fields, logGroupName='/none')[0],
    failure(logs.list_tags_for_resource, resourceArn='arn:aws:logs:us-east-1:1:destination:x')[0], failure(logs.tag_resource, resourceArn=arn, tags={'t%d' % i: '' for i in range(51)})[0],
    failure(logs.test_metric_filter, filterPattern='{ bad', logEventMessages=['a'])[0], failure(logs.describe_export_tasks)[0]],
})`,
    ['{"order":{"id":7},"user":"김"}', 'failed plainly', '{"order":{"id":8}}', 'nothing'],
  )
  assert.deepEqual(found['tags'], [
    { 팀: '결제', c: 'd' },
    { 팀: '결제', c: 'd' },
  ])
  assert.deepEqual(found['fields'], {
    '@timestamp': 100,
    '@ingestionTime': 100,
    '@message': 100,
    '@logStream': 100,
    '@log': 100,
    'order.id': 50,
    user: 25,
  })
  assert.deepEqual(found['elsewhen'], [])
  assert.deepEqual(found['record'], {
    '@message': '{"order":{"id":7},"user":"김"}',
    '@logStream': 's',
    'order.id': '7',
    user: '김',
  })
  assert.deepEqual(found['tried'], [[1], [2], [1, 3, 4]])
  assert.deepEqual(found['failures'], [
    'InvalidParameterException',
    'ResourceNotFoundException',
    'ResourceNotFoundException',
    'InvalidParameterException',
    'TooManyTagsException',
    'InvalidParameterException',
    'UnknownOperationException',
  ])
})

test('sam logs prints the lines of a function by its logical id, of a group by its name, and filters them', async () => {
  const stack = fnscope.apps[0]!.stack
  const ran = await succeed('sam', 'logs', '-n', 'HelloWorldFunction', '--stack-name', stack)
  for (const line of ['START RequestId:', 'END RequestId:', 'REPORT RequestId:', 'Init Duration:'])
    assert.ok(ran.stdout.includes(line), line)
  const filtered = await succeed('sam', 'logs', '-n', 'HelloWorldFunction', '--stack-name', stack, '--filter', 'REPORT')
  assert.ok(filtered.stdout.includes('REPORT') && !filtered.stdout.includes('START'))
  const byGroup = await succeed('sam', 'logs', '--cw-log-group', '/texts', '--filter', '訂單', '--output', 'json')
  assert.ok(byGroup.stdout.includes('訂單成立 🎉') || byGroup.stdout.includes(String.raw`\u8a02\u55ae`), byGroup.stdout)
  const resources = await succeed(
    'aws',
    'cloudformation',
    'list-stack-resources',
    '--stack-name',
    stack,
    '--output',
    'json',
  )
  const { StackResourceSummaries: summaries } = JSON.parse(resources.stdout) as {
    readonly StackResourceSummaries: readonly { readonly ResourceType: string; readonly PhysicalResourceId: string }[]
  }
  const { PhysicalResourceId: name } = summaries.find(({ ResourceType: type }) => type === 'AWS::Lambda::Function')!
  const group = `/aws/lambda/${name}`
  const listed = await succeed(
    'aws',
    'logs',
    'filter-log-events',
    '--log-group-name',
    group,
    '--filter-pattern',
    '"REPORT RequestId"',
    '--output',
    'json',
  )
  const { events } = JSON.parse(listed.stdout) as { readonly events: readonly { readonly message: string }[] }
  assert.equal(events.length, 1)
  assert.match(events[0]!.message, /^REPORT RequestId: .*Max Memory Used/)
  const wrong = await runClient('sam', ['logs', '-n', 'X', '--stack-name', 'nobody'], fnscope.clientEnv)
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.stderr, /Stack with id 'nobody' does not exist/)
})

test('sam logs --tail prints the lines of an invocation that comes later', async () => {
  const args = [
    'logs',
    '-n',
    'HelloWorldFunction',
    '--stack-name',
    fnscope.apps[0]!.stack,
    '--tail',
    '--filter',
    'REPORT',
  ]
  const child = spawn(join(VENV, 'bin/sam'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...fnscope.clientEnv, PYTHONUNBUFFERED: '1' },
  })
  try {
    let reports = 0
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.includes('REPORT RequestId')) continue
      reports += 1
      if (reports === 2) break
      await fetch(fnscope.apps[0]!.urls['HelloWorldApi']!)
    }
    assert.equal(reports, 2)
  } finally {
    child.kill('SIGKILL')
  }
})

test('following as `aws logs tail --follow` does shows every event once', async () => {
  const lines = await python<readonly string[]>(`
import threading
logs.create_log_group(logGroupName='/followed')
logs.create_log_stream(logGroupName='/followed', logStreamName='s')
def write():
  for i in range(10):
    logs.put_log_events(logGroupName='/followed', logStreamName='s', logEvents=[{'timestamp': now_ms + i // 3, 'message': 'line %d' % i}])
    time.sleep(0.05)
writer = threading.Thread(target=write)
writer.start()
answer(tail('/followed', 'line 9'))
writer.join()`)
  assert.deepEqual(
    lines,
    Array.from({ length: 10 }, (_, index) => `line ${index}`),
  )
})

test('StartQuery and GetQueryResults answer Insights queries over several groups, StopQuery and DescribeQueries know them', async () => {
  const found = await python<Readonly<Record<string, unknown>>>(`
def query(text, groups=['/texts'], **k):
  id = logs.start_query(logGroupNames=groups, startTime=int(time.time()) - 600, endTime=int(time.time()) + 60, queryString=text, **k)['queryId']
  r = eventually(lambda: (lambda r: r if r['status'] not in ('Scheduled', 'Running') else None)(logs.get_query_results(queryId=id)))
  assert r['status'] == 'Complete', r
  return [{c['field']: c['value'] for c in row} for row in r['results']], r['statistics'], id
group = next(g['logGroupName'] for g in logs.describe_log_groups(logGroupNamePrefix='/aws/lambda/')['logGroups'])
start = dict(logGroupName='/texts', startTime=1, endTime=int(time.time()))
def malformed(text):
  try:
    logs.start_query(queryString=text, **start)
  except logs.exceptions.MalformedQueryException as error:
    return error.response['queryCompileError']['location']['startCharOffset']
texts, statistics, id = query('fields @message, @logStream | filter @logStream = "two" and @message like /訂單|échoué/ | sort @timestamp asc')
answer({
  'texts': [[r['@message'], sorted(r)] for r in texts], 'statistics': statistics['recordsScanned'] >= 8,
  'report': query('filter @type = "REPORT" | stats count(*) as n, max(@duration) > 0 as timed, max(@memorySize) as memory', [group])[0],
  'both': sorted(r['@log'] == '000000000000:' + group for r in query('stats count(*) as n by @log | sort n desc', ['/texts', group])[0]),
  'limit': len(query('fields @message', limit=3)[0]),
  'refused': [malformed('fields @message | pattern @message'), malformed('filter @message like'), failure(logs.start_query, queryString='limit 1', **{**start, 'logGroupName': '/none'})[0],
    failure(logs.start_query, queryString='limit 1', queryLanguage='SQL', **start)[0], failure(logs.get_query_results, queryId='nope')[0]],
  'listed': any(q['queryId'] == id and q['status'] == 'Complete' for q in logs.describe_queries(logGroupName='/texts')['queries']),
  'stopped': logs.stop_query(queryId=id)['success'],
})`)
  const fields = ['@logStream', '@message', '@ptr']
  assert.deepEqual(found['texts'], [
    [TEXTS[0], fields],
    [TEXTS[2], fields],
  ])
  assert.equal(found['statistics'], true)
  assert.deepEqual(
    (found['report'] as readonly Readonly<Record<string, string>>[]).map(({ timed, memory }) => [timed, memory]),
    [['1', '128000000']],
  )
  assert.deepEqual(found['both'], [false, true])
  assert.equal(found['limit'], 3)
  assert.deepEqual(found['refused'], [
    18,
    20,
    'ResourceNotFoundException',
    'InvalidParameterException',
    'ResourceNotFoundException',
  ])
  assert.deepEqual([found['listed'], found['stopped']], [true, false])
})
