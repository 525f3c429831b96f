// The directory that stands for /var/runtime of Node functions: our runtime client, with a place for the AWS SDK.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuntimeHost } from './launch.ts'

const SOURCES = fileURLToPath(new URL('./node-client/', import.meta.url))

let published: Promise<string> | undefined

/** The files of the client lie in the cache, not in fnscope's own directory: packages are mounted beside them. */
export function publishNodeClient(host: RuntimeHost): Promise<string> {
  published ??= publish(host.cacheDir)
  return published
}

async function publish(cacheDir: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(SOURCES)).sort()) hash.update(name).update(await readFile(join(SOURCES, name)))
  const target = join(cacheDir, 'runtimes', `nodejs-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(target)) return target
  const temporary = `${target}.${randomUUID()}`
  try {
    await mkdir(temporary, { recursive: true })
    await cp(SOURCES, temporary, { recursive: true })
    await mkdir(join(temporary, 'node_modules'))
    await rename(temporary, target).catch((error: unknown) => {
      // Another fnscope was first, with the same files.
      if (!existsSync(target)) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return target
}
