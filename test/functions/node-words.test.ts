// How Node's errors are worded and where they are told: the words are what aws-lambda-ric 3.3.0 and 4.0.2 said of the same
// handlers on the same Runtime API.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import { bodies, json, processesWith, startHarness, until, type Harness } from './harness.ts'

let harness: Harness
before(() => {
  harness = startHarness()
})
after(() => harness.stop())

async function call(runtime: string, code: string, file = 'app.js'): Promise<InvokeAnswer> {
  return await harness.call(harness.add({ [file]: code }, { runtime }).name)
}

interface ErrorBody {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]
}
const errorOf = (answer: InvokeAnswer): ErrorBody => json(answer) as ErrorBody

const CALLED_ON: readonly (readonly [string, string, string])[] = [
  ['nodejs20.x', 'async () => { throw new Error("bad") }', 'Runtime.handler'],
  ['nodejs20.x', 'awslambda.streamifyResponse(async () => { throw new Error("bad") })', 'Runtime.handler'],
  ['nodejs24.x', 'async () => { throw new Error("bad") }', 'BufferedInvokeProcessor.handler'],
  [
    'nodejs24.x',
    'awslambda.streamifyResponse(async () => { throw new Error("bad") })',
    'StreamingInvokeProcessor.handler',
  ],
]
for (const [runtime, handler, label] of CALLED_ON) {
  test(`the first frame of a stack names ${label}: ${runtime}`, async () => {
    const { trace } = errorOf(await call(runtime, `export const handler = ${handler}`, 'app.mjs'))
    assert.match(trace[1]!, new RegExp(`^    at ${label.replace('.', '\\.')} \\(.*app\\.mjs:1:`))
  })
}

for (const runtime of ['nodejs20.x', 'nodejs24.x']) {
  test(`code with a wrong syntax has the cloud's stack: ${runtime}`, async () => {
    const { errorType, trace } = errorOf(await call(runtime, 'exports.handler = async () => { return }}'))
    assert.equal(errorType, 'Runtime.UserCodeSyntaxError')
    const first = "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token '}'"
    if (runtime === 'nodejs20.x') assert.equal(trace[0], first)
    else assert.match(trace[0]!, /app\.js:1$/)
  })
}

test('a module that is not there was asked for by the runtime', async () => {
  const { errorMessage } = errorOf(await call('nodejs20.x', 'require("nope")'))
  const [what, stack, ...from] = errorMessage.split('\n')
  assert.deepEqual([what, stack], ["Error: Cannot find module 'nope'", 'Require stack:'])
  assert.match(from[0]!, /app\.js$/)
  assert.match(from[1]!, /\/index\.mjs$/)
  assert.equal(from.length, 2)
})

test('a JSON line names an error of the runtime by its class', async () => {
  const spec = harness.add({ 'app.js': 'exports.other = 1' }, { runtime: 'nodejs20.x', logFormat: 'JSON' })
  const line = bodies(await harness.call(spec.name)).find((text) => text.includes('HandlerNotFound'))
  const { message } = JSON.parse(line!) as { readonly message: Readonly<Record<string, unknown>> }
  assert.equal(message['errorType'], 'HandlerNotFound')
  assert.equal('name' in message, false)
})

test('a text that is thrown and not caught is told as a text', async () => {
  const code = 'exports.handler = () => { setTimeout(() => { throw "bare" }, 1); setTimeout(() => {}, 9000) }'
  assert.deepEqual(errorOf(await call('nodejs20.x', code)), { errorType: 'string', errorMessage: 'bare', trace: [] })
})

test('a promise that fails while the code is loaded fails the init', async () => {
  const answer = await call('nodejs20.x', 'Promise.reject(new Error("early")); exports.handler = async () => 1')
  assert.equal(errorOf(answer).errorType, 'Runtime.UnhandledPromiseRejection')
  assert.ok(bodies(answer).some((line) => /^INIT_REPORT .*Error Type: Runtime\.UnhandledPromiseRejection/.test(line)))
})

test('what is thrown between two calls ends the process then, and the next call is well', async () => {
  const title = `between-${process.pid}`
  const code = `process.title = "${title}"; let calls = 0
    exports.handler = async (e) => { if (e.later) setTimeout(() => { throw new Error("between") }, 50); return ++calls }`
  const spec = harness.add({ 'app.js': code }, { runtime: 'nodejs20.x' })
  assert.equal(json(await harness.call(spec.name, { later: 1 })), 1)
  await until(() => processesWith(title).length === 0, 20_000)
  // The platform hears of the end a moment later.
  await until(async () => json(await harness.call(spec.name)) === 1, 20_000)
})

test('a streaming handler that throws behind its end fails with that, and the next call is well', async () => {
  const code =
    'exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write("abc"); s.end("d"); if (e.boom) throw new Error("behind") })'
  for (const runtime of ['nodejs20.x', 'nodejs24.x']) {
    const spec = harness.add({ 'app.js': code }, { runtime })
    assert.equal(errorOf(await harness.call(spec.name, { boom: 1 })).errorMessage, 'behind')
    const next = await harness.call(spec.name)
    assert.equal(Buffer.from(next.payload).toString(), 'abcd')
    assert.ok(!bodies(next).some((line) => line.startsWith('INIT_START')))
  }
})
