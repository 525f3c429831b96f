// One JSON file of the data directory: read once, written whole and atomically at each change. What the control plane
// knows is small and must survive a kill.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'

export interface StateFileOptions<State> {
  readonly path: string
  /** State where there is no file yet. */
  readonly empty: State
  readonly log: Logger
}

export class StateFile<State extends object> {
  readonly #path: string
  #current: State

  constructor({ path, empty, log }: StateFileOptions<State>) {
    this.#path = path
    this.#current = read(path, empty, log)
  }

  get current(): State {
    return this.#current
  }

  /** @throws what the file system says; then nothing has changed. */
  replace(next: State): void {
    writeWhole(this.#path, JSON.stringify(next))
    this.#current = next
  }
}

/** Readers see the old content or the new one, never half of it. */
export function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, content, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

/** A file that cannot be read is put aside: the next change would overwrite it. */
function read<State extends object>(path: string, empty: State, log: Logger): State {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return empty
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no object')
    return { ...empty, ...(value as State) }
  } catch (error) {
    const aside = `${path}.damaged`
    renameSync(path, aside)
    log.warn({ path, aside, reason: messageOf(error) }, 'state of earlier runs not read')
    return empty
  }
}
