// `fnscope invoke`: of a running fnscope, of one found by its port, and of one started for the call.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { APPS, runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const APP = join(APPS, 'parameters')
let fnscope: StartedFnscope
let dir: string
let env: NodeJS.ProcessEnv

before(async () => {
  dir = temporaryDir('invoke')
  fnscope = await startFnscope({ app: APP, args: ['--parameter', 'Greeting=hello'] })
  env = { FNSCOPE_URL: fnscope.url }
})
after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

test('the payload is standard output, and nothing else is', async () => {
  const ran = await runFnscope(['invoke', 'Greeter'], env)
  assert.deepEqual([ran.code, JSON.parse(ran.stdout), ran.stderr], [0, { greeting: 'hello', event: {} }, ''])
})

test('an event comes from a file or from standard input', async () => {
  const file = join(dir, 'event.json')
  writeFileSync(file, '{"n": 1}')
  const fromFile = await runFnscope(['invoke', 'Greeter', '-e', file], env)
  assert.deepEqual(JSON.parse(fromFile.stdout), { greeting: 'hello', event: { n: 1 } })
  const piped = await runFnscope(['invoke', 'Greeter', '-e', '-'], env, '{"text": "é 你"}')
  assert.deepEqual(JSON.parse(piped.stdout), { greeting: 'hello', event: { text: 'é 你' } })
})

test('an event that is no JSON or not there is named, and nothing is invoked', async () => {
  const piped = await runFnscope(['invoke', 'Greeter', '-e', '-'], env, '{"half":')
  assert.deepEqual([piped.code, piped.stdout], [1, ''])
  assert.match(piped.stderr, /^error The event in standard input is not JSON: .* \(FNS_EVENT_INVALID\)\n$/)
  const missing = await runFnscope(['invoke', 'Greeter', '-e', join(dir, 'none.json')], env)
  assert.deepEqual([missing.code, missing.stdout], [1, ''])
  assert.match(missing.stderr, /^error The event file .*none\.json cannot be read: .* \(FNS_EVENT_INVALID\)\n$/)
})

test('--tail prints START to XRAY on standard error', async () => {
  const ran = await runFnscope(['invoke', 'Greeter', '--tail'], env)
  assert.match(ran.stderr, /^START RequestId: [^]*\ngreeting \{\}\nEND RequestId: .*\nREPORT .*\nXRAY TraceId: /)
  assert.deepEqual(JSON.parse(ran.stdout), { greeting: 'hello', event: {} })
})

test('a function error is its payload on standard output and exit 1', async () => {
  const ran = await runFnscope(['invoke', 'Greeter', '-e', '-'], env, '{"fail": true}')
  assert.equal(ran.code, 1)
  const payload = JSON.parse(ran.stdout) as Record<string, unknown>
  assert.deepEqual([payload['errorType'], payload['errorMessage']], ['ValueError', 'asked to fail'])
})

test('--json has the payload, the ids, the error and the log in one object', async () => {
  const ran = await runFnscope(['invoke', 'Greeter', '-e', '-', '--json'], env, '{"fail": true}')
  const answer = JSON.parse(ran.stdout) as Record<string, string>
  assert.equal(answer['functionError'], 'Unhandled')
  assert.match(answer['requestId']!, /^[0-9a-f-]{36}$/)
  assert.match(answer['traceId']!, /^1-[0-9a-f]{8}-[0-9a-f]{24}$/)
  assert.match(answer['log']!, /^START [^]*asked to fail[^]*XRAY/)
  assert.equal(ran.code, 1)
})

test('without FNSCOPE_URL the instance at the usual port answers', async () => {
  const ran = await runFnscope(['invoke', 'Greeter'], { FNSCOPE_URL: '', FNSCOPE_PORT: new URL(fnscope.url).port })
  assert.deepEqual([ran.code, JSON.parse(ran.stdout)], [0, { greeting: 'hello', event: {} }])
})

test('--app starts one for the call, whatever runs', async () => {
  const own = ['invoke', 'Greeter', '--app', APP, '--parameter', 'Greeting=own', '--tail']
  const ran = await runFnscope(own, { ...env, FNSCOPE_DATA: join(dir, 'data') })
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual(JSON.parse(ran.stdout), { greeting: 'own', event: {} })
  assert.match(ran.stderr, /XRAY TraceId/)
})

test('a template parameter without a value names the flag that gives it one', async () => {
  const ran = await runFnscope(['invoke', 'Greeter', '--app', APP], { FNSCOPE_DATA: join(dir, 'data') })
  assert.deepEqual([ran.code, ran.stdout], [1, ''])
  assert.match(ran.stderr, /Parameters\.Greeting has no Default.*--parameter Greeting=VALUE.*\(FNS_TEMPLATE_INVALID\)/)
})

test('a function that is not deployed is named with those that are', async () => {
  const ran = await runFnscope(['invoke', 'Nobody'], env)
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /Nobody/)
  assert.match(ran.stderr, /\(FNS_FUNCTION_NOT_FOUND\)/)
})
