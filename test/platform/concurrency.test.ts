// Requests at the same time, limits on them, and events that are tried again, through unmodified boto3.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventuallyHolds, type StartedFnscope } from '../started-fnscope.ts'
import { appFixture, linesOf, startWith, withBoto3, type AppFixture, type Called } from './called.ts'

const APP = `
import os, time

# Ends when so many calls are in the directory: no sleep decides whether they were there at the same time.
def meets(event, context):
    open(os.path.join(event['dir'], context.aws_request_id), 'w').close()
    while len(os.listdir(event['dir'])) < event['calls']: time.sleep(0.01)
    return os.getpid()

def fails(event, context):
    raise RuntimeError('every time')
`

let app: AppFixture
let fnscope: StartedFnscope

before(async () => {
  app = appFixture(
    { 'app.py': APP },
    {
      meets: ['Handler: app.meets', 'Timeout: 60'],
      reserved: ['Handler: app.meets', 'Timeout: 60', 'ReservedConcurrentExecutions: 1'],
      fails: ['Handler: app.fails'],
    },
  )
  fnscope = await startWith(app)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  app[Symbol.dispose]()
})

test('calls at the same time run in processes of their own; later ones find them warm', async () => {
  const answer = await withBoto3<{
    readonly first: readonly string[]
    readonly again: readonly string[]
    readonly cold: number
  }>(
    fnscope,
    `
import tempfile
def three():
    with tempfile.TemporaryDirectory() as dir, ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda _: call('meets', {'dir': dir, 'calls': 3}), range(3)))
first, again = three(), three()
done({'first': [r['text'] for r in first], 'again': [r['text'] for r in again], 'cold': sum('Init Duration' in r['tail'] for r in again)})`,
  )
  assert.equal(new Set(answer.first).size, 3)
  assert.ok(answer.again.every((pid) => answer.first.includes(pid)))
  assert.equal(answer.cold, 0)
})

test('over its reserved concurrency a function is throttled: 429 TooManyRequestsException with the reason', async () => {
  const answer = await withBoto3<{ readonly status: number; readonly reason: string; readonly running: Called }>(
    fnscope,
    `
import os, tempfile
with tempfile.TemporaryDirectory() as dir, ThreadPoolExecutor(1) as pool:
    running = pool.submit(call, 'reserved', {'dir': dir, 'calls': 2})
    while not os.listdir(dir): time.sleep(0.01)
    try: c.invoke(FunctionName='reserved', Payload=b'{}')
    except c.exceptions.TooManyRequestsException as e: refused = e.response
    open(os.path.join(dir, 'go'), 'w').close()
    running = running.result()
done({'status': refused['ResponseMetadata']['HTTPStatusCode'], 'reason': refused['Reason'], 'running': running})`,
  )
  assert.equal(answer.status, 429)
  assert.equal(answer.reason, 'ReservedFunctionConcurrentInvocationLimitExceeded')
  assert.equal(answer.running.error, null, 'the call that was there first goes on')
})

test('an Event that fails is tried three times under one request id', async () => {
  const { requestId } = await withBoto3<{ readonly requestId: string }>(
    fnscope,
    `done({'requestId': c.invoke(FunctionName='fails', InvocationType='Event')['ResponseMetadata']['RequestId']})`,
  )
  await eventuallyHolds(async () => {
    const lines = await linesOf(fnscope, requestId)
    assert.equal(lines.filter(({ body }) => body.startsWith('START ')).length, 3)
  })
})
