// A function with Datadog's library, which begins traces of its own, run by fnscope: its invocation's trace, read by the
// platform's id, has both, each thing once.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { freePort } from '../free-port.ts'
import { APPS, eventually, runFnscope, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope

before(async () => {
  const port = await freePort()
  fnscope = await startFnscope({
    app: join(APPS, 'datadog-lambda'),
    args: ['--door', `datakit=127.0.0.1:${port}`, '--parameter', `AgentUrl=http://localhost:${port}`],
  })
})

after(() => fnscope[Symbol.asyncDispose]())

const all = (spans: readonly ConsoleSpan[]): ConsoleSpan[] => spans.flatMap((span) => [span, ...all(span.children)])

test('the platform’s segment stands for the library’s span, whose children it has', async () => {
  const env = { FNSCOPE_URL: fnscope.url }
  const ran = await runFnscope(['invoke', 'hello-dd', '--event', '-', '--json'], env, '{"order":"A-7"}')
  const { traceId } = JSON.parse(ran.stdout) as { readonly traceId: string }
  const trace = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${traceId}`)
    const found = answer.status === 200 ? ((await answer.json()) as ConsoleTrace) : undefined
    return found && all(found.roots).some(({ name }) => name === 'order.validate') ? found : undefined
  }, 30_000)
  const spans = all(trace.roots)
  const functions = spans.filter(({ origin }) => origin === 'AWS::Lambda::Function')
  assert.equal(functions.length, 1)
  assert.deepEqual(functions[0]!.sources, ['lambda', 'datadog'])
  const own = all(functions[0]!.children).find(({ name }) => name === 'order.validate')!
  assert.equal(own.source, 'datadog')
  assert.notEqual(own.traceId, trace.id)
  assert.equal(spans.filter(({ name }) => name === 'aws.lambda').length, 0)
})
