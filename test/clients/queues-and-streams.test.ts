// How queues and streams are polled: a real ministack that the test started (--cloud URL), real boto3, real functions that
// tell a mailbox what they got and wait there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMailbox, type Mailbox } from '../functions/mailbox.ts'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { eventually, runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { startMinistack, type StartedMinistack } from '../started-ministack.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Handler: app.handler, Timeout: 120, MemorySize: 256, Environment: { Variables: { BOX: '@box@' } } }
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders.fifo, FifoQueue: true, ContentBasedDeduplication: true, VisibilityTimeout: 300 } }
  Many: { Type: AWS::SQS::Queue, Properties: { QueueName: many, VisibilityTimeout: 300 } }
  Lost: { Type: AWS::SQS::Queue, Properties: { QueueName: lost } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Lanes: { Type: AWS::Kinesis::Stream, Properties: { Name: lanes, ShardCount: 1 } }
  Quiet: { Type: AWS::Kinesis::Stream, Properties: { Name: quiet, ShardCount: 1 } }
  Items: { Type: AWS::DynamoDB::Table, Properties: { TableName: items, BillingMode: PAY_PER_REQUEST, StreamSpecification: { StreamViewType: NEW_IMAGE }, AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }] } }
  Since: { Type: AWS::Serverless::Function }
  Fifo:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn, BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } } } } }
  Batch:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Many.Arn, BatchSize: 25, MaximumBatchingWindowInSeconds: 300, FilterCriteria: { Filters: [{ Pattern: '{"messageAttributes":{"color":{"stringValue":["blue"]}}}' }] } } } } }
  Halves:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: TRIM_HORIZON, BatchSize: 5, MaximumBatchingWindowInSeconds: 2, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: !GetAtt Lost.Arn } }, FilterCriteria: { Filters: [{ Pattern: '{"data":{"kind":["click"]}}' }] } } } } }
  Wide:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: Kinesis, Properties: { Stream: !GetAtt Lanes.Arn, StartingPosition: TRIM_HORIZON, BatchSize: 1, ParallelizationFactor: 4 } } } }
  Late:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: Kinesis, Properties: { Stream: !GetAtt Quiet.Arn, StartingPosition: LATEST } } } }
  Partial:
    Type: AWS::Serverless::Function
    Properties: { Events: { In: { Type: DynamoDB, Properties: { Stream: !GetAtt Items.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 3, MaximumBatchingWindowInSeconds: 300, MaximumRetryAttempts: 1, FunctionResponseTypes: [ReportBatchItemFailures], DestinationConfig: { OnFailure: { Destination: !GetAtt Lost.Arn } } } } } }
`
// Each item has a text; one that says `wait` does so until the test lets it go.
const CODE = `
import base64, json, os, urllib.request
def post(name, value):
    urllib.request.urlopen(urllib.request.Request(os.environ['BOX'] + '/' + name, json.dumps(value).encode(), method='POST')).read()
def text(record):
    if 'kinesis' in record: return base64.b64decode(record['kinesis']['data']).decode()
    if 'dynamodb' in record: return record['dynamodb']['Keys']['id']['S']
    return record['body']
def handler(event, context):
    records = event['Records']
    texts = [text(r) for r in records]
    name = context.function_name.split('-')[-2]
    post(name, {'begin': texts, 'first': records[0]})
    for one in texts:
        if 'wait' in one: urllib.request.urlopen(os.environ['BOX'] + '/' + name + '-go').read()
    bad = [r for r in records if 'poison' in text(r)]
    if bad and 'dynamodb' in bad[0]:
        return {'batchItemFailures': [{'itemIdentifier': r['dynamodb']['SequenceNumber']} for r in bad]}
    if bad: raise ValueError('poison')
    post(name, {'end': texts})
`

interface Told {
  readonly begin?: readonly string[]
  readonly end?: readonly string[]
  readonly first?: Readonly<Record<string, unknown>>
}

const resources = new AsyncDisposableStack()
let cloud: StartedMinistack
let box: Mailbox
let app: InlineApp
let fnscope: StartedFnscope
let args: readonly string[]

before(async () => {
  cloud = await startMinistack()
  resources.use(cloud)
  box = await openMailbox()
  resources.use(box)
  args = ['--cloud', cloud.url]
  app = await startInlineApp('pollers', { template: TEMPLATE.replace('@box@', box.url), code: CODE, args })
  resources.use(app)
  fnscope = app.fnscope
})

after(async () => {
  await resources.disposeAsync()
})

const told = (name: string): readonly Told[] => box.received(name) as readonly Told[]
const begun = (name: string): string[] => told(name).flatMap(({ begin = [] }) => begin)
const ended = (name: string): string[] => told(name).flatMap(({ end = [] }) => end)

async function until(fact: () => boolean): Promise<void> {
  await eventually(async () => fact() || undefined, 90_000)
}

/** As the user's program would, at fnscope; or at the other cloud itself. */
const client = async <T = number>(code: string, url = fnscope.url): Promise<T> =>
  await runPython<T>(`import boto3, json\n${code}`, { ...fnscope.clientEnv, AWS_ENDPOINT_URL: url })

test('groups of a FIFO queue go side by side up to MaximumConcurrency, each in order, doubles not at all', async () => {
  await client(`
q = boto3.client('sqs')
url = q.get_queue_url(QueueName='orders.fifo')['QueueUrl']
for group, body in [('a', 'a1 wait'), ('a', 'a2'), ('a', 'a1 wait'), ('b', 'b1 wait'), ('b', 'b2'), ('c', 'c1'), ('a', 'a3')]:
    q.send_message(QueueUrl=url, MessageGroupId=group, MessageBody=body)
print(0)`)
  await until(() => begun('Fifo').length === 2)
  assert.deepEqual(begun('Fifo').sort(), ['a1 wait', 'b1 wait'])
  assert.partialDeepStrictEqual(told('Fifo').find(({ begin }) => begin?.[0] === 'a1 wait')?.first, {
    attributes: { MessageGroupId: 'a', ApproximateReceiveCount: '1' },
  })
  box.release('Fifo-go')
  await until(() => ended('Fifo').length === 6)
  let underway = 0
  let most = 0
  for (const { begin } of told('Fifo')) {
    underway += begin === undefined ? -1 : 1
    most = Math.max(most, underway)
  }
  assert.equal(most, 2)
  for (const group of ['a', 'b'])
    assert.deepEqual(
      told('Fifo')
        .flatMap(({ begin, end }) => [...(begin ?? []).map((one) => `begin ${one}`), ...(end ?? [])])
        .filter((one) => one.replace('begin ', '').startsWith(group)),
      ['1 wait', '2', ...(group === 'a' ? ['3'] : [])].flatMap((one) => [`begin ${group}${one}`, `${group}${one}`]),
    )
})

test('a batching window gathers more than one receive gives, of the messages whose attributes pass the filter', async () => {
  await client(`
q = boto3.client('sqs')
url = q.get_queue_url(QueueName='many')['QueueUrl']
for n in range(30):
    color = 'blue' if n < 28 else 'red'
    q.send_message(QueueUrl=url, MessageBody=f'{n}' if n != 3 else 'red', MessageAttributes={'color': {'DataType': 'String', 'StringValue': color if n != 3 else 'red'}})
print(0)`)
  await until(() => ended('Batch').length > 0)
  const [batch] = told('Batch')
  assert.ok(batch!.begin!.length >= 22 && batch!.begin!.length <= 25, `${batch!.begin!.length} of 25 received`)
  assert.equal(batch!.begin!.includes('red'), false)
})

test('a batch of a stream that fails is halved down to the record that does it, which is given up and told', async () => {
  await client(`
boto3.client('kinesis').put_records(StreamName='clicks', Records=[
  {'Data': json.dumps({'kind': kind, 'n': n}), 'PartitionKey': 'p'}
  for n, kind in enumerate(['click', 'other', 'click', 'click', 'click', 'click'])] + [{'Data': json.dumps({'kind': 'click', 'n': 'poison'}), 'PartitionKey': 'p'}, {'Data': json.dumps({'kind': 'click', 'n': 9}), 'PartitionKey': 'p'}, {'Data': b'click', 'PartitionKey': 'p'}])
print(0)`)
  const lost = await received('lost')
  assert.partialDeepStrictEqual(JSON.parse(lost), {
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
    responseContext: { statusCode: 200, functionError: 'Unhandled' },
    KinesisBatchInfo: { batchSize: 1, streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks' },
  })
  await until(() => ended('Halves').length >= 6)
  assert.deepEqual(
    ended('Halves').map((one) => (JSON.parse(one) as { readonly n: number }).n),
    [0, 2, 3, 4, 5, 9],
  )
})

test('with a ParallelizationFactor keys go side by side, and records of one key after each other', async () => {
  await client(`
boto3.client('kinesis').put_records(StreamName='lanes', Records=[{'Data': text, 'PartitionKey': text[0]} for text in ['a1 wait', 'a2', 'b1', 'b2', 'c1']])
print(0)`)
  await until(() => ended('Wide').length === 3 && begun('Wide').includes('a1 wait'))
  assert.deepEqual(
    ended('Wide').filter((one) => one.startsWith('b')),
    ['b1', 'b2'],
  )
  assert.equal(begun('Wide').includes('a2'), false)
  box.release('Wide-go')
  await until(() => ended('Wide').length === 5)
  assert.deepEqual(
    ended('Wide').filter((one) => one.startsWith('a')),
    ['a1 wait', 'a2'],
  )
})

test('of a batch with failed items what stands before the first of them is done, the rest comes again and is given up', async () => {
  await client(`
t = boto3.resource('dynamodb').Table('items')
for id in ('one', 'poison', 'three'): t.put_item(Item={'id': id})
print(0)`)
  assert.partialDeepStrictEqual(JSON.parse(await received('lost')), {
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
    DDBStreamBatchInfo: { batchSize: 2 },
  })
  assert.deepEqual(
    told('Partial').map(({ begin }) => begin),
    [
      ['one', 'poison', 'three'],
      ['poison', 'three'],
    ],
  )
})

test('a mapping from a time on reads what came since, and of a shard that is split its children', async () => {
  await client(`
import time
k = boto3.client('kinesis')
k.create_stream(StreamName='since', ShardCount=1)
put = lambda text, key: k.put_record(StreamName='since', Data=text, PartitionKey='p', ExplicitHashKey=str(key))
put('before', 0)
# Times of mappings are in whole seconds.
second = int(time.time()) + 1
while time.time() < second: time.sleep(0.01)
put('since', 0)
name = next(f['FunctionName'] for f in boto3.client('lambda').list_functions()['Functions'] if '-Since-' in f['FunctionName'])
arn = k.describe_stream_summary(StreamName='since')['StreamDescriptionSummary']['StreamARN']
boto3.client('lambda').create_event_source_mapping(FunctionName=name, EventSourceArn=arn, StartingPosition='AT_TIMESTAMP', StartingPositionTimestamp=second)
print(0)`)
  await until(() => ended('Since').length > 0)
  await client(`
k = boto3.client('kinesis')
shard = k.list_shards(StreamName='since')['Shards'][0]['ShardId']
k.split_shard(StreamName='since', ShardToSplit=shard, NewStartingHashKey=str(2 ** 127))
for text, key in (('low', 0), ('high', 2 ** 127)): k.put_record(StreamName='since', Data=text, PartitionKey='p', ExplicitHashKey=str(key))
print(0)`)
  await until(() => ended('Since').length === 3)
  const [first, ...children] = ended('Since')
  assert.deepEqual([first, children.sort()], ['since', ['high', 'low']])
})

test('after a restart each stream goes on behind the last record that was done, and what came meanwhile is not missed', async () => {
  assert.equal(await fnscope.stop(), 0)
  await client(
    `
k = boto3.client('kinesis')
k.put_record(StreamName='lanes', Data='c2', PartitionKey='c')
k.put_record(StreamName='quiet', Data='first', PartitionKey='p')
t = boto3.resource('dynamodb').Table('items')
for id in ('four', 'five', 'six'): t.put_item(Item={'id': id})
print(0)`,
    cloud.url,
  )
  await using again = await startFnscope({ app: app.dir, dataDir: fnscope.dataDir, args })
  await until(() => ended('Wide').includes('c2') && ended('Late').length > 0 && ended('Partial').includes('six'))
  assert.deepEqual(
    ended('Wide').filter((one) => one.startsWith('c')),
    ['c1', 'c2'],
  )
  assert.equal(begun('Wide').filter((one) => one === 'a2').length, 1)
  assert.deepEqual(ended('Late'), ['first'])
  assert.deepEqual(told('Partial').at(-1)?.end, ['four', 'five', 'six'])
  assert.ok(again.url !== '')
})

test('a mapping that the cloud would refuse is refused, with the reason', async () => {
  await using again = await startFnscope({ app: app.dir, args: ['--cloud', 'off'] })
  const refused = await runPython<string[]>(
    `
import boto3, json
l = boto3.client('lambda')
name = next(f['FunctionName'] for f in l.list_functions()['Functions'] if '-Fifo-' in f['FunctionName'])
arn = lambda service, rest: f'arn:aws:{service}:us-east-1:000000000000:{rest}'
said = []
for more in (
    {'EventSourceArn': arn('sqs', 'x.fifo'), 'MaximumBatchingWindowInSeconds': 5},
    {'EventSourceArn': arn('sqs', 'x'), 'BatchSize': 11},
    {'EventSourceArn': arn('sqs', 'x'), 'FilterCriteria': {'Filters': [{'Pattern': '{"body":{"n":[{"numeric":["~",1]}]}}'}]}},
    {'EventSourceArn': arn('kinesis', 'stream/x')},
    {'EventSourceArn': arn('kinesis', 'stream/x'), 'StartingPosition': 'LATEST', 'TumblingWindowInSeconds': 60},
    {'EventSourceArn': arn('dynamodb', 'table/x/stream/1'), 'StartingPosition': 'AT_TIMESTAMP', 'StartingPositionTimestamp': 1}):
    try: said.append(l.create_event_source_mapping(FunctionName=name, **more)['UUID'])
    except l.exceptions.InvalidParameterValueException as error: said.append(error.response['Error']['Message'])
print(json.dumps(said))`,
    again.clientEnv,
  )
  const expected = [
    /window is not supported for FIFO/,
    /window in seconds must be/,
    /Invalid filter.*numeric/,
    /StartingPosition is/,
    /Tumbling/,
    /AT_TIMESTAMP/,
  ]
  for (const [index, pattern] of expected.entries()) assert.match(refused[index]!, pattern)
})

async function received(queue: string): Promise<string> {
  return await eventually(async () => {
    const bodies = await client<string[]>(`
q = boto3.client('sqs')
url = q.get_queue_url(QueueName='${queue}')['QueueUrl']
found = q.receive_message(QueueUrl=url, WaitTimeSeconds=5).get('Messages', [])
for m in found: q.delete_message(QueueUrl=url, ReceiptHandle=m['ReceiptHandle'])
print(json.dumps([m['Body'] for m in found]))`)
    return bodies[0]
  }, 90_000)
}
