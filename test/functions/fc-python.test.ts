import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { addFc, callFc, httpRequest, textOf } from './fc-harness.ts'
import { bodies, spansOf, startHarness, until } from './harness.ts'

const harness = startHarness({ region: 'cn-hangzhou', jaegerEndpoint: () => 'http://127.0.0.1:14268/api/traces' })
after(() => harness.stop())

test('a handler gets the event as bytes and a context with all of its parts', async () => {
  const spec = addFc(harness, {
    'index.py': `
import json
def handler(event, context):
    assert isinstance(event, bytes)
    c = context
    return {'event': event.decode(), 'id': [c.request_id, c.requestId], 'keys': [c.credentials.access_key_id, c.credentials.accessKeySecret, c.credentials.security_token],
            'function': vars(c.function), 'service': c.service.name, 'region': c.region, 'account': c.account_id, 'retry': c.retry_count,
            'span': c.tracing.span_context, 'endpoint': c.tracing.jaeger_endpoint, 'baggages': c.tracing.span_baggages, 'json': json.loads(c.to_json())['tracing']}
`,
  })
  const answer = await callFc(harness, spec, 'plain text, 你好', {
    traceHeader: 'Root=1-00000000-00000000124ed43254b54966;Parent=00000000000004ed;Sampled=1',
    fc: { baggages: { user: '张三' } },
  })
  const seen = JSON.parse(textOf(answer))
  assert.equal(seen.event, 'plain text, 你好')
  assert.match(seen.id[0], /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)
  assert.deepEqual(seen.id, [answer.requestId, answer.requestId])
  assert.deepEqual(seen.function, { name: spec.name, handler: 'index.handler', memory: 256, timeout: 5 })
  assert.deepEqual([seen.region, seen.account, seen.retry, seen.service], ['cn-hangzhou', '000000000000', 0, ''])
  assert.equal(seen.endpoint, 'http://127.0.0.1:14268/api/traces')
  assert.deepEqual(seen.baggages, { user: '张三' })
  assert.deepEqual(seen.json.openTracingSpanBaggages, { user: '张三' })
  const [trace, span, parent, flags] = seen.span.split(':')
  assert.equal(trace, '124ed43254b54966')
  assert.equal(flags, '1')
  const spans = spansOf(harness.ingest.batches).filter(({ traceId }) => traceId.endsWith('124ed43254b54966'))
  const root = spans.find(({ name }) => name === 'InvokeFunction')
  assert.equal(root?.parent, '00000000000004ed')
  assert.equal(root?.id, parent)
  assert.equal(spans.find(({ name }) => name === 'Invocation')?.id, span)
})

test('an initializer runs once per instance, before the first call, with a span and marks of its own', async () => {
  const spec = addFc(
    harness,
    {
      'index.py': `
import time
runs = []
def initialize(context):
    runs.append(context.request_id)
    time.sleep(0.05)
    print('made ready')
def handler(event, context):
    return {'runs': len(runs), 'same': runs[0] == context.request_id}
`,
    },
    { fc: { initializer: { handler: 'index.initialize', timeoutSeconds: 3 } } },
  )
  const cold = await callFc(harness, spec)
  const warm = await callFc(harness, spec)
  assert.equal(textOf(cold), '{"runs": 1, "same": true}')
  assert.equal(textOf(warm), '{"runs": 1, "same": false}')
  const id = cold.requestId
  assert.deepEqual(bodies(cold).slice(0, 5), [
    `FC Initialize Start RequestId: ${id}`,
    'made ready',
    `FC Initialize End RequestId: ${id}`,
    `FC Invoke Start RequestId: ${id}`,
    `FC Invoke End RequestId: ${id}`,
  ])
  assert.match(
    bodies(cold)[5]!,
    /^Duration: \d+\.\d\d ms, Billed Duration: \d+ ms, Memory Size: 256 MB, Max Memory Used: \d+\.\d\d MB$/,
  )
  assert.match(cold.logTail, /^FC Initialize Start[^]*FC Invoke End/)
  const named = (traceId: string): string[] =>
    spansOf(harness.ingest.batches)
      .filter((span) => span.traceId === traceId)
      .map(({ name }) => name)
  assert.deepEqual(named(cold.traceId), [
    'InvokeFunction',
    'ColdStart',
    'PrepareCode',
    'RuntimeInitialization',
    'Initializer',
    'Invocation',
  ])
  assert.deepEqual(named(warm.traceId), ['InvokeFunction', 'Invocation'])
  const spans = spansOf(harness.ingest.batches).filter(({ traceId }) => traceId === cold.traceId)
  const at = (name: string): (typeof spans)[number] => spans.find((span) => span.name === name)!
  assert.ok(at('ColdStart').end <= at('Initializer').start && at('Initializer').end <= at('Invocation').start)
  assert.ok(at('Initializer').end - at('Initializer').start >= 50_000_000n)
})

test('an initializer that fails is the answer, and runs again with the next call', async () => {
  const spec = addFc(
    harness,
    {
      'index.py': `
tries = []
def initialize(context):
    tries.append(1)
    if len(tries) == 1:
        raise RuntimeError('not yet')
def handler(event, context):
    return str(len(tries))
`,
    },
    { fc: { initializer: { handler: 'index.initialize', timeoutSeconds: 3 } } },
  )
  const failed = await callFc(harness, spec)
  assert.equal(failed.functionError, 'Unhandled')
  assert.equal(JSON.parse(textOf(failed)).errorMessage, 'not yet')
  assert.equal(textOf(await callFc(harness, spec)), '2')
})

test('an exception is told with its type and frames, and the span has it', async () => {
  const spec = addFc(harness, { 'index.py': 'def handler(event, context):\n    return 1 / 0\n' })
  const answer = await callFc(harness, spec)
  const { errorMessage, errorType, stackTrace } = JSON.parse(textOf(answer))
  assert.equal(answer.fc?.errorType, 'UnhandledInvocationError')
  assert.deepEqual([errorMessage, errorType], ['division by zero', 'ZeroDivisionError'])
  assert.match(stackTrace[0][0], /^File ".*index\.py"$/)
  assert.deepEqual(stackTrace[0].slice(1), ['line 2', 'in handler', 'return 1 / 0'])
  const spans = spansOf(harness.ingest.batches).filter(({ traceId }) => traceId === answer.traceId)
  assert.deepEqual(
    spans.filter(({ error }) => error).map(({ name }) => name),
    ['InvokeFunction', 'Invocation'],
  )
})

for (const [what, code, message] of [
  [
    'takes too long',
    'import time\n    time.sleep(9)',
    /^Function timed out after 4 seconds \(maxMemoryUsage: \d+\.\d\dMB\)$/,
  ],
  [
    'ends its process',
    'import os\n    os._exit(3)',
    /^Process exited unexpectedly before completing request \(duration: \d+ms, .*exit status 3\)$/,
  ],
] as const)
  test(`a handler that ${what} is a fault, and the next call has a new instance`, async () => {
    const text = `def handler(event, context):\n    if event == b'ok':\n        return 'ok'\n    ${code}\n`
    const spec = addFc(harness, { 'index.py': text }, { spec: { timeoutSeconds: 4 } })
    const answer = await callFc(harness, spec)
    assert.match(JSON.parse(textOf(answer)).errorMessage, message)
    const spans = spansOf(harness.ingest.batches).filter(({ traceId }) => traceId === answer.traceId)
    assert.deepEqual(
      spans.filter(({ fault }) => fault).map(({ name }) => name),
      ['InvokeFunction', 'Invocation'],
    )
    assert.equal(textOf(await callFc(harness, spec, 'ok')), 'ok')
  })

test('without tracing the span context is empty and nothing is recorded, whatever the caller says', async () => {
  const code =
    'def handler(event, context):\n    return repr([context.tracing.span_context, context.tracing.jaeger_endpoint])\n'
  const spec = addFc(harness, { 'index.py': code }, { spec: { tracing: 'PassThrough' } })
  const traceHeader = 'Root=1-00000000-00000000ffffffffffffffff;Parent=00000000000004ed;Sampled=1'
  const answer = await callFc(harness, spec, '', { traceHeader })
  assert.equal(textOf(answer), "['', '']")
  assert.deepEqual(
    spansOf(harness.ingest.batches).filter(({ traceId }) => traceId === answer.traceId),
    [],
  )
})

test("a caller's decision not to sample is followed", async () => {
  const spec = addFc(harness, { 'index.py': 'def handler(event, context):\n    return context.tracing.span_context\n' })
  const traceHeader = 'Root=1-00000000-00000000eeeeeeeeeeeeeeee;Parent=00000000000004ed;Sampled=0'
  assert.equal(textOf(await callFc(harness, spec, '', { traceHeader })), '')
})

test('the logger writes lines as the cloud does, and prints stay as they are', async () => {
  const spec = addFc(harness, {
    'index.py': `
import logging
def handler(event, context):
    print('printed')
    logging.getLogger().info('said %d', 3)
    context.logger.warning('warned')
`,
  })
  const answer = await callFc(harness, spec)
  const own = bodies(answer).slice(1, 4)
  assert.equal(own[0], 'printed')
  assert.match(own[1]!, new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${answer.requestId} \\[INFO\\] said 3$`))
  assert.match(own[2]!, /\[WARNING\] warned$/)
})

test('a WSGI handler answers an HTTP trigger of edition 2', async () => {
  const spec = addFc(
    harness,
    {
      'index.py': `
def handler(environ, start_response):
    body = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))
    start_response('201 Created', [('Content-Type', 'text/plain'), ('X-Two', 'a'), ('X-Two', 'b')])
    said = [environ['REQUEST_METHOD'], environ['PATH_INFO'], environ['QUERY_STRING'], environ['HTTP_X_ONE'], environ['fc.request_uri'], environ['fc.context'].request_id]
    return [' '.join(said).encode('latin-1'), b' ', body]
`,
    },
    { fc: { edition: '2', service: 'svc' } },
  )
  const http = httpRequest('/a%20b?q=1', { method: 'POST', headers: [['X-One', 'one']] })
  const answer = await callFc(harness, spec, 'body', { fc: http })
  assert.deepEqual(answer.fc?.http, {
    status: 201,
    headers: [
      ['Content-Type', 'text/plain'],
      ['X-Two', 'a'],
      ['X-Two', 'b'],
    ],
  })
  assert.match(answer.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  assert.equal(textOf(answer), `POST /a b q=1 one /a%20b?q=1 ${answer.requestId} body`)
})

test('an HTTP trigger of edition 3 is an event of version v1', async () => {
  const spec = addFc(harness, { 'index.py': 'def handler(event, context):\n    return event\n' })
  const http = httpRequest('/a%20b?q=1&q=2', { method: 'PUT', headers: [['x-one', 'one']] })
  const event = JSON.parse(textOf(await callFc(harness, spec, Buffer.from([0xff, 0x00]), { fc: http })))
  assert.equal(event.version, 'v1')
  assert.equal(event.rawPath, '/a b')
  assert.deepEqual([event.body, event.isBase64Encoded], ['/wA=', true])
  assert.deepEqual(event.headers, { 'X-One': 'one' })
  assert.equal(event.requestContext.http.method, 'PUT')
})

test('hooks run before an instance is frozen and before it is stopped', async () => {
  const own = startHarness({ idleTimeoutMs: 50 })
  try {
    const spec = addFc(
      own,
      {
        'index.py': `
def handler(event, context):
    return 'ok'
def pre_freeze(context):
    print('freezing')
def pre_stop(context):
    print('stopping')
`,
      },
      {
        fc: {
          preFreeze: { handler: 'index.pre_freeze', timeoutSeconds: 3 },
          preStop: { handler: 'index.pre_stop', timeoutSeconds: 3 },
        },
      },
    )
    const answer = await callFc(own, spec)
    assert.equal(textOf(answer), 'ok')
    const lines = (): string[] => own.ingest.batches.flatMap(({ logs }) => logs.map(({ body }) => body))
    await until(() => lines().includes(`FC PreStop End RequestId: ${answer.requestId}`))
    const wanted = /freez|stopp|Pre/
    assert.deepEqual(
      lines().filter((line) => wanted.test(line)),
      [
        `FC PreFreeze Start RequestId: ${answer.requestId}`,
        'freezing',
        `FC PreFreeze End RequestId: ${answer.requestId}`,
        `FC PreStop Start RequestId: ${answer.requestId}`,
        'stopping',
        `FC PreStop End RequestId: ${answer.requestId}`,
      ],
    )
  } finally {
    await own.stop()
  }
})
