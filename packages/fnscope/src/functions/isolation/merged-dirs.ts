// Directories laid over one another as one tree, without the kernel's help: hard links to their files (copies across
// file systems), made once for the same content.
import { createHash, randomUUID } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * The directory with the content of all; where two have a file of one path, the first one's is taken.
 * @param dirs one or more that exist
 */
export function mergeDirs(dirs: readonly string[], cacheDir: string): string {
  if (dirs.length === 1) return dirs[0]!
  const files = filesOf(dirs)
  const target = join(cacheDir, 'merged', keyOf(files))
  if (existsSync(target)) return target
  const temporary = `${target}.${randomUUID()}`
  try {
    mkdirSync(temporary, { recursive: true })
    for (const [path, source] of files) place(source, join(temporary, path))
    renameSync(temporary, target)
  } catch (error) {
    // Another process was first: its tree is the same.
    if (!existsSync(target)) throw error
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return target
}

/** Relative path → the file that has it. */
function filesOf(dirs: readonly string[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const dir of dirs) {
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      // A pipe or a socket is no part of a layer: to copy one would never end.
      if (!entry.isFile() && !entry.isSymbolicLink()) continue
      const path = join(entry.parentPath, entry.name)
      const name = relative(dir, path)
      if (!files.has(name)) files.set(name, path)
    }
  }
  // A file of an earlier directory stands where a later one has a directory: what is below it is hidden.
  for (const name of files.keys()) {
    for (let above = dirname(name); above !== '.'; above = dirname(above)) {
      if (files.has(above)) files.delete(name)
    }
  }
  return files
}

function keyOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const [name, source] of files) {
    const { size, mtimeMs, ino, mode } = lstatSync(source)
    hash.update(JSON.stringify([name, source, size, mtimeMs, ino, mode]))
  }
  return hash.digest('hex').slice(0, 32)
}

function place(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  if (lstatSync(source).isSymbolicLink()) {
    symlinkSync(readlinkSync(source), target)
    return
  }
  try {
    linkSync(source, target)
  } catch {
    copyFileSync(source, target)
  }
}
