// `fnscope up`: what a script reads from it, what a person sees, and how it ends. Under Node 26 and, where there is an
// older one, under that.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { APPS, BIN, CACHE, eventually, runFnscope, startFnscope, temporaryDir } from '../started-fnscope.ts'

const NODES = [process.execPath, '/usr/bin/node'].filter((node) => spawnSync(node, ['--version']).status === 0)
/** Ten seconds, and as long again where the machine is busy with others. */
const STOP_MS = 20_000

interface Collected extends Disposable {
  stdout(): string
  stderr(): string
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>
}

function startUp(node: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Collected {
  const dataDir = temporaryDir('up')
  const child = spawn(node, [BIN, 'up', '--data', dataDir, '--ports', 'auto', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FNSCOPE_CACHE: CACHE, ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    exited: once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    [Symbol.dispose]() {
      child.kill('SIGKILL')
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function has(up: Collected, pattern: RegExp): () => Promise<string | undefined> {
  return async () => pattern.exec(up.stdout())?.[0]
}

for (const node of NODES) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  test(`up --json under Node ${version} prints ready as JSON, and ends at SIGTERM with 0`, async () => {
    using up = startUp(node, [join(APPS, 'sam-app'), '--json'])
    await eventually(has(up, /"event":"ready".*\n/), 120_000)
    const lines = up.stdout().trimEnd().split('\n')
    const ready = JSON.parse(lines[0]!) as Record<string, unknown>
    assert.equal(lines.length, 1)
    const [app] = ready['apps'] as [Record<string, unknown>]
    const { HelloWorldApi: url } = app['urls'] as { readonly HelloWorldApi: string }
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/Prod\/hello$/)
    assert.match(String(ready['url']), /^http:\/\/127\.0\.0\.1:\d+$/)
    const doors = ready['doors'] as Record<string, string | readonly string[]>
    for (const door of ['xray-daemon', 'otlp-http', 'otlp-grpc', 'datakit', 'statsd', 'zipkin', 'jaeger-query'])
      assert.ok(door in doors, door)
    for (const address of Object.values(doors).flat()) assert.match(address, /^127\.0\.0\.1:\d+$/)
    assert.equal(doors['datadog']?.length, 2)
    assert.ok(doors['datadog'].includes(String(doors['datakit'])), "on the agent's own port and on DataKit's")
    assert.deepEqual(app['functions'], ['HelloWorldFunction'])
    assert.equal(app['stack'], 'sam-app')
    assert.equal(app['dir'], join(APPS, 'sam-app'))
    assert.equal((app['outputs'] as Record<string, string>)['HelloWorldApi'], url)
    const started = performance.now()
    up.kill('SIGTERM')
    assert.deepEqual(await up.exited, [0, null])
    assert.ok(performance.now() - started < STOP_MS)
  })
}

test('up for a person names the address, the doors, the functions, their URLs and what is recorded', async () => {
  using up = startUp(process.execPath, [join(APPS, 'sam-app')])
  await eventually(has(up, /AWS_ENDPOINT_URL=.*\n/), 120_000)
  const text = up.stdout()
  assert.match(text, /fnscope is ready at http:\/\/127\.0\.0\.1:\d+\n {2}xray-daemon {2}127\.0\.0\.1:\d+\n/)
  assert.match(text, /every invocation is recorded/)
  assert.match(
    text,
    /sam-app {2}1 function: HelloWorldFunction\n {4}HelloWorldApi +http:\/\/127\.0\.0\.1:\d+\/Prod\/hello/,
  )
  assert.match(text, /FNSCOPE_URL=http:\/\/\S+ npx fnscope traces/)
  assert.ok(!(text + up.stderr()).includes('\x1b'))
  up.kill('SIGINT')
  assert.deepEqual(await up.exited, [0, null])
})

test(
  'on a terminal up shows log lines as they come, in colour',
  { skip: spawnSync('script', ['-V']).status !== 0 },
  async () => {
    const dataDir = temporaryDir('up')
    const command = `'${process.execPath}' '${BIN}' up '${join(APPS, 'sam-app')}' --data '${dataDir}' --ports auto`
    const { NO_COLOR: _, ...env } = process.env
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...env, FNSCOPE_CACHE: CACHE, TERM: 'xterm' },
    })
    const exited = once(child, 'exit')
    let screen = ''
    child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()))
    try {
      const url = await eventually(async () => /http:\/\/[\d.:]+\/Prod\/hello/.exec(screen)?.[0], 120_000)
      await eventually(async () => (screen.includes('AWS_ENDPOINT_URL') ? true : undefined))
      await (await fetch(url)).text()
      await eventually(async () => (/XRAY TraceId/.test(screen) ? true : undefined), 30_000)
      assert.ok(screen.includes('\x1b[36mhttp:'))
      assert.match(screen, /\d\d:\d\d:\d\d\.\d{3}\S* \S*sam-app-HelloWorldFunction\S+ .*hello world answered/)
    } finally {
      // Ctrl-C, as its terminal sends it
      child.stdin.write('\x03')
      await exited
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
)

test('a later deployment is announced, answers, and can be removed', async () => {
  await using fnscope = await startFnscope()
  const env = { FNSCOPE_URL: fnscope.url }
  let stdout = ''
  fnscope.child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  fnscope.child.stdout!.resume()
  const deployed = await runFnscope(['deploy', join(APPS, 'sam-app'), '--json'], env)
  assert.equal(deployed.code, 0, deployed.stderr)
  const app = JSON.parse(deployed.stdout) as Record<string, unknown>
  assert.equal(app['stack'], 'sam-app')
  const event = await eventually(async () => (stdout.endsWith('\n') ? stdout : undefined))
  assert.deepEqual(JSON.parse(event), { event: 'deployed', ...app })
  const answer = await fetch((app['urls'] as Record<string, string>)['HelloWorldApi']!)
  assert.deepEqual(await answer.json(), { message: 'hello world' })

  const removed = await runFnscope(['remove', join(APPS, 'sam-app')], env)
  assert.deepEqual([removed.code, removed.stdout], [0, 'Removed sam-app.\n'])
  const gone = await runFnscope(['invoke', 'HelloWorldFunction'], env)
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /FNS_FUNCTION_NOT_FOUND/)
  const again = await runFnscope(['remove', 'sam-app'], env)
  assert.deepEqual([again.code, again.stdout], [1, ''])
  assert.match(again.stderr, /Nothing is deployed as or from "sam-app"\. Deployed: none\./)
})

test('deploying over HTTP needs an Authorization header and a body that is one', async () => {
  await using fnscope = await startFnscope()
  const send = async (init: RequestInit): Promise<number> => (await fetch(`${fnscope.url}/api/apps`, init)).status
  const dir = JSON.stringify({ dir: join(APPS, 'sam-app') })
  assert.equal(await send({ method: 'POST', body: dir }), 403)
  assert.equal(
    await send({ method: 'POST', body: dir, headers: { authorization: 'x', origin: 'http://evil.test' } }),
    403,
  )
  for (const body of ['', '[]', '{"dir":"app"}', '{"dir":"/x","parameters":{"A":1}}', '{half'])
    assert.equal(await send({ method: 'POST', body, headers: { authorization: 'x' } }), 400, body)
  assert.equal((await fetch(`${fnscope.url}/api/apps/none`, { method: 'DELETE' })).status, 403)
  assert.deepEqual(await (await fetch(`${fnscope.url}/api/apps`)).json(), { apps: [] })
})

test('an app that is not there: one sentence, exit 1, nothing left running', async () => {
  const dataDir = temporaryDir('up')
  const ran = await runFnscope(['up', join(APPS, 'nowhere'), '--data', dataDir, '--ports', 'auto', '--json'])
  rmSync(dataDir, { recursive: true, force: true })
  assert.deepEqual([ran.code, ran.stdout], [1, ''])
  assert.match(ran.stderr, /^error .*nowhere.* \(FNS_APP_NOT_FOUND\)\n$/)
})
