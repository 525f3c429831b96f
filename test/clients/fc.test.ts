// Function Compute's API as its unmodified clients call it, and its HTTP triggers.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  ROOT,
  eventually,
  eventuallyHolds,
  run,
  runFnscope,
  startFnscope,
  temporaryDir,
  type StartedFnscope,
} from '../started-fnscope.ts'

const PYTHON = join(ROOT, '.fnscope/venvs/fc/bin/python')

const NEW = `
edition: 3.0.0
name: orders
resources:
  echo:
    component: fc3
    props: { functionName: echo, runtime: python3.10, handler: index.handler, code: ./code, tracingConfig: { type: Jaeger } }
  broken:
    component: fc3
    props: { functionName: broken, runtime: nodejs20, handler: index.broken, code: ./code }
  tried:
    component: fc3
    props:
      functionName: tried
      runtime: nodejs20
      handler: index.tried
      code: ./code
      asyncInvokeConfig:
        maxAsyncRetryAttempts: 1
        destinationConfig:
          onSuccess: { destination: 'acs:fc:::functions/told' }
          onFailure: { destination: 'acs:fc:cn-hangzhou:000000000000:functions/told' }
  meeting:
    component: fc3
    props: { functionName: meeting, runtime: nodejs20, handler: index.meeting, code: ./code, timeout: 30, instanceConcurrency: 10 }
  told:
    component: fc3
    props: { functionName: told, runtime: nodejs20, handler: index.told, code: ./code }
  web:
    component: fc3
    props:
      functionName: web
      runtime: nodejs20
      handler: index.web
      code: ./code
      tracingConfig: { type: Jaeger }
      triggers: [{ triggerName: http, triggerType: http, triggerConfig: { authType: anonymous, methods: [GET, POST] } }]
  guarded:
    component: fc3
    props:
      functionName: guarded
      runtime: nodejs20
      handler: index.web
      code: ./code
      triggers: [{ triggerName: http, triggerType: http, triggerConfig: { authType: function, methods: [GET] } }]
`
const OLD = `
edition: 1.0.0
name: older
services:
  old:
    component: fc
    props:
      region: cn-hangzhou
      service: { name: svc, tracingConfig: Enable }
      function: { name: old-echo, runtime: python3.9, codeUri: ./code, handler: index.handler }
`
const FILES = {
  'new/s.yaml': NEW,
  'new/code/index.py': 'def handler(event, context):\n    print("seen")\n    return event\n',
  'new/code/index.js': `
exports.broken = (event, context, callback) => callback(new Error('as told'))
const met = []
exports.meeting = () => new Promise((resolve) => {
  if (met.push(resolve) === 3) for (const answer of met.splice(0)) answer(String(process.pid))
})
exports.tried = async (event, context) => {
  console.log('tried after', context.retryCount)
  if (String(event) === 'fail') throw new Error('as told')
  return 'done'
}
exports.told = async (event) => console.log('TOLD ' + event)
exports.web = async (event, context) => {
  const { rawPath, queryParameters, body, requestContext } = JSON.parse(event)
  if (rawPath === '/plain') return 'not JSON'
  if (rawPath === '/throw') throw new Error('no')
  return {
    statusCode: 201,
    headers: { 'x-own': 'yes' },
    body: { rawPath, queryParameters, body, method: requestContext.http.method, span: context.tracing.openTracingSpanContext, baggages: context.tracing.openTracingSpanBaggages },
  }
}`,
  'old/s.yaml': OLD,
  'old/code/index.py': 'def handler(event, context):\n    return context.service.name + " " + event.decode()\n',
}

interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Calls {
  readonly sync: Seen
  readonly async: Seen
  readonly tried: readonly [Seen, Seen]
  readonly error: Seen
  readonly missing: { readonly code: string; readonly text: string } | null
  readonly listed: readonly string[]
  readonly old: Seen
  readonly old_missing: { readonly text: string } | null
  readonly old_services: readonly string[]
}

interface Told {
  readonly requestContext: {
    readonly requestId: string
    readonly functionArn: string
    readonly condition: string
    readonly approximateInvokeCount: number
  }
  readonly requestPayload: string
  readonly responseContext: { readonly statusCode: number; readonly functionError: string }
  readonly responsePayload: string
}

const dir = temporaryDir('fc-apps')
let fnscope: StartedFnscope
let calls: Calls

before(async () => {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  fnscope = await startFnscope({ app: join(dir, 'new') })
  const deployed = await runFnscope(['deploy', join(dir, 'old')], { FNSCOPE_URL: fnscope.url })
  assert.equal(deployed.code, 0, deployed.stderr)
  const program = join(ROOT, 'test/clients/fc_calls.py')
  const { code, stdout, stderr } = await run(PYTHON, [program, fnscope.url], { env: process.env, input: '' })
  assert.equal(code, 0, stderr)
  calls = JSON.parse(stdout) as Calls
})

after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

test('the client of today has the answer, the run in headers and the end of the log', () => {
  const { status, body, headers } = calls.sync
  assert.deepEqual([status, body], [200, 'hello'])
  assert.match(headers['x-fc-request-id']!, /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)
  assert.match(headers['x-fc-instance-id']!, /^c-/)
  assert.match(headers['x-fc-invocation-duration']!, /^\d+$/)
  assert.match(headers['x-fc-max-memory-usage']!, /^\d+\.\d\d$/)
  const log = Buffer.from(headers['x-fc-log-result']!, 'base64').toString()
  assert.match(log, new RegExp(`^FC Invoke Start RequestId: ${headers['x-fc-request-id']}\nseen\nFC Invoke End`))
})

test('an asynchronous call is taken, and runs', async () => {
  assert.equal(calls.async.status, 202)
  const id = calls.async.headers['x-fc-request-id']!
  await eventually(async () => {
    const response = await fetch(`${fnscope.url}/api/logs?function=echo&request=${id}`)
    return (await response.text()).includes(`FC Invoke End RequestId: ${id}`) ? true : undefined
  })
})

test('an asynchronous call that fails is tried as often as s.yaml says, and its destinations are told how calls ended', async () => {
  const logs = async (name: string): Promise<string> =>
    await (await fetch(`${fnscope.url}/api/logs?function=${name}`)).text()
  const told = await eventually(async () => {
    const records = [...(await logs('told')).matchAll(/TOLD (\{.*?\})"/g)].map(([, text]) =>
      JSON.parse(JSON.parse(`"${text}"`)),
    )
    return records.length === 2 ? records : undefined
  })
  const [failing, working] = calls.tried.map(({ headers }) => headers['x-fc-request-id']!)
  const of = (id: string | undefined): Told => told.find(({ requestContext }: Told) => requestContext.requestId === id)
  const failed = of(failing)
  assert.deepEqual(
    [failed.requestContext.approximateInvokeCount, failed.requestContext.condition, failed.requestPayload],
    [2, 'UnhandledInvocationError', 'fail'],
  )
  assert.equal(JSON.parse(failed.responsePayload).errorMessage, 'as told')
  assert.match(failed.requestContext.functionArn, /^acs:fc:[^:]+:\d+:functions\/tried$/)
  const done = of(working)
  assert.deepEqual(
    [done.requestContext.approximateInvokeCount, done.responseContext, done.responsePayload],
    [1, { statusCode: 200, functionError: '' }, 'done'],
  )
  await eventuallyHolds(async () => {
    const lines = await logs('tried')
    for (const count of [0, 1]) assert.match(lines, new RegExp(`${failing} \\[verbose\\] tried after ${count}`))
  })
})

test('three calls at once meet in one instance where s.yaml gives it instanceConcurrency', async () => {
  const call = async (): Promise<string> => {
    const init = { method: 'POST', headers: { authorization: 'acs x:y' }, body: '' }
    return await (await fetch(`${fnscope.url}/2023-03-30/functions/meeting/invocations`, init)).text()
  }
  const pids = await Promise.all([call(), call(), call()])
  assert.match(pids[0], /^\d+$/)
  assert.equal(new Set(pids).size, 1)
})

test('a function error is 200 with its type, a function that is not there a 404', () => {
  assert.equal(calls.error.status, 200)
  assert.equal(calls.error.headers['x-fc-error-type'], 'HandledInvocationError')
  assert.equal(JSON.parse(calls.error.body).errorMessage, 'as told')
  assert.equal(calls.missing?.code, 'FunctionNotFound')
  assert.match(calls.missing?.text ?? '', /function 'nope' does not exist/)
  assert.deepEqual(calls.listed.toSorted(), [
    'broken',
    'echo',
    'guarded',
    'meeting',
    'old-echo',
    'told',
    'tried',
    'web',
  ])
})

test('the older client finds functions in their services', () => {
  assert.equal(calls.old.body, 'svc payload')
  assert.match(calls.old.headers['x-fc-request-id']!, /^[0-9a-f-]{36}$/)
  assert.match(Buffer.from(calls.old.headers['x-fc-log-result']!, 'base64').toString(), /FC Invoke End/)
  assert.match(calls.old_missing?.text ?? '', /FunctionNotFound/)
  assert.deepEqual(calls.old_services, ['svc'])
})

const urlOfWeb = (): string => fnscope.apps[0]!.urls['web']!

test("an HTTP trigger's URL answers, follows the caller's span and says whose run it was", async () => {
  const response = await fetch(`${urlOfWeb()}/a%20b?q=1`, {
    method: 'POST',
    headers: {
      'x-fc-tracing-opentracing-span-context': '124ed43254b54966:4ed:0:1',
      'x-fc-tracing-opentracing-span-context-baggage-user': 'anna',
    },
    body: 'text',
  })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-own'), 'yes')
  assert.match(response.headers.get('x-fc-request-id') ?? '', /^1-/)
  const { span, ...rest } = (await response.json()) as { readonly span: string }
  assert.match(span, /^124ed43254b54966:[0-9a-f]{16}:[0-9a-f]{16}:1$/)
  assert.deepEqual(rest, {
    rawPath: '/a b',
    queryParameters: { q: '1' },
    body: 'text',
    method: 'POST',
    baggages: { user: 'anna' },
  })
  const jaeger = await fetch(urlOfWeb(), { headers: { 'uber-trace-id': '24ed43254b54966%3A4ed%3A0%3A1' } })
  assert.match(((await jaeger.json()) as { readonly span: string }).span, /^024ed43254b54966:/)
})

test('what is no JSON with a status is the body, and an error is a 502', async () => {
  const plain = await fetch(`${urlOfWeb()}/plain`)
  assert.deepEqual([plain.status, await plain.text()], [200, 'not JSON'])
  const failed = await fetch(`${urlOfWeb()}/throw`)
  assert.equal(failed.status, 502)
  assert.equal(failed.headers.get('x-fc-error-type'), 'UnhandledInvocationError')
  assert.equal(((await failed.json()) as { readonly errorMessage: string }).errorMessage, 'no')
})

test('a trigger takes its methods alone, and no page of another site', async () => {
  const put = await fetch(urlOfWeb(), { method: 'PUT', body: '' })
  assert.equal(put.status, 405)
  const { Code, RequestId } = (await put.json()) as Readonly<Record<string, string>>
  assert.deepEqual([Code, RequestId], ['MethodNotAllowed', put.headers.get('x-fc-request-id')])
  const page = await fetch(urlOfWeb(), { headers: { origin: 'https://example.org' } })
  assert.equal(page.status, 403)
  const rebound = await statusWithHost('example.org')
  assert.equal(rebound, 403)
})

test('a trigger with authType function wants an Authorization, of any key', async () => {
  const { stdout } = await runFnscope(['functions'], { FNSCOPE_URL: fnscope.url })
  const url = /guarded[^]*?(http:\/\/127\.0\.0\.1:\d+)/.exec(stdout)![1]!
  const refused = await fetch(url)
  assert.equal(refused.status, 403)
  assert.equal(((await refused.json()) as Readonly<Record<string, string>>)['Code'], 'MissingRequiredHeader')
  assert.equal((await fetch(url, { headers: { authorization: 'acs x:y' } })).status, 201)
})

function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(urlOfWeb(), { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

for (const [what, path, init, status, code] of [
  [
    'a wrong invocation type',
    '/2023-03-30/functions/echo/invocations',
    { 'x-fc-invocation-type': 'Later' },
    400,
    'InvalidArgument',
  ],
  ['a wrong log type', '/2023-03-30/functions/echo/invocations', { 'x-fc-log-type': 'All' }, 400, 'InvalidArgument'],
  ['a path of no operation', '/2023-03-30/nothing', {}, 404, 'PathNotSupported'],
] as const)
  test(`${what} is refused as Function Compute refuses`, async () => {
    const response = await fetch(fnscope.url + path, { method: 'POST', headers: { authorization: 'acs x:y', ...init } })
    assert.equal(response.status, status)
    const body = (await response.json()) as Readonly<Record<string, string>>
    assert.equal(body['Code'], code)
    assert.ok(body['RequestId'])
  })

test('the command line invokes, lists and shows the logs of such functions', async () => {
  const env = { FNSCOPE_URL: fnscope.url }
  const invoked = await runFnscope(['invoke', 'echo', '-e', '-', '--tail'], env, '{"a": 1}')
  assert.equal(invoked.stdout.trim(), '{"a": 1}')
  assert.match(invoked.stderr, /FC Invoke Start/)
  assert.match((await runFnscope(['functions'], env)).stdout, new RegExp(`web[^]*${urlOfWeb()}`))
  const traces = await eventually(async () => {
    const { stdout } = await runFnscope(['traces'], env)
    return stdout.includes('InvokeFunction') ? stdout : undefined
  })
  assert.ok(traces)
  await eventuallyHolds(async () => assert.match((await runFnscope(['map'], env)).stdout, /echo/))
})
