// A ministack of a test's own, as a user would have started it: another cloud on this machine. For tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { eventually, ROOT, temporaryDir } from './started-fnscope.ts'

/** Made by scripts/setup.mjs of test/clients/venvs/ministack.txt. */
const BIN = join(ROOT, '.fnscope/venvs/ministack/bin')

export interface StartedMinistack extends AsyncDisposable {
  readonly url: string
}

export async function startMinistack(): Promise<StartedMinistack> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const dir = temporaryDir('ministack')
  const child = spawn(join(BIN, 'ministack'), [], {
    cwd: dir,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, GATEWAY_PORT: String(port), TMPDIR: dir, PATH: `${BIN}:${process.env['PATH']}` },
  })
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await eventually(async () => {
      const answer = await fetch(`${url}/_ministack/health`).catch(() => undefined)
      return answer?.ok === true ? true : undefined
    }, 120_000)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, [Symbol.asyncDispose]: stop }
}
