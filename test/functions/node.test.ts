// Node functions under our runtime client: what a handler may be, what it may answer with, how it may fail.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import { bodies, json, startHarness, type Harness } from './harness.ts'

let harness: Harness
before(() => {
  harness = startHarness()
})
after(() => harness.stop())

type Files = Readonly<Record<string, string>>

function add(files: string | Files, spec: Partial<FunctionSpec> = {}): FunctionSpec {
  const all = typeof files === 'string' ? { 'app.mjs': files } : files
  return harness.add(all, { runtime: 'nodejs20.x', ...spec })
}

async function call(
  files: string | Files,
  event: unknown = {},
  spec: Partial<FunctionSpec> = {},
): Promise<InvokeAnswer> {
  return await harness.call(add(files, spec).name, event)
}

const text = (answer: InvokeAnswer): string => Buffer.from(answer.payload).toString()
const errorOf = (answer: InvokeAnswer) =>
  json(answer) as { readonly errorType: string; readonly errorMessage: string; readonly trace: readonly string[] }

const FOUND: readonly (readonly [string, string, Files])[] = [
  ['an ECMAScript module', 'app.handler', { 'app.mjs': 'export const handler = async () => "found"' }],
  ['CommonJS', 'app.handler', { 'app.js': 'exports.handler = async () => "found"' }],
  ['a .cjs file', 'app.handler', { 'app.cjs': 'module.exports = { handler: async () => "found" }' }],
  [
    'a .js file of a package of type module',
    'app.handler',
    { 'package.json': '{"type":"module"}', 'app.js': 'export const handler = async () => "found"' },
  ],
  [
    'a directory, a file and a chain of members',
    'src/app.handlers.hello',
    { 'src/app.js': 'exports.handlers = { hello: async () => "found" }' },
  ],
  ['a package', 'greet.handler', { 'node_modules/greet/index.js': 'exports.handler = async () => "found"' }],
]

for (const [what, handler, files] of FOUND) {
  test(`a handler is found in ${what}`, async () => {
    assert.equal(json(await call(files, {}, { handler })), 'found')
  })
}

const NOT_FOUND: readonly (readonly [string, string, Files, string, RegExp])[] = [
  ['no such file', 'app.handler', {}, 'Runtime.ImportModuleError', /^Error: Cannot find module 'app'/],
  ['no such member', 'app.other', {}, 'Runtime.HandlerNotFound', /^app\.other is undefined or not exported$/],
  [
    'no function',
    'app.handler',
    { 'app.js': 'exports.handler = 1' },
    'Runtime.HandlerNotFound',
    /^app\.handler is not a function$/,
  ],
  ['no dot', 'app', {}, 'Runtime.MalformedHandlerName', /^Bad handler$/],
  ['a way out', '../app.handler', {}, 'Runtime.MalformedHandlerName', /is not a valid handler name/],
  [
    'no JavaScript',
    'app.handler',
    { 'app.js': 'exports.handler = (' },
    'Runtime.UserCodeSyntaxError',
    /^SyntaxError: /,
  ],
  [
    'a missing require',
    'app.handler',
    { 'app.js': 'require("nobody")' },
    'Runtime.ImportModuleError',
    /^Error: Cannot find module 'nobody'/,
  ],
  ['a missing import', 'app.handler', { 'app.mjs': 'import "nobody"' }, 'Error', /^Cannot find package 'nobody'/],
  ['a throw of its own', 'app.handler', { 'app.js': 'throw new RangeError("mine")' }, 'RangeError', /^mine$/],
]

for (const [what, handler, files, type, message] of NOT_FOUND) {
  test(`an init with ${what} fails as ${type}`, async () => {
    const given = what === 'no such member' ? { 'app.js': 'exports.handler = 1' } : { README: '', ...files }
    const answer = await call(given, {}, { handler })
    assert.equal(answer.functionError, 'Unhandled')
    const { errorType, errorMessage, trace } = errorOf(answer)
    assert.equal(errorType, type)
    assert.match(errorMessage, message)
    assert.ok(trace.length > 0)
    assert.ok(bodies(answer).some((line) => line.includes('ERROR\tUncaught Exception \t{"errorType"')))
  })
}

const ANSWERS: readonly (readonly [string, string, string])[] = [
  ['a promise', 'async (e) => e', '{"a":1}'],
  ['nothing, by a promise', 'async () => {}', 'null'],
  ['nothing at all', '() => {}', 'null'],
  ['a callback', '(e, c, done) => { done(null, "called") }', '"called"'],
  [
    'a callback and a timer that it waits for',
    '(e, c, done) => { let x = 1; setTimeout(() => { x = 2 }, 50); done(null, { get x() { return x } }) }',
    '{"x":2}',
  ],
  [
    'a callback that waits for nothing',
    '(e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); done(null, 1) }',
    '1',
  ],
  ['context.succeed', '(e, c) => { setTimeout(() => c.succeed("late"), 10) }', '"late"'],
  ['context.done', '(e, c) => { c.done(null, [1]) }', '[1]'],
  ['the first of two answers', '(e, c, done) => { done(null, 1); done(null, 2) }', '1'],
  ['another encoding than ASCII', 'async () => "grüße 🎉"', '"grüße 🎉"'],
]

for (const [what, handler, expected] of ANSWERS) {
  test(`a handler answers by ${what}`, async () => {
    const answer = await call(`export const handler = ${handler}`, { a: 1 })
    assert.equal(answer.functionError, undefined, text(answer))
    assert.equal(text(answer), expected)
  })
}

const FAILURES: readonly (readonly [string, string, string, string])[] = [
  [
    'throws',
    'async () => { class Mine extends Error {}; Mine.prototype.name = "Mine"; throw new Mine("bad") }',
    'Mine',
    'bad',
  ],
  ['throws before its promise', '() => { throw new TypeError("at once") }', 'TypeError', 'at once'],
  ['throws a text', 'async () => { throw "bare" }', 'string', 'bare'],
  ['calls back with an error', '(e, c, done) => done(new Error("called"))', 'Error', 'called'],
  ['calls context.fail', '(e, c) => c.fail("why")', 'string', 'why'],
  [
    'answers what is no JSON',
    'async () => { const a = {}; a.a = a; return a }',
    'Error',
    'Unable to stringify response body',
  ],
  [
    'lets a promise fail unseen',
    '(e, c) => { Promise.reject(new Error("unseen")); setTimeout(() => {}, 5000) }',
    'Runtime.UnhandledPromiseRejection',
    'Error: unseen',
  ],
  [
    'throws in a timer',
    '(e, c) => { setTimeout(() => { throw new Error("later") }, 1); setTimeout(() => {}, 5000) }',
    'Error',
    'later',
  ],
]

for (const [what, handler, type, message] of FAILURES) {
  test(`a handler that ${what} fails as ${type}`, async () => {
    const answer = await call(`export const handler = ${handler}`)
    assert.equal(answer.functionError, 'Unhandled')
    const { errorType, errorMessage } = errorOf(answer)
    assert.deepEqual([errorType, errorMessage], [type, message])
  })
}

test('what nobody caught ends the process, and the next call starts a new one', async () => {
  const spec = add(
    'let calls = 0\nexport const handler = async (e) => { calls += 1; if (e.die) { Promise.reject(1); await new Promise(() => {}) } return calls }',
  )
  assert.equal(json(await harness.call(spec.name)), 1)
  assert.equal((await harness.call(spec.name, { die: 1 })).functionError, 'Unhandled')
  const next = await harness.call(spec.name)
  assert.equal(json(next), 1)
  assert.ok(bodies(next).some((line) => line.startsWith('INIT_REPORT') && line.includes('Phase: invoke')))
})

test('process.exit in a handler is Runtime.ExitError, with its status', async () => {
  const answer = await call('export const handler = async () => process.exit(7)')
  assert.equal(errorOf(answer).errorType, 'Runtime.ExitError')
  assert.match(errorOf(answer).errorMessage, /Runtime exited with error: exit status 7$/)
})

test('the context is the cloud’s, and the trace is in its variable', async () => {
  const spec = add(
    'export const handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID, stored: awslambda.InvokeStore.getRequestId(), fd: process.env._LAMBDA_TELEMETRY_LOG_FD })',
  )
  const answer = await harness.call(
    spec.name,
    {},
    { traceHeader: 'Root=1-63dd2166-434a12c22e1307ff2114f299;Sampled=1' },
  )
  const seen = json(answer) as Record<string, unknown>
  assert.equal(seen['awsRequestId'], answer.requestId)
  assert.equal(seen['stored'], answer.requestId)
  assert.equal(seen['functionName'], spec.name)
  assert.equal(seen['memoryLimitInMB'], '256')
  assert.equal(seen['functionVersion'], '$LATEST')
  assert.equal(seen['invokedFunctionArn'], `arn:aws:lambda:us-east-1:000000000000:function:${spec.name}`)
  assert.ok(Number(seen['left']) > 0 && Number(seen['left']) <= 5000)
  assert.match(String(seen['trace']), /^Root=1-63dd2166-434a12c22e1307ff2114f299;Parent=[0-9a-f]{16};Sampled=1$/)
  assert.equal(seen['fd'], undefined)
})

test('console lines are events with time, request id and level; several lines stay one', async () => {
  const answer = await call(
    'console.info("loaded")\nexport const handler = async () => { console.log("a %d\\nb", 1); console.warn({ x: 1 }); process.stdout.write("raw\\n") }',
  )
  const lines = bodies(answer).filter((line) => !/^(INIT_START|START|END|REPORT|XRAY)/.test(line))
  assert.match(lines[0]!, /^\d{4}-\d\d-\d\dT[\d:.]+Z\tundefined\tINFO\tloaded$/)
  assert.match(lines[1]!, new RegExp(`Z\\t${answer.requestId}\\tINFO\\ta 1\\nb$`))
  assert.match(lines[2]!, new RegExp(`Z\\t${answer.requestId}\\tWARN\\t\\{ x: 1 \\}$`))
  assert.equal(lines[3], 'raw')
  assert.equal(answer.logLines.find((line) => line.body.includes('{ x: 1 }'))!.severity, 'WARN')
})

test('in JSON format lines are objects, below the level they are left out, and an error has its fields', async () => {
  const answer = await call(
    'export const handler = async () => { console.log({ x: 1 }); console.debug("hidden"); console.error("went wrong", new TypeError("bad")); throw new RangeError("end") }',
    {},
    { logFormat: 'JSON', applicationLogLevel: 'INFO' },
  )
  const lines = bodies(answer).map((line) => JSON.parse(line) as Record<string, unknown>)
  const own = lines.filter((line) => line['level'] !== undefined)
  assert.deepEqual(
    own
      .map(({ level, message, errorType, errorMessage, requestId }) => [
        level,
        message,
        errorType,
        errorMessage,
        requestId,
      ])
      .slice(0, 1),
    [['INFO', { x: 1 }, undefined, undefined, answer.requestId]],
  )
  assert.deepEqual([own[1]!['level'], own[1]!['errorType'], own[1]!['errorMessage']], ['ERROR', 'TypeError', 'bad'])
  const { message } = own[2] as { readonly message: Record<string, unknown> }
  assert.deepEqual([message['errorType'], message['errorMessage']], ['RangeError', 'end'])
  assert.equal(own.length, 3)
})

test('a streamed result is the chunks in their order, with the prelude of its metadata first', async () => {
  const plain = await call(
    'export const handler = awslambda.streamifyResponse(async (e, stream) => { for (const part of ["a", Buffer.from("b"), { c: 1 }]) stream.write(part); stream.end() })',
  )
  assert.equal(text(plain), 'ab{"c":1}')
  const framed = await call(
    'import { pipeline } from "node:stream/promises"\nimport { Readable } from "node:stream"\nexport const handler = awslambda.streamifyResponse(async (e, stream) => { stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); await pipeline(Readable.from(["x".repeat(70000), "y"]), stream) })',
  )
  assert.equal(text(framed), `{"statusCode":201}${'\0'.repeat(8)}${'x'.repeat(70_000)}y`)
})

test('a streaming handler that throws, before or after it wrote, fails with its error', async () => {
  const code = (before: string): string =>
    `export const handler = awslambda.streamifyResponse(async (e, stream) => { ${before} throw new RangeError("broke") })`
  for (const first of ['', 'stream.write("some");', 'stream.write("some"); stream.end();']) {
    const answer = await call(code(first))
    if (first.includes('end')) continue
    assert.equal(answer.functionError, 'Unhandled', first)
    assert.deepEqual([errorOf(answer).errorType, errorOf(answer).errorMessage], ['RangeError', 'broke'])
  }
  const open = await call(
    'export const handler = awslambda.streamifyResponse(async (e, stream) => { stream.write("x") })',
  )
  assert.equal(errorOf(open).errorMessage, 'Response stream is not finished.')
})

test('from nodejs24.x on a handler that takes a callback is refused, and promises work', async () => {
  const refused = await call('export const handler = (e, c, done) => done(null, 1)', {}, { runtime: 'nodejs24.x' })
  assert.equal(errorOf(refused).errorType, 'Runtime.CallbackHandlerDeprecated')
  const answer = await call(
    'export default { handler: async (e, c) => [e, c.done] }',
    { a: 1 },
    { runtime: 'nodejs24.x' },
  )
  assert.equal(text(answer), '[{"a":1},null]')
})

test('packages of layers are found by require and by import, a later layer’s first', async () => {
  const layer = (name: string, modules: Readonly<Record<string, string>>): string =>
    harness.add(
      Object.fromEntries(
        Object.entries(modules).map(([module, value]) => [
          `nodejs/node_modules/${module}/index.js`,
          `module.exports = '${value}'`,
        ]),
      ),
      { name },
    ).codeDir
  const layerDirs = [layer('node-layer-one', { both: 'one', only: 'one' }), layer('node-layer-two', { both: 'two' })]
  const esm = 'import both from "both"\nimport only from "only"\nexport const handler = async () => [both, only]'
  assert.deepEqual(json(await call(esm, {}, { layerDirs })), ['two', 'one'])
  const cjs = { 'app.js': 'exports.handler = async () => [require("both"), require("only")]' }
  assert.deepEqual(json(await call(cjs, {}, { layerDirs })), ['two', 'one'])
})

test('a wrapper gets the runtime’s command line', async () => {
  const { chmodSync } = await import('node:fs')
  const spec = add(
    {
      'app.mjs': 'export const handler = async () => process.env.WRAPPED',
      wrap: '#!/bin/sh\nexport WRAPPED="$(basename "$1")"\nexec "$@"\n',
    },
    { environment: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrap' } },
  )
  chmodSync(`${spec.codeDir}/wrap`, 0o755)
  assert.equal(json(await harness.call(spec.name)), 'node')
})

const ABOVE: readonly (readonly [string, Files])[] = [
  ['as the handler', { 'app.js': 'exports.handler = async () => [typeof require, typeof module]' }],
  [
    'required by it',
    {
      'app.js': 'exports.handler = async () => require("./lib/b")',
      'lib/b.js': 'module.exports = [typeof require, typeof module]',
    },
  ],
  [
    'imported by a module',
    {
      'app.mjs': 'import b from "./b.js"\nexport const handler = async () => b',
      'b.js': 'module.exports = [typeof require, typeof module]',
    },
  ],
]

for (const runtime of ['nodejs20.x', 'nodejs24.x']) {
  for (const [how, files] of ABOVE) {
    test(`a project of type module above the code does not make its .js a module, ${how}: ${runtime}`, async () => {
      writeFileSync(join(harness.dir, 'package.json'), '{"type":"module"}')
      const spec = harness.add(files, { runtime })
      assert.deepEqual(json(await harness.call(spec.name)), ['function', 'object'])
    })
  }
}

test('below a project of type module a .js file with the text of a module is one where Node looks at that', async () => {
  writeFileSync(join(harness.dir, 'package.json'), '{"type":"module"}')
  const module = { 'app.js': 'export const handler = async () => typeof require' }
  assert.equal(json(await call(module, {}, { runtime: 'nodejs24.x' })), 'undefined')
  const own = { ...module, 'package.json': '{"type":"module"}' }
  assert.equal(json(await call(own)), 'undefined')
})
