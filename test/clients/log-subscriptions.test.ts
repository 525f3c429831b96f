// Subscription filters: the pair of functions of AWS' guide, one that fails at times and one that processes its errors
// with calls of X-Ray, S3 and CloudWatch Logs, and filters put by a client. Real functions, real boto3.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine } from '../../packages/fnscope/src/api/console-types.ts'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { eventually, eventuallyHolds, runPython, type StartedFnscope } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Timeout: 30, MemorySize: 256, Tracing: Active }
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: errors } }
  Random: { Type: AWS::Serverless::Function, Properties: { Handler: app.random_error, FunctionName: random-error } }
  Processor:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.processor
      FunctionName: error-processor
      Environment: { Variables: { SITE: '@site@' } }
      Events: { Errors: { Type: CloudWatchLogs, Properties: { LogGroupName: /aws/lambda/random-error, FilterPattern: ERROR } } }
`
const CODE = `
import base64, gzip, json, os, sys, time
sys.path.append(os.environ.get('SITE', ''))
def random_error(event, context):
    print('request %s' % event['n'])
    if event['n'] > 1:
        print('[ERROR] no luck with %s' % event['n'])
        raise ValueError('no luck')
    return event
def processor(event, context):
    import boto3
    data = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))
    print('DATA ' + json.dumps(data))
    if data['logGroup'] != '/aws/lambda/random-error': return
    now = time.time()
    boto3.client('xray').get_trace_summaries(StartTime=now - 60, EndTime=now)
    boto3.client('s3').put_object(Bucket='errors', Key=data['logStream'], Body=data['logEvents'][0]['message'].encode())
    boto3.client('logs').filter_log_events(logGroupName=data['logGroup'], logStreamNames=[data['logStream']])
    print('ERROR of the processor itself')
`

interface Data {
  readonly messageType: string
  readonly owner: string
  readonly logGroup: string
  readonly logStream: string
  readonly subscriptionFilters: readonly string[]
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[]
}

let app: InlineApp
let fnscope: StartedFnscope

before(async () => {
  app = await startInlineApp('log-subscriptions', { template: TEMPLATE, code: CODE, args: ['--cloud', 'off'] })
  fnscope = app.fnscope
})

after(async () => {
  await app[Symbol.asyncDispose]()
})

const client = async <T>(code: string): Promise<T> =>
  await runPython<T>(`import boto3, json, time\n${code}`, fnscope.clientEnv)

async function linesOf(name: string): Promise<readonly ConsoleLogLine[]> {
  const answer = await fetch(`${fnscope.url}/api/logs?function=${name}`)
  return ((await answer.json()) as { readonly lines: readonly ConsoleLogLine[] }).lines
}

async function delivered(
  enough: (all: readonly Data[]) => boolean,
): Promise<{ readonly data: readonly Data[]; readonly lines: readonly ConsoleLogLine[] }> {
  return await eventually(async () => {
    const lines = (await linesOf('error-processor')).filter(({ body }) => body.startsWith('DATA '))
    const data = lines.map(({ body }) => JSON.parse(body.slice(5)) as Data)
    return enough(data) ? { data, lines } : undefined
  })
}

test("errors in the first function's log call the second, and each has a graph of its own", async () => {
  const traceIds = await client<string[]>(`
l = boto3.client('lambda')
print(json.dumps([l.invoke(FunctionName='random-error', Payload=json.dumps({'n': n}))['ResponseMetadata']['HTTPHeaders']['x-amzn-trace-id'].split(';')[0][5:] for n in (1, 2)]))`)
  const { data, lines } = await delivered((all) => all.length >= 1)
  const [first] = data
  assert.partialDeepStrictEqual(first, {
    messageType: 'DATA_MESSAGE',
    owner: '000000000000',
    logGroup: '/aws/lambda/random-error',
    subscriptionFilters: ['ProcessorErrors'],
  })
  assert.ok(first!.logEvents.every(({ message, id }) => message.includes('ERROR') && /^\d{56}$/.test(id)))
  assert.match(first!.logEvents[0]!.message, /no luck with 2/)
  const own = lines[0]!.traceId!
  assert.equal(traceIds.includes(own), false)

  const graph = async (traceId: string): Promise<readonly string[]> =>
    await client<string[]>(
      `print(json.dumps(sorted('%s %s' % (s.get('Type'), s['Name']) for s in boto3.client('xray').get_trace_graph(TraceIds=['${traceId}'])['Services'])))`,
    )
  const both = ['AWS::Lambda', 'AWS::Lambda::Function', 'client']
  await eventuallyHolds(async () =>
    assert.deepEqual(
      await graph(traceIds[1]!),
      both.map((type) => `${type} random-error`),
    ),
  )
  const processed = await eventually(async () => {
    const services = await graph(own)
    return services.length >= 6 ? services : undefined
  })
  assert.deepEqual(
    processed,
    [
      'AWS::CloudWatchLogs CloudWatchLogs',
      ...both.map((type) => `${type} error-processor`),
      'AWS::S3::Bucket errors',
      'AWS::xray xray',
    ].sort(),
  )
  // It wrote ERROR into its own log, which its filter does not hear.
  await eventuallyHolds(async () =>
    assert.ok((await linesOf('error-processor')).some(({ body }) => body.includes('ERROR of the processor itself'))),
  )
})

test('a filter that a client puts delivers what its pattern fits, also of groups that are no function', async () => {
  await client<number>(`
logs = boto3.client('logs')
logs.create_log_group(logGroupName='shop')
logs.create_log_stream(logGroupName='shop', logStreamName='one')
logs.put_subscription_filter(logGroupName='shop', filterName='big', filterPattern='{ $.total > 100 }', destinationArn='arn:aws:lambda:us-east-1:000000000000:function:error-processor')
now = int(time.time() * 1000)
logs.put_log_events(logGroupName='shop', logStreamName='one', logEvents=[{'timestamp': now, 'message': m} for m in ('{"total": 5}', '{"total": 500}', 'total 700')])
print(0)`)
  const { data } = await delivered((all) => all.some(({ logGroup }) => logGroup === 'shop'))
  const [shop] = data.filter(({ logGroup }) => logGroup === 'shop')
  assert.partialDeepStrictEqual(shop, { logStream: 'one', subscriptionFilters: ['big'] })
  assert.deepEqual(
    shop!.logEvents.map(({ message }) => message),
    ['{"total": 500}'],
  )
})

test('a function is not called for its own log group', async () => {
  const count = async (): Promise<number> =>
    (await linesOf('error-processor')).filter(({ body }) => body.startsWith('START')).length
  await client<number>(`
boto3.client('logs').put_subscription_filter(logGroupName='/aws/lambda/error-processor', filterName='all', filterPattern='', destinationArn='arn:aws:lambda:us-east-1:000000000000:function:error-processor')
boto3.client('lambda').invoke(FunctionName='random-error', Payload=b'{"n": 7}')
print(0)`)
  await delivered((all) => all.some(({ logEvents }) => logEvents.some(({ message }) => message.includes('with 7'))))
  const calls = await count()
  // Another delivery is made after what a loop would have made.
  await client<number>(`boto3.client('lambda').invoke(FunctionName='random-error', Payload=b'{"n": 8}'); print(0)`)
  const { data } = await delivered((all) =>
    all.some(({ logEvents }) => logEvents.some(({ message }) => message.includes('with 8'))),
  )
  assert.ok(data.every(({ logGroup }) => logGroup !== '/aws/lambda/error-processor'))
  assert.ok((await count()) <= calls + 2)
})
