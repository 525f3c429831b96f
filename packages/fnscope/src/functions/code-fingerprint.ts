// Says whether a function's code has changed since it was deployed: names, sizes and times of its files.
import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionSpec } from './function-spec.ts'

const SKIPPED = new Set(['__pycache__', '.git', 'node_modules', '.venv', '.aws-sam', '.fnscope', '.pytest_cache'])
// A function's package may hold some ten thousand files; past that a change is found by a new deploy of its spec only.
const MAX_FILES = 20_000

/** Whether a directory of this name may hold a function's own code. */
export function isCodeDirectory(name: string): boolean {
  return !SKIPPED.has(name)
}

/** Equal for equal specs over unchanged files. */
export function codeFingerprint(spec: FunctionSpec): string {
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
  for (const dir of [spec.codeDir, ...spec.layerDirs]) walk(dir)
  return hash.digest('hex')
}
