// Programs and directories that end with the benchmark, however it ends: killed at its exit, and by the kernel where it
// had no chance to.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { childrenOf } from '../measure.ts'
import { progress } from './progress.ts'

const STOP_TIMEOUT_MS = 30_000
const OUTPUT_KEPT = 4000

const living = new Set<ChildProcess>()
const directories = new Set<string>()

process.once('exit', () => {
  for (const child of living) killTree(child)
  for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 20 })
})

/** With its children, as fnscope's engine: it would end by itself, but a little after its directory is removed. */
function killTree(child: ChildProcess): void {
  const below = child.pid === undefined ? [] : childrenOf(child.pid)
  child.kill('SIGKILL')
  for (const pid of below) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone already
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const DYING_WITH_US: readonly string[] =
  spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0 ? ['setpriv', '--pdeathsig', 'KILL'] : []

/** The command line with what lets the program die when this process does, where the system has it. */
export function dyingWithUs(command: string, ...args: readonly string[]): [string, ...string[]] {
  return [...DYING_WITH_US, command, ...args] as [string, ...string[]]
}

/** The child is killed when this process exits. */
export function ownChild(child: ChildProcess): void {
  living.add(child)
  child.once('exit', () => living.delete(child))
}

/** SIGTERM, and after half a minute SIGKILL for it and its children; returns when it is gone. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const hard = setTimeout(() => {
    progress(`process ${child.pid} has not ended in ${STOP_TIMEOUT_MS / 1000} s and is killed`)
    killTree(child)
  }, STOP_TIMEOUT_MS)
  child.kill('SIGTERM')
  await exited
  clearTimeout(hard)
}

/** A temporary directory that is removed at disposal, or at this process's exit. */
export function ownDirectory(name: string): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), `fnscope-bench-${name}-`))
  directories.add(path)
  return {
    path,
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true, maxRetries: 20 })
      directories.delete(path)
    },
  }
}

export interface Program {
  readonly pid: number
  readonly child: ChildProcess
  /** The last of what it wrote. */
  output(): string
  ended(): boolean
  /** As endChild. */
  stop(): Promise<void>
}

export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const [first, ...rest] = dyingWithUs(command, ...args)
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  ownChild(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_KEPT)))
  child.on('error', (error) => (output += String(error)))
  const ended = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    child,
    output: () => output,
    ended,
    stop: () => endChild(child),
  }
}

const START_TIMEOUT_MS = 120_000

/** Until the URL answers with anything but a server's error. @throws Error with the program's last words */
export async function untilAnswers(url: string, program: Program): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS
  while (performance.now() < until && !program.ended()) {
    try {
      const { status } = await fetch(url, { signal: AbortSignal.timeout(2000) })
      if (status < 500) return
    } catch {
      // not yet
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await program.stop()
  throw new Error(`no answer from ${url}:\n${program.output()}`)
}

/** Ports that were free a moment ago. */
export async function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Promise<Record<Names[number], number>> {
  const servers = await Promise.all(
    names.map(async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server, at) => {
    const address = server.address()
    server.close()
    return [names[at], typeof address === 'object' && address !== null ? address.port : 0] as const
  })
  return Object.fromEntries(ports) as Record<Names[number], number>
}
