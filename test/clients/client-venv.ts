// Virtual environments of their own for clients whose dependencies do not go together with those of the others: made once
// of test/clients/requirements-<name>.txt, and again when that changes.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT, run, VENV } from '../started-fnscope.ts'

/** The environment's folder of programs. @throws Error where it cannot be made, with what pip said */
export async function clientVenv(name: string): Promise<string> {
  const requirements = join(ROOT, `test/clients/requirements-${name}.txt`)
  const folder = join(ROOT, '.fnscope/venvs', name)
  const stamp = join(folder, 'fnscope-stamp')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return join(folder, 'bin')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  await succeed(join(VENV, 'bin/python'), ['-m', 'venv', folder])
  await succeed(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  writeFileSync(stamp, wanted)
  return join(folder, 'bin')
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { env: process.env, input: '' })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
}
