// What the deploy tests share: where the apps are, a cache that outlives a run, and app directories made on the spot.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readApp, type ReadAppOptions } from '../../packages/fnscope/src/deploy/read-app.ts'
import type { AppSpec } from '../../packages/fnscope/src/functions/function-spec.ts'

export const run = promisify(execFile)

export const CACHE_DIR = process.env['FNSCOPE_TEST_CACHE'] ?? join(tmpdir(), 'fnscope-test-cache')

export function appDir(name: string): string {
  return fileURLToPath(new URL(`../apps/${name}`, import.meta.url))
}

/** python3.11 → the interpreter of that name on PATH. @throws when there is none */
export async function findPython(runtime: string): Promise<string> {
  await run(runtime, ['--version'])
  return runtime
}

/** Why a test that needs this interpreter is left out; undefined when it is there. */
export async function withoutPython(runtime: string): Promise<string | undefined> {
  return await findPython(runtime).then(
    () => undefined,
    () => `SKIPPED: no ${runtime} on PATH`,
  )
}

export async function temporaryDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fnscope-deploy-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A directory with these files, `path → text`. */
export async function makeApp(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await temporaryDir(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
  return dir
}

export async function read(dir: string, options: Partial<ReadAppOptions> = {}): Promise<AppSpec> {
  return await readApp(dir, {
    region: 'us-east-1',
    accountId: '000000000000',
    cacheDir: CACHE_DIR,
    findPython,
    ...options,
  })
}
