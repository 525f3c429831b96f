// What one environment runs in: its own /tmp, and the way from a command to a shell that becomes it. Every process of the
// environment, the runtime's and each extension's, goes through the same one, so that they see the same files.
import { join } from 'node:path'
import { makeMountPoint } from './project-paths.ts'
import { makeScratchDir, type ScratchDir } from './scratch-dirs.ts'
import { namespaceJob } from './namespace.ts'
import { shellJob, type CommandLine } from './shell-job.ts'
import { killStrays, markOf } from './stray-processes.ts'
import type { FunctionPaths } from './function-paths.ts'
import type { Isolation } from './isolation.ts'
import type { WaitingShell, WaitingShells } from './waiting-shell.ts'

export class Sandbox {
  readonly #isolation: Isolation
  readonly #paths: FunctionPaths
  readonly #shells: WaitingShells
  #scratch: ScratchDir | undefined
  /** A process was started that no namespace ends. */
  #mayStray = false
  #removed: Promise<void> | undefined
  #tables = 0

  constructor(isolation: Isolation, paths: FunctionPaths, shells: WaitingShells) {
    this.#isolation = isolation
    this.#paths = paths
    this.#shells = shells
  }

  /** Variables that say where things are; none where they are at the cloud's places. */
  variables(): Record<string, string> {
    return this.#paths.mounts ? {} : { TMPDIR: this.#own().tmp }
  }

  /** Answers with a shell that has been told to become the program. @param wanted as the function sees it */
  start(wanted: CommandLine, variables: Readonly<Record<string, string>>): WaitingShell {
    const { mounts, project = [] } = this.#paths
    const isolation = this.#isolation
    const { own, tmp } = this.#own()
    if (isolation.kind === 'none' || !mounts) {
      this.#mayStray = true
      return told(this.#shells.take('none'), shellJob(wanted, { ...variables, ...markOf(tmp, variables) }))
    }
    const tableFile = join(own, `mounts${(this.#tables += 1)}`)
    const { emptyDir, hiddenDir } = isolation
    const hidden = hiddenDir === undefined ? [] : [{ sources: [emptyDir], target: hiddenDir }]
    const shown = project.map((path) => ({ sources: [path], target: makeMountPoint(tmp, path) }))
    const plan = { mounts: [...mounts, ...shown, ...hidden], scratchDir: tmp, tableFile }
    return told(this.#shells.take('namespace'), namespaceJob(shellJob(wanted, variables), plan))
  }

  /** Its processes have ended: what hid from that ends too. */
  async killStrays(): Promise<void> {
    if (this.#mayStray) await killStrays(this.#own().tmp)
  }

  /** Its processes have ended: nothing is left of them or of /tmp. Twice is fine. */
  async remove(): Promise<void> {
    await this.killStrays()
    this.#removed ??= this.#scratch?.remove()
    await this.#removed
  }

  #own(): ScratchDir {
    this.#scratch ??= makeScratchDir()
    return this.#scratch
  }
}

function told(shell: WaitingShell, job: string): WaitingShell {
  shell.child.stdin.end(job)
  return shell
}
