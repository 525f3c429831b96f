// Tells when the code of deployed functions changes on disk, so that the next invocation runs what was just saved. It
// only says that something changed: whether a function did is told by its fingerprint (code-fingerprint.ts).
import { readdirSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { isCodeDirectory } from './code-fingerprint.ts'

/** An editor writes several files, and each of them in several steps. */
const SETTLE_MS = 100
/** What is beyond is found by a new deploy only. */
const MAX_DIRECTORIES = 2000

export class CodeWatch {
  readonly #onChange: () => void
  readonly #watchers = new Map<string, FSWatcher>()
  #roots: readonly string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** From now on these directories and what is below them, and no others. */
  watch(roots: readonly string[]): void {
    this.#roots = roots
    this.#rescan()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.watch([])
  }

  #rescan(): void {
    const wanted = new Set<string>()
    for (const root of this.#roots) collect(root, wanted)
    for (const [dir, watcher] of this.#watchers) {
      if (wanted.has(dir)) continue
      watcher.close()
      this.#watchers.delete(dir)
    }
    for (const dir of wanted) if (!this.#watchers.has(dir)) this.#start(dir)
  }

  #start(dir: string): void {
    try {
      const watcher = watch(dir, { persistent: false }, () => {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => {
          this.#rescan()
          this.#onChange()
        }, SETTLE_MS).unref()
      })
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(dir)
      })
      this.#watchers.set(dir, watcher)
    } catch {
      // It has just gone, or the system has no watches left: a deploy finds the change.
    }
  }
}

function collect(dir: string, into: Set<string>): void {
  if (into.size >= MAX_DIRECTORIES || into.has(dir)) return
  let entries
  try {
    entries = readdirSync(dir, { withFileTypes: true })
  } catch {
    return
  }
  into.add(dir)
  for (const entry of entries)
    if (entry.isDirectory() && isCodeDirectory(entry.name)) collect(join(dir, entry.name), into)
}
