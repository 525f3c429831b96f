// A function with Datadog's library as Datadog's and DataKit's guides for AWS Lambda set it up (test/apps/datadog-lambda),
// run by fnscope: nothing in it knows of fnscope, and nothing leaves the machine.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { freePort } from '../free-port.ts'
import { APPS, eventually, runFnscope, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { readTrace, type Document } from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  const port = await freePort()
  fnscope = await startFnscope({
    app: join(APPS, 'datadog-lambda'),
    args: ['--door', `datakit=127.0.0.1:${port}`, '--parameter', `AgentUrl=http://localhost:${port}`],
  })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

interface Invoked {
  readonly requestId: string
  readonly functionError?: string
}

async function invoke(name: string, event: object): Promise<Invoked> {
  const env = { FNSCOPE_URL: fnscope.url }
  const ran = await runFnscope(['invoke', name, '--event', '-', '--json'], env, JSON.stringify(event))
  assert.ok(ran.stdout.startsWith('{'), ran.stderr)
  return JSON.parse(ran.stdout) as Invoked
}

async function logsOf(name: string): Promise<string> {
  const ran = await runFnscope(['logs', name], { FNSCOPE_URL: fnscope.url })
  assert.equal(ran.code, 0, ran.stderr)
  return ran.stdout
}

interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly processID: string
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
  readonly logs: readonly { readonly fields: readonly { readonly key: string; readonly value: unknown }[] }[]
}

function tag(span: JaegerSpan, key: string): unknown {
  return span.tags.find((one) => one.key === key)?.value
}

/** All spans of the traces that Jaeger's search finds. */
async function search(query: Record<string, string>): Promise<JaegerSpan[]> {
  const parameters = new URLSearchParams({ lookback: '1h', limit: '20', ...query })
  const response = await fetch(`http://${fnscope.doors['jaeger-query']}/api/traces?${parameters.toString()}`)
  assert.equal(response.status, 200)
  const { data } = (await response.json()) as { readonly data: readonly { readonly spans: readonly JaegerSpan[] }[] }
  return data.flatMap(({ spans }) => spans)
}

/** The function's span of that invocation, found by what its traces are known by. */
async function lambdaSpan(service: string, resource: string, requestId: string): Promise<JaegerSpan> {
  return await eventually(async () => {
    const found = await search({
      service,
      operation: 'aws.lambda',
      tags: JSON.stringify({ 'resource.name': resource }),
    })
    return found.find((span) => tag(span, 'faas.invocation_id') === requestId)
  }, 30_000)
}

test("the function's span is found by service and resource, through Jaeger's API and X-Ray's", async () => {
  const { requestId, functionError } = await invoke('hello-dd', { order: 'A-7' })
  assert.equal(functionError, undefined)
  const span = await lambdaSpan('hello-dd', 'hello-dd', requestId)
  assert.equal(tag(span, 'span.type'), 'serverless')
  assert.equal(tag(span, 'span.kind'), 'server')
  assert.equal(tag(span, 'datadog_lambda'), '8.118.0')
  const id = span.traceID
  const documents = await eventually(async () => {
    const trace = await readTrace(fnscope, `1-${id.slice(0, 8)}-${id.slice(8)}`)
    const all = trace?.Segments.map(({ Document: text }) => JSON.parse(text) as Document)
    return JSON.stringify(all ?? []).includes('"order.validate"') ? all : undefined
  })
  const segment = documents.find((one) => one['id'] === span.spanID)!
  assert.deepEqual(
    [segment['name'], segment['resource_arn']],
    ['hello-dd', 'arn:aws:lambda:us-east-1:000000000000:function:hello-dd'],
  )
})

test("with Datadog's own switch the service is aws.lambda, as older libraries have it", async () => {
  const { requestId } = await invoke('classic-dd', {})
  assert.equal(tag(await lambdaSpan('aws.lambda', 'classic-dd', requestId), 'functionname'), 'classic-dd')
})

test('an exception of the handler is on the span', async () => {
  const { requestId, functionError } = await invoke('hello-dd', { fail: true })
  assert.equal(functionError, 'Unhandled')
  const span = await lambdaSpan('hello-dd', 'hello-dd', requestId)
  assert.equal(tag(span, 'error'), true)
  const fields = new Map(span.logs.flatMap((log) => log.fields.map(({ key, value }) => [key, value])))
  assert.equal(fields.get('exception.message'), 'boom')
})

test('printed metrics are points and no log lines; debug lines are log lines', async () => {
  await invoke('hello-dd', { order: 'A-8' })
  const said = await eventually(async () => {
    const logs = await logsOf('hello-dd')
    return logs.includes('order A-8 taken') ? logs : undefined
  })
  assert.doesNotMatch(said, /"m":|enhanced|coffee_house/)
  const counted = await (await fetch(`${fnscope.url}/metrics`)).text()
  const points = Number(/fnscope_received_total\{door="functions",signal="metric"\} (\d+)/.exec(counted)?.[1])
  assert.ok(points >= 2, counted)
  await invoke('chatty-dd', {})
  await eventually(async () => ((await logsOf('chatty-dd')).includes('DEBUG') ? true : undefined))
})

test("with tracing off the platform's spans are the only ones", async () => {
  await invoke('silent-dd', {})
  // What is sent later than this has been sent: its writer has the same second.
  const later = await invoke('hello-dd', {})
  await lambdaSpan('hello-dd', 'hello-dd', later.requestId)
  const spans = await eventually(async () => {
    const found = await search({ service: 'silent-dd' })
    return found.length > 0 ? found : undefined
  })
  assert.deepEqual(
    spans.filter((span) => tag(span, '_dd.origin') !== undefined || tag(span, 'operation.name') !== undefined),
    [],
  )
})

interface Figure {
  readonly name: string
  readonly value: number
  readonly requestId?: string
  readonly dimensions: Readonly<Record<string, string>>
}

test("DataKit's figures of the function are there, as its layer would write them", async () => {
  const { requestId } = await invoke('hello-dd', { order: 'A-9' })
  const figures = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/metrics?function=hello-dd&limit=10000`)
    const { points } = (await answer.json()) as { readonly points: readonly Figure[] }
    const own = points.filter((point) => point.requestId === requestId && point.name.startsWith('awslambda.'))
    return own.length > 0 ? own : undefined
  }, 30_000)
  const names = figures.map(({ name }) => name.slice('awslambda.'.length))
  for (const name of ['runtime_duration_ms', 'duration_ms', 'billed_duration_ms', 'max_memory_used_mb'])
    assert.ok(names.includes(name), name)
  assert.equal(figures.find(({ name }) => name === 'awslambda.memory_size_mb')?.value, 256)
  assert.equal(figures[0]!.dimensions['aws_lambda_function_name'], 'hello-dd')
})
