// Queues, topics, buckets, streams and buses that call functions here: a real ministack, real boto3, real functions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine, ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { eventually, eventuallyHolds, runPython, type StartedFnscope } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Handler: app.show, Timeout: 120, MemorySize: 256, Tracing: Active }
Resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs, VisibilityTimeout: 6, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 } } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Files: { Type: AWS::S3::Bucket, Properties: { BucketName: files } }
  Items: { Type: AWS::DynamoDB::Table, Properties: { TableName: items, BillingMode: PAY_PER_REQUEST, StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }, AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }] } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Orders: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Queue:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.worker
      Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 10, MaximumBatchingWindowInSeconds: 1, FunctionResponseTypes: [ReportBatchItemFailures], FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["job"]}}' }] } } } }
  Topic: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SNS, Properties: { Topic: !Ref News } } } } }
  Bucket: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: S3, Properties: { Bucket: !Ref Files, Events: ['s3:ObjectCreated:*'], Filter: { S3Key: { Rules: [{ Name: suffix, Value: .txt }] } } } } } } }
  Table: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: DynamoDB, Properties: { Stream: !GetAtt Items.StreamArn, StartingPosition: TRIM_HORIZON } } } } }
  Stream: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: TRIM_HORIZON } } } } }
  Bus: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Orders, Pattern: { source: [shop] } } } } } }
  Failing:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.failing
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Failed.Arn }
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: EventBridge, Destination: !GetAtt Orders.Arn } } }
  Failed: { Type: AWS::SQS::Queue, Properties: { QueueName: failed } }
  Told: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Orders, Pattern: { source: [lambda] } } } } } }
  Sender: { Type: AWS::Serverless::Function, Properties: { Handler: app.sender, Environment: { Variables: { SITE: '@site@', JOBS: !Ref Jobs, NEWS: !Ref News } } } }
`
const CODE = `
import json, os, sys
sys.path.append(os.environ.get('SITE', ''))
def show(event, context):
    print('EVENT ' + json.dumps(event))
def worker(event, context):
    print('EVENT ' + json.dumps(event))
    return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in event['Records'] if 'poison' in r['body']]}
def failing(event, context):
    raise ValueError('no such order')
def sender(event, context):
    import boto3
    boto3.client('sqs').send_message(QueueUrl=os.environ['JOBS'], MessageBody=json.dumps({'kind': 'job', 'from': 'sender'}))
    boto3.client('sns').publish(TopicArn=os.environ['NEWS'], Message='from sender')
    boto3.client('s3').put_object(Bucket='files', Key='a b/c.txt', Body=b'hello')
    boto3.client('s3').put_object(Bucket='files', Key='c.png', Body=b'hello')
    boto3.client('events').put_events(Entries=[{'EventBusName': 'orders', 'Source': 'shop', 'DetailType': 'made', 'Detail': '{"n": 1}'}, {'EventBusName': 'orders', 'Source': 'other', 'DetailType': 'made', 'Detail': '{}'}])
`

/**
 * Twenty functions' processes, a cloud and a store on two cores: at a load of 20 a cold start alone took longer than the
 * function's time, and its batch came again.
 */
const PATIENCE_MS = 240_000

type Event = Readonly<Record<string, unknown>> & { readonly Records: readonly Readonly<Record<string, unknown>>[] }
let app: InlineApp
let fnscope: StartedFnscope

before(async () => {
  app = await startInlineApp('event-sources', { template: TEMPLATE, code: CODE })
  fnscope = app.fnscope
})

after(async () => {
  await app[Symbol.asyncDispose]()
})

const client = async <T>(code: string): Promise<T> =>
  await runPython<T>(`import boto3, json\n${code}`, fnscope.clientEnv)

async function seen(
  logicalId: string,
  enough: (events: readonly Event[]) => boolean,
): Promise<{ readonly events: Event[]; readonly lines: readonly ConsoleLogLine[] }> {
  const listed = (await (await fetch(`${fnscope.url}/api/functions`)).json()) as {
    readonly functions: readonly { readonly name: string; readonly logicalId: string }[]
  }
  const { name } = listed.functions.find((one) => one.logicalId === logicalId)!
  return await eventually(async () => {
    const { lines } = (await (await fetch(`${fnscope.url}/api/logs?function=${name}`)).json()) as {
      readonly lines: readonly ConsoleLogLine[]
    }
    const own = lines.filter(({ body }) => body.startsWith('EVENT '))
    const events = own.map(({ body }) => JSON.parse(body.slice(6)) as Event)
    return enough(events) ? { events, lines: own } : undefined
  }, PATIENCE_MS)
}

test('a batch of a queue: failed items come again and go to the dead-letter queue, others are deleted, filtered ones dropped', async () => {
  // A cold start on a busy machine takes longer than a message stays invisible.
  await client<number>(`
l = boto3.client('lambda')
l.invoke(FunctionName=next(f['FunctionName'] for f in l.list_functions()['Functions'] if '-Queue-' in f['FunctionName']), Payload=b'{"Records": []}')
q = boto3.client('sqs')
url = q.get_queue_url(QueueName='jobs')['QueueUrl']
q.send_message_batch(QueueUrl=url, Entries=[
  {'Id': '1', 'MessageBody': '{"kind":"job","n":1}', 'MessageAttributes': {'color': {'DataType': 'String', 'StringValue': 'blue'}}},
  {'Id': '2', 'MessageBody': '{"kind":"job","poison":true}'},
  {'Id': '3', 'MessageBody': '{"kind":"other"}'}])
print(0)`)
  const bodies = (events: readonly Event[]): string[] =>
    events.flatMap(({ Records }) => Records.map(({ body }) => String(body)))
  const { events } = await seen('Queue', (all) => bodies(all).filter((body) => body.includes('poison')).length >= 2)
  assert.equal(bodies(events).filter((body) => body.includes('"n":1')).length, 1)
  assert.equal(
    bodies(events).some((body) => body.includes('other')),
    false,
  )
  const record = events.flatMap(({ Records }) => Records).find(({ body }) => String(body).includes('"n":1'))!
  assert.partialDeepStrictEqual(record, {
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:jobs',
    awsRegion: 'us-east-1',
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {
      color: { stringValue: 'blue', dataType: 'String', stringListValues: [], binaryListValues: [] },
    },
  })
  const dead = await eventually(async () => {
    const found = await client<string[]>(`
q = boto3.client('sqs')
print(json.dumps([m['Body'] for m in q.receive_message(QueueUrl=q.get_queue_url(QueueName='dead')['QueueUrl'], WaitTimeSeconds=5).get('Messages', [])]))`)
    return found.length > 0 ? found : undefined
  }, PATIENCE_MS)
  assert.deepEqual(dead, ['{"kind":"job","poison":true}'])
})

test('streams of a table and of Kinesis come in order, in the shapes of their sources', async () => {
  await client<number>(`
t = boto3.resource('dynamodb').Table('items')
t.put_item(Item={'id': 'a', 'n': 1})
t.put_item(Item={'id': 'a', 'n': 2})
t.delete_item(Key={'id': 'a'})
boto3.client('kinesis').put_records(StreamName='clicks', Records=[{'Data': b'one', 'PartitionKey': 'p'}, {'Data': b'two', 'PartitionKey': 'p'}])
print(0)`)
  // A batch whose function was too slow on a busy machine comes again, as on the cloud: each record counts where it first came.
  const records = (events: readonly Event[]): Readonly<Record<string, unknown>>[] => {
    const all = events.flatMap(({ Records }) => Records)
    return all.filter((record, at) => all.findIndex(({ eventID }) => eventID === record['eventID']) === at)
  }
  const table = records((await seen('Table', (all) => records(all).length >= 3)).events)
  assert.deepEqual(
    table.map(({ eventName }) => eventName),
    ['INSERT', 'MODIFY', 'REMOVE'],
  )
  assert.partialDeepStrictEqual(table[1], {
    eventSource: 'aws:dynamodb',
    eventVersion: '1.1',
    dynamodb: { Keys: { id: { S: 'a' } }, NewImage: { n: { N: '2' } }, OldImage: { n: { N: '1' } } },
  })
  const stream = records((await seen('Stream', (all) => records(all).length >= 2)).events)
  assert.deepEqual(
    stream.map(({ kinesis }) => Buffer.from((kinesis as { readonly data: string }).data, 'base64').toString()),
    ['one', 'two'],
  )
  assert.partialDeepStrictEqual(stream[0], {
    eventSource: 'aws:kinesis',
    eventName: 'aws:kinesis:record',
    kinesis: { partitionKey: 'p', kinesisSchemaVersion: '1.0' },
  })
})

test('what a function sends to a topic, a bucket and a bus goes on in its trace; to a queue it is a link', async () => {
  const traceId = await client<string>(`
r = boto3.client('lambda').invoke(FunctionName='Sender', Payload=b'{}')
assert not r.get('FunctionError'), r['Payload'].read()
print(json.dumps(r['ResponseMetadata']['HTTPHeaders']['x-amzn-trace-id'].split(';')[0].split('=')[1]))`)
  const [topic] = (await seen('Topic', (all) => all.length >= 1)).events
  assert.partialDeepStrictEqual(topic!.Records[0], {
    EventSource: 'aws:sns',
    EventVersion: '1.0',
    Sns: {
      Type: 'Notification',
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:news',
      Subject: null,
      Message: 'from sender',
      MessageAttributes: {},
    },
  })
  const [bucket] = (await seen('Bucket', (all) => all.length >= 1)).events
  assert.partialDeepStrictEqual(bucket!.Records[0], {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: {
      bucket: { name: 'files', arn: 'arn:aws:s3:::files' },
      object: { key: 'a+b/c.txt', size: 5, eTag: '5d41402abc4b2a76b9719d911017c592' },
    },
  })
  const { events: bus } = await seen('Bus', (all) => all.length >= 1)
  assert.partialDeepStrictEqual(bus[0], {
    version: '0',
    source: 'shop',
    'detail-type': 'made',
    detail: { n: 1 },
    account: '000000000000',
  })
  const { lines } = await seen('Queue', (all) =>
    all.some(({ Records }) => Records.some(({ body }) => String(body).includes('sender'))),
  )
  const linked = lines.find(({ body }) => body.includes('sender'))!
  assert.match(linked.body, /"AWSTraceHeader": "Root=/)
  assert.notEqual(linked.traceId, traceId)

  const trace = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${traceId}`)
    if (!answer.ok) return undefined
    const read = (await answer.json()) as ConsoleTrace
    return outline(read.roots).length >= 4 ? read : undefined
  }, PATIENCE_MS)
  assert.equal(trace.roots.length, 1)
  assert.deepEqual(
    new Set(outline(trace.roots).map((name) => /-(Sender|Topic|Bucket|Bus)-/.exec(name)?.[1])),
    new Set(['Bucket', 'Bus', 'Sender', 'Topic']),
  )
  await eventuallyHolds(async () => {
    const links = await client<{ trace_id: string; id: string }[]>(`
traces = boto3.client('xray').batch_get_traces(TraceIds=['${linked.traceId}'])['Traces']
print(json.dumps([link for t in traces for s in t['Segments'] for link in json.loads(s['Document']).get('links', [])]))`)
    assert.deepEqual(
      links.map(({ trace_id }) => trace_id),
      [traceId],
    )
  })
})

test('a failed event goes to its dead-letter queue with what went wrong, and its record to the bus of its destination', async () => {
  const dead = await client<{ Body: string; MessageAttributes: Record<string, { StringValue: string }> }>(`
name = next(f['FunctionName'] for f in boto3.client('lambda').list_functions()['Functions'] if '-Failing-' in f['FunctionName'])
boto3.client('lambda').invoke(FunctionName=name, InvocationType='Event', Payload=b'{"order": 7}')
sqs = boto3.client('sqs')
url = sqs.get_queue_url(QueueName='failed')['QueueUrl']
messages = []
while not messages:
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MessageAttributeNames=['All']).get('Messages', [])
print(json.dumps(messages[0]))`)
  assert.deepEqual(JSON.parse(dead.Body), { order: 7 })
  assert.equal(dead.MessageAttributes['ErrorMessage']!.StringValue, 'no such order')
  const { events } = await seen('Told', (all) => all.length >= 1)
  assert.partialDeepStrictEqual(events[0], {
    source: 'lambda',
    'detail-type': 'Lambda Function Invocation Result - Failure',
    detail: { requestPayload: { order: 7 }, responseContext: { functionError: 'Unhandled' } },
  })
})

/** Names of the functions that were called. */
function outline(spans: readonly ConsoleSpan[]): string[] {
  return spans.flatMap((span) => [...(span.origin === 'AWS::Lambda' ? [span.name] : []), ...outline(span.children)])
}
