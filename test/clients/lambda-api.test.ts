// Lambda's Invoke API as unmodified boto3 and the aws CLI use it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { APPS, runClient, runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'sam-app') })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const EVENT = readFileSync(join(APPS, 'sam-app/events/hello.json'), 'utf8')

test('boto3 invokes by logical id, reads the payload and the log tail', async () => {
  const answer = await runPython<{
    readonly status: number
    readonly body: string
    readonly log: string
    readonly version: string
    readonly error: string | null
  }>(
    `
import base64, boto3, json, sys
r = boto3.client('lambda').invoke(FunctionName='HelloWorldFunction', LogType='Tail', Payload='''${EVENT}''')
p = json.loads(r['Payload'].read())
print(json.dumps({'status': r['StatusCode'], 'body': p['body'], 'log': base64.b64decode(r['LogResult']).decode(), 'version': r['ExecutedVersion'], 'error': r.get('FunctionError')}))`,
    fnscope.clientEnv,
  )
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '{"message":"hello world"}')
  assert.equal(answer.version, '$LATEST')
  assert.equal(answer.error, null)
  assert.match(answer.log, /^START RequestId: [0-9a-f-]{36} Version: \$LATEST\n/m)
  assert.match(answer.log, /"xray_trace_id":\s?"1-[0-9a-f]{8}-[0-9a-f]{24}"/)
  assert.match(
    answer.log,
    /\nEND RequestId: [0-9a-f-]{36}\nREPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t/,
  )
  assert.match(answer.log, /\nXRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n$/)
})

test('Event is answered 202 with nothing, DryRun 204', async () => {
  const statuses = await runPython<number[]>(
    `
import boto3, json
c = boto3.client('lambda')
print(json.dumps([c.invoke(FunctionName='HelloWorldFunction', InvocationType=t, Payload=b'{}')['StatusCode'] for t in ('Event', 'DryRun')]))`,
    fnscope.clientEnv,
  )
  assert.deepEqual(statuses, [202, 204])
})

test('a function that does not exist is ResourceNotFoundException, bad JSON InvalidRequestContentException', async () => {
  const codes = await runPython<string[]>(
    `
import boto3, json
from botocore.exceptions import ClientError
c = boto3.client('lambda'); out = []
for name, payload in (('nobody', b'{}'), ('HelloWorldFunction', b'{"half":')):
    try: c.invoke(FunctionName=name, Payload=payload)
    except ClientError as e: out.append(e.response['Error']['Code'])
print(json.dumps(out))`,
    fnscope.clientEnv,
  )
  assert.deepEqual(codes, ['ResourceNotFoundException', 'InvalidRequestContentException'])
})

test('aws lambda invoke writes the payload to its file', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'fnscope-out-')), 'out.json')
  const ran = await runClient(
    'aws',
    ['lambda', 'invoke', '--function-name', 'HelloWorldFunction', '--payload', EVENT, file],
    fnscope.clientEnv,
  )
  assert.equal(ran.code, 0, ran.stderr)
  assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { readonly body: string }).body, '{"message":"hello world"}')
})
