// What topics and buses push, by patterns and policies, and whose traces arrive behind them: a real ministack that the test
// started, real boto3, real functions that tell a mailbox what they got.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleSpanDetail } from '../../packages/fnscope/src/api/console-trace-types.ts'
import type { ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { openMailbox, type Mailbox } from '../functions/mailbox.ts'
import { startInlineApp } from '../inline-app.ts'
import { eventually, runPython, type StartedFnscope } from '../started-fnscope.ts'
import { startMinistack } from '../started-ministack.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.11, CodeUri: src/, Handler: app.handler, Timeout: 60, MemorySize: 256, Tracing: Active, Environment: { Variables: { BOX: '@box@' } } }
Resources:
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  RawQueue: { Type: AWS::SQS::Queue, Properties: { QueueName: raw } }
  Wrapped: { Type: AWS::SQS::Queue, Properties: { QueueName: wrapped } }
  Linked: { Type: AWS::SQS::Queue, Properties: { QueueName: linked } }
  Filed: { Type: AWS::SQS::Queue, Properties: { QueueName: filed } }
  Pictures: { Type: AWS::SNS::Topic, Properties: { TopicName: pictures } }
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: files
      NotificationConfiguration:
        QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: !GetAtt Filed.Arn, Filter: { S3Key: { Rules: [{ Name: suffix, Value: .txt }] } } }]
        TopicConfigurations: [{ Event: 's3:ObjectCreated:Put', Topic: !Ref Pictures, Filter: { S3Key: { Rules: [{ Name: suffix, Value: .png }] } } }]
  FromQueue: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Filed.Arn, BatchSize: 1 } } } } }
  FromTopic: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SNS, Properties: { Topic: !Ref Pictures } } } } }
  Shop: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  RawSubscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt RawQueue.Arn, RawMessageDelivery: true, FilterPolicyScope: MessageBody, FilterPolicy: { raw: [{ exists: true }] } } }
  WrappedSubscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Wrapped.Arn, FilterPolicy: { to: [wrapped] } } }
  MissingSubscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: lambda, Endpoint: 'arn:aws:lambda:us-east-1:000000000000:function:missing', RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }, FilterPolicy: { to: [nobody] } } }
  ToQueue: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref Shop, EventPattern: { source: [queue] }, Targets: [{ Id: q, Arn: !GetAtt Wrapped.Arn }] } }
  Colors: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { color: [blue, { prefix: gr }], size: [{ numeric: ['>', 3] }] } } } } } }
  Totals: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicyScope: MessageBody, FilterPolicy: { order: { total: [{ numeric: ['>', 100] }], state: [{ anything-but: [draft] }] } } } } } } }
  Raw: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt RawQueue.Arn } } } } }
  Behind: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Wrapped.Arn, BatchSize: 1 } } } } }
  Links: { Type: AWS::Serverless::Function, Properties: { Events: { In: { Type: SQS, Properties: { Queue: !GetAtt Linked.Arn, BatchSize: 5, MaximumBatchingWindowInSeconds: 120 } } } } }
  Rules:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Prefix: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { source: [{ prefix: shop. }], detail: { state: [{ anything-but: [draft] }], coupon: [{ exists: false }] } }, InputTransformer: { InputPathsMap: { id: $.detail.id, kind: $.detail-type }, InputTemplate: '{"rule":"prefix","id":<id>,"said":"<kind> made"}' } } }
        Numeric: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { detail: { total: [{ numeric: ['>=', 100, '<', 200] }] } }, InputPath: $.detail } }
        Either: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { $or: [{ detail: { file: [{ suffix: .png }] } }, { detail-type: [forced] }] }, Input: '{"rule":"either"}' } }
`
const CODE = `
import json, os, urllib.request
def handler(event, context):
    name = context.function_name.split('-')[-2]
    body = json.dumps({'event': event, 'trace': os.environ['_X_AMZN_TRACE_ID']}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ['BOX'] + '/' + name, body, method='POST')).read()
`

interface Told {
  readonly event: Readonly<Record<string, unknown>> & { readonly Records: readonly Record<string, unknown>[] }
  readonly trace: string
}

const resources = new AsyncDisposableStack()
let box: Mailbox
let fnscope: StartedFnscope

before(async () => {
  const cloud = await startMinistack()
  resources.use(cloud)
  box = await openMailbox()
  resources.use(box)
  const template = TEMPLATE.replace('@box@', box.url)
  const app = await startInlineApp('pushed', { template, code: CODE, args: ['--cloud', cloud.url] })
  resources.use(app)
  fnscope = app.fnscope
  // Their queues and rules are made behind the deployment.
  await eventually(async () => {
    const queues = await client<string[]>(
      "print(json.dumps([u.rsplit('/', 1)[1] for u in boto3.client('sqs').list_queues()['QueueUrls']]))",
    )
    const subscribed = await client<number>(
      "print(len(boto3.client('sns').list_subscriptions()['Subscriptions']) + sum(len(boto3.client('events').list_targets_by_rule(Rule=r['Name'], EventBusName='shop')['Targets']) for r in boto3.client('events').list_rules(EventBusName='shop')['Rules']))",
    )
    return queues.filter((name) => name.startsWith('fnscope-')).length === 7 && subscribed === 10 ? true : undefined
  }, 90_000)
})

after(async () => {
  await resources.disposeAsync()
})

const client = async <T = number>(code: string): Promise<T> =>
  await runPython<T>(
    `
import boto3, json
def traced(service, header):
    c = boto3.client(service)
    c.meta.events.register('before-send', lambda request, **_: request.headers.__setitem__('X-Amzn-Trace-Id', header) and None)
    return c
${code}`,
    fnscope.clientEnv,
  )

async function told(name: string, count: number): Promise<readonly Told[]> {
  return await eventually(async () => {
    const found = box.received(name) as readonly Told[]
    return found.length >= count ? found : undefined
  }, 90_000)
}

test("a topic's filter policies hold over attributes and over the body, and raw delivery has the message alone", async () => {
  await client(`
sns = boto3.client('sns')
topic = next(t['TopicArn'] for t in sns.list_topics()['Topics'] if t['TopicArn'].endswith(':news'))
text = lambda value: {'DataType': 'String', 'StringValue': value}
number = lambda value: {'DataType': 'Number', 'StringValue': value}
for message, attributes in [
    ('red', {'color': text('red'), 'size': number('5')}), ('small', {'color': text('blue'), 'size': number('3')}), ('green', {'color': text('green'), 'size': number('4')}),
    (json.dumps({'order': {'total': 100, 'state': 'new'}}), {}), (json.dumps({'order': {'total': 101, 'state': 'draft'}}), {}), (json.dumps({'order': {'total': 101, 'state': 'new'}}), {}),
    (json.dumps({'raw': 1}), {'shade': text('dark')}), ('for nobody', {'to': text('nobody')}), ('blue', {'color': text('blue'), 'size': number('9')})]:
    sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
print(0)`)
  const messages = (all: readonly Told[]): string[] =>
    all.flatMap(({ event }) => event.Records.map(({ Sns }) => (Sns as { readonly Message: string }).Message))
  assert.deepEqual(messages(await told('Colors', 2)).sort(), ['blue', 'green'])
  assert.deepEqual(messages(await told('Totals', 1)), ['{"order": {"total": 101, "state": "new"}}'])
  const [raw] = await told('Raw', 1)
  assert.partialDeepStrictEqual(raw!.event.Records[0], {
    body: '{"raw": 1}',
    messageAttributes: { shade: { stringValue: 'dark', dataType: 'String' } },
  })
})

test('a message that its function cannot be given goes to the dead-letter queue of the subscription', async () => {
  const dead = await client<{ readonly Message: string }>(`
sqs = boto3.client('sqs')
url = sqs.get_queue_url(QueueName='dead')['QueueUrl']
found = []
while not found: found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get('Messages', [])
print(found[0]['Body'])`)
  assert.equal(dead.Message, 'for nobody')
})

test("a bus' rules choose by prefix, anything-but, exists, numeric, suffix and $or, and shape what the function gets", async () => {
  await client(`
put = lambda source, kind, detail: {'EventBusName': 'shop', 'Source': source, 'DetailType': kind, 'Detail': json.dumps(detail)}
boto3.client('events').put_events(Entries=[
    put('shop.web', 'order', {'id': 'draft', 'state': 'draft'}), put('shop.web', 'order', {'id': 'coupon', 'state': 'new', 'coupon': 'x'}),
    put('shop', 'order', {'id': 'elsewhere', 'state': 'new'}), put('shop.web', 'order', {'id': 'good', 'state': 'new'}),
    put('n', 'n', {'total': 99}), put('n', 'n', {'total': 200}), put('n', 'n', {'total': 100}),
    put('f', 'f', {'file': 'a.jpg'})])
boto3.client('events').put_events(Entries=[put('f', 'f', {'file': 'a.png'}), put('f', 'forced', {})])
print(0)`)
  const events = (await told('Rules', 4)).map(({ event }) => JSON.stringify(event)).sort()
  assert.deepEqual(events, [
    '{"rule":"either"}',
    '{"rule":"either"}',
    '{"rule":"prefix","id":"good","said":"order made"}',
    '{"total":100}',
  ])
})

test("a batch links to each sender's trace once, in X-Ray's documents and in the console", async () => {
  const roots = ['1-5f000001-aaaaaaaaaaaaaaaaaaaaaaaa', '1-5f000002-bbbbbbbbbbbbbbbbbbbbbbbb']
  await client(`
sqs = boto3.client('sqs')
url = sqs.get_queue_url(QueueName='linked')['QueueUrl']
header = lambda root, parent: {'AWSTraceHeader': {'DataType': 'String', 'StringValue': f'Root={root};Parent={parent};Sampled=1'}}
for root, parent in [('${roots[0]}', '00000000000000a1'), ('${roots[1]}', '00000000000000b1'), ('${roots[0]}', '00000000000000a1'), ('${roots[0]}', '00000000000000a2')]:
    sqs.send_message(QueueUrl=url, MessageBody=parent, MessageSystemAttributes=header(root, parent))
sqs.send_message(QueueUrl=url, MessageBody='untraced')
print(0)`)
  const [batch] = await told('Links', 1)
  assert.equal(batch!.event.Records.length, 5)
  assert.equal(batch!.event.Records.filter(({ attributes }) => 'AWSTraceHeader' in (attributes as object)).length, 4)
  const expected = [`${roots[0]} 00000000000000a1`, `${roots[0]} 00000000000000a2`, `${roots[1]} 00000000000000b1`]
  assert.deepEqual((await xrayLinks(batch!)).sort(), expected)
  const url = `${fnscope.url}/api/traces/${rootOf(batch!)}`
  const { roots: spans } = (await (await fetch(url)).json()) as ConsoleTrace
  const details = spans
    .flatMap(all)
    .map(async ({ id }) => (await (await fetch(`${url}/spans/${id}`)).json()) as ConsoleSpanDetail)
  const links = (await Promise.all(details)).flatMap((detail) => detail.links)
  assert.deepEqual(links.map(({ traceId, spanId }) => `${traceId} ${spanId}`).sort(), expected)
})

test('behind a topic or a bus a queue still carries the trace of who published, and its function links to it', async () => {
  const [publisher, putter] = ['1-5f000003-cccccccccccccccccccccccc', '1-5f000004-dddddddddddddddddddddddd']
  await client(`
sns = traced('sns', 'Root=${publisher};Parent=00000000000000c1;Sampled=1')
topic = next(t['TopicArn'] for t in sns.list_topics()['Topics'] if t['TopicArn'].endswith(':news'))
sns.publish(TopicArn=topic, Message='hello', MessageAttributes={'to': {'DataType': 'String', 'StringValue': 'wrapped'}})
traced('events', 'Root=${putter};Parent=00000000000000d1;Sampled=1').put_events(Entries=[{'EventBusName': 'shop', 'Source': 'queue', 'DetailType': 'x', 'Detail': '{}'}])
print(0)`)
  const behind = await told('Behind', 2)
  const headers = behind.map(
    ({ event }) => (event.Records[0]!['attributes'] as { readonly AWSTraceHeader?: string }).AWSTraceHeader ?? '',
  )
  assert.deepEqual(headers.map((header) => String(/Root=([^;]+)/.exec(header)?.[1])).sort(), [publisher, putter])
  const links = (await Promise.all(behind.map(xrayLinks))).flat().sort()
  assert.deepEqual(links, [`${publisher} 00000000000000c1`, `${putter} 00000000000000d1`])
})

test('a bucket tells a queue, whose function links to who put the object, and a topic, whose function is in its trace', async () => {
  const [texts, pictures] = ['1-5f000005-eeeeeeeeeeeeeeeeeeeeeeee', '1-5f000006-ffffffffffffffffffffffff']
  await client(`
traced('s3', 'Root=${texts};Parent=00000000000000e1;Sampled=1').put_object(Bucket='files', Key='in/a b.txt', Body=b'hello')
traced('s3', 'Root=${pictures};Parent=00000000000000f1;Sampled=1').put_object(Bucket='files', Key='c.png', Body=b'png')
boto3.client('s3').put_object(Bucket='files', Key='d.jpg', Body=b'jpg')
print(0)`)
  const [queued] = await told('FromQueue', 1)
  const { body, attributes } = queued!.event.Records[0] as { readonly body: string; readonly attributes: object }
  const change = (text: string): unknown => (JSON.parse(text) as Told['event']).Records[0]
  assert.partialDeepStrictEqual(change(body), {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'files' }, object: { key: 'in/a+b.txt', size: 5 } },
  })
  assert.partialDeepStrictEqual(attributes, { AWSTraceHeader: `Root=${texts};Parent=00000000000000e1;Sampled=1` })
  assert.deepEqual(await xrayLinks(queued!), [`${texts} 00000000000000e1`])
  const [published] = await told('FromTopic', 1)
  const { Sns } = published!.event.Records[0] as {
    readonly Sns: { readonly Subject: string; readonly Message: string }
  }
  assert.equal(Sns.Subject, 'Amazon S3 Notification')
  assert.partialDeepStrictEqual(change(Sns.Message), { s3: { object: { key: 'c.png' } } })
  assert.equal(rootOf(published!), pictures)
})

function rootOf({ trace }: Told): string {
  return /Root=([^;]+)/.exec(trace)![1]!
}

function all(span: ConsoleSpan): ConsoleSpan[] {
  return [span, ...span.children.flatMap(all)]
}

/** Of the segment of the service, once it is there. */
async function xrayLinks(one: Told): Promise<string[]> {
  return await eventually(async () => {
    const links = await client<{ readonly trace_id: string; readonly id: string }[]>(`
traces = boto3.client('xray').batch_get_traces(TraceIds=['${rootOf(one)}'])['Traces']
print(json.dumps([link for t in traces for s in t['Segments'] for link in json.loads(s['Document']).get('links', [])]))`)
    return links.length > 0 ? links.map(({ trace_id, id }) => `${trace_id} ${id}`) : undefined
  }, 60_000)
}
