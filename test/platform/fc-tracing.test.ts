// Function Compute's guide to tracing Python functions, its code as written: the system's spans, the handler's under
// Invocation, and each of these once although the handler adds a span processor with every call.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleColdStarts, ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { APPS, eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

const AUTHORIZATION = 'acs test:signature'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'fc-tracing') })
})

after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
})

/** X-Ray's spelling of the trace that the answer names. */
async function invoke(): Promise<{ readonly body: string; readonly traceId: string }> {
  const response = await fetch(`${fnscope.url}/2015-03-31/functions/TracingFunction/invocations`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION },
    body: '{}',
  })
  const traceId = /Root=([^;]+)/.exec(response.headers.get('x-amzn-trace-id') ?? '')?.[1] ?? ''
  return { body: await response.text(), traceId }
}

async function traceOf(id: string, ready: (root: ConsoleSpan) => boolean): Promise<ConsoleSpan> {
  return await eventually(async () => {
    const response = await fetch(`${fnscope.url}/api/traces/${id}`)
    if (!response.ok) return undefined
    const { roots } = (await response.json()) as ConsoleTrace
    return roots.length === 1 && ready(roots[0]!) ? roots[0] : undefined
  })
}

const names = (spans: readonly ConsoleSpan[]): string[] => spans.map(({ name }) => name)
const child = (span: ConsoleSpan | undefined, name: string): ConsoleSpan | undefined =>
  span?.children.find((each) => each.name === name)

const hasOwnSpans = (root: ConsoleSpan): boolean =>
  child(child(child(root, 'Invocation'), 'fc-operation'), 'child') !== undefined

test("the guide's handler traces a cold start: its spans are under Invocation, beside those of the start", async () => {
  const { body, traceId } = await invoke()
  assert.equal(body, 'hello world')
  const root = await traceOf(traceId, hasOwnSpans)
  assert.equal(root.name, 'InvokeFunction')
  assert.equal(root.coldStart, true)
  assert.deepEqual(names(root.children), ['ColdStart', 'Invocation'])
  assert.deepEqual(names(child(root, 'ColdStart')!.children), ['PrepareCode', 'RuntimeInitialization'])
  const invocation = child(root, 'Invocation')!
  assert.deepEqual(names(invocation.children), ['fc-operation'])
  const own = invocation.children[0]!
  assert.equal(own.service, 'my-helloworld-service')
  assert.ok(own.durationMs >= 250)
  assert.ok(own.startMs >= invocation.startMs && own.durationMs <= invocation.durationMs)
})

test("its cold start is among the function's in the console's own API, with the phases that Function Compute has", async () => {
  // The trace is told of from memory; what the store sums up of it follows.
  const { coldStarts, versions } = await eventually(async () => {
    const response = await fetch(`${fnscope.url}/api/functions/TracingFunction/cold-starts`)
    const answer = (await response.json()) as ConsoleColdStarts
    return answer.coldStarts.length > 0 ? answer : undefined
  })
  const [start] = coldStarts
  assert.deepEqual([coldStarts.length, versions.length, start?.version, start?.failed], [1, 1, '$LATEST', false])
  for (const { phases } of [start!, versions[0]!])
    assert.deepEqual(
      phases.map(({ name }) => name),
      ['PrepareCode', 'RuntimeInitialization'],
    )
  const together = start!.phases.reduce((sum, { ms }) => sum + ms, 0)
  assert.ok(start!.initMs > 0 && Math.abs(together - start!.initMs) < 0.1)
  assert.ok(start!.callMs >= 250, 'the handler sleeps for so long')
})

test('a warm call has no cold start, and its spans once though a processor more sends each of them', async () => {
  await invoke()
  const { traceId } = await invoke()
  const root = await traceOf(traceId, hasOwnSpans)
  assert.equal(root.coldStart, false)
  assert.deepEqual(names(root.children), ['Invocation'])
  assert.deepEqual(names(root.children[0]!.children), ['fc-operation'])
  assert.deepEqual(names(root.children[0]!.children[0]!.children), ['child'])
})
