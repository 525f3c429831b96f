// Powertools in a function that runs elsewhere and has fnscope as its daemon.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, traceIdAt, type Document } from './xray-client.ts'
import { childrenOf, documentsOf, runProgram } from './xray-program.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('Powertools in a function elsewhere: its subsegments are there before and after their segment', async () => {
  const [traceId, segmentId] = [traceIdAt(epochSeconds()), hex(8)]
  await runProgram(
    fnscope,
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
  const orphans = await documentsOf(fnscope, traceId, 4)
  assert.deepEqual(
    orphans.map((one) => [one['name'], one['parent_id'], childrenOf(one).map((child) => child['name'])]),
    [
      ['## handler', segmentId, ['## __main__.charge']],
      ['## handler', segmentId, ['## __main__.charge']],
    ],
  )
  const start = orphans[0]!['start_time'] as number
  await putDocuments(fnscope, [
    {
      trace_id: traceId,
      id: segmentId,
      name: 'pay',
      origin: 'AWS::Lambda::Function',
      start_time: start,
      end_time: epochSeconds(),
    },
  ])
  const [segment, ...rest] = await documentsOf(fnscope, traceId, 5)
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
