// The Invoke API and the reading calls around it, as unmodified boto3 uses them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { APPS, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { appFixture, call, headerOf, linesOf, startWith, withBoto3, type AppFixture, type Called } from './called.ts'

const APP = `
import logging, os, sys, time

count = 0

def echo(event, context):
    global count
    count += 1
    custom = context.client_context.custom if context.client_context else None
    return {'event': event, 'arn': context.invoked_function_arn, 'custom': custom, 'pid': os.getpid(), 'count': count,
            'remaining': context.get_remaining_time_in_millis(), 'trace': os.environ.get('_X_AMZN_TRACE_ID')}

def waits(event, context):
    time.sleep(event.get('seconds', 1))
    return os.getpid()

def fails(event, context):
    raise RuntimeError('every time')

def prints(event, context):
    print('by print')
    logging.getLogger().warning('by logging\\nin two lines')
    print('by stderr', file=sys.stderr)
    return 'done'

def memory(event, context):
    held = bytearray(60 * 1024 * 1024)
    for at in range(0, len(held), 4096): held[at] = 1
    return len(held)
`

let app: AppFixture
let fnscope: StartedFnscope

before(async () => {
  app = appFixture(
    { 'app.py': APP },
    {
      echo: ['Handler: app.echo', 'Description: Says it back', 'Environment: { Variables: { STAGE: test } }'],
      waits: ['Handler: app.waits'],
      reserved: ['Handler: app.waits', 'ReservedConcurrentExecutions: 1'],
      fails: ['Handler: app.fails'],
      prints: ['Handler: app.prints'],
      memory: ['Handler: app.memory'],
    },
  )
  fnscope = await startWith(app)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  app[Symbol.dispose]()
})

test('a function is found by logical id, name, ARN, partial ARN and with $LATEST; another qualifier is 404', async () => {
  const codes = await withBoto3<readonly (number | string)[]>(
    fnscope,
    `
name = c.get_function_configuration(FunctionName='echo')['FunctionName']
arn = 'arn:aws:lambda:us-east-1:000000000000:function:' + name
out = []
for n in ('echo', name, arn, '000000000000:function:' + name, 'function:' + name, name + ':$LATEST', arn + ':$LATEST', name + ':7', arn + ':prod', 'function:' + name + ':prod'):
    r = call(n)
    out.append(r['refused'] or r['status'])
for q in ('$LATEST', '7'):
    r = call(name, Qualifier=q)
    out.append(r['refused'] or r['status'])
done(out)`,
  )
  const missing = 'ResourceNotFoundException'
  assert.deepEqual(codes, [200, 200, 200, 200, 200, 200, 200, missing, missing, missing, 200, missing])
})

test('the handler gets the ARN with the qualifier of the call, the client context, and an empty event as {}', async () => {
  const answers = await withBoto3<readonly Called[]>(
    fnscope,
    `
context = base64.b64encode(json.dumps({'custom': {'tenant': 'müller'}}).encode()).decode()
done([call('echo:$LATEST', ClientContext=context), call('echo', b''), call('echo', {'text': 'grün'})])`,
  )
  const [qualified, empty, text] = answers.map(({ text: body }) => JSON.parse(body) as Record<string, unknown>)
  assert.match(String(qualified?.['arn']), /^arn:aws:lambda:us-east-1:000000000000:function:[\w-]+:\$LATEST$/)
  assert.deepEqual(qualified?.['custom'], { tenant: 'müller' })
  assert.deepEqual(empty?.['event'], {})
  assert.doesNotMatch(String(empty?.['arn']), /LATEST/)
  assert.deepEqual(text?.['event'], { text: 'grün' })
})

test('DryRun runs nothing, Event answers 202 with nothing', async () => {
  const [dry, queued, unknown] = await withBoto3<readonly Called[]>(
    fnscope,
    `done([call('echo', InvocationType='DryRun'), call('echo', InvocationType='Event'), call('echo', InvocationType='Later')])`,
  )
  assert.deepEqual([dry?.status, dry?.text], [204, ''])
  assert.deepEqual([queued?.status, queued?.text], [202, ''])
  assert.equal(unknown?.refused, 'InvalidParameterValueException')
})

test('payload limits: 6 MB for a call, 1 MB for an event; what is no JSON is refused', async () => {
  const answers = await withBoto3<readonly Called[]>(
    fnscope,
    `
exact = lambda size: b'"' + b'x' * (size - 2) + b'"'
mb = 1024 * 1024
done([{**r, 'text': ''} for r in (
    call('waits', b'{"seconds": 0, "x": ' + exact(6 * mb - 21) + b'}'), call('waits', exact(6 * mb + 1)),
    call('waits', exact(mb + 1), InvocationType='Event'), call('waits', b'{"half":'), call('waits', b'\\xff'))])`,
  )
  assert.deepEqual(
    answers.map(({ refused, status }) => refused || status),
    [
      200,
      'RequestTooLargeException',
      'RequestTooLargeException',
      'InvalidRequestContentException',
      'InvalidRequestContentException',
    ],
  )
})

test('ListFunctions with its paginator, GetFunction and GetFunctionConfiguration have the members that clients read', async () => {
  interface Configuration {
    readonly [member: string]: unknown
  }
  const answer = await withBoto3<{
    readonly listed: readonly string[]
    readonly marker: boolean
    readonly configuration: Configuration
    readonly wrapped: { readonly Configuration: Configuration; readonly Code: Configuration }
    readonly missing: string
  }>(
    fnscope,
    `
listed = [f['FunctionName'] for page in c.get_paginator('list_functions').paginate() for f in page['Functions']]
configuration = c.get_function_configuration(FunctionName='echo')
wrapped = c.get_function(FunctionName='echo')
c.get_waiter('function_active_v2').wait(FunctionName='echo')
try: c.get_function(FunctionName='nobody'); missing = ''
except c.exceptions.ResourceNotFoundException as e: missing = e.response['Error']['Message']
for r in (configuration, wrapped): r.pop('ResponseMetadata')
done({'listed': listed, 'marker': 'NextMarker' in c.list_functions(), 'configuration': configuration, 'wrapped': wrapped, 'missing': missing})`,
  )
  assert.equal(answer.listed.length, 6)
  assert.equal(answer.marker, false)
  const { configuration } = answer
  assert.equal(configuration['Handler'], 'app.echo')
  assert.equal(configuration['Runtime'], 'python3.11')
  assert.equal(configuration['Description'], 'Says it back')
  assert.deepEqual(configuration['Environment'], { Variables: { STAGE: 'test' } })
  assert.deepEqual(configuration['TracingConfig'], { Mode: 'Active' })
  assert.equal(configuration['State'], 'Active')
  assert.deepEqual(answer.wrapped.Configuration, configuration)
  assert.equal(answer.wrapped.Code['RepositoryType'], 'S3')
  assert.equal(answer.missing, 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody')
})

test('calls at the same time run in processes of their own; later ones find them warm', async () => {
  const answer = await withBoto3<{
    readonly first: readonly string[]
    readonly again: readonly string[]
    readonly cold: number
  }>(
    fnscope,
    `
def three(seconds):
    with ThreadPoolExecutor(3) as pool: return list(pool.map(lambda _: call('waits', {'seconds': seconds}), range(3)))
first, again = three(1.5), three(0.5)
done({'first': [r['text'] for r in first], 'again': [r['text'] for r in again], 'cold': sum('Init Duration' in r['tail'] for r in again)})`,
  )
  assert.equal(new Set(answer.first).size, 3)
  assert.ok(answer.again.every((pid) => answer.first.includes(pid)))
  assert.equal(answer.cold, 0)
})

test('over its reserved concurrency a function is throttled: 429 TooManyRequestsException with the reason', async () => {
  const answers = await withBoto3<{
    readonly results: readonly string[]
    readonly status: number
    readonly reason: string
  }>(
    fnscope,
    `
with ThreadPoolExecutor(2) as pool: results = [r['refused'] for r in pool.map(lambda _: call('reserved', {'seconds': 2}), range(2))]
with ThreadPoolExecutor(1) as pool:
    running = pool.submit(call, 'reserved', {'seconds': 3})
    status = reason = None
    until = time.time() + 2.5
    while reason is None and time.time() < until:
        try: c.invoke(FunctionName='reserved', Payload=b'{"seconds": 0}')
        except c.exceptions.TooManyRequestsException as e: status, reason = e.response['ResponseMetadata']['HTTPStatusCode'], e.response['Reason']
done({'results': sorted(results), 'status': status, 'reason': reason})`,
  )
  assert.deepEqual(answers.results, ['', 'TooManyRequestsException'])
  assert.equal(answers.status, 429)
  assert.equal(answers.reason, 'ReservedFunctionConcurrentInvocationLimitExceeded')
})

test('an Event that fails is tried three times under one request id', async () => {
  const { requestId } = await withBoto3<{ readonly requestId: string }>(
    fnscope,
    `done({'requestId': c.invoke(FunctionName='fails', InvocationType='Event')['ResponseMetadata']['RequestId']})`,
  )
  let starts = 0
  for (const deadline = Date.now() + 20_000; starts < 3 && Date.now() < deadline;) {
    const lines = await linesOf(fnscope, requestId)
    starts = lines.filter(({ body }) => body.startsWith('START ')).length
  }
  assert.equal(starts, 3)
})

test('the log of a call is stored in its order, each line with kind, request id, trace id and stream', async () => {
  const answer = await call(fnscope, 'prints')
  const lines = await linesOf(fnscope, answer.requestId)
  assert.deepEqual(
    lines.map(({ kind, body, severity }) => [kind, body.replace(/\s.*/s, ''), severity]),
    [
      ['platform', 'INIT_START', ''],
      ['platform', 'START', ''],
      ['function', 'by', ''],
      ['function', '[WARNING]', 'WARNING'],
      ['function', 'by', ''],
      ['platform', 'END', ''],
      ['platform', 'REPORT', ''],
    ],
  )
  assert.match(lines[3]!.body, new RegExp(`\\t${answer.requestId}\\tby logging\\nin two lines$`))
  assert.match(lines[6]!.body, /\t\nXRAY TraceId: /, 'REPORT and XRAY are one event')
  const { root } = headerOf(answer.trace)
  assert.ok(lines.every((line) => line.traceId === root && line.logGroup.startsWith('/aws/lambda/')))
  assert.equal(new Set(lines.map(({ logStream }) => logStream)).size, 1)
  assert.deepEqual(
    lines.map(({ timeMs }) => timeMs),
    lines.map(({ timeMs }) => timeMs).sort((a, b) => a - b),
  )
})

test('Max Memory Used counts what the function really held', async () => {
  const [small, large] = [await call(fnscope, 'echo'), await call(fnscope, 'memory')].map(({ tail }) =>
    Number(/Max Memory Used: (\d+) MB/.exec(tail)?.[1]),
  )
  assert.ok(small !== undefined && small >= 8 && small < 60, `${small} MB of a function that holds nothing`)
  assert.ok(large! >= small + 58 && large! <= small + 70, `${large} MB where ${small} + 60 were held`)
})

test('node-basic: up is ready, says what it does not run, and a call is refused as InvalidRuntimeException', async () => {
  await using node = await startFnscope({ app: join(APPS, 'node-basic') })
  assert.deepEqual(node.apps[0]?.functions, ['NodeFunction'])
  assert.match(node.stderr(), /NodeFunction.*nodejs20\.x/)
  const answer = await call(node, 'NodeFunction')
  assert.deepEqual([answer.refused, answer.status], ['InvalidRuntimeException', 400])
  assert.match(answer.message, /wants the runtime "nodejs20\.x"; this version of fnscope runs python3\.x/)
})
