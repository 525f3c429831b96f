// The parts of one execution environment and the wires between them: what its processes and its APIs tell becomes signals,
// lines and words of the journal. What happens when is environment.ts's to say.
import { ImportLines } from './anatomy/import-lines.ts'
import { EnvironmentJournal } from './environment-journal.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import { EnvironmentProcesses } from './environment-processes.ts'
import { EnvironmentServer } from './environment-server.ts'
import { noteOfFailure, type ExtensionFailure } from './extension.ts'
import { failureOfExit } from './extension-exit.ts'
import { ExtensionsApi, isFailed } from './extensions-api.ts'
import type { ExitStatus } from './function-process.ts'
import { versionOf } from './function-spec.ts'
import { Sandbox } from './isolation/sandbox.ts'
import { newLogStream } from './log-stream-name.ts'
import { MemoryWatch } from './memory-watch.ts'
import { OutputWatch } from './output-watch.ts'
import { RuntimeApi } from './runtime-api.ts'
import { SignalQueue, type Signal } from './signal-queue.ts'

export interface EnvironmentParts {
  readonly options: EnvironmentOptions
  readonly logStream: string
  readonly runtimeApi: RuntimeApi
  readonly extensions: ExtensionsApi
  readonly server: EnvironmentServer
  readonly sandbox: Sandbox
  readonly processes: EnvironmentProcesses
  readonly signals: SignalQueue
  readonly journal: EnvironmentJournal
  readonly memory: MemoryWatch
  readonly output: OutputWatch
  readonly imports: ImportLines | undefined
  readonly now: EnvironmentNow
  readonly push: (signal: Signal) => void
  readonly extensionFailed: (failure: ExtensionFailure) => void
}

/** Where an environment is at the moment. */
export interface EnvironmentNow {
  /** Of an init; undefined: none runs. */
  phase: 'init' | 'invoke' | undefined
  /** Of the invocation that runs. */
  requestId: string | undefined
  /** When the last request to the APIs began. */
  requestNanos: bigint
  /** Of the invocation that runs, or ran last. */
  extensionsDone: { readonly name: string; readonly endNanos: bigint }[]
  outOfMemory: boolean
  /** When the processes of the last init were asked for, and the runtime among them. */
  spawned: {
    readonly spawnNanos: bigint
    readonly runtimeNanos: bigint | undefined
    readonly hasExtensions: boolean
  }
  /** Processes have been started before. */
  started: boolean
  /** The platform ends the processes: that they exit says nothing. */
  ending: boolean
  /** No process is to be started any more. */
  stopped: boolean
}

export function assembleEnvironment(options: EnvironmentOptions): EnvironmentParts {
  const { spec, clock } = options
  const logStream = newLogStream(spec, clock())
  const now: EnvironmentNow = {
    phase: undefined,
    requestId: undefined,
    requestNanos: 0n,
    extensionsDone: [],
    outOfMemory: false,
    spawned: { spawnNanos: 0n, runtimeNanos: undefined, hasExtensions: false },
    started: false,
    ending: false,
    stopped: false,
  }
  const output = new OutputWatch(clock)
  const signals = new SignalQueue(clock)
  const push = (signal: Signal): void => {
    output.seen()
    signals.push(signal)
  }
  const imports = options.anatomy === true ? new ImportLines(clock) : undefined
  const mine = { paths: options.launch.paths, tmpMb: spec.ephemeralStorageMb }
  const sandbox = new Sandbox(options.isolation, mine, options.shells)

  const extensionFailed = (failure: ExtensionFailure): void => {
    journal.note(noteOfFailure(failure))
    push({ kind: 'extension-failed', atNanos: clock(), failure })
    // Between invocations nobody waits for it: the next one begins with an init.
    if (now.requestId === undefined) processes.kill()
  }
  const exited = (status: ExitStatus, extension: string | undefined): void => {
    if (extension === undefined) {
      push({ kind: 'exit', atNanos: clock(), status })
      return
    }
    const known = extensions.named(extension)
    if (now.stopped || now.ending || !known || known.state === 'ShuttingDown' || isFailed(known.state)) return
    extensionFailed(failureOfExit(known, status))
  }
  const processes: EnvironmentProcesses = new EnvironmentProcesses(
    sandbox,
    {
      line: (event, extension) => {
        const of = { functionName: spec.name, requestId: now.requestId }
        if (extension === undefined && options.divertLine?.(event.text, of) === true) return
        journal.line(event, extension)
      },
      activity: () => output.seen(),
      exit: exited,
    },
    imports,
  )
  const memory = new MemoryWatch(clock, () => processes.programs, {
    memoryMb: spec.memoryMb,
    exceeded: (tooMuchMemory) => {
      now.outOfMemory ||= tooMuchMemory
      processes.killProgram()
    },
  })
  const at = (): { readonly atNanos: bigint } => ({ atNanos: clock() })
  const runtimeApi = new RuntimeApi({
    next: () => {
      extensions.closeRegistration()
      push({ kind: 'next', ...at() })
    },
    response: (body, streamedBytes) =>
      push({ kind: 'response', ...at(), beganNanos: now.requestNanos, body, streamedBytes }),
    error: (error) => push({ kind: 'error', ...at(), beganNanos: now.requestNanos, error }),
    initError: (error) => push({ kind: 'init-error', ...at(), beganNanos: now.requestNanos, error }),
    rejected: (errorType, message) => push({ kind: 'rejected', ...at(), errorType, message }),
    activity: () => output.seen(),
  })
  const { accountId } = options.host
  const extended = { functionName: spec.name, functionVersion: versionOf(spec), handler: spec.handler, accountId }
  const extensions: ExtensionsApi = new ExtensionsApi(extended, {
    ready: ({ name, events }) => journal.note({ about: 'extension', name, state: 'Ready', events }),
    done: (name) => now.extensionsDone.push({ name, endNanos: clock() }),
    changed: () => push({ kind: 'extension', ...at() }),
    failed: extensionFailed,
  })
  const journal: EnvironmentJournal = new EnvironmentJournal({
    clock,
    billing: options.billing,
    extensions,
    origin: {
      spec,
      initializationType: options.initializationType,
      runtimeVersion: options.launch.version,
      region: options.host.region,
      logStream,
    },
    now: () => ({ duringInit: now.phase, requestId: now.requestId }),
  })
  const server = new EnvironmentServer([runtimeApi, extensions, journal.api, ...(options.services ?? [])], () => {
    output.seen()
    now.requestNanos = clock()
  })
  return {
    options,
    logStream,
    runtimeApi,
    extensions,
    server,
    sandbox,
    processes,
    signals,
    journal,
    memory,
    output,
    imports,
    now,
    push,
    extensionFailed,
  }
}
