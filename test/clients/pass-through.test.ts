// AWS calls of functions that fnscope does not answer itself: a real ministack, installed and started by fnscope, real boto3.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { eventually, runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Handler: app.handler, Timeout: 60, MemorySize: 256, Tracing: Active }
Resources:
  Jobs: { Type: AWS::SQS::Queue }
  Items: { Type: AWS::DynamoDB::Table, Properties: { BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }] } }
  News: { Type: AWS::SNS::Topic }
  Files: { Type: AWS::S3::Bucket }
  Callee: { Type: AWS::Serverless::Function, Properties: { Handler: app.callee } }
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { QUEUE: !Ref Jobs, TABLE: !Ref Items, TOPIC: !Ref News, BUCKET: !Ref Files, CALLEE: !Ref Callee, SITE: '@site@' } }
`
const CODE = `
import os, sys
sys.path.append(os.environ.get('SITE', ''))
def callee(event, context):
    return {'called': True}
def handler(event, context):
    import boto3
    if event.get('traced'):
        from aws_xray_sdk.core import patch
        patch(['botocore'])
    e = os.environ
    boto3.client('sqs').send_message(QueueUrl=e['QUEUE'], MessageBody='hello')
    boto3.resource('dynamodb').Table(e['TABLE']).put_item(Item={'id': 'a', 'text': 'x' * 5000})
    boto3.client('sns').publish(TopicArn=e['TOPIC'], Message='news')
    boto3.client('s3').put_object(Bucket=e['BUCKET'], Key='in/a b.txt', Body=b'hi')
    boto3.client('lambda').invoke(FunctionName=e['CALLEE'], Payload=b'{}')
    try:
        boto3.client('sqs').get_queue_url(QueueName='missing')
    except Exception as error:
        return {'failed': type(error).__name__, 'queue': e['QUEUE']}
`

let app: InlineApp
let fnscope: StartedFnscope

before(async () => {
  app = await startInlineApp('pass-through', { template: TEMPLATE, code: CODE })
  fnscope = app.fnscope
})

after(async () => {
  await app[Symbol.asyncDispose]()
})

async function invoke(
  logicalId: string,
  event: object,
): Promise<{ readonly answer: unknown; readonly traceId: string }> {
  const { answer, traceId } = await runPython<{ readonly answer: unknown; readonly traceId: string }>(
    `
import boto3, json
r = boto3.client('lambda').invoke(FunctionName='${logicalId}', Payload=b'''${JSON.stringify(event)}''')
print(json.dumps({'answer': json.load(r['Payload']), 'traceId': r['ResponseMetadata']['HTTPHeaders']['x-amzn-trace-id']}))`,
    fnscope.clientEnv,
  )
  return { answer, traceId: /Root=([^;]+)/.exec(traceId)![1]! }
}

/** @param sources that each call is known from in the end, where more than one: an SDK's word comes by another way */
async function calls(
  traceId: string,
  sources: readonly string[] | undefined,
): Promise<{ readonly spans: ConsoleSpan[]; readonly trace: ConsoleTrace }> {
  return await eventually(async () => {
    const response = await fetch(`${fnscope.url}/api/traces/${traceId}`)
    const trace = response.ok ? ((await response.json()) as ConsoleTrace) : undefined
    const all = (span: ConsoleSpan): ConsoleSpan[] => [span, ...span.children.flatMap(all)]
    const spans = trace?.roots.flatMap(all) ?? []
    const aws = spans.filter(({ namespace }) => namespace === 'aws')
    return trace !== undefined &&
      aws.length >= 6 &&
      aws.every((span) => isDeepStrictEqual(span.sources, sources)) &&
      spans.filter(({ origin }) => origin === 'AWS::Lambda').length === 2
      ? { spans: aws, trace }
      : undefined
  })
}

const outline = (spans: readonly ConsoleSpan[]): unknown[] =>
  spans.map(({ name, attributes, http, error }) => [
    name.toLowerCase(),
    attributes['aws.operation'],
    http?.status,
    error,
  ])
const OUTLINE = [
  ['sqs', 'SendMessage', 200, false],
  ['dynamodb', 'PutItem', 200, false],
  ['sns', 'Publish', 200, false],
  ['s3', 'PutObject', 200, false],
  ['lambda', 'Invoke', 200, false],
  ['sqs', 'GetQueueUrl', 400, true],
]

test('a function without any instrumentation shows its AWS calls, and the function that it called below its call', async () => {
  const { answer, traceId } = await invoke('Caller', {})
  assert.partialDeepStrictEqual(answer, { failed: 'QueueDoesNotExist' })
  const { spans, trace } = await calls(traceId, undefined)
  assert.deepEqual(outline(spans), OUTLINE)
  const [send, put, publish, upload, call] = spans
  assert.match(String(send!.attributes['aws.queue_url']), /^http:\/\/127\.0\.0\.1:\d+\/000000000000\/.*Jobs/)
  assert.match(String(put!.attributes['aws.table_name']), /Items/)
  assert.match(String(publish!.attributes['aws.topic_arn']), /^arn:aws:sns:us-east-1:000000000000:.*News/)
  assert.equal(upload!.attributes['aws.key'], 'in/a b.txt')
  assert.ok(spans.every(({ attributes }) => attributes['aws.request_id'] !== undefined))
  assert.deepEqual(
    call!.children.map(({ origin }) => origin),
    ['AWS::Lambda'],
  )
  assert.equal(trace.roots.length, 1)
})

test('with the X-Ray SDK each call is shown once, with what both say', async () => {
  const { traceId } = await invoke('Caller', { traced: true })
  const { spans, trace } = await calls(traceId, ['lambda', 'xray'])
  assert.deepEqual(outline(spans), OUTLINE)
  assert.ok(spans.every(({ attributes }) => attributes['aws.account_id'] !== undefined))
  assert.equal(trace.roots.length, 1)
})

test('a client outside of any function reaches the other cloud too', async () => {
  const queues = await runPython<string[]>(
    `
import boto3, json
sqs = boto3.client('sqs')
url = sqs.create_queue(QueueName='outside')['QueueUrl']
sqs.send_message(QueueUrl=url, MessageBody='x' * 100000)
print(json.dumps([m['Body'][:3] for m in sqs.receive_message(QueueUrl=url)['Messages']]))`,
    fnscope.clientEnv,
  )
  assert.deepEqual(queues, ['xxx'])
})

test('a service that the other cloud has not got either is refused with a code and a reason', async () => {
  const refused = await runPython<unknown>(
    `
import boto3, json
out = []
for call in (lambda: boto3.client('serverlessrepo').list_applications(), lambda: boto3.client('codedeploy').list_applications()):
    try: call()
    except Exception as e: out.append([e.response['Error']['Code'], e.response['Error']['Message'], e.response['ResponseMetadata']['HTTPStatusCode']])
print(json.dumps(out))`,
    fnscope.clientEnv,
  )
  const reason = (service: string): string =>
    `${service}: fnscope has it not, and the cloud behind it says "Unsupported service: ${service}"`
  assert.deepEqual(refused, [
    ['NotImplemented', reason('serverlessrepo'), 501],
    ['NotImplemented', reason('codedeploy'), 501],
  ])
})

test('queues and tables of a deleted stack are deleted there, but those that say Retain and those that were there', async () => {
  const left = await runPython<Record<string, unknown>>(
    `
import boto3, json
cf, sqs, db = (boto3.client(name) for name in ('cloudformation', 'sqs', 'dynamodb'))
table = {'BillingMode': 'PAY_PER_REQUEST', 'AttributeDefinitions': [{'AttributeName': 'id', 'AttributeType': 'S'}], 'KeySchema': [{'AttributeName': 'id', 'KeyType': 'HASH'}]}
queue = lambda name, **more: {'Type': 'AWS::SQS::Queue', 'Properties': {'QueueName': name}, **more}
sqs.create_queue(QueueName='before')
cf.create_stack(StackName='elsewhere', TemplateBody=json.dumps({'Resources': {
  'Gone': queue('gone'), 'Kept': queue('kept', DeletionPolicy='Retain'), 'Before': queue('before'),
  'Table': {'Type': 'AWS::DynamoDB::Table', 'Properties': {'TableName': 'gone', **table}}}}))
cf.get_waiter('stack_create_complete').wait(StackName='elsewhere', WaiterConfig={'Delay': 1})
names = lambda: sorted({one.split('/')[-1] for one in sqs.list_queues()['QueueUrls']} & {'gone', 'kept', 'before'})
out = {'made': names(), 'tables': 'gone' in db.list_tables()['TableNames']}
cf.delete_stack(StackName='elsewhere')
cf.get_waiter('stack_delete_complete').wait(StackName='elsewhere', WaiterConfig={'Delay': 1})
print(json.dumps({**out, 'left': names(), 'table left': 'gone' in db.list_tables()['TableNames']}))`,
    fnscope.clientEnv,
  )
  assert.deepEqual(left, {
    made: ['before', 'gone', 'kept'],
    tables: true,
    left: ['before', 'kept'],
    'table left': false,
  })
})

test('with --cloud off such a call is refused in its own protocol, and says what to do', async () => {
  await using off = await startFnscope({ args: ['--cloud', 'off'] })
  const refused = await runPython<[string, string][]>(
    `
import boto3, json
said = []
clients = {name: boto3.client(name) for name in ('sqs', 'sns', 'serverlessrepo')}
for call in (clients['sqs'].list_queues, clients['sns'].list_topics, clients['serverlessrepo'].list_applications):
    try: call()
    except Exception as error: said.append([error.response['Error']['Code'], error.response['Error']['Message']])
print(json.dumps(said))`,
    off.clientEnv,
  )
  assert.deepEqual(
    refused.map(([code]) => code),
    ['NotImplemented', 'NotImplemented', 'NotImplemented'],
  )
  for (const [, message] of refused) assert.match(message, /--cloud auto/)
})

test('the cloud that was started ends with fnscope, however it ends; a function calls through a fnscope that wants a token', async () => {
  await using guarded = await startFnscope({ app: app.dir, args: ['--token', 'tkn_secret'] })
  const env = { ...guarded.clientEnv, AWS_ACCESS_KEY_ID: 'tkn_secret' }
  const answer = await runPython<unknown>(
    "import boto3, json; print(json.dumps(json.load(boto3.client('lambda').invoke(FunctionName='Caller', Payload=b'{}')['Payload'])))",
    env,
  )
  assert.partialDeepStrictEqual(answer, { failed: 'QueueDoesNotExist' })
  const url = await eventually(
    async () => /ministack answers .*?(http:\/\/127\.0\.0\.1:\d+)/.exec(guarded.stderr())?.[1],
  )
  assert.ok((await fetch(url)).status > 0)
  guarded.child.kill('SIGKILL')
  await eventually(async () => {
    const gone = await fetch(url).then(
      () => false,
      () => true,
    )
    return gone || undefined
  }, 60_000)
})
