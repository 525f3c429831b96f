// What one environment runs in: its own /tmp, and the way from a command to a shell that becomes it. Every process of the
// environment, the runtime's and each extension's, goes through the same one, so that they see the same files.
import { join } from 'node:path'
import { namespaceJob } from './namespace.ts'
import type { OwnTmp } from './tmp-mounts.ts'
import { rootOf } from './cloud-root.ts'
import { shellJob, type CommandLine } from './shell-job.ts'
import { killStrays, markOf } from './stray-processes.ts'
import type { FunctionPaths } from './function-paths.ts'
import type { Isolation } from './isolation.ts'
import type { WaitingShell, WaitingShells } from './waiting-shell.ts'

export class Sandbox {
  readonly #isolation: Isolation
  readonly #paths: FunctionPaths
  readonly #shells: WaitingShells
  readonly #tmpMb: number
  #scratch: OwnTmp | undefined
  /** A process was started that no namespace ends. */
  #mayStray = false
  #removed: Promise<void> | undefined
  #tables = 0

  /** @param isolation.tmpMb how large /tmp is, where it can have a size */
  constructor(
    isolation: Isolation,
    { paths, tmpMb }: { readonly paths: FunctionPaths; readonly tmpMb: number },
    shells: WaitingShells,
  ) {
    this.#isolation = isolation
    this.#paths = paths
    this.#tmpMb = tmpMb
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
    const { own, tmp, ready } = this.#own()
    if (isolation.kind === 'none' || !mounts) {
      this.#mayStray = true
      return told(this.#shells.take('none'), shellJob(wanted, { ...variables, ...markOf(tmp, variables) }), ready)
    }
    const tableFile = join(own, `mounts${(this.#tables += 1)}`)
    const { emptyDir, hiddenDir, rootDir } = isolation
    const hidden = hiddenDir === undefined ? [] : [{ sources: [emptyDir], target: hiddenDir }]
    const root = this.#paths.ownRoot === true ? { dir: rootOf(this.#own()), prepared: rootDir } : undefined
    const plan = { mounts: [...mounts, ...hidden], project, scratchDir: tmp, root, tableFile }
    return told(this.#shells.take('namespace'), namespaceJob(shellJob(wanted, variables), plan), ready)
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

  #own(): OwnTmp {
    this.#scratch ??= this.#shells.takeTmp(this.#paths.mounts ? this.#tmpMb : undefined)
    return this.#scratch
  }
}

function told(shell: WaitingShell, job: string, ready: Promise<void>): WaitingShell {
  void ready.then(() => shell.child.stdin.end(job))
  return shell
}
