// InvokeWithResponseStream through boto3: a Node function that streams, one that fails on the way, and a plain one.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startInlineApp, type InlineApp } from '../inline-app.ts'
import { runPython } from '../started-fnscope.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Plain: { Type: AWS::Serverless::Function, Properties: { FunctionName: plain, Runtime: python3.11, CodeUri: src/, Handler: app.plain } }
  Streams:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: streams
      Runtime: nodejs20.x
      Handler: index.handler
      Timeout: 20
      InlineCode: |
        exports.handler = awslambda.streamifyResponse(async (event, stream) => {
          for (const word of ['one ', 'two ', '三']) {
            stream.write(word)
            await new Promise((resolve) => setTimeout(resolve, 1000))
          }
          if (event.fail) throw new RangeError('half way')
          stream.end()
        })
`
const CODE = `
def plain(event, context):
    if event.get('fail'): raise ValueError('no')
    return {'got': event}
`
const CLIENT = `
import base64, boto3, json, time
client = boto3.client('lambda')
def call(name, payload, **more):
    try:
        answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(payload), **more)
    except client.exceptions.ClientError as error:
        return [error.response['Error']['Code']]
    events, times = [], []
    for event in answer['EventStream']:
        times.append(time.time())
        events.append({k: {m: v.decode() if isinstance(v, bytes) else v for m, v in e.items()} for k, e in event.items()})
    return {'status': answer['StatusCode'], 'version': answer['ExecutedVersion'], 'events': events, 'spread': times[-1] - times[0]}
`

interface Streamed {
  readonly status: number
  readonly version: string
  readonly events: readonly Readonly<Record<string, Readonly<Record<string, string>>>>[]
  readonly spread: number
}

let app: InlineApp

before(async () => {
  app = await startInlineApp('lambda-stream', { template: TEMPLATE, code: CODE })
})
after(async () => {
  await app[Symbol.asyncDispose]()
})

const call = async <T = Streamed>(code: string): Promise<T> =>
  await runPython<T>(`${CLIENT}\nprint(json.dumps(${code}))`, app.fnscope.clientEnv)

const textOf = ({ events }: Streamed): string =>
  events.map((event) => event['PayloadChunk']?.['Payload'] ?? '').join('')

test('a streamed answer comes in chunks while the function runs, and its log at the end', async () => {
  const answer = await call("call('streams', {}, LogType='Tail')")
  assert.deepEqual([answer.status, answer.version, textOf(answer)], [200, '$LATEST', 'one two 三'])
  assert.ok(answer.events.length >= 4 && answer.spread > 0.5, `${answer.events.length} events in ${answer.spread} s`)
  const complete = answer.events.at(-1)!['InvokeComplete']!
  assert.match(Buffer.from(complete['LogResult']!, 'base64').toString(), /^START RequestId[^]*REPORT RequestId/m)
  assert.equal(complete['ErrorCode'], undefined)
})

test('what fails on the way is told behind the chunks that came', async () => {
  const answer = await call("call('streams', {'fail': True})")
  assert.equal(textOf(answer), 'one two 三')
  const { ErrorCode, ErrorDetails } = answer.events.at(-1)!['InvokeComplete']!
  assert.match(`${ErrorCode} ${ErrorDetails}`, /Unhandled .*half way/)
})

test('a function that does not stream is one chunk, its error no chunk, an unknown one 404', async () => {
  const good = await call("call('plain', {'a': 1})")
  assert.deepEqual(good.events, [{ PayloadChunk: { Payload: '{"got": {"a": 1}}' } }, { InvokeComplete: {} }])
  const bad = await call("call('plain', {'fail': 1})")
  assert.deepEqual(
    bad.events.map((event) => Object.keys(event)),
    [['InvokeComplete']],
  )
  assert.match(bad.events[0]!['InvokeComplete']!['ErrorDetails']!, /ValueError/)
  assert.deepEqual(await call<string[]>("call('nobody', {})"), ['ResourceNotFoundException'])
})
