// What one environment runs in: its own /tmp, and the way from a command to what is really started. Every process of the
// environment, the runtime's and each extension's, goes through the same one, so that they see the same files.
import { join } from 'node:path'
import { etcMounts } from './etc-files.ts'
import { makeScratchDir, type ScratchDir } from './scratch-dirs.ts'
import { namespaceCommand } from './namespace.ts'
import type { FunctionPaths } from './function-paths.ts'
import type { Isolation, Mount } from './isolation.ts'

export interface CommandLine {
  readonly command: readonly string[]
  readonly cwd: string
}

/** What is started on this machine. */
export interface StartLine extends CommandLine {
  /** How many processes, one below the other, stand above the program. */
  readonly wrappers: number
}

// One descriptor for stdout, stderr and frames (3): only then is their order known. The shell stays as the parent: a
// function that kills its parent, or its parent's group, kills itself and not fnscope. It outlives the SIGTERM that its child
// is given time by.
const PLAIN_SCRIPT = `trap : TERM
ulimit -n 1024
"$@" 2>&1 3>&1
exit $?`

export class Sandbox {
  readonly #isolation: Isolation
  readonly #paths: FunctionPaths
  #scratch: ScratchDir | undefined
  #removed: Promise<void> | undefined
  #tables = 0
  #etc: readonly Mount[] | undefined

  constructor(isolation: Isolation, paths: FunctionPaths) {
    this.#isolation = isolation
    this.#paths = paths
  }

  /** Variables that say where things are; none where they are at the cloud's places. */
  variables(): Record<string, string> {
    return this.#paths.mounts ? {} : { TMPDIR: this.#own().tmp }
  }

  /** @param wanted as the function sees it */
  commandLine(wanted: CommandLine): StartLine {
    const { mounts } = this.#paths
    const isolation = this.#isolation
    if (isolation.kind === 'none' || !mounts) {
      return { command: ['/bin/sh', '-c', PLAIN_SCRIPT, 'sh', ...wanted.command], cwd: wanted.cwd, wrappers: 1 }
    }
    const { own, tmp } = this.#own()
    const tableFile = join(own, `mounts${(this.#tables += 1)}`)
    this.#etc ??= etcMounts(own)
    const plan = { mounts: [...mounts, ...this.#etc], scratchDir: tmp, tableFile, cwd: wanted.cwd }
    return { command: namespaceCommand(wanted.command, isolation, plan), cwd: '/', wrappers: 2 }
  }

  /** Its processes have ended: nothing is left of /tmp. Twice is fine. */
  async remove(): Promise<void> {
    this.#removed ??= this.#scratch?.remove()
    await this.#removed
  }

  #own(): ScratchDir {
    this.#scratch ??= makeScratchDir()
    return this.#scratch
  }
}
