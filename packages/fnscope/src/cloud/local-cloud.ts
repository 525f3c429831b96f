// The cloud that has the AWS services fnscope has not: another program on this machine, started at first need and ended
// with fnscope, or whatever listens at a URL.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { delimiter } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CloudChoice } from '../config.ts'
import { FnscopeError } from '../errors.ts'
import { ProcessGuard } from '../functions/process-guard.ts'
import type { Logger } from '../log.ts'
import { installCloud, type CloudProduct } from './install-cloud.ts'

export interface LocalCloudOptions {
  readonly choice: CloudChoice
  readonly cacheDir: string
  /** Where the program runs: its own files land there. */
  readonly dir: string
  readonly region: string
  readonly accountId: string
  /** An interpreter for the virtual environment. @throws FnscopeError */
  readonly findPython: () => Promise<string>
  readonly notify: (line: string) => void
  readonly log: Logger
}

const START_TIMEOUT_MS = 60_000

export class LocalCloud {
  readonly #options: LocalCloudOptions
  readonly #guard = new ProcessGuard()
  #endpoint: Promise<string> | undefined
  #child: ChildProcess | undefined
  readonly #ending = new AbortController()

  constructor(options: LocalCloudOptions) {
    this.#options = options
  }

  /** True when nothing is passed through. */
  get off(): boolean {
    return this.#options.choice.kind === 'off'
  }

  /** Its URL, `http://127.0.0.1:<port>`; the first call starts it. @throws FnscopeError FNS_CLOUD_UNAVAILABLE, FNS_CLOUD_OFF */
  async endpoint(): Promise<string> {
    const { choice } = this.#options
    if (choice.kind === 'off')
      throw new FnscopeError(
        'FNS_CLOUD_OFF',
        'fnscope does not have this AWS service itself, and passing on is switched off (--cloud off). Start fnscope with --cloud auto, or with --cloud URL of a cloud that has it.',
      )
    if (choice.kind === 'url') return choice.url.replace(/\/$/, '')
    if (this.#ending.signal.aborted) throw new FnscopeError('FNS_CLOUD_UNAVAILABLE', 'fnscope is ending.')
    const endpoint = (this.#endpoint ??= this.#start(choice.kind))
    try {
      return await endpoint
    } catch (error) {
      // What was missing may be there next time.
      if (this.#endpoint === endpoint) this.#endpoint = undefined
      throw error
    }
  }

  /** Ends the program. Twice is fine. */
  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#endpoint?.catch(() => undefined)
    const child = this.#child
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      process.kill(-child.pid, 'SIGKILL')
      await ended
    }
    this.#guard.stop()
  }

  async #start(product: CloudProduct): Promise<string> {
    const { cacheDir, dir, region, accountId, findPython, notify, log } = this.#options
    const program = await installCloud(product, {
      cacheDir,
      python: await findPython(),
      notify,
      signal: this.#ending.signal,
    })
    mkdirSync(dir, { recursive: true })
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const args = product === 'moto' ? ['-H', '127.0.0.1', '-p', String(port)] : []
    const child = spawn(program, args, {
      cwd: dir,
      detached: true,
      stdio: 'ignore',
      env: {
        PATH: [dirname(program), process.env['PATH'] ?? '/usr/bin:/bin'].join(delimiter),
        HOME: dir,
        TMPDIR: dir,
        LANG: 'C.UTF-8',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: '127.0.0.1',
        MINISTACK_REGION: region,
        MINISTACK_ACCOUNT_ID: accountId,
        MOTO_ACCOUNT_ID: accountId,
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
    })
    this.#child = child
    if (child.pid !== undefined) this.#guard.add(child.pid)
    child.once('error', (error) => log.warn({ reason: error.message }, `${product} did not start`))
    child.once('exit', (code) => {
      if (child.pid !== undefined) this.#guard.remove(child.pid)
      if (this.#child !== child || this.#ending.signal.aborted) return
      // The next call starts another one, empty as it is.
      this.#endpoint = undefined
      log.warn({ code }, `${product} has ended`)
      notify(`${product} has ended; the next AWS call starts it again, without what it had.`)
    })
    await answers(url, child, this.#ending.signal)
    notify(`${product} answers for the AWS services that fnscope does not have: ${url}`)
    return url
  }
}

async function answers(url: string, child: ChildProcess, ending: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && child.exitCode === null && !ending.aborted) {
    const answer = await fetch(`${url}/`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer !== undefined) return
    await delay(50)
  }
  throw new FnscopeError(
    'FNS_CLOUD_UNAVAILABLE',
    'The local cloud did not answer in time. Name another one with --cloud URL, or switch it off with --cloud off.',
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
