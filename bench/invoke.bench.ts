// Cold and warm invocations of one Python function: fnscope beside the emulator inside the SAM CLI, in one run, sample by
// sample. fnscope records trace, logs and metrics of each call; the emulator records nothing.
// Needs the test clients (npm test sets them up): the emulator's binary comes with the aws-sam-cli wheel.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CACHE, startFnscope, temporaryDir, VENV } from '../test/started-fnscope.ts'
import { quantiles, report } from './measure.ts'

const COLD = Number(process.env['COLD'] ?? 10)
const WARM = Number(process.env['WARM'] ?? 300)

const CASES = [
  {
    name: 'python echo',
    payload: '{"a":1}',
    requirements: '',
    code: 'def handler(event, context):\n    return event\n',
  },
  {
    name: 'python powertools',
    payload: '{"n":4}',
    requirements: 'aws-lambda-powertools[tracer]==3.37.0\n',
    code: `from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
tracer = Tracer(service="bench"); log = Logger(service="bench"); metrics = Metrics(namespace="Bench", service="bench")
@tracer.capture_method
def work(n):
    tracer.put_annotation(key="n", value=n)
    return n * 2
@log.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    metrics.add_metric(name="Calls", unit=MetricUnit.Count, value=1)
    log.info("called")
    return {"n": work(event.get("n", 1))}
`,
  },
]

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** Milliseconds of one call. */
async function call(url: string, payload: string): Promise<number> {
  const started = performance.now()
  const sent = request(url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', authorization: 'bench' },
  })
  sent.end(payload)
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  const ms = performance.now() - started
  if (response.statusCode !== 200 || body.includes('errorType'))
    throw new Error(`${url}: ${response.statusCode} ${body.slice(0, 300)}`)
  return ms
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

interface Samples {
  readonly cold: number[]
  readonly warm: number[]
}

async function measurePeer(dir: string, payload: string, pythonPath: string): Promise<Samples> {
  const emulator = globSync(join(VENV, 'lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-*')).find((path) =>
    path.endsWith(process.arch === 'arm64' ? 'arm64' : 'x86_64'),
  )!
  const samples: Samples = { cold: [], warm: [] }
  for (let i = 0; i < COLD; i++) {
    const [port, api] = [await freePort(), await freePort()]
    const env = {
      ...process.env,
      LAMBDA_TASK_ROOT: dir,
      PYTHONPATH: pythonPath,
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
      AWS_LAMBDA_FUNCTION_TIMEOUT: '30',
      AWS_REGION: 'us-east-1',
      AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2999',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    }
    const args = [
      '--log-level',
      'error',
      '--runtime-interface-emulator-address',
      `127.0.0.1:${port}`,
      '--runtime-api-address',
      `127.0.0.1:${api}`,
      'python3.11',
      '-m',
      'awslambdaric',
      'app.handler',
    ]
    const child = spawn(emulator, args, { cwd: dir, env, stdio: 'ignore', detached: true })
    await listening(port)
    const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`
    samples.cold.push(await call(url, payload))
    if (i === COLD - 1) {
      for (let n = 0; n < 20; n++) await call(url, payload)
      for (let n = 0; n < WARM; n++) samples.warm.push(await call(url, payload))
    }
    process.kill(-child.pid!, 'SIGKILL')
    await once(child, 'exit')
  }
  return samples
}

async function measureFnscope(dir: string, payload: string): Promise<Samples> {
  const functions = Array.from(
    { length: COLD + 1 },
    (_, i) =>
      `  F${i}: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.11, Timeout: 30, Tracing: Active}}`,
  )
  writeFileSync(
    join(dir, 'template.yaml'),
    `Transform: AWS::Serverless-2016-10-31\nResources:\n${functions.join('\n')}\n`,
  )
  await using fnscope = await startFnscope({ app: dir })
  const url = (i: number): string => `${fnscope.url}/2015-03-31/functions/F${i}/invocations`
  // the first call of all pays for finding the interpreter once; it is no cold start of a function
  await call(url(COLD), payload)
  const samples: Samples = { cold: [], warm: [] }
  for (let i = 0; i < COLD; i++) samples.cold.push(await call(url(i), payload))
  for (let n = 0; n < 20; n++) await call(url(0), payload)
  for (let n = 0; n < WARM; n++) samples.warm.push(await call(url(0), payload))
  return samples
}

for (const each of CASES) {
  const dir = temporaryDir('bench')
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'app.py'), each.code)
  if (each.requirements) writeFileSync(join(dir, 'requirements.txt'), each.requirements)
  const ours = await measureFnscope(dir, each.payload)
  // the peer gets the very same files: dependencies and runtime client that fnscope installed into its cache
  const dependencies = globSync([join(CACHE, 'build/*'), join(CACHE, 'runtimes/python3.11*')])
  const peer = await measurePeer(dir, each.payload, [dir, ...dependencies].join(':'))
  const [coldOurs, coldPeer, warmOurs, warmPeer] = [ours.cold, peer.cold, ours.warm, peer.warm].map(quantiles) as [
    ReturnType<typeof quantiles>,
    ReturnType<typeof quantiles>,
    ReturnType<typeof quantiles>,
    ReturnType<typeof quantiles>,
  ]
  report(`invoke ${each.name}`, {
    coldMs: { fnscope: coldOurs, peer: coldPeer, ratioP50: Number((coldOurs.p50 / coldPeer.p50).toFixed(2)) },
    warmMs: { fnscope: warmOurs, peer: warmPeer, differenceP50: Number((warmOurs.p50 - warmPeer.p50).toFixed(3)) },
  })
  rmSync(dir, { recursive: true, force: true })
}
agent.destroy()
