// Where the engine's shared library is. It ships as one npm package per platform, an optional dependency of ours.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { FnscopeError } from '../errors.ts'

const SUPPORTED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']

/** The platform that a library is looked for. */
export interface Platform {
  readonly os: string
  readonly arch: string
  /** False on a Linux whose C library is not glibc (Alpine). */
  readonly glibc: boolean
}

export function currentPlatform(): Platform {
  return { os: process.platform, arch: process.arch, glibc: process.platform !== 'linux' || hasGlibc() }
}

function hasGlibc(): boolean {
  const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime !== undefined
}

/**
 * The path of the engine's library on this machine.
 * Throws FNS_ENGINE_MISSING when the platform has none or its package is not installed.
 */
export function findEngineLibrary(platform: Platform = currentPlatform()): string {
  const name = `${platform.os}-${platform.arch}`
  const instead = 'use a ClickHouse server instead: --store URL.'
  if (!SUPPORTED.includes(name) || !platform.glibc) {
    const what = platform.glibc ? name : `${name} without glibc (Alpine)`
    throw new FnscopeError('FNS_ENGINE_MISSING', `The embedded store does not exist for ${what}; ${instead}`)
  }
  const packageName = `@chdb/lib-${name}${platform.os === 'linux' ? '-gnu' : ''}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
    const library = join(dirname(manifest), 'libchdb.so')
    if (existsSync(library)) return library
  } catch {
    // Reported below with what to do.
  }
  throw new FnscopeError(
    'FNS_ENGINE_MISSING',
    `The embedded store for ${name} is not installed: the npm package ${packageName} is missing ` +
      `(an optional dependency: --omit=optional leaves it out). Run npm install --include=optional, or ${instead}`,
  )
}
