// Programs that use the unmodified X-Ray SDK for Python: what they send is read back whole.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, readTrace, type Document } from './xray-client.ts'
import { childrenOf, documentsOf, runProgram } from './xray-program.ts'

let fnscope: StartedFnscope
/** Answers /<status> with that status, and a POST as DynamoDB answers who asks for too much. */
let backend: Server

before(async () => {
  fnscope = await startFnscope()
  backend = createServer((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R1' })
      response.end(
        '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow"}',
      )
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

test('130 streamed subsegments come back inside theirs', async () => {
  const traceId = await runProgram<string>(
    fnscope,
    `
import json
from aws_xray_sdk.core import xray_recorder
xray_recorder.configure(service='batch', sampling=False)
segment = xray_recorder.begin_segment('batch')
xray_recorder.begin_subsegment('all')
for i in range(130):
    with xray_recorder.in_subsegment(f'item {i}') as one: one.put_annotation('i', i)
xray_recorder.end_subsegment()
xray_recorder.end_segment()
print(json.dumps(segment.trace_id))`,
  )
  const [segment, ...rest] = await documentsOf(fnscope, traceId, 132)
  assert.deepEqual(rest, [])
  const [all] = childrenOf(segment!)
  assert.deepEqual(
    childrenOf(all!).map((one) => (one['annotations'] as Document)['i']),
    Array.from({ length: 130 }, (_, i) => i),
  )
})

test('patched libraries, an exception, a throttle and a 503 are seen as they were', async () => {
  const traceId = await runProgram<string>(
    fnscope,
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
    { BACKEND: `http://127.0.0.1:${(backend.address() as AddressInfo).port}` },
  )
  const documents = await eventually(async () => {
    const found = ((await readTrace(fnscope, traceId))?.Segments ?? []).map(
      (one) => JSON.parse(one.Document) as Document,
    )
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
  const nodes = new Map(
    Services.map((one) => [`${String(one['Name'])} ${String(one['Type'])}`, one['SummaryStatistics'] as Document]),
  )
  assert.deepEqual(nodes.get('127.0.0.1 remote')!['TotalCount'], 3)
  assert.deepEqual(nodes.get('127.0.0.1 remote')!['ErrorStatistics'], {
    ThrottleCount: 1,
    OtherCount: 0,
    TotalCount: 1,
  })
  assert.deepEqual(nodes.get('orders AWS::DynamoDB::Table')!['FaultStatistics'], { OtherCount: 1, TotalCount: 1 })
  assert.ok(nodes.has(':memory: Database::SQL'), [...nodes.keys()].join(', '))
})
