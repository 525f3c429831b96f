// One run of a function's runtime: a process group of its own whose whole output comes as one ordered stream.
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { constants } from 'node:os'
import { programBelow } from './process-memory.ts'
import type { WaitingShell } from './isolation/waiting-shell.ts'

export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProcessEvents {
  output(chunk: Buffer): void
  /** Once; bytes that the process had written may still come after it. */
  exit(status: ExitStatus): void
}

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGTERM: 'terminated',
  SIGBUS: 'bus error',
  SIGINT: 'interrupt',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
}

/** `exit status 1`, `signal: killed` as system log lines spell it; empty for status 0, which gives no reason. */
export function describeExit(status: ExitStatus): string {
  const signal = status.signal ?? signalOf(status.code ?? 1)
  if (signal !== undefined) return `signal: ${SIGNALS[signal] ?? signal}`
  return status.code === 0 ? '' : `exit status ${status.code ?? 1}`
}

/** The function's parent is a shell, which says by 128 + n that signal n ended it. */
function signalOf(code: number): NodeJS.Signals | undefined {
  const number = code - 128
  const names = Object.keys(SIGNALS) as NodeJS.Signals[]
  return names.find((name) => constants.signals[name] === number)
}

export class FunctionProcess {
  readonly #child: WaitingShell['child']
  readonly #wrappers: number
  #program: number | undefined
  #ended = false

  /** @param shell that becomes the program */
  constructor({ child, wrappers }: WaitingShell, events: ProcessEvents) {
    this.#wrappers = wrappers
    this.#child = child
    this.#child.stdout.on('data', (chunk: Buffer) => events.output(chunk))
    this.#child.once('exit', (code, signal) => this.#end({ code, signal }, events))
    this.#child.once('error', (error) => {
      if (this.#ended) return
      events.output(Buffer.from(`${error.message}\n`))
      this.#end({ code: 127, signal: null }, events)
    })
  }

  /** The program itself, not what it is started by; undefined: it has not begun, or has ended. */
  get program(): number | undefined {
    if (this.#ended || this.#child.pid === undefined) return undefined
    // What a namespace is made by comes first and is gone by now.
    if (this.#program !== undefined && !existsSync(`/proc/${this.#program}`)) this.#program = undefined
    this.#program ??= programBelow(this.#child.pid, this.#wrappers)
    return this.#program
  }

  /** SIGKILL to the whole group; `exit` follows. */
  kill(): void {
    if (!this.#ended) this.#signalGroup('SIGKILL')
  }

  /** SIGTERM to the whole group, SIGKILL to what is left of it after `graceMs`; resolves at its end. */
  async terminate(graceMs: number): Promise<void> {
    if (this.#ended) return
    // Without a process there is an error in place of an exit.
    const exit = once(this.#child, 'exit').catch(() => undefined)
    this.#signalGroup('SIGTERM')
    // A frozen one hears of it when it is thawed.
    this.#signalGroup('SIGCONT')
    const timer = setTimeout(() => this.kill(), graceMs)
    await exit
    clearTimeout(timer)
  }

  /** No CPU for the group until `thaw`. */
  freeze(): void {
    if (!this.#ended) this.#signalGroup('SIGSTOP')
  }

  thaw(): void {
    if (!this.#ended) this.#signalGroup('SIGCONT')
  }

  #end(status: ExitStatus, events: ProcessEvents): void {
    if (this.#ended) return
    // What the function left running in its group ends with it.
    this.#signalGroup('SIGKILL')
    this.#ended = true
    events.exit(status)
  }

  #signalGroup(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch {
      // The group is empty: all of it has ended.
    }
  }
}
