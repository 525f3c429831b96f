// Shells that wait for what they are to run, each in a process group and, where there are namespaces, in namespaces of its
// own. One is started ahead: to make one from a process of fnscope's size costs 5 to 12 ms, and the namespaces 10 more, and
// a cold start would wait for both. It costs a megabyte or two while it waits.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ProcessGuard } from '../process-guard.ts'
import { namespaceShell } from './namespace.ts'
import { makeScratchDir, type ScratchDir } from './scratch-dirs.ts'
import { TmpMounts, type OwnTmp } from './tmp-mounts.ts'
import type { Isolation } from './isolation.ts'

export interface WaitingShell {
  readonly child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable }
  /** How many processes, one below the other, stand above the program. */
  readonly wrappers: number
}

// The shell stays as the parent: a function that kills its parent, or its parent's group, kills itself and not fnscope. It
// outlives the SIGTERM that its child is given time by. Its own words (Terminated) are no part of the log: dash redirects
// itself where the redirection is not a subshell's.
const PLAIN_SCRIPT = `trap : TERM
ulimit -n 1024
(exec /bin/sh -s 2>&1)
exit $?`

const PLAIN_SHELL: readonly string[] = ['/bin/sh', '-c', PLAIN_SCRIPT]

/** The next one is made when the cold start is over that took the last one, and its caller has the answer; or else by now. */
const AGAIN_MS = 30
const AGAIN_AT_LAST_MS = 400

export class WaitingShells {
  readonly #isolation: Isolation
  readonly #guard: ProcessGuard
  #ready: WaitingShell | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** Of namespaces: what their shells are started by, and the files that it reads. */
  #namespace: { readonly command: readonly string[]; readonly files: ScratchDir } | undefined
  #tmps: TmpMounts | undefined

  constructor(isolation: Isolation, guard: ProcessGuard) {
    this.#isolation = isolation
    this.#guard = guard
  }

  /** From now on one is kept ready. */
  keepOne(): void {
    if (this.#stopped || this.#timer !== undefined || waits(this.#ready)) return
    this.#ready = this.#start(this.#isolation.kind)
    this.#tmps?.keepOne()
  }

  /** A directory for /tmp of one environment. @param sizeMb undefined: as large as the disk */
  takeTmp(sizeMb: number | undefined): OwnTmp {
    const tmps = sizeMb === undefined ? undefined : this.#sizedTmps()
    return tmps?.take(sizeMb!) ?? { ...makeScratchDir(), ready: Promise.resolve() }
  }

  /** The one that is ready, or else a new one. Its process group is the taker's to end and to take from the guard. */
  take(kind: Isolation['kind']): WaitingShell {
    const ready = kind === this.#isolation.kind ? this.#ready : undefined
    if (ready === undefined) return this.#start(kind)
    this.#ready = undefined
    this.#againIn(AGAIN_AT_LAST_MS)
    return waits(ready) ? ready : this.#start(kind)
  }

  /** The program that one was taken for is ready for its work. */
  started(): void {
    if (this.#timer !== undefined) this.#againIn(AGAIN_MS)
  }

  /** Ends the one that waits. Nothing of what the shells were made by is left then. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    if (waits(this.#ready)) process.kill(-this.#ready.child.pid!, 'SIGKILL')
    this.#ready = undefined
    await this.#tmps?.stop()
    this.#tmps = undefined
    await this.#namespace?.files.remove()
    this.#namespace = undefined
  }

  #againIn(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.keepOne()
    }, delayMs)
    this.#timer.unref()
  }

  #start(kind: Isolation['kind']): WaitingShell {
    const [wrappers, [program, ...args]] = kind === 'namespace' ? [2, this.#namespaceShell()] : [1, PLAIN_SHELL]
    const child = spawn(program!, args, {
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => {})
    child.stdout.on('error', () => {})
    child.on('error', () => {})
    const { pid } = child
    if (pid !== undefined) {
      this.#guard.add(pid)
      child.once('exit', () => this.#guard.remove(pid))
    }
    return { child, wrappers }
  }

  #namespaceShell(): readonly string[] {
    const isolation = this.#isolation
    if (isolation.kind === 'none') return PLAIN_SHELL
    if (this.#namespace === undefined) {
      const files = makeScratchDir()
      this.#namespace = { files, command: namespaceShell(isolation, files.own) }
    }
    return [...(this.#sizedTmps()?.enter() ?? []), ...this.#namespace.command]
  }

  // Somebody killed the shell that holds them: environments that are there keep what they see of it.
  #sizedTmps(): TmpMounts | undefined {
    if (this.#isolation.kind === 'none' || !this.#isolation.sizedTmp) return undefined
    if (this.#tmps?.ended === true) {
      void this.#tmps.stop()
      this.#tmps = undefined
    }
    this.#tmps ??= new TmpMounts(this.#guard)
    return this.#tmps
  }
}

function waits(shell: WaitingShell | undefined): shell is WaitingShell {
  return shell?.child.pid !== undefined && shell.child.exitCode === null && shell.child.signalCode === null
}
