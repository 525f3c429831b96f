// Programs that use the unmodified X-Ray SDK for Python and Powertools: what they send is read back whole.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { eventually, runClient, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, environmentOf, epochSeconds, hex, putDocuments, readTrace, traceIdAt, type Document } from './xray-client.ts'

let fnscope: StartedFnscope
/** Answers /<status> with that status, and a POST as DynamoDB answers who asks for too much. */
let backend: Server

before(async () => {
  fnscope = await startFnscope()
  backend = createServer((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R1' })
      response.end('{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow"}')
    } else {
      response.writeHead(Number(request.url!.slice(1)))
      response.end('{}')
    }
  })
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
})

after(async () => {
  backend.close()
  await fnscope[Symbol.asyncDispose]()
})

/** Runs the program beside the daemon; what it printed, as JSON. */
async function runProgram<Answer>(code: string, more: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const env = environmentOf(fnscope, {
    AWS_XRAY_DAEMON_ADDRESS: fnscope.doors['xray-daemon']!,
    BACKEND: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
    ...more,
  })
  const ran = await runClient('python', ['-c', code], env)
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout) as Answer
}

/** The trace's documents once `count` (sub)segments of it are there. */
async function documentsOf(traceId: string, count: number): Promise<Document[]> {
  return await eventually(async () => {
    const trace = await readTrace(fnscope, traceId)
    const documents = (trace?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
    const found = documents.filter((one) => one['inferred'] !== true).flatMap(namesBelow)
    return found.length === count ? documents : undefined
  }, 30_000)
}

const childrenOf = (document: Document): readonly Document[] => (document['subsegments'] ?? []) as readonly Document[]
const namesBelow = (document: Document): unknown[] => [document['name'], ...childrenOf(document).flatMap(namesBelow)]

test('130 streamed subsegments come back inside theirs', async () => {
  const traceId = await runProgram<string>(`
import json
from aws_xray_sdk.core import xray_recorder
xray_recorder.configure(service='batch', sampling=False)
segment = xray_recorder.begin_segment('batch')
xray_recorder.begin_subsegment('all')
for i in range(130):
    with xray_recorder.in_subsegment(f'item {i}') as one: one.put_annotation('i', i)
xray_recorder.end_subsegment()
xray_recorder.end_segment()
print(json.dumps(segment.trace_id))`)
  const [segment, ...rest] = await documentsOf(traceId, 132)
  assert.deepEqual(rest, [])
  const [all] = childrenOf(segment!)
  assert.deepEqual(
    childrenOf(all!).map((one) => (one['annotations'] as Document)['i']),
    Array.from({ length: 130 }, (_, i) => i),
  )
})

test('patched libraries, an exception, a throttle and a 503 are seen as they were', async () => {
  const traceId = await runProgram<string>(
    `
import json, os, sqlite3
from aws_xray_sdk.core import xray_recorder, patch_all
patch_all()
import boto3, requests
from botocore.config import Config
xray_recorder.configure(service='shop', sampling=False)
backend = os.environ['BACKEND']
segment = xray_recorder.begin_segment('shop')
for status in (200, 429, 503): requests.get(f'{backend}/{status}')
connection = sqlite3.connect(':memory:')
connection.execute('create table t (x)')
dynamo = boto3.client('dynamodb', endpoint_url=backend, config=Config(retries={'max_attempts': 0}))
try: dynamo.get_item(TableName='orders', Key={'id': {'S': '1'}})
except Exception as error: assert 'Throughput' in str(error), error
try:
    with xray_recorder.in_subsegment('risky'): raise ValueError('нет')
except ValueError: pass
xray_recorder.end_segment()
print(json.dumps(segment.trace_id))`,
  )
  const documents = await eventually(async () => {
    const found = ((await readTrace(fnscope, traceId))?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
    return found.some((one) => one['name'] === 'shop') ? found : undefined
  })
  const segment = documents.find((one) => one['name'] === 'shop')!
  const calls = childrenOf(segment)
  const byStatus = calls.filter((one) => one['name'] === '127.0.0.1')
  assert.deepEqual(
    byStatus.map((one) => [one['namespace'], one['error'], one['throttle'], one['fault']]),
    [
      ['remote', undefined, undefined, undefined],
      ['remote', true, true, undefined],
      ['remote', undefined, undefined, true],
    ],
  )
  const risky = calls.find((one) => one['name'] === 'risky')!
  const [exception] = (risky['cause'] as { readonly exceptions: readonly Document[] }).exceptions
  assert.deepEqual([risky['fault'], exception!['type'], exception!['message']], [true, 'ValueError', 'нет'])
  const { Services } = await callXray<{ readonly Services: readonly Document[] }>(fnscope, '/TraceGraph', {
    TraceIds: [traceId],
  })
  const nodes = new Map(Services.map((one) => [`${String(one['Name'])} ${String(one['Type'])}`, one['SummaryStatistics'] as Document]))
  assert.deepEqual(nodes.get('127.0.0.1 remote')!['TotalCount'], 3)
  assert.deepEqual(nodes.get('127.0.0.1 remote')!['ErrorStatistics'], { ThrottleCount: 1, OtherCount: 0, TotalCount: 1 })
  assert.deepEqual(nodes.get('orders AWS::DynamoDB::Table')!['FaultStatistics'], { OtherCount: 1, TotalCount: 1 })
  assert.ok(nodes.has(':memory: Database::SQL'), [...nodes.keys()].join(', '))
})

test('a Flask application polls the rules, samples by them and reports to the targets', async () => {
  const [forced, asked] = [traceIdAt(epochSeconds()), traceIdAt(epochSeconds())]
  const parent = hex(8)
  const before = await reported()
  const answer = await runProgram<{ readonly rules: string[]; readonly asked: string; readonly first: string; readonly quota: number | null }>(
    `
import json, os, time
from flask import Flask
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
xray_recorder.configure(service='web')
app = Flask('web')
XRayMiddleware(app, xray_recorder)
@app.route('/<int:status>')
def status(status):
    if status == 500: raise RuntimeError('broken')
    return 'x', status
sampler, end = xray_recorder.sampler, time.time() + 20
sampler.start()
while not sampler._cache.rules or not sampler._cache.last_updated:
    assert time.time() < end, 'no rules'
    time.sleep(0.05)
client = app.test_client()
first = client.get('/200').headers['X-Amzn-Trace-Id']
force = {'X-Amzn-Trace-Id': 'Root=${forced};Parent=${parent};Sampled=1'}
for path in ('/200', '/429', '/500'): client.get(path, headers=force)
asked = client.get('/200', headers={'X-Amzn-Trace-Id': 'Root=${asked};Sampled=?'}).headers['X-Amzn-Trace-Id']
rule = sampler._cache.rules[-1]
# The reports go every 10 s: ask now, as the poller would.
targets, _ = sampler._target_poller._connector.fetch_sampling_target([rule])
print(json.dumps({'rules': [one.name for one in sampler._cache.rules], 'asked': asked, 'first': first, 'quota': targets[rule.name].get('quota')}))`,
  )
  assert.deepEqual(answer.rules, ['Default'])
  assert.match(answer.first, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/)
  assert.match(answer.asked, new RegExp(`^Root=${asked};Sampled=[01]$`))
  assert.ok(answer.quota === 1, `${answer.quota}`)
  const segments = await documentsOf(forced, 3)
  assert.deepEqual(
    segments.map((one) => [one['parent_id'], (one['http'] as { readonly response: Document }).response['status'], one['error'], one['throttle'], one['fault']]),
    [
      [parent, 200, undefined, undefined, undefined],
      [parent, 429, true, true, undefined],
      [parent, 500, undefined, undefined, true],
    ],
  )
  const [sampled] = await documentsOf(/1-[0-9a-f]{8}-[0-9a-f]{24}/.exec(answer.first)![0], 1)
  assert.equal((sampled!['aws'] as { readonly xray: Document }).xray['sampling_rule_name'], 'Default')
  assert.equal((await reported()) - before, 2, 'the requests that the rules decided')
})

async function reported(): Promise<number> {
  const { SamplingStatisticSummaries } = await callXray<{ readonly SamplingStatisticSummaries: readonly { readonly RequestCount: number }[] }>(
    fnscope,
    '/SamplingStatisticSummaries',
    {},
  )
  return SamplingStatisticSummaries.reduce((sum, one) => sum + one.RequestCount, 0)
}

test('Powertools in a function elsewhere: its subsegments are there before and after their segment', async () => {
  const [traceId, segmentId] = [traceIdAt(epochSeconds()), hex(8)]
  await runProgram(
    `
import types
from aws_lambda_powertools import Tracer
tracer = Tracer(service='payment')
@tracer.capture_method
def charge(amount):
    tracer.put_annotation('amount', amount)
    tracer.put_metadata('card', {'last4': '4242'})
    if amount < 0: raise ValueError('negative')
    return {'charged': amount}
@tracer.capture_lambda_handler
def handler(event, context): return charge(event['amount'])
handler({'amount': 5}, None)
try: handler({'amount': -1}, None)
except ValueError: pass
print('null')`,
    {
      LAMBDA_TASK_ROOT: '/var/task',
      AWS_LAMBDA_FUNCTION_NAME: 'pay',
      AWS_EXECUTION_ENV: 'AWS_Lambda_python3.11',
      _X_AMZN_TRACE_ID: `Root=${traceId};Parent=${segmentId};Sampled=1;Lineage=1:a87bd80c:0`,
    },
  )
  const orphans = await documentsOf(traceId, 4)
  assert.deepEqual(
    orphans.map((one) => [one['name'], one['parent_id'], childrenOf(one).map((child) => child['name'])]),
    [
      ['## handler', segmentId, ['## __main__.charge']],
      ['## handler', segmentId, ['## __main__.charge']],
    ],
  )
  const start = orphans[0]!['start_time'] as number
  await putDocuments(fnscope, [
    { trace_id: traceId, id: segmentId, name: 'pay', origin: 'AWS::Lambda::Function', start_time: start, end_time: epochSeconds() },
  ])
  const [segment, ...rest] = await documentsOf(traceId, 5)
  assert.deepEqual(rest, [])
  const [good, failed] = childrenOf(segment!)
  assert.deepEqual(good!['annotations'], { ColdStart: true, Service: 'payment' })
  assert.deepEqual(failed!['annotations'], { ColdStart: false, Service: 'payment' })
  const [charge] = childrenOf(good!)
  assert.deepEqual(charge!['annotations'], { amount: 5 })
  assert.deepEqual(charge!['metadata'], {
    payment: { card: { last4: '4242' }, '__main__.charge response': { charged: 5 } },
  })
  const [exception] = (childrenOf(failed!)[0]!['cause'] as { readonly exceptions: readonly Document[] }).exceptions
  assert.equal(failed!['cause'], exception!['id'], 'the parent names its child’s exception')
  assert.equal(exception!['message'], 'negative')
})
