// Shells that wait for what they are to run, each in a process group and, where there are namespaces, in namespaces of its
// own. One is started ahead: to make one from a process of fnscope's size costs 5 to 12 ms, and the namespaces 10 more, and
// a cold start would wait for both. It costs a megabyte or two while it waits.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ProcessGuard } from '../process-guard.ts'
import { NAMESPACE_SHELL } from './namespace.ts'
import type { Isolation } from './isolation.ts'

export interface WaitingShell {
  readonly child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable }
  /** How many processes, one below the other, stand above the program. */
  readonly wrappers: number
}

// The shell stays as the parent: a function that kills its parent, or its parent's group, kills itself and not fnscope. It
// outlives the SIGTERM that its child is given time by.
const PLAIN_SCRIPT = `trap : TERM
ulimit -n 1024
/bin/sh -s 2>&1
exit $?`

const PLAIN_SHELL: readonly string[] = ['/bin/sh', '-c', PLAIN_SCRIPT]

/** A cold start is over by then, and the next one begins later. */
const AGAIN_MS = 400

export class WaitingShells {
  readonly #kind: Isolation['kind']
  readonly #guard: ProcessGuard
  #ready: WaitingShell | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor({ kind }: Isolation, guard: ProcessGuard) {
    this.#kind = kind
    this.#guard = guard
  }

  /** Begins the mark of every environment that takes one. */
  get guardId(): string {
    return this.#guard.id
  }

  /** From now on one is kept ready. */
  keepOne(): void {
    if (this.#stopped || this.#timer !== undefined || waits(this.#ready)) return
    this.#ready = this.#start(this.#kind)
  }

  /** The one that is ready, or else a new one. Its process group is the taker's to end and to take from the guard. */
  take(kind: Isolation['kind']): WaitingShell {
    const ready = kind === this.#kind ? this.#ready : undefined
    if (ready === undefined) return this.#start(kind)
    this.#ready = undefined
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.keepOne()
    }, AGAIN_MS)
    this.#timer.unref()
    return waits(ready) ? ready : this.#start(kind)
  }

  /** Ends the one that waits. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    if (waits(this.#ready)) process.kill(-this.#ready.child.pid!, 'SIGKILL')
    this.#ready = undefined
  }

  #start(kind: Isolation['kind']): WaitingShell {
    const [wrappers, [program, ...args]] = kind === 'namespace' ? [2, NAMESPACE_SHELL] : [1, PLAIN_SHELL]
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
}

function waits(shell: WaitingShell | undefined): shell is WaitingShell {
  return shell?.child.pid !== undefined && shell.child.exitCode === null && shell.child.signalCode === null
}
