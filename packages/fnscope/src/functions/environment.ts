// One execution environment and its phases: init, invoke, shutdown; what ends each of them, timeout and kill. It runs one
// invocation at a time and answers with the record that all else is formatted from; it formats nothing itself.
import { afterAnswer, answerOf } from './answer-outcome.ts'
import { anatomyVariables } from './anatomy/anatomy-variables.ts'
import { ImportLines, importsOf } from './anatomy/import-lines.ts'
import { EnvironmentJournal } from './environment-journal.ts'
import { EnvironmentProcesses } from './environment-processes.ts'
import { EnvironmentServer } from './environment-server.ts'
import { environmentVariables, type HostVariables } from './environment-variables.ts'
import { extensionVariables } from './extension-variables.ts'
import { ExtensionsApi, isFailed, type ShutdownReason } from './extensions-api.ts'
import { failureOfExit } from './extension-exit.ts'
import type { ExitStatus } from './function-process.ts'
import { externalExtensions } from './layer-extensions.ts'
import type { CollectedLines, LineOrigin } from './line-collector.ts'
import { Sandbox } from './isolation/sandbox.ts'
import { newLogStream } from './log-stream-name.ts'
import { MemoryWatch } from './memory-watch.ts'
import {
  exitOutcome,
  extensionOutcome,
  NOTHING,
  reportedOutcome,
  timeoutOutcome,
  type Outcome,
} from './phase-outcome.ts'
import { RuntimeApi, type ApiError } from './runtime-api.ts'
import { SignalQueue, type Signal } from './signal-queue.ts'
import { noteOfFailure, type ExtensionFailure } from './extension.ts'
import type { StreamSink } from './stream-sink.ts'
import type { Clock } from './clock.ts'
import { versionOf, type FunctionSpec } from './function-spec.ts'
import type { Isolation } from './isolation/isolation.ts'
import type { WaitingShells } from './isolation/waiting-shell.ts'
import type { InitRecord, InvocationRecord } from './invocation-record.ts'
import type { DivertLine } from './platform-options.ts'
import type { Billing, EventTracing } from './platform-event.ts'
import type { Launch } from './runtimes/launch.ts'

export interface EnvironmentOptions {
  readonly spec: FunctionSpec
  readonly launch: Launch
  readonly host: HostVariables
  readonly clock: Clock
  readonly shells: WaitingShells
  readonly isolation: Isolation
  readonly divertLine?: DivertLine | undefined
  /** Have the runtime tell of its imports. */
  readonly anatomy?: boolean | undefined
  readonly billing: Billing
  readonly initializationType: NonNullable<InvocationRecord['initializationType']>
}

export interface EnvironmentRequest {
  readonly requestId: string
  readonly functionArn: string
  readonly traceHeader: string
  /** For the platform's events; absent: not announced as traced. */
  readonly tracing?: EventTracing | undefined
  readonly payload: Uint8Array
  readonly clientContext?: string
  readonly cognitoIdentity?: string
  /** Instead of the function's own. */
  readonly timeoutSeconds?: number
  readonly stream?: StreamSink
}

/** What the caller gets, as soon as that is known. */
export type EarlyAnswer = Pick<InvocationRecord, 'payload' | 'functionError'>

/** On-demand functions have so long for their init; then it is run again inside the invocation. */
const INIT_LIMIT_NANOS = 10_000_000_000n
/** After an init error the runtime ends itself; one that does not is helped. */
const EXIT_GRACE_NANOS = 1_000_000_000n
const DRAIN_LIMIT_NANOS = 200_000_000n
/** What an idle runtime has for its last words. */
const TERMINATE_MS = 1500
/** A caller that comes again at once finds this environment free: so long its answer waits for the runtime to be ready. */
const SETTLE_MS = 100
/** What everybody has at a shutdown that extensions are told of, and the runtime's part of it. */
const SHUTDOWN_MS = 2000
const RUNTIME_SHUTDOWN_MS = 600
/** What the last telemetry has to arrive, before SHUTDOWN is told. */
const FLUSH_MS = 300

export class Environment {
  readonly spec: FunctionSpec
  readonly launch: Launch
  readonly logStream: string
  readonly #options: EnvironmentOptions
  readonly #runtimeApi: RuntimeApi
  readonly #extensions: ExtensionsApi
  readonly #server: EnvironmentServer
  readonly #sandbox: Sandbox
  readonly #processes: EnvironmentProcesses
  readonly #signals: SignalQueue
  readonly #journal: EnvironmentJournal
  readonly #memory: MemoryWatch
  readonly #imports: ImportLines | undefined
  /** When the processes of the last init were asked for. */
  #spawnNanos = 0n
  #runtimeNanos: bigint | undefined
  #hasExtensions = false
  /** Inits that no invocation has told of yet. */
  #prepared: InitRecord[] = []
  #outOfMemory = false
  #started = false
  #stopped = false
  #activity = 0
  #phase: 'init' | 'invoke' | undefined
  #requestId: string | undefined
  /** When the last request to the API began. */
  #requestNanos = 0n
  #extensionsDone: { readonly name: string; readonly endNanos: bigint }[] = []

  constructor(options: EnvironmentOptions) {
    const { spec, clock } = options
    this.#options = options
    this.spec = spec
    this.launch = options.launch
    this.logStream = newLogStream(spec, clock())
    this.#signals = new SignalQueue(clock)
    this.#imports = options.anatomy === true ? new ImportLines(clock) : undefined
    this.#sandbox = new Sandbox(options.isolation, options.launch.paths, options.shells)
    this.#processes = new EnvironmentProcesses(
      this.#sandbox,
      {
        line: (event, extension) => {
          const requestId = this.#requestId
          const of = { functionName: spec.name, requestId }
          if (extension === undefined && options.divertLine?.(event.text, of) === true) return
          this.#journal.line(event, extension)
        },
        activity: () => this.#active(),
        exit: (status, extension) => this.#exited(status, extension),
      },
      this.#imports,
    )
    this.#memory = new MemoryWatch(clock, () => this.#processes.programs, {
      memoryMb: spec.memoryMb,
      exceeded: (memory) => {
        this.#outOfMemory ||= memory
        this.#processes.killProgram()
      },
    })
    const at = (): { readonly atNanos: bigint } => ({ atNanos: clock() })
    this.#runtimeApi = new RuntimeApi({
      next: () => {
        this.#extensions.closeRegistration()
        this.#push({ kind: 'next', ...at() })
      },
      response: (body) => this.#push({ kind: 'response', ...at(), beganNanos: this.#requestNanos, body }),
      error: (error) => this.#push({ kind: 'error', ...at(), beganNanos: this.#requestNanos, error }),
      initError: (error) => this.#push({ kind: 'init-error', ...at(), beganNanos: this.#requestNanos, error }),
      rejected: (errorType, message) => this.#push({ kind: 'rejected', ...at(), errorType, message }),
      activity: () => this.#active(),
    })
    const { accountId } = options.host
    const extended = { functionName: spec.name, functionVersion: versionOf(spec), handler: spec.handler, accountId }
    this.#extensions = new ExtensionsApi(extended, {
      ready: ({ name, events }) => this.#journal.note({ about: 'extension', name, state: 'Ready', events }),
      done: (name) => this.#extensionsDone.push({ name, endNanos: clock() }),
      changed: () => this.#push({ kind: 'extension', ...at() }),
      failed: (failure) => this.#extensionFailed(failure),
    })
    this.#journal = new EnvironmentJournal({
      clock,
      billing: options.billing,
      extensions: this.#extensions,
      origin: {
        spec,
        initializationType: options.initializationType,
        runtimeVersion: options.launch.version,
        region: options.host.region,
        logStream: this.logStream,
      },
      now: () => this.#now(),
    })
    this.#server = new EnvironmentServer([this.#runtimeApi, this.#extensions, this.#journal.api], () => {
      this.#active()
      this.#requestNanos = clock()
    })
  }

  /** What its AWS calls are signed with. */
  get accessKeyId(): string {
    return this.#options.host.accessKeyId
  }

  get initializationType(): EnvironmentOptions['initializationType'] {
    return this.#options.initializationType
  }

  /** Runs the init ahead of the first invocation. Never rejects: one that fails is run again inside of that. */
  async prepare(): Promise<void> {
    const limitNanos = BigInt(Math.max(130, this.spec.timeoutSeconds)) * 1_000_000_000n
    await this.#init('init', this.#prepared, { deadline: this.#options.clock() + limitNanos, answer: () => {} })
  }

  /**
   * Runs one invocation to its end, with the work of extensions after the answer. Must not be called again before that.
   * Never rejects for the function's faults. @param onAnswer called at most once, when the caller's answer is known and
   * the rest takes longer: extensions work on, or the runtime does not ask for work again
   */
  async invoke(request: EnvironmentRequest, onAnswer: (answer: EarlyAnswer) => void): Promise<InvocationRecord> {
    const { clock } = this.#options
    this.#requestId = request.requestId
    this.#extensionsDone = []
    this.#processes.thaw()
    this.#signals.clear()
    const inits = this.#prepared.splice(0)
    const unwatch = this.#memory.watch()
    let settling: NodeJS.Timeout | undefined
    try {
      if (!this.#started) await this.#init('init', inits)
      const startNanos = clock()
      const deadline =
        startNanos + BigInt(Math.round((request.timeoutSeconds ?? this.spec.timeoutSeconds) * 1000)) * 1_000_000n
      let said: EarlyAnswer | undefined
      const answer = ({ payload, status }: Outcome): void => {
        if (said) return
        const first = (said = { payload, functionError: status === 'success' ? undefined : 'Unhandled' })
        if (this.#extensions.kind !== 'none') onAnswer(first)
        else settling = setTimeout(() => onAnswer(first), SETTLE_MS)
      }
      let outcome = this.#processes.runtimeRuns ? undefined : await this.#init('invoke', inits, { deadline, answer })
      this.#journal.start(request, inits.find(({ phase }) => phase === 'invoke')?.endNanos ?? startNanos)
      outcome ??= await this.#run(request, { startNanos, deadline, answer })
      this.#memory.sampleAfter(startNanos, outcome.endNanos)
      await this.#drain()
      answer(outcome)
      const { payload, functionError } = said!
      const record: InvocationRecord = {
        requestId: request.requestId,
        inits,
        startNanos,
        ...(outcome.responseBeganNanos === undefined ? {} : { responseBeganNanos: outcome.responseBeganNanos }),
        responseNanos: outcome.responseNanos,
        ...(outcome.runtimeDoneNanos === undefined ? {} : { runtimeDoneNanos: outcome.runtimeDoneNanos }),
        extensions: this.#extensionsDone,
        endNanos: outcome.endNanos,
        status: outcome.status,
        errorType: outcome.errorType,
        reason: outcome.reason,
        cause: outcome.cause,
        payload,
        functionError,
        maxMemoryMb: this.#memory.peakMb,
        ...this.takeLines(),
        ...importsOf(this.#imports?.take()),
        initializationType: this.#options.initializationType,
        logStream: this.logStream,
      }
      this.#journal.report(record, request.tracing)
      return record
    } finally {
      clearTimeout(settling)
      unwatch()
      this.#requestId = undefined
    }
  }

  /** Lines that no record has carried yet: written between invocations. */
  takeLines(): CollectedLines {
    return this.#journal.takeLines()
  }

  /** No CPU until the next invocation, or the end. */
  freeze(): void {
    this.#processes.freeze()
  }

  /**
   * Ends an idle environment: SIGTERM, with time to send what libraries held back until then, as Datadog's writer does
   * (it flushes once a second, and at SIGTERM), then SHUTDOWN to extensions. Resolves when all processes have ended.
   */
  async end(): Promise<void> {
    this.#stopped = true
    if (this.#extensions.kind === 'none') {
      const ended = this.#processes.terminateRuntime(TERMINATE_MS)
      // Python runs signal handlers between two steps of its own: not before the runtime's client has left its wait.
      this.#server.close()
      await ended
    } else await this.#shutdown('spindown')
    this.#server.close()
    await this.#drain()
    await this.#sandbox.remove()
  }

  /** Kills all processes and closes the API. An invocation that runs ends as a failure. Twice is fine. */
  stop(): void {
    this.#stopped = true
    this.#processes.kill()
    this.#push({ kind: 'exit', atNanos: this.#options.clock(), status: { code: null, signal: 'SIGKILL' } })
    this.#server.close()
  }

  // Starts the processes and waits until they ask for work. Answers how that failed; undefined: they are ready.
  async #init(
    phase: 'init' | 'invoke',
    inits: InitRecord[],
    within?: { readonly deadline: bigint; readonly answer: (outcome: Outcome) => void },
  ): Promise<Outcome | undefined> {
    const startNanos = this.#options.clock()
    this.#phase = phase
    this.#journal.api.reset()
    this.#journal.initStart({ phase, startNanos })
    const outcome = await this.#start(phase, within?.deadline ?? startNanos + INIT_LIMIT_NANOS)
    this.#memory.sample()
    const { status, endNanos } = outcome
    const errorType = outcome.errorType === undefined ? {} : { errorType: outcome.errorType }
    const init: InitRecord = { phase, startNanos, endNanos, status, ...errorType }
    if (status !== 'success') this.#journal.initRuntimeDone(init)
    this.#journal.initReport(init)
    this.#journal.api.closeSubscriptions()
    if (status !== 'success') {
      within?.answer(outcome)
      await this.#end(status === 'timeout' ? 'timeout' : 'failure')
    }
    await this.#drain()
    this.#phase = undefined
    inits.push({ ...init, ...this.#anatomy() })
    return status === 'success' ? undefined : outcome
  }

  async #start(phase: 'init' | 'invoke', deadline: bigint): Promise<Outcome> {
    const { spec, launch, host, initializationType } = this.#options
    const runtimeApi = await this.#server.listen()
    const externals = externalExtensions(spec.layerDirs)
    this.#runtimeApi.reset()
    this.#extensions.reset(externals.map(({ name }) => name))
    this.#signals.clear()
    if (this.#stopped) this.stop()
    if (this.#started) await this.#processes.killed()
    this.#started = true
    this.#outOfMemory = false
    const sandbox = this.#sandbox.variables()
    const from = [spec, launch, { host, runtimeApi, logStream: this.logStream, initializationType, sandbox }] as const
    this.#spawnNanos = this.#options.clock()
    this.#runtimeNanos = undefined
    this.#hasExtensions = externals.length > 0
    this.#imports?.reset()
    if (externals.length > 0) {
      const variables = extensionVariables(...from)
      for (const extension of externals) this.#processes.startExtension(extension, launch, variables)
    }
    let runtimeStarted = false
    let runtimeReady = false
    let reported: Extract<Signal, { readonly error: ApiError }> | undefined
    const requestId = this.#requestId ?? ''
    for (;;) {
      if (!runtimeStarted && this.#extensions.registered && !this.#stopped) {
        this.#runtimeNanos = this.#options.clock()
        const variables = environmentVariables(...from)
        const telling = this.#imports === undefined ? {} : anatomyVariables(spec, launch.paths.runtime, variables)
        this.#processes.startRuntime(launch, { ...variables, ...telling })
        runtimeStarted = true
      }
      const signal = await this.#signals.take(reported ? reported.atNanos + EXIT_GRACE_NANOS : deadline)
      if (signal.kind === 'next') {
        runtimeReady = true
        this.#journal.initRuntimeDone({ phase, status: 'success', endNanos: signal.atNanos })
      }
      if (runtimeReady && this.#extensions.ready)
        return { status: 'success', endNanos: signal.atNanos, payload: NOTHING }
      if (signal.kind === 'init-error') reported = signal
      else if (signal.kind === 'extension-failed') return extensionOutcome(signal, requestId)
      else if (reported && (signal.kind === 'exit' || signal.kind === 'timeout'))
        return reportedOutcome(reported.error, reported.atNanos)
      else if (signal.kind === 'exit') return exitOutcome(signal, { requestId, outOfMemory: this.#outOfMemory })
      else if (signal.kind === 'timeout') return timeoutOutcome(requestId, spec.timeoutSeconds, deadline)
    }
  }

  async #run(
    request: EnvironmentRequest,
    {
      startNanos,
      deadline,
      answer,
    }: { readonly startNanos: bigint; readonly deadline: bigint; readonly answer: (outcome: Outcome) => void },
  ): Promise<Outcome> {
    const deadlineMs = Number(deadline / 1_000_000n)
    const { requestId, functionArn, traceHeader } = request
    this.#extensions.invoke({ requestId, deadlineMs, invokedFunctionArn: functionArn, traceHeader })
    this.#runtimeApi.send({ ...request, deadlineMillis: deadlineMs })
    const done = (outcome: Outcome): void =>
      this.#journal.runtimeDone(
        { requestId, startNanos, errorType: undefined, responseNanos: undefined, ...outcome },
        request.tracing,
      )
    let answered: Outcome | undefined
    let ended: Outcome | undefined
    for (;;) {
      const signal = await this.#signals.take(deadline)
      const said = answerOf(signal)
      if (said) {
        // A runtime that reports a failure may end itself next.
        if (said.status === 'error') this.#memory.sample()
        answered = said
        answer(said)
      } else if (signal.kind === 'next' && answered) {
        answered = { ...answered, runtimeDoneNanos: signal.atNanos }
        done(answered)
      } else if (signal.kind === 'exit') ended ??= exitOutcome(signal, { requestId, outOfMemory: this.#outOfMemory })
      else if (signal.kind === 'extension-failed') ended ??= extensionOutcome(signal, requestId)
      else if (signal.kind === 'timeout') {
        // Before the kill: of a process that has ended nothing can be read.
        this.#memory.sample()
        const outcome = timeoutOutcome(requestId, this.spec.timeoutSeconds, deadline)
        answer(outcome)
        if (answered?.runtimeDoneNanos === undefined) done(outcome)
        await this.#end('timeout')
        return afterAnswer(outcome, answered)
      }
      // A result that came before the end counts: it was handed over in the same turn, or just before.
      if (ended && !this.#signals.has('response') && !this.#signals.has('error')) {
        const died = ended.errorType?.startsWith('Runtime.')
        const outcome = died && answered ? answered : afterAnswer(ended, answered)
        answer(outcome)
        if (answered?.runtimeDoneNanos === undefined) done({ ...outcome, endNanos: signal.atNanos })
        await this.#end('failure')
        return { ...outcome, endNanos: signal.atNanos }
      }
      if (answered?.runtimeDoneNanos !== undefined && this.#extensions.idle) {
        const { runtimeDoneNanos, ...outcome } = answered
        const late = signal.atNanos > runtimeDoneNanos ? { runtimeDoneNanos } : {}
        return { ...outcome, ...late, endNanos: signal.atNanos }
      }
    }
  }

  // Ends all processes while an invocation runs: the next one begins with an init.
  async #end(reason: ShutdownReason): Promise<void> {
    await this.#processes.killRuntime()
    if (this.#extensions.kind === 'external') await this.#shutdown(reason)
    await this.#processes.killed()
    await this.#sandbox.killStrays()
    await this.#drain()
  }

  async #shutdown(reason: ShutdownReason): Promise<void> {
    const deadlineMs = Date.now() + SHUTDOWN_MS
    this.#processes.thaw()
    await this.#processes.terminateRuntime(RUNTIME_SHUTDOWN_MS)
    // Whoever hears of the end may exit at once: what it subscribed to is there before.
    await this.#journal.api.flush(FLUSH_MS)
    const told = this.#extensions.shutdown(reason, deadlineMs)
    await this.#processes.extensionsEnded(told, deadlineMs - Date.now())
    await this.#processes.killed()
  }

  #anatomy(): Pick<InitRecord, 'anatomy'> {
    if (this.#imports === undefined) return {}
    const imports = this.#imports.take()
    const [spawnNanos, runtimeNanos, hasExtensions] = [this.#spawnNanos, this.#runtimeNanos, this.#hasExtensions]
    return { anatomy: { spawnNanos, runtimeNanos, hasExtensions, imports } }
  }

  #now(): LineOrigin {
    return { duringInit: this.#phase, requestId: this.#requestId }
  }

  #exited(status: ExitStatus, extension: string | undefined): void {
    if (extension === undefined) {
      this.#push({ kind: 'exit', atNanos: this.#options.clock(), status })
      return
    }
    const known = this.#extensions.named(extension)
    if (this.#stopped || !known || known.state === 'ShuttingDown' || isFailed(known.state)) return
    this.#extensionFailed(failureOfExit(known, status))
  }

  #extensionFailed(failure: ExtensionFailure): void {
    this.#journal.note(noteOfFailure(failure))
    this.#push({ kind: 'extension-failed', atNanos: this.#options.clock(), failure })
    // Between invocations nobody waits for it: the next one begins with an init.
    if (this.#requestId === undefined) this.#processes.kill()
  }

  #active(): void {
    this.#activity += 1
  }

  #push(signal: Signal): void {
    this.#active()
    this.#signals.push(signal)
  }

  // What the processes wrote before we heard of an answer is already in the stream: after one whole turn of the event
  // loop without a byte from them, everything has been read. The first turn may have begun before the call.
  async #drain(): Promise<void> {
    const limit = this.#options.clock() + DRAIN_LIMIT_NANOS
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    await turn()
    let seen: number
    do {
      seen = this.#activity
      await turn()
    } while (seen !== this.#activity && this.#options.clock() < limit)
    this.#processes.flush()
  }
}
