// `fnscope init`: every sample is made, deployed and called; flags of `sam init` mean the same.
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const dir = temporaryDir('init')
let fnscope: StartedFnscope
before(async () => (fnscope = await startFnscope()))
after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

async function init(...args: readonly string[]): Promise<void> {
  const made = await runFnscope(['init', ...args, '--output-dir', dir])
  assert.equal(made.code, 0, made.stderr)
}

async function deployAndCall(app: string, functionName: string, event?: string): Promise<string> {
  const env = { FNSCOPE_URL: fnscope.url, AWS_ENDPOINT_URL: fnscope.url }
  const deployed = await runFnscope(['deploy', join(dir, app)], env)
  assert.equal(deployed.code, 0, deployed.stderr)
  const called = await runFnscope(
    ['invoke', functionName, ...(event === undefined ? [] : ['--event', join(dir, app, event)])],
    env,
  )
  assert.equal(called.code, 0, called.stderr + called.stdout)
  return called.stdout
}

test('the Powertools sample, made with the flags of sam init, answers behind its API', async () => {
  await init(
    '--app-template',
    'hello-world-powertools-python',
    '--name',
    'sam-app',
    '--package-type',
    'Zip',
    '--runtime',
    'python3.11',
    '--no-tracing',
  )
  assert.match(await deployAndCall('sam-app', 'HelloWorldFunction', 'events/hello.json'), /hello world/)
  assert.ok(existsSync(join(dir, 'sam-app/.gitignore')))
})

test('both functions of the pair register their user', async () => {
  await init('pair', '--template', 'observability-pair')
  const user = 'events/valid_user.json'
  assert.match(await deployAndCall('pair', 'VanillaFunction', user), /"status_code":\s*200/)
  assert.match(await deployAndCall('pair', 'InstrumentedFunction', user), /"user_id":\s*"brian1"/)
})

test("the X-Ray sample's AWS client asks fnscope; its layer is made of requirements.txt", async () => {
  await init('blank', '--template', 'xray-python')
  assert.match(await deployAndCall('blank', 'function', 'events/event.json'), /"FunctionCount"/)
})

test("Function Compute's sample answers", async () => {
  await init('hangzhou', '--template', 'fc', '--runtime', 'python3.11')
  assert.match(await deployAndCall('hangzhou', 'hello'), /hello world/)
})

test('a name that is taken, an unknown template and a runtime of another language are refused', async () => {
  await init('twice', '--template', 'cdk')
  for (const [args, message] of [
    [['twice', '--template', 'cdk'], /is there already/],
    [['other', '--template', 'java'], /There is no template "java"\. Templates: powertools-python, /],
    [['other', '--template', 'cdk', '--runtime', 'nodejs22.x'], /is for python/],
    [['other'], /fnscope init wants --template/],
  ] as const) {
    const refused = await runFnscope(['init', ...args, '--output-dir', dir])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, message)
  }
})
