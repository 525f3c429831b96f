// The processes of one execution environment: its runtime and its external extensions, each a group of its own, and
// what they write. When they are started is init-phase.ts to say, when ended environment-end.ts.
import { join } from 'node:path'
import { FunctionProcess, type ExitStatus } from './function-process.ts'
import type { ImportLines } from './anatomy/import-lines.ts'
import { LogStreamDecoder, type LogEvent } from './log-stream.ts'
import type { ExternalExtension } from './layer-extensions.ts'
import type { Sandbox } from './isolation/sandbox.ts'
import type { CommandLine } from './isolation/shell-job.ts'
import type { Launch } from './runtimes/launch.ts'

export interface EnvironmentProcessesEvents {
  /** @param extension its name; undefined: the function wrote it */
  line(event: LogEvent, extension: string | undefined): void
  /** Bytes came in: whoever waits for silence waits on. */
  activity(): void
  /** @param extension its name; undefined: the runtime ended */
  exit(status: ExitStatus, extension: string | undefined): void
}

interface Running {
  readonly process: FunctionProcess
  readonly decoder: LogStreamDecoder
  readonly ended: Promise<void>
}

type Variables = Readonly<Record<string, string>>

export class EnvironmentProcesses {
  readonly #sandbox: Sandbox
  readonly #events: EnvironmentProcessesEvents
  readonly #imports: ImportLines | undefined
  /** By the extension's name; the runtime's is empty. */
  readonly #running = new Map<string, Running>()
  /** Of processes that ended: what they wrote may still come. */
  #over: LogStreamDecoder[] = []
  #frozen = false

  /** @param imports takes what the runtime says of imports out of its output */
  constructor(sandbox: Sandbox, events: EnvironmentProcessesEvents, imports?: ImportLines) {
    this.#sandbox = sandbox
    this.#imports = imports
    this.#events = events
  }

  /** The programs themselves, below what they are started by. */
  get programs(): number[] {
    return [...this.#running.values()].flatMap(({ process }) => process.program ?? [])
  }

  get runtimeRuns(): boolean {
    return this.#running.has('')
  }

  startRuntime(launch: Launch, variables: Variables): void {
    this.#start(launch, variables, undefined)
  }

  startExtension({ name }: ExternalExtension, { paths }: Launch, variables: Variables): void {
    this.#start({ command: [join(paths.opt ?? '/opt', 'extensions', name)], cwd: '/' }, variables, name)
  }

  /** SIGTERM to the runtime, SIGKILL after `graceMs`; resolves at its end. */
  async terminateRuntime(graceMs: number): Promise<void> {
    const runtime = this.#running.get('')
    if (!runtime) return
    await runtime.process.terminate(graceMs)
    await runtime.ended
  }

  async killRuntime(): Promise<void> {
    const runtime = this.#running.get('')
    runtime?.process.kill()
    await runtime?.ended
  }

  /** Resolves when the named extensions have ended, or after `limitMs`. */
  async extensionsEnded(names: readonly string[], limitMs: number): Promise<void> {
    const ends = names.flatMap((name) => this.#running.get(name)?.ended ?? [])
    if (ends.length === 0) return
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs)
    })
    await Promise.race([Promise.all(ends), limit])
    clearTimeout(timer)
  }

  /** SIGKILL to the runtime; its end is told as any other. */
  killProgram(): void {
    this.#running.get('')?.process.kill()
  }

  /** SIGKILL to every group. */
  kill(): void {
    for (const { process } of this.#running.values()) process.kill()
  }

  async killed(): Promise<void> {
    const all = [...this.#running.values()]
    this.kill()
    await Promise.all(all.map(({ ended }) => ended))
  }

  /** No CPU for anybody until `thaw`. */
  freeze(): void {
    this.#frozen = true
    for (const { process } of this.#running.values()) process.freeze()
  }

  thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    for (const { process } of this.#running.values()) process.thaw()
  }

  /** Hands over unfinished lines. */
  flush(): void {
    const held = this.#imports?.flush()
    if (held !== undefined && held.length > 0) (this.#running.get('')?.decoder ?? this.#over.at(-1))?.push(held)
    for (const { decoder } of this.#running.values()) decoder.flush()
    for (const decoder of this.#over.splice(0)) decoder.flush(true)
  }

  #start(wanted: CommandLine, variables: Variables, extension: string | undefined): void {
    const key = extension ?? ''
    const decoder = new LogStreamDecoder((event) => this.#events.line(event, extension))
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const process: FunctionProcess = new FunctionProcess(this.#sandbox.start(wanted, variables), {
      output: (chunk) => {
        this.#events.activity()
        decoder.push(extension === undefined && this.#imports ? this.#imports.push(chunk) : chunk)
        if (!this.#has(key, process) && !this.#over.includes(decoder)) decoder.flush(true)
      },
      exit: (status) => {
        if (this.#has(key, process)) this.#running.delete(key)
        this.#over.push(decoder)
        end()
        this.#events.exit(status, extension)
      },
    })
    this.#running.set(key, { process, decoder, ended })
  }

  #has(key: string, process: FunctionProcess): boolean {
    return this.#running.get(key)?.process === process
  }
}
