// The data directory of one running fnscope: made, locked, emptied when a fresh one is asked for.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { FnscopeError, messageOf } from './errors.ts'
import { takeDataLock, type DataLock } from './store/engine-lock.ts'

export interface DataDir {
  readonly path: string
  /** Gives it free; a temporary one is removed. */
  release(): void
}

/** In use by another: 'refuse' throws FNS_DATA_IN_USE, 'temporary' takes one of its own that is removed at the end. */
export interface DataDirOptions {
  readonly fresh?: boolean
  readonly whenInUse: 'refuse' | 'temporary'
}

/** @throws FnscopeError FNS_DATA_IN_USE, FNS_DATA_UNWRITABLE */
export function openDataDir(dir: string, options: DataDirOptions): DataDir {
  const path = resolve(dir)
  let lock: DataLock
  try {
    makePrivateDir(path)
    lock = takeDataLock(path)
  } catch (error) {
    if (!(error instanceof FnscopeError)) {
      throw new FnscopeError(
        'FNS_DATA_UNWRITABLE',
        `The data directory ${path} cannot be used: ${messageOf(error)}. Name another with --data.`,
        { cause: error },
      )
    }
    if (options.whenInUse === 'refuse') throw error
    const temporary = mkdtempSync(join(tmpdir(), 'fnscope-'))
    return { path: temporary, release: () => rmSync(temporary, { recursive: true, force: true }) }
  }
  if (options.fresh)
    for (const part of ['store', 'wal', 'log-groups.json', 'beside.json', 'xray.json', 'control'])
      rmSync(join(path, part), { recursive: true, force: true })
  return { path, release: () => lock.release() }
}

/** With its parents, all closed to other users. Node's own recursive mkdir never returns for one below /proc. */
function makePrivateDir(path: string): void {
  const parent = dirname(path)
  if (!existsSync(parent) && parent !== path) makePrivateDir(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}
