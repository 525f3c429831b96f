// A crowd: 1,000 invocations at the same time of a handler that takes 100 ms, at a reserved concurrency of 50, first as
// calls whose 429s are tried again, then as events. Says how long it took, what was lost or done twice, and whether every
// trace is whole. Then what 50 functions cost that are deployed and never called.
//   node bench/load.bench.ts      CALLS=1000 RESERVED=50
import { request, Agent } from 'node:http'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../test/started-fnscope.ts'
import { load, report, rssMb } from './measure.ts'

const CALLS = Number(process.env['CALLS'] ?? 1000)
const RESERVED = Number(process.env['RESERVED'] ?? 50)
const IDLE_FUNCTIONS = 50
const DEADLINE_MS = 300_000

const HANDLER = 'import time\ndef handler(event, context):\n    time.sleep(0.1)\n    return event["n"]\n'

function app(functions: Readonly<Record<string, readonly string[]>>): string {
  const dir = temporaryDir('load')
  mkdirSync(join(dir, 'code'))
  writeFileSync(join(dir, 'code/app.py'), HANDLER)
  const resources = Object.entries(functions).map(
    ([name, more]) => `  ${name}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ${name}
      Runtime: python3.11
      Handler: app.handler
      CodeUri: code/
      Timeout: 30
      Tracing: Active
${more.map((line) => `      ${line}\n`).join('')}`,
  )
  writeFileSync(join(dir, 'template.yaml'), `Transform: AWS::Serverless-2016-10-31\nResources:\n${resources.join('')}`)
  return dir
}

/** What tells the main port that an AWS client asks. */
const SIGNED = { Authorization: 'bench' }

interface Answer {
  readonly status: number
  readonly text: string
  readonly traceId: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

async function invoke(fnscope: StartedFnscope, name: string, n: number, type: string): Promise<Answer> {
  const path = `/2015-03-31/functions/${name}/invocations`
  const sent = request(new URL(path, fnscope.url), {
    agent,
    method: 'POST',
    headers: { 'X-Amz-Invocation-Type': type, ...SIGNED },
  })
  sent.end(JSON.stringify({ n }))
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const piece of response) text += String(piece)
  const traceId = /Root=([^;]+)/.exec(String(response.headers['x-amzn-trace-id'] ?? ''))?.[1] ?? ''
  return { status: response.statusCode!, text, traceId }
}

/** The whole traces among `ids`: those with a service segment and one function segment, ended. */
async function wholeTraces(fnscope: StartedFnscope, ids: readonly string[]): Promise<number> {
  const end = performance.now() + DEADLINE_MS
  for (;;) {
    let whole = 0
    for (let i = 0; i < ids.length; i += 5) {
      const answer = await fetch(new URL('/Traces', fnscope.url), {
        method: 'POST',
        headers: SIGNED,
        body: JSON.stringify({ TraceIds: ids.slice(i, i + 5) }),
      })
      const { Traces = [] } = (await answer.json()) as {
        readonly Traces?: readonly { readonly Segments: readonly { readonly Document: string }[] }[]
      }
      for (const { Segments } of Traces) {
        const origins = Segments.map(
          ({ Document }) => JSON.parse(Document) as { origin?: string; in_progress?: boolean },
        )
        const ended = origins.every((segment) => segment.in_progress !== true)
        const names = new Set(origins.map(({ origin }) => origin))
        const both = names.has('AWS::Lambda') && names.has('AWS::Lambda::Function')
        if (ended && both && origins.length === 2) whole += 1
      }
    }
    if (whole === ids.length || performance.now() > end) return whole
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function crowd(): Promise<void> {
  const dir = app({ crowd: [`ReservedConcurrentExecutions: ${RESERVED}`] })
  await using fnscope = await startFnscope({ app: dir })
  const before = load()
  let throttled = 0
  const begin = performance.now()
  const answers = await Promise.all(
    Array.from({ length: CALLS }, async (_, n) => {
      for (let tries = 0; ; tries++) {
        const answer = await invoke(fnscope, 'crowd', n, 'RequestResponse')
        if (answer.status === 200) return { n, ...answer }
        if (answer.status !== 429 || !answer.text.includes('ReservedFunctionConcurrentInvocationLimitExceeded'))
          throw new Error(`${answer.status} ${answer.text}`)
        throttled += 1
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2000, 50 * 2 ** tries)))
      }
    }),
  )
  const callsMs = performance.now() - begin
  const wrong = answers.filter(({ n, text }) => text !== String(n)).length
  const callTraces = await wholeTraces(
    fnscope,
    answers.map(({ traceId }) => traceId),
  )
  const queueBegin = performance.now()
  const events = await Promise.all(Array.from({ length: CALLS }, (_, n) => invoke(fnscope, 'crowd', n, 'Event')))
  const eventTraces = await wholeTraces(
    fnscope,
    events.map(({ traceId }) => traceId),
  )
  const figures = {
    calls: CALLS,
    reserved: RESERVED,
    callsMs: Math.round(callsMs),
    throttled,
    wrongAnswers: wrong,
    wholeCallTraces: callTraces,
    eventsAccepted: events.filter(({ status }) => status === 202).length,
    eventsAndTracesMs: Math.round(performance.now() - queueBegin),
    wholeEventTraces: eventTraces,
  }
  report('load-crowd', { ...figures, load: before })
  rmSync(dir, { recursive: true })
}

async function idle(): Promise<void> {
  await using fnscope = await startFnscope()
  const pid = fnscope.child.pid!
  const before = rssMb(pid) ?? Number.NaN
  const names = Array.from({ length: IDLE_FUNCTIONS }, (_, i) => `idle${i}`)
  const dir = app(Object.fromEntries(names.map((name) => [name, []])))
  await runFnscope(['deploy', dir, '--url', fnscope.url])
  const after = rssMb(pid) ?? Number.NaN
  report('load-idle', {
    functions: IDLE_FUNCTIONS,
    rssBeforeMb: before,
    rssAfterMb: after,
    perFunctionMb: Number(((after - before) / IDLE_FUNCTIONS).toFixed(2)),
  })
  rmSync(dir, { recursive: true })
}

await crowd()
await idle()
agent.destroy()
