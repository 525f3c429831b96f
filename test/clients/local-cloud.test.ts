// Beside another local cloud: a real ministack runs the functions, their SDKs send here, fnscope reads its logs.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine, ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { startMinistack } from '../started-ministack.ts'

const resources = new AsyncDisposableStack()
let fnscope: StartedFnscope
let cloudUrl: string

before(async () => {
  const cloud = await startMinistack()
  resources.use(cloud)
  cloudUrl = cloud.url
  fnscope = await startFnscope({ args: ['--beside', cloudUrl] })
  resources.defer(() => fnscope[Symbol.asyncDispose]())
})

after(async () => {
  await resources.disposeAsync()
})

const HANDLER = `
import sys, time
sys.path.insert(0, '@site@')
from aws_xray_sdk.core import xray_recorder
def handler(event, context):
    if event.get('traced', True):
        with xray_recorder.in_subsegment('charge') as subsegment:
            subsegment.put_annotation('order', event['order'])
            time.sleep(0.05)
    print('order %s 訂單' % event['order'])
    print('{"level":"ERROR","message":"no stock","order":"%s"}' % event['order'])
    return {'order': event['order']}
`

/** Makes the function in ministack and calls it with these events, one after the other; their answers' request ids. */
async function invoke(name: string, tracing: string, orders: readonly string[]): Promise<void> {
  await runPython(
    `
import boto3, io, json, sysconfig, zipfile
name, tracing, orders, daemon, source = json.loads(${JSON.stringify(
      JSON.stringify([name, tracing, orders, fnscope.doors['xray-daemon'], HANDLER]),
    )})
data = io.BytesIO()
with zipfile.ZipFile(data, 'w') as z: z.writestr('app.py', source.replace('@site@', sysconfig.get_paths()['purelib']))
c = boto3.client('lambda')
c.create_function(FunctionName=name, Runtime='python3.11', Role='arn:aws:iam::000000000000:role/r', Handler='app.handler', Code={'ZipFile': data.getvalue()}, Timeout=60,
  TracingConfig={'Mode': tracing}, Environment={'Variables': {'AWS_XRAY_DAEMON_ADDRESS': daemon, 'AWS_XRAY_CONTEXT_MISSING': 'LOG_ERROR'}})
for order in orders:
  r = c.invoke(FunctionName=name, Payload=json.dumps({'order': order, 'traced': tracing == 'Active'}))
  assert not r.get('FunctionError'), r['Payload'].read()
print(0)`,
    { ...fnscope.clientEnv, AWS_ENDPOINT_URL: cloudUrl },
  )
}

async function readLog(name: string, count: number): Promise<readonly ConsoleLogLine[]> {
  return await eventually(async () => {
    const { lines } = (await (await fetch(`${fnscope.url}/api/logs?function=${name}`)).json()) as {
      readonly lines: readonly ConsoleLogLine[]
    }
    return lines.length >= count ? lines : undefined
  }, 60_000)
}

async function readTrace(id: string): Promise<ConsoleTrace> {
  return await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${id}`)
    return answer.ok ? ((await answer.json()) as ConsoleTrace) : undefined
  })
}

const LINES = 5
const outline = (span: ConsoleSpan): unknown => [span.origin ?? span.name, ...span.children.map(outline)]

test('a traced function of ministack is one trace: its segments from its log lines, and what its SDK sent below', async () => {
  await invoke('beside-traced', 'Active', ['a-1', 'a-2'])
  const lines = await readLog('beside-traced', 2 * LINES)
  assert.deepEqual(
    lines.slice(0, LINES).map(({ kind, severity }) => [kind, severity]),
    [
      ['platform', ''],
      ['function', ''],
      ['function', 'ERROR'],
      ['platform', ''],
      ['platform', ''],
    ],
  )
  for (const from of [0, LINES]) {
    const own = lines.slice(from, from + LINES)
    assert.equal(new Set(own.map(({ requestId }) => requestId)).size, 1)
    assert.equal(new Set(own.map(({ traceId }) => traceId)).size, 1)
    // What the SDK sent is there before the log's lines were read.
    const trace = await eventually(async () => {
      const read = await readTrace(own[0]!.traceId!)
      return read.spanCount >= 3 ? read : undefined
    })
    assert.deepEqual(trace.roots.map(outline), [['AWS::Lambda', ['AWS::Lambda::Function', ['charge']]]])
    const [root] = trace.roots
    const [charge] = root!.children[0]!.children
    assert.deepEqual(charge!.annotations, { order: `a-${from === 0 ? 1 : 2}` })
    assert.equal(root!.name, 'beside-traced')
  }
})

test('a function that is not traced has a trace of its own, and every line is stored once', async () => {
  await invoke('beside-silent', 'PassThrough', ['b-1'])
  const [first] = await readLog('beside-silent', LINES)
  const trace = await readTrace(first!.traceId!)
  assert.deepEqual(trace.roots.map(outline), [['AWS::Lambda', ['AWS::Lambda::Function']]])
  // Another invocation means another look at the same group.
  await invoke('beside-other', 'PassThrough', ['c-1'])
  await readLog('beside-other', LINES)
  assert.equal((await readLog('beside-silent', LINES)).length, LINES)
})

test('a REPORT line that comes by PutLogEvents makes the same spans once, however often it is put', async () => {
  const requestId = crypto.randomUUID()
  const traceId = `1-${Math.floor(Date.now() / 1000).toString(16)}-${crypto.randomUUID().replaceAll('-', '').slice(8)}`
  await runPython(
    `
import boto3, json, time
logs = boto3.client('logs')
group, stream = '/aws/lambda/elsewhere', '2026/11/21/[$LATEST]abc'
logs.create_log_group(logGroupName=group)
logs.create_log_stream(logGroupName=group, logStreamName=stream)
now = int(time.time() * 1000)
for i in range(2):
  logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{'timestamp': now, 'message': m} for m in (
    'START RequestId: ${requestId} Version: $LATEST', '${new Date().toISOString()} ${requestId} Task timed out after 3.00 seconds',
    'END RequestId: ${requestId}', 'REPORT RequestId: ${requestId}\\tDuration: 3000.00 ms\\tBilled Duration: 3000 ms\\tMemory Size: 128 MB\\tMax Memory Used: 45 MB\\tInit Duration: 120.50 ms\\tStatus: timeout\\t\\nXRAY TraceId: ${traceId}\\tSegmentId: 29b2db393960f3d1\\tSampled: true\\t')])
print(0)`,
    fnscope.clientEnv,
  )
  const trace = await readTrace(traceId)
  assert.deepEqual(trace.roots.map(outline), [['AWS::Lambda', ['AWS::Lambda::Function', ['Init']]]])
  const run = trace.roots[0]!.children[0]!
  assert.deepEqual([run.id, run.fault, run.durationMs], ['29b2db393960f3d1', true, 3000])
})
