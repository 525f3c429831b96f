// The /tmp of each environment: a directory of its own that lives as long as the environment does.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'fnscope-environment-'

/** How the paths of this process's directories begin. */
export function scratchPrefix(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-`)
}

export interface ScratchDir {
  /** The function's /tmp. */
  readonly tmp: string
  /** For the platform's own files about the environment; the function does not see it. */
  readonly own: string
  remove(): Promise<void>
}

export function makeScratchDir(): ScratchDir {
  const own = mkdtempSync(scratchPrefix())
  const tmp = join(own, 'tmp')
  mkdirSync(tmp)
  return { own, tmp, remove: async () => await rm(own, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Removes what a fnscope that was killed has left. */
export function sweepScratchDirs(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // Another user's: not ours to remove.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
