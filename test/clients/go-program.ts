// Programs of test/clients/go, on clients that are published in Go alone. Building them cold takes a minute and more, so
// they run where FNSCOPE_TEST_GO=1 says so.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CACHE, ROOT } from '../started-fnscope.ts'

/** The reason for skipping such a test, if there is one. */
export const withoutGo: string | undefined =
  process.env['FNSCOPE_TEST_GO'] === '1'
    ? undefined
    : 'FNSCOPE_TEST_GO=1 builds the clients in Go (Go 1.26, a minute the first time)'

/** Builds it where its sources changed. @returns the program. @throws Error with what the compiler said */
export function buildGoProgram(name: string): string {
  const dir = join(CACHE, 'go-clients')
  mkdirSync(dir, { recursive: true })
  const program = join(dir, name)
  const args = ['build', '-buildvcs=false', '-trimpath', '-o', program, `./${name}`]
  const built = spawnSync('go', args, { cwd: join(ROOT, 'test/clients/go'), encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`${name} does not build`, { cause: built.error ?? built.stderr })
  return program
}

/** What it printed, as JSON. @throws Error with what it wrote to standard error */
export async function runGoProgram<Answer>(program: string, ...args: readonly string[]): Promise<Answer> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${err}`)
  return JSON.parse(out) as Answer
}
