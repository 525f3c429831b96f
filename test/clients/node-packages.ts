// Node packages of layers that tests have, installed once into the cache for all runs: each is over a hundred megabytes.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, run } from '../started-fnscope.ts'

/** @param packages with their versions @returns where a directory really lies (a namespace has a /tmp of its own) that has `node_modules` */
export async function installedPackages(name: string, packages: readonly string[]): Promise<string> {
  const dir = join(CACHE, name, packages.join('+').replaceAll(/[^\w.+-]/g, '-'))
  if (existsSync(dir)) return realpathSync(dir)
  const temporary = `${dir}.${process.pid}`
  mkdirSync(temporary, { recursive: true })
  writeFileSync(join(temporary, 'package.json'), '{}')
  const args = ['install', '--prefix', temporary, '--no-audit', '--no-fund', '--ignore-scripts', ...packages]
  const ran = await run('npm', args, { env: process.env, input: '' })
  assert.equal(ran.code, 0, ran.stderr)
  renameSync(temporary, dir)
  return realpathSync(dir)
}
