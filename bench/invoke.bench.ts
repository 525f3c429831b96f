// Cold and warm invocations of one function: fnscope beside the emulator inside the SAM CLI, in one run, sample by sample in
// turns, so that whatever else the machine does falls on both. fnscope records trace, logs and metrics of each call and runs
// the function in namespaces of its own where it can; the emulator records nothing and shares its own. Both run the same
// interpreter, the same runtime client and the same code. Cold is the first POST on a host that listens already.
// Needs the test clients (npm test sets them up): the emulator's binary comes with the aws-sam-cli wheel.
//   node bench/invoke.bench.ts      COLD=15 WARM=500 ONLY=node FNSCOPE_ISOLATION=none
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { globSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startFnscope, temporaryDir, VENV, type StartedFnscope } from '../test/started-fnscope.ts'
import { load, peakRssMb, quantiles, report, type Quantiles } from './measure.ts'

const COLD = Number(process.env['COLD'] ?? 15)
const WARM = Number(process.env['WARM'] ?? 500)

const ISOLATION = process.env['FNSCOPE_ISOLATION'] ?? 'auto'

interface Case {
  readonly name: string
  readonly runtime: 'python3.11' | 'nodejs20.x'
  readonly payload: string
  readonly requirements: string
  readonly code: string
}

const PYTHON_ECHO = 'def handler(event, context):\n    return event\n'

const CASES: readonly Case[] = [
  { name: 'python echo', runtime: 'python3.11', payload: '{"a":1}', requirements: '', code: PYTHON_ECHO },
  {
    name: 'python echo 100 kB',
    runtime: 'python3.11',
    payload: JSON.stringify({ a: 'x'.repeat(100_000) }),
    requirements: '',
    code: PYTHON_ECHO,
  },
  {
    name: 'node echo',
    runtime: 'nodejs20.x',
    payload: '{"a":1}',
    requirements: '',
    code: 'export const handler = async (event) => event\n',
  },
  {
    name: 'python powertools',
    runtime: 'python3.11',
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

/** Answers with what a function process is given, so that the emulator can be given the same. */
const PROBES = {
  'python3.11': `import os, sys
def handler(event, context):
    names = ("PYTHONPATH", "PYTHONPYCACHEPREFIX", "PATH", "LD_LIBRARY_PATH")
    return {"command": [sys.executable, "-m", "awslambdaric"], "variables": {n: os.environ[n] for n in names if n in os.environ}}
`,
  'nodejs20.x': `export const handler = async () => {
  const names = ['NODE_PATH', 'PATH', 'LD_LIBRARY_PATH', 'AWS_EXECUTION_ENV']
  const variables = Object.fromEntries(names.filter((n) => n in process.env).map((n) => [n, process.env[n]]))
  return { command: [process.execPath, ...process.execArgv, process.env.LAMBDA_RUNTIME_DIR + '/index.mjs'], variables }
}
`,
}

interface Probe {
  readonly command: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

interface Answer {
  readonly ms: number
  readonly body: string
}

/** One connection, kept open, for each side. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string
  readonly #payload: string

  constructor(url: string, payload: string) {
    this.#url = url
    this.#payload = payload
  }

  async call(): Promise<Answer> {
    const started = performance.now()
    const sent = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: { 'content-type': 'application/json', authorization: 'bench' },
    })
    sent.end(this.#payload)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of response) body += String(chunk)
    const ms = performance.now() - started
    if (response.statusCode !== 200 || body.includes('errorType'))
      throw new Error(`${this.#url}: ${response.statusCode} ${body.slice(0, 300)}`)
    return { ms, body }
  }

  close(): void {
    this.#agent.destroy()
  }
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
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function findEmulator(): string {
  const wanted = process.arch === 'arm64' ? 'arm64' : 'x86_64'
  const found = globSync(join(VENV, `lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-${wanted}`))[0]
  if (found === undefined)
    throw new Error('the emulator is not here: npm test installs the aws-sam-cli that carries it')
  return found
}

interface Peer {
  readonly client: Client
  stop(): Promise<void>
}

/** The emulator, listening; the function's process begins with the first call. */
async function startPeer(dir: string, payload: string, probe: Probe): Promise<Peer> {
  const [port, api] = [await freePort(), await freePort()]
  const env = {
    ...probe.variables,
    LAMBDA_TASK_ROOT: dir,
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_TIMEOUT: '30',
    AWS_REGION: 'us-east-1',
    AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2999',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  }
  const addresses = [
    '--runtime-interface-emulator-address',
    `127.0.0.1:${port}`,
    '--runtime-api-address',
    `127.0.0.1:${api}`,
  ]
  const args = ['--log-level', 'error', ...addresses, ...probe.command, 'app.handler']
  const child: ChildProcess = spawn(findEmulator(), args, { cwd: dir, env, stdio: 'ignore', detached: true })
  await listening(port)
  const client = new Client(`http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`, payload)
  return {
    client,
    async stop() {
      client.close()
      process.kill(-child.pid!, 'SIGKILL')
      await once(child, 'exit')
    },
  }
}

interface Samples {
  readonly cold: number[]
  readonly warm: number[]
}

async function measure(
  fnscope: StartedFnscope,
  dir: string,
  { payload, probe }: { readonly payload: string; readonly probe: Probe },
): Promise<{ ours: Samples; peer: Samples }> {
  const clientOf = (name: string): Client =>
    new Client(`${fnscope.url}/2015-03-31/functions/${name}/invocations`, payload)
  const [ours, peer]: [Samples, Samples] = [
    { cold: [], warm: [] },
    { cold: [], warm: [] },
  ]
  // One of each that does not count: it fills the disk's cache and writes the bytecode that both then read.
  for (let i = -1; i < COLD; i++) {
    const host = await startPeer(dir, payload, probe)
    const theirs = (await host.client.call()).ms
    await host.stop()
    const client = clientOf(`F${i + 1}`)
    const mine = (await client.call()).ms
    client.close()
    if (i < 0) continue
    peer.cold.push(theirs)
    ours.cold.push(mine)
  }
  const host = await startPeer(dir, payload, probe)
  const client = clientOf('F1')
  for (let i = -20; i < WARM; i++) {
    const theirs = (await host.client.call()).ms
    const mine = (await client.call()).ms
    if (i < 0) continue
    peer.warm.push(theirs)
    ours.warm.push(mine)
  }
  client.close()
  await host.stop()
  return { ours, peer }
}

/** Asked of a plain process: the emulator has no other paths than this machine's. */
async function probeOf(dir: string): Promise<Probe> {
  await using fnscope = await startFnscope({ app: dir, env: { FNSCOPE_ISOLATION: 'none' } })
  const client = new Client(`${fnscope.url}/2015-03-31/functions/Probe/invocations`, '{}')
  const { body } = await client.call()
  client.close()
  return JSON.parse(body) as Probe
}

function template(runtime: Case['runtime']): string {
  const declared = (name: string, handler: string): string =>
    `  ${name}: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: ${handler}, Runtime: ${runtime}, MemorySize: 512, Timeout: 30, Tracing: Active}}`
  const functions = Array.from({ length: COLD + 1 }, (_, i) => declared(`F${i}`, 'app.handler'))
  return [
    'Transform: AWS::Serverless-2016-10-31',
    'Resources:',
    declared('Probe', 'probe.handler'),
    ...functions,
    '',
  ].join('\n')
}

for (const { name, runtime, payload, code, requirements } of CASES) {
  if (process.env['ONLY'] && !name.includes(process.env['ONLY'])) continue
  const dir = temporaryDir('bench')
  const extension = runtime.startsWith('python') ? 'py' : 'mjs'
  writeFileSync(join(dir, `app.${extension}`), code)
  writeFileSync(join(dir, `probe.${extension}`), PROBES[runtime])
  writeFileSync(join(dir, 'template.yaml'), template(runtime))
  if (requirements !== '') writeFileSync(join(dir, 'requirements.txt'), requirements)
  try {
    const probe = await probeOf(dir)
    await using fnscope = await startFnscope({ app: dir, env: { FNSCOPE_ISOLATION: ISOLATION } })
    const loadBefore = load()
    const { ours, peer } = await measure(fnscope, dir, { payload, probe })
    const cold: Record<'fnscope' | 'peer', Quantiles> = { fnscope: quantiles(ours.cold), peer: quantiles(peer.cold) }
    const warm: Record<'fnscope' | 'peer', Quantiles> = { fnscope: quantiles(ours.warm), peer: quantiles(peer.warm) }
    report(`invoke ${name}`, {
      load: { before: loadBefore, after: load() },
      samples: { cold: COLD, warm: WARM },
      isolation: ISOLATION,
      coldMs: { ...cold, ratioP50: Number((cold.fnscope.p50 / cold.peer.p50).toFixed(2)) },
      warmMs: { ...warm, differenceP50: Number((warm.fnscope.p50 - warm.peer.p50).toFixed(3)) },
      peakRssMb: peakRssMb(fnscope.child.pid!),
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
