// `fnscope init`: every sample is made, deployed and called; flags of `sam init` mean the same.
import assert from 'node:assert/strict'
import { existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { ANSWER_PROMPTS } from '../flows/flow.ts'
import {
  BIN,
  ROOT,
  run,
  runFnscope,
  startFnscope,
  temporaryDir,
  VENV,
  type StartedFnscope,
} from '../started-fnscope.ts'

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

test('the TypeScript sample is built as it says, and answers with its trace', async () => {
  await init('typed', '--template', 'typescript')
  const app = join(dir, 'typed')
  // As `npm install` leaves them.
  symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'))
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}` }
  const built = await run('npm', ['run', 'build', '--prefix', app], { env, input: '' })
  assert.equal(built.code, 0, built.stderr)
  rmSync(join(app, 'node_modules'))
  assert.match(await deployAndCall('typed', 'HelloFunction', 'events/hello.json'), /"statusCode":\s*200/)
})

test('the CDK sample is synthesized and answers behind its API', async () => {
  await init('clouded', '--template', 'cdk')
  const venv = join(ROOT, '.fnscope/venvs/cdk/bin')
  const env = {
    ...process.env,
    PATH: `${venv}:${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
    CDK_DISABLE_CLI_TELEMETRY: '1',
    JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
    HOME: dir,
  }
  const app = JSON.stringify(join(dir, 'clouded'))
  const synthesized = await run('bash', ['-c', `cd ${app} && cdk synth --quiet`], { env, input: '' })
  assert.equal(synthesized.code, 0, synthesized.stderr)
  const deployed = await runFnscope(['deploy', join(dir, 'clouded')], { FNSCOPE_URL: fnscope.url })
  assert.equal(deployed.code, 0, deployed.stderr)
  const url = /http:\/\/127\.0\.0\.1:\d+\/prod\/hello/.exec(deployed.stdout)?.[0]
  assert.ok(url, deployed.stdout)
  assert.equal(await (await fetch(url)).text(), '{"message":"hello world"}')
})

test('on a terminal it asks for the template and the name', async () => {
  const rules = JSON.stringify([
    ['Template', 'fc'],
    ['Project name', 'asked'],
  ])
  const command = `cd ${JSON.stringify(dir)} && ${process.execPath} ${BIN} init`
  const asked = await run(join(VENV, 'bin/python'), [ANSWER_PROMPTS, rules, 'bash', '-c', command], {
    env: process.env,
    input: '',
  })
  assert.equal(asked.code, 0, asked.stdout + asked.stderr)
  assert.match(asked.stdout, /1 {2}powertools-python[\s\S]*Template \[1\]: [\s\S]*Project name \[sam-app\]: /)
  assert.ok(existsSync(join(dir, 'asked/s.yaml')))
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
