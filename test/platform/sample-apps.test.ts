// Two sample apps as users bring them: Powertools with JSON logs behind a traced stage, and an app whose packages come
// from a layer and whose AWS calls are patched by the X-Ray SDK.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConsoleSpan } from '../../packages/fnscope/src/api/console-types.ts'
import { APPS, eventually, startFnscope, temporaryDir } from '../started-fnscope.ts'
import { call, headerOf, linesOf, metricsOf, spansOf } from './called.ts'

function named(spans: readonly ConsoleSpan[], name: string): ConsoleSpan {
  const found = spans.find((span) => span.name === name)
  assert.ok(found, `${name} is not among ${spans.map((span) => span.name).join(', ')}`)
  return found
}

test('sam-powertools: the stage’s segment is the root; logs are JSON, system lines too; EMF becomes points', async () => {
  await using fnscope = await startFnscope({ app: join(APPS, 'sam-powertools') })
  const response = await fetch(fnscope.apps[0]!.urls['GreetingApi']!)
  assert.equal(response.status, 200, await response.text())
  const { root } = headerOf(response.headers.get('x-amzn-trace-id') ?? '')

  const spans = await spansOf(fnscope, root, 7)
  const stage = spans.find(({ origin }) => origin === 'AWS::ApiGateway::Stage')
  const service = spans.find(({ origin }) => origin === 'AWS::Lambda')
  const own = spans.find(({ origin }) => origin === 'AWS::Lambda::Function')
  assert.equal(spans[0], stage, 'the trace begins with the stage')
  assert.equal(stage?.http?.status, 200)
  const integration = spans.find(({ id }) => id === service?.parentId)
  assert.equal(integration?.parentId, stage?.id, 'below the stage: its call of the function, then the function')
  assert.equal(own?.parentId, service?.id)
  assert.equal(named(spans, '## lambda_handler').parentId, own?.id)

  const requestId = await requestOf(fnscope.url, root)
  const lines = await linesOf(fnscope, requestId)
  const parsed = lines.map(({ body, kind }) => ({ kind, line: JSON.parse(body) as Record<string, unknown> }))
  assert.deepEqual(
    parsed.filter(({ kind }) => kind === 'platform').map(({ line }) => line['type']),
    ['platform.initStart', 'platform.start', 'platform.report'],
  )
  const own_ = parsed.filter(({ kind }) => kind === 'function').map(({ line }) => line)
  assert.ok(own_.some((line) => line['xray_trace_id'] === root && line['service'] === 'greeter'))
  assert.ok(lines.every((line) => line.traceId === root && line.requestId === requestId))

  const points = await metricsOf(fnscope, requestId, ['Greetings', 'AWS/Lambda'])
  const emf = points.filter(({ namespace }) => namespace === 'Greetings')
  assert.deepEqual(emf.map(({ name, unit, value, dimensions }) => ({ name, unit, value, dimensions })).sort(byName), [
    { name: 'ColdStart', unit: 'Count', value: 1, dimensions: { function_name: own!.name, service: 'greeter' } },
    { name: 'Greetings', unit: 'Count', value: 1, dimensions: { service: 'greeter' } },
  ])
  const lambda = new Map(points.filter((p) => p.namespace === 'AWS/Lambda').map((p) => [p.name, p]))
  assert.equal(lambda.get('Invocations')?.value, 1)
  assert.equal(lambda.get('Errors')?.value, 0)
  assert.ok(lambda.get('Duration')!.value > 0 && lambda.get('InitDuration')!.value > 0)
  assert.deepEqual(Object.keys(lambda.get('Duration')!.dimensions), ['FunctionName'])
})

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

async function requestOf(url: string, traceId: string): Promise<string> {
  return await eventually(async () => {
    const answer = (await (await fetch(`${url}/api/logs?trace=${traceId}`)).json()) as {
      readonly lines: readonly { readonly requestId?: string }[]
    }
    return answer.lines[0]?.requestId
  })
}

test('xray-python: packages from its layer; HTTP and AWS calls are subsegments, and the AWS call is answered here', async () => {
  const target = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const { port } = target.address() as AddressInfo
  const app = temporaryDir('xray-python')
  cpSync(join(APPS, 'xray-python'), app, { recursive: true })
  const template = readFileSync(join(app, 'template.yaml'), 'utf8')
  const variables = `      Environment: { Variables: { TARGET_URL: "http://127.0.0.1:${port}/" } }\n`
  writeFileSync(
    join(app, 'template.yaml'),
    template.replace('      Timeout: 10\n', (line) => line + variables),
  )
  await using fnscope = await startFnscope({ app })
  try {
    const answer = await call(fnscope, 'function', { n: 4 })
    const body = JSON.parse(answer.text) as Record<string, unknown>
    assert.equal(body['sum'], 6, answer.tail)
    assert.equal(body['http'], 200)
    assert.equal(body['aws'], 'ok')
    const { root } = headerOf(answer.trace)
    const spans = await spansOf(fnscope, root, 7)
    const own = spans.find(({ origin }) => origin === 'AWS::Lambda::Function')
    assert.deepEqual(named(spans, 'work').annotations, { n: 4 })
    assert.equal(named(spans, 'work').parentId, own?.id)
    assert.equal(named(spans, '127.0.0.1').parentId, own?.id)
    const aws = spans.find(({ name, namespace }) => /^lambda$/i.test(name) && namespace === 'aws')
    assert.equal(aws?.parentId, own?.id)
    assert.equal(aws?.http?.status, 200)
  } finally {
    target.close()
    rmSync(app, { recursive: true, force: true })
  }
})
