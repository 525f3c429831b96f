// The Invoke API and the reading calls around it, as unmodified boto3 uses them.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { APPS, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
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

def fits(event, context): return len(event)

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
      fits: ['Handler: app.fits'],
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
    call('fits', exact(6 * mb)), call('fits', exact(6 * mb + 1)),
    call('fits', exact(mb + 1), InvocationType='Event'), call('fits', b'{"half":'), call('fits', b'\\xff'))])`,
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
  assert.equal(answer.listed.length, 4)
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

test('node-basic runs: its lines, its answer, its error', async () => {
  await using node = await startFnscope({ app: join(APPS, 'node-basic') })
  assert.deepEqual(node.apps[0]?.functions, ['NodeFunction'])
  const good = await call(node, 'NodeFunction')
  assert.equal((JSON.parse(good.text) as { readonly statusCode: number }).statusCode, 200)
  assert.match(good.tail, /\tINFO\trequest \{ id: '[0-9a-f-]{36}', count: 1 \}\n/)
  const bad = await call(node, 'NodeFunction', { fail: 'on purpose' })
  const { errorType, errorMessage } = JSON.parse(bad.text) as Record<string, string>
  assert.deepEqual([errorType, errorMessage], ['TypeError', 'on purpose'])
})

test('a runtime that is not run: up is ready, says so, and a call is refused as InvalidRuntimeException', async () => {
  const app = temporaryDir('java')
  try {
    writeFileSync(
      join(app, 'template.yaml'),
      'Resources:\n  Jar: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: a.B, Runtime: java21}}\n',
    )
    await using java = await startFnscope({ app })
    assert.match(java.stderr(), /Jar.*java21/)
    const answer = await call(java, 'Jar')
    assert.deepEqual([answer.refused, answer.status], ['InvalidRuntimeException', 400])
    assert.match(answer.message, /wants the runtime "java21"; this version of fnscope runs .*python3\.x, nodejsNN\.x/)
  } finally {
    rmSync(app, { recursive: true, force: true })
  }
})
