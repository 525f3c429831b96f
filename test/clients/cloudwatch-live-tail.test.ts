// StartLiveTail through boto3, and through `aws logs start-live-tail`, to which fnscope is the proxy: both put `stream-` before
// the host of the endpoint.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runClient, startFnscope, VENV, type StartedFnscope } from '../started-fnscope.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function python<Answer>(code: string): Promise<Answer> {
  const env = { ...fnscope.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' }
  const ran = await runClient('python', ['-c', `${PRELUDE}\n${code}`], env, 'null')
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

const PRELUDE = `
from cloudwatch_read import *
from botocore.config import Config
live = boto3.client('logs', config=Config(inject_host_prefix=False))
arn = lambda name: 'arn:aws:logs:us-east-1:000000000000:log-group:' + name
def make(group, *streams):
  logs.create_log_group(logGroupName=group)
  for stream in streams: logs.create_log_stream(logGroupName=group, logStreamName=stream)
def put(group, stream, *messages):
  logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{'timestamp': now_ms, 'message': m} for m in messages])
def session(**k): return iter(live.start_live_tail(**k)['responseStream'])
def results(events, count):
  found = []
  while len(found) < count: found += next(events)['sessionUpdate']['sessionResults']
  return found
`

test('a session starts, and sends what comes into its groups, by stream and pattern, once a second', async () => {
  const found = await python<Readonly<Record<string, unknown>>>(`
make('/tail/a', 's', 'other'); make('/tail/b', 's')
put('/tail/a', 's', 'before the session')
both = session(logGroupIdentifiers=[arn('/tail/a'), arn('/tail/b')])
filtered = session(logGroupIdentifiers=[arn('/tail/a')], logStreamNamePrefixes=['s'], logEventFilterPattern='{ $.kind = "주문" }')
starts = [next(both)['sessionStart'], next(filtered)['sessionStart']]
put('/tail/a', 'other', '{"kind":"주문","n":1}'); put('/tail/a', 's', 'plain', '{"kind":"주문","n":2}'); put('/tail/b', 's', 'last 🎉')
all = results(both, 4)
some = results(filtered, 1)
put('/tail/a', 's', *['{"kind":"주문","n":%d}' % i for i in range(700)])
many = next(e['sessionUpdate'] for e in filtered if e['sessionUpdate']['sessionResults'])
answer({'starts': [[s['logGroupIdentifiers'], s.get('logStreamNamePrefixes'), s.get('logEventFilterPattern'), len(s['sessionId'])] for s in starts],
  'all': sorted([e['logGroupIdentifier'], e['logStreamName'], e['message'], e['timestamp'] - now_ms, e['ingestionTime'] >= now_ms] for e in all),
  'some': [e['message'] for e in some], 'many': [len(many['sessionResults']), many['sessionMetadata']]})`)
  const [a, b] = ['000000000000:/tail/a', '000000000000:/tail/b']
  const arn = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`
  assert.deepEqual(found, {
    starts: [
      [[arn('/tail/a'), arn('/tail/b')], null, null, 36],
      [[arn('/tail/a')], ['s'], '{ $.kind = "주문" }', 36],
    ],
    all: [
      [a, 'other', '{"kind":"주문","n":1}', 0, true],
      [a, 's', 'plain', 0, true],
      [a, 's', '{"kind":"주문","n":2}', 0, true],
      [b, 's', 'last 🎉', 0, true],
    ],
    some: ['{"kind":"주문","n":2}'],
    many: [500, { sampled: true }],
  })
})

test('what a session cannot be is refused; there are fifteen at once, and one that is left makes room', async () => {
  const found = await python<readonly unknown[]>(`
make('/limits', 's')
f = lambda **k: failure(live.start_live_tail, **{'logGroupIdentifiers': [arn('/limits')], **k})[0]
out = [f(logGroupIdentifiers=[arn('/none')]), f(logGroupIdentifiers=[arn('/limits') + ':*']), f(logStreamNames=['s'], logStreamNamePrefixes=['s']), f(logGroupIdentifiers=[arn('/limits'), arn('/limits')], logStreamNames=['s']),
  f(logEventFilterPattern='{ $.a ='), f(logEventFilterPattern='%(a%')]
def open():
  try: return live.start_live_tail(logGroupIdentifiers=[arn('/limits')])['responseStream']
  except live.exceptions.LimitExceededException: return None
streams = []
eventually(lambda: len(streams) == 15 or streams.append(open()) or (streams[-1] is None and streams.pop()))
out.append(open())
streams.pop().close()
out.append(eventually(open) is not None)
streams.pop().close()
slow = eventually(lambda: failure(lambda: out.append(session(logGroupIdentifiers=[arn('/limits')], logEventFilterPattern='%x*x*x*x*x*x*x*x*y%')))[0] == 'taken' and out.pop())
next(slow)
put('/limits', 's', 'x' * 5000)
from botocore.exceptions import EventStreamError
try:
  for event in slow: pass
except EventStreamError as error: out.append(str(error))
answer(out)`)
  const invalid = 'InvalidParameterException'
  assert.deepEqual(found, ['ResourceNotFoundException', invalid, invalid, invalid, invalid, invalid, null, true, SLOW])
})

const SLOW =
  'An error occurred (SessionStreamingException) when calling the StartLiveTail operation: The regular expression takes too long; make it simpler.'

test('aws logs start-live-tail prints lines as they come', async () => {
  await python(`make('/cli', 's')\nanswer(0)`)
  const args = [
    'logs',
    'start-live-tail',
    '--log-group-identifiers',
    'arn:aws:logs:us-east-1:000000000000:log-group:/cli',
  ]
  const child = spawn(join(VENV, 'bin/aws'), [...args, '--log-event-filter-pattern', 'ERROR'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...fnscope.clientEnv, HTTP_PROXY: fnscope.url, PYTHONUTF8: '1' },
  })
  const ended = once(child, 'exit')
  // When the session is there nobody says: lines go on until one is printed.
  const stop = new AbortController()
  const writing = (async () => {
    while (!stop.signal.aborted) await python(`put('/cli', 's', 'fine', 'ERROR 訂單')\nanswer(0)`)
  })()
  try {
    const printed = createInterface({ input: child.stdout })
    const { value } = (await printed[Symbol.asyncIterator]().next()) as { readonly value?: string }
    assert.equal(value, 'ERROR 訂單')
  } finally {
    stop.abort()
    child.kill('SIGKILL')
    await Promise.all([writing, ended])
  }
})
