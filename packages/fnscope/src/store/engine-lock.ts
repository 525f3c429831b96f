// One fnscope per data directory: a lock file that names its holder. A holder that was killed is recognised, since a
// process is its pid and its start time. The engine has a lock of its own below this one (its file `status`).
import { execFileSync } from 'node:child_process'
import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { FnscopeError } from '../errors.ts'

export interface DataLock {
  /** Gives the directory free. Twice is fine. */
  release(): void
}

/** Takes the directory, which must exist. Throws FNS_DATA_IN_USE while a living process holds it. */
export function takeDataLock(dataDir: string): DataLock {
  const path = join(dataDir, 'fnscope.lock')
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, mine, { mode: 0o600 })
  try {
    // Each round is lost only to another process that moved in between.
    for (let round = 0; round < 10; round++) {
      if (createFrom(draft, path)) return { release: () => releaseLock(path, mine) }
      const found = readLock(path)
      if (found !== undefined && isHeld(found)) throw inUse(dataDir, found)
      setAside(path, draft)
    }
    throw inUse(dataDir, readLock(path) ?? '')
  } finally {
    rmSync(draft, { force: true })
  }
}

function inUse(dataDir: string, holder: string): FnscopeError {
  const pid = holder.split(' ')[0]
  const by = pid === undefined || pid === '' ? 'another process' : `process ${pid}`
  return new FnscopeError(
    'FNS_DATA_IN_USE',
    `The data directory ${dataDir} is in use by ${by}. Stop that fnscope, or give this one another directory with --data.`,
  )
}

/** Creates the lock with its content in one step; false when there is one. */
function createFrom(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK') throw error
  }
  try {
    // A file system without hard links.
    copyFileSync(draft, path, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes a dead holder's lock, and puts it back if it turns out to be a living one's that came in between. */
function setAside(path: string, draft: string): void {
  const aside = `${draft}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = readLock(aside)
  if (moved !== undefined && isHeld(moved)) createFrom(aside, path)
  rmSync(aside, { force: true })
}

function releaseLock(path: string, mine: string): void {
  if (readLock(path) === mine) rmSync(path, { force: true })
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isHeld(holder: string): boolean {
  const match = /^(\d+) (.+)\n$/.exec(holder)
  return match !== null && startOf(Number(match[1])) === match[2]
}

/** When a process started, as an opaque text that no later process of the same pid has; undefined when there is none. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name before the last bracket may hold anything. Then: field 3 the state, field 22 the start in ticks since boot.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined
      return `${fields[19]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
    }
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8', stdio: 'pipe' })
    return text.trim() || undefined
  } catch {
    return undefined
  }
}
