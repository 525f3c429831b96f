// Says whether a function's code has changed since it was deployed: names, sizes and times of its files.
import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { FunctionSpec } from './function-spec.ts'

const SKIPPED = new Set(['__pycache__', '.git', 'node_modules', '.venv', '.aws-sam', '.fnscope', '.pytest_cache'])
// A function's package may hold some ten thousand files; past that a change is found by a new deploy of its spec only.
const MAX_FILES = 20_000

/** Whether a directory of this name may hold a function's own code. */
export function isCodeDirectory(name: string): boolean {
  return !SKIPPED.has(name)
}

/**
 * The directories of a function's code that somebody may change. Those of the cache are named by what is in them, and
 * what writes there while it runs (a certificate bundle that is patched at its import) is no new code.
 */
export function changeableDirs(spec: FunctionSpec, cacheDir: string): string[] {
  const cached = resolve(cacheDir) + sep
  return [spec.codeDir, ...spec.layerDirs].filter((dir) => !dir.startsWith(cached))
}

/** Equal for equal specs over unchanged files in `dirs`. */
export function codeFingerprint(spec: FunctionSpec, dirs: readonly string[]): string {
  const hash = createHash('sha1').update(JSON.stringify(spec))
  let left = MAX_FILES
  const walk = (dir: string): void => {
    let entries
    try {
      entries = readdirSync(dir, { withFileTypes: true })
    } catch {
      return
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (SKIPPED.has(entry.name) || left <= 0) continue
      const path = join(dir, entry.name)
      if (entry.isDirectory()) walk(path)
      else {
        left -= 1
        const stat = statSync(path, { throwIfNoEntry: false })
        hash.update(`${path}\0${stat?.size}\0${stat?.mtimeMs}\0`)
      }
    }
  }
  for (const dir of dirs) walk(dir)
  return hash.digest('hex')
}
