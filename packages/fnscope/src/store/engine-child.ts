// One child process that runs the engine, from spawn to exit: its command line, its last output, its answer to /ping.
// It does not decide when to start another (engine.ts does).
import { spawn } from 'node:child_process'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'

import { messageOf } from '../errors.ts'
import type { EngineFiles } from './engine-config.ts'

const HOST = fileURLToPath(new URL('engine-host.mjs', import.meta.url))
const OUTPUT_KEPT = 20_000

/** Opens the port, then keeps the call that carries the server from returning. */
const BOOTSTRAP =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM system.numbers LIMIT 4000000000 ' +
  'SETTINGS max_block_size=1, max_execution_time=0 FORMAT Null'

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']

/**
 * No NODE_OPTIONS (an inspector, a preload) and no cloud credentials, which the engine's own S3 client would pick up.
 * UTC by TZ: this build of the engine does not read `timezone` from its configuration.
 */
function engineEnvironment(): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...Object.fromEntries(inherited), TZ: 'UTC' }
}

export interface EngineChild {
  /** 0 when the process could not even be started. */
  readonly pid: number
  readonly exited: Promise<void>
  /** The same as a signal: waiting on it again and again leaves nothing behind. */
  readonly gone: AbortSignal
  /** How it ended, as text; undefined while it runs. */
  ending(): string | undefined
  /** The last 20 kB it wrote. */
  output(): string
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export function spawnEngine(library: string, files: EngineFiles, port: number): EngineChild {
  const child = spawn(
    process.execPath,
    [
      '--experimental-ffi',
      '--no-warnings',
      HOST,
      library,
      String(process.pid),
      `--config-file=${files.configFile}`,
      `--path=${files.dataPath}`,
      `--http_port=${port}`,
      '--multiquery',
      `--query=${BOOTSTRAP}`,
    ],
    // Detached: the engine's own shutdown signals its whole process group, and Ctrl-C in the terminal is not for it.
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: engineEnvironment() },
  )
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_KEPT)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)

  let ending: string | undefined
  const exited = Promise.withResolvers<void>()
  const gone = new AbortController()
  const ended = (how: string): void => {
    ending ??= how
    gone.abort()
    exited.resolve()
  }
  child.once('error', (error) => ended(messageOf(error)))
  // 'close', not 'exit': the last words have been read by then.
  child.once('close', (code, signal) => ended(signal === null ? `exit status ${code}` : `signal ${signal}`))
  return {
    pid: child.pid ?? 0,
    exited: exited.promise,
    gone: gone.signal,
    ending: () => ending,
    output: () => output,
    kill: (signal) => void child.kill(signal),
  }
}

/**
 * What /ping answers; undefined when nobody does before the signal. A new connection each time: the listener itself is
 * the question.
 */
export function ping(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/ping', agent: false, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text = (text + part).slice(0, 1000)
      })
      response.once('end', () => resolve(text))
      response.once('error', () => resolve(undefined))
    })
    request.once('error', () => resolve(undefined))
  })
}
