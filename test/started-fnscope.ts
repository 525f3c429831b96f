// A fnscope started as a user starts it: the bin, on free ports, with a data directory of its own. For tests.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ConsoleApp } from '../packages/fnscope/src/api/console-types.ts'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
export const BIN = join(ROOT, 'packages/fnscope/bin/fnscope.mjs')
export const APPS = join(ROOT, 'test/apps')
/** Installed awslambdaric and dependencies, kept between tests. */
export const CACHE = process.env['FNSCOPE_TEST_CACHE'] ?? join(tmpdir(), 'fnscope-test-cache')
/** How functions run: FNSCOPE_ISOLATION=namespace runs the same tests in the other way. */
export const ISOLATION = process.env['FNSCOPE_ISOLATION'] ?? 'none'
/** The virtual environment of the test clients (scripts/setup.mjs). */
export const VENV = process.env['FNSCOPE_TEST_VENV'] ?? join(ROOT, '.fnscope/venv')

export interface Ready {
  readonly url: string
  readonly doors: Readonly<Record<string, string>>
  readonly apps: readonly ConsoleApp[]
}

export interface StartedFnscope extends Ready, AsyncDisposable {
  readonly child: ChildProcess
  readonly dataDir: string
  /** What it wrote to standard error so far. */
  stderr(): string
  /** Environment for AWS clients: endpoint, region, dummy keys, no profile of this machine's. */
  readonly clientEnv: NodeJS.ProcessEnv
  /** SIGTERM, and its exit status; the data directory stays. */
  stop(): Promise<number | null>
}

export interface StartOptions {
  readonly app?: string
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Absent: a fresh one, removed at disposal. */
  readonly dataDir?: string
  /** What runs the bin: another Node, or a program that ends in one. This process's Node when absent. */
  readonly command?: readonly [string, ...string[]]
}

/** The first start on a machine may install a runtime or a cloud. */
const START_TIMEOUT_MS = 280_000

export function temporaryDir(name: string): string {
  return mkdtempSync(join(tmpdir(), `fnscope-${name}-`))
}

export async function startFnscope(options: StartOptions = {}): Promise<StartedFnscope> {
  const dataDir = options.dataDir ?? temporaryDir('data')
  const args = [
    BIN,
    'up',
    ...(options.app === undefined ? [] : [options.app]),
    '--data',
    dataDir,
    '--ports',
    'auto',
    '--json',
    ...(options.args ?? []),
  ]
  const env = { ...process.env, FNSCOPE_CACHE: CACHE, FNSCOPE_ISOLATION: ISOLATION, ...options.env }
  const [command, ...before] = options.command ?? [process.execPath]
  const child = spawn(command, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ready = await Promise.race([
    readyEvent(child),
    exited.then(([code]) => Promise.reject(new Error(`fnscope ended with ${code} before it was ready:\n${stderr}`))),
    timeout(START_TIMEOUT_MS, () => `fnscope was not ready in time:\n${stderr}`),
  ])
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const [code] = await exited
    return code
  }
  return {
    ...ready,
    child,
    dataDir,
    stderr: () => stderr,
    clientEnv: clientEnvironment(ready.url),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function readyEvent(child: ChildProcess): Promise<Ready> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as { readonly event: string } & Ready
    if (event.event === 'ready') return event
  }
  return await new Promise(() => {})
}

function timeout(ms: number, message: () => string): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(message())), ms).unref())
}

function clientEnvironment(url: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_PAGER: '',
    SAM_CLI_TELEMETRY: '0',
    TZ: 'UTC',
  }
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the test clients' environment (`aws`, `sam`, `python`) to its end. */
export async function runClient(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<Ran> {
  return await run(join(VENV, 'bin', name), args, { env, input })
}

/** Runs fnscope's own command line to its end. */
export async function runFnscope(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<Ran> {
  return await run(process.execPath, [BIN, ...args], { env: { ...process.env, FNSCOPE_CACHE: CACHE, ...env }, input })
}

export async function run(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly input: string },
): Promise<Ran> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Runs Python code in the test clients' environment; its standard output as JSON. */
export async function runPython<Answer>(code: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  const { code: status, stdout, stderr } = await runClient('python', ['-c', code], env)
  if (status !== 0) throw new Error(`python ended with ${status}:\n${stderr}\n${stdout}`)
  return JSON.parse(stdout) as Answer
}

/** For a failing test alone: enough where two busy cores do everything. */
const DEADLINE_MS = 60_000

/** Asks again until the answer is no longer undefined. */
export async function eventually<Answer>(
  ask: () => Promise<Answer | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<Answer> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`no answer within ${deadlineMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Makes assertions about what the store answers until they hold; what never does fails as the last try did. */
export async function eventuallyHolds(check: () => Promise<void>, deadlineMs = DEADLINE_MS): Promise<void> {
  const end = performance.now() + deadlineMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** True when the virtual environment of the clients is there. */
export function hasClients(): boolean {
  return spawnSync(join(VENV, 'bin/python'), ['-c', 'import boto3']).status === 0
}
