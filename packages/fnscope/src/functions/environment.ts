// One execution environment: its process, its Runtime API, its phases init and invoke, timeout and kill. It runs one
// invocation at a time and answers with the record that all else is formatted from; it formats nothing itself.
import { environmentVariables, type HostVariables } from './environment-variables.ts'
import { FunctionProcess, type ExitStatus } from './function-process.ts'
import { LineCollector, type CollectedLines } from './line-collector.ts'
import { LogStreamDecoder } from './log-stream.ts'
import { newLogStream } from './log-stream-name.ts'
import { errorBody, exitOutcome, NOTHING, reportedOutcome, timeoutBody, type Outcome } from './phase-outcome.ts'
import { peakMemoryKb, requestMemoryKb } from './process-memory.ts'
import { RuntimeApi, type ApiError } from './runtime-api.ts'
import type { Clock } from './clock.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InitRecord, InvocationRecord } from './invocation-record.ts'
import type { DivertLine } from './platform-options.ts'
import type { ProcessGuard } from './process-guard.ts'
import type { Launch } from './runtimes/launch.ts'

export interface EnvironmentOptions {
  readonly spec: FunctionSpec
  readonly launch: Launch
  readonly host: HostVariables
  readonly clock: Clock
  readonly guard: ProcessGuard
  readonly divertLine?: DivertLine | undefined
}

export interface EnvironmentRequest {
  readonly requestId: string
  readonly functionArn: string
  readonly traceHeader: string
  readonly payload: Uint8Array
  readonly clientContext?: string
  readonly cognitoIdentity?: string
}

/** On-demand functions have so long for their init; then it is run again inside the invocation. */
const INIT_LIMIT_NANOS = 10_000_000_000n
const MEMORY_POLL_MS = 250
const MEMORY_FRESH_NANOS = 100_000_000n
const SHORT_CALL_NANOS = 5_000_000n
const DRAIN_LIMIT_NANOS = 200_000_000n
/** After an init error the runtime ends itself; one that does not is helped. */
/** What an idle process has for its last words. */
const TERMINATE_MS = 1500
const EXIT_GRACE_NANOS = 1_000_000_000n

type Signal =
  | { readonly kind: 'next' | 'timeout'; readonly atNanos: bigint }
  | { readonly kind: 'response'; readonly atNanos: bigint; readonly body: Buffer }
  | { readonly kind: 'error' | 'init-error'; readonly atNanos: bigint; readonly error: ApiError }
  | { readonly kind: 'rejected'; readonly atNanos: bigint; readonly errorType: string; readonly message: string }
  | { readonly kind: 'exit'; readonly atNanos: bigint; readonly status: ExitStatus }

export class Environment {
  readonly spec: FunctionSpec
  readonly launch: Launch
  readonly logStream: string
  readonly #options: EnvironmentOptions
  readonly #api: RuntimeApi
  readonly #decoder: LogStreamDecoder
  readonly #lines: LineCollector
  #apiAddress: Promise<string> | undefined
  #process: FunctionProcess | undefined
  #started = false
  #stopped = false
  #signals: Signal[] = []
  #wake: (() => void) | undefined
  #activity = 0
  #phase: 'init' | 'invoke' | undefined
  #requestId: string | undefined
  #peakKb = 0
  #sampledNanos = 0n
  #invokeStartNanos = 0n

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.spec = options.spec
    this.launch = options.launch
    this.logStream = newLogStream(options.spec, options.clock())
    this.#lines = new LineCollector(options.clock)
    this.#decoder = new LogStreamDecoder((event) => {
      const requestId = this.#requestId
      if (options.divertLine?.(event.text, { functionName: options.spec.name, requestId }) === true) return
      this.#lines.add(event, { duringInit: this.#phase, requestId })
    })
    const at = (): { readonly atNanos: bigint } => ({ atNanos: options.clock() })
    this.#api = new RuntimeApi({
      next: () => this.#push({ kind: 'next', ...at() }),
      response: (body) => this.#push({ kind: 'response', ...at(), body }),
      error: (error) => this.#push({ kind: 'error', ...at(), error }),
      initError: (error) => this.#push({ kind: 'init-error', ...at(), error }),
      rejected: (errorType, message) => this.#push({ kind: 'rejected', ...at(), errorType, message }),
      activity: () => {
        this.#activity += 1
      },
    })
  }

  /** Runs one invocation to its end. Must not be called again before the answer. Never rejects for the function's faults. */
  async invoke(request: EnvironmentRequest): Promise<InvocationRecord> {
    const { clock } = this.#options
    this.#requestId = request.requestId
    this.#signals = []
    const inits: InitRecord[] = []
    const poll = setInterval(() => this.#sampleMemory(), MEMORY_POLL_MS)
    try {
      if (!this.#started) await this.#init('init', inits)
      const startNanos = (this.#invokeStartNanos = clock())
      const limitNanos = BigInt(Math.round(this.spec.timeoutSeconds * 1000)) * 1_000_000n
      const deadline = startNanos + limitNanos
      const failed = this.#process ? undefined : await this.#init('invoke', inits, deadline)
      const outcome = failed ?? (await this.#run(request, deadline))
      return {
        requestId: request.requestId,
        inits,
        startNanos,
        responseNanos: outcome.responseNanos,
        // A timer fires late; the cloud says exactly what was configured.
        endNanos: outcome.status === 'timeout' ? deadline : outcome.endNanos,
        status: outcome.status,
        errorType: outcome.errorType,
        exit: outcome.exit,
        cause: outcome.cause,
        payload:
          outcome.status === 'timeout' ? timeoutBody(request.requestId, this.spec.timeoutSeconds) : outcome.payload,
        functionError: outcome.status === 'success' ? undefined : 'Unhandled',
        maxMemoryMb: Math.max(1, Math.round(this.#peakKb / 1024)),
        ...this.takeLines(),
        logStream: this.logStream,
      }
    } finally {
      clearInterval(poll)
      this.#requestId = undefined
    }
  }

  /** Lines that no record has carried yet: written between invocations. */
  takeLines(): CollectedLines {
    return this.#lines.take()
  }

  /**
   * Ends an idle environment: SIGTERM, with time to send what libraries held back until then, as Datadog's writer does
   * (it flushes once a second, and at SIGTERM). Resolves when the process has ended.
   */
  async end(): Promise<void> {
    this.#stopped = true
    const ended = this.#process?.terminate(TERMINATE_MS)
    // Python runs signal handlers between two steps of its own: not before the runtime's client has left its wait.
    this.#api.close()
    await ended
    await this.#drain()
  }

  /** Kills the process group and closes the API. An invocation that runs ends as a failure. Twice is fine. */
  stop(): void {
    this.#stopped = true
    this.#process?.kill()
    this.#api.close()
  }

  // Starts the process and waits until it asks for work. Answers how it failed; undefined: it is ready.
  async #init(phase: 'init' | 'invoke', inits: InitRecord[], limit?: bigint): Promise<Outcome | undefined> {
    const startNanos = this.#options.clock()
    this.#phase = phase
    await this.#spawn()
    const outcome = await this.#awaitInit(limit ?? startNanos + INIT_LIMIT_NANOS)
    this.#sampleMemory()
    if (outcome.status !== 'success') await this.#endProcess()
    await this.#drain()
    this.#phase = undefined
    const errorType = outcome.errorType === undefined ? {} : { errorType: outcome.errorType }
    inits.push({ phase, startNanos, endNanos: outcome.endNanos, status: outcome.status, ...errorType })
    return outcome.status === 'success' ? undefined : outcome
  }

  async #awaitInit(deadline: bigint): Promise<Outcome> {
    let reported: { readonly error: ApiError; readonly atNanos: bigint } | undefined
    for (;;) {
      const signal = await this.#take(reported ? reported.atNanos + EXIT_GRACE_NANOS : deadline)
      if (signal.kind === 'next') return { status: 'success', endNanos: signal.atNanos, payload: NOTHING }
      if (signal.kind === 'init-error') reported = signal
      else if (reported && (signal.kind === 'exit' || signal.kind === 'timeout')) {
        return reportedOutcome(reported.error, reported.atNanos)
      } else if (signal.kind === 'exit') return exitOutcome(signal, this.#requestId ?? '')
      else if (signal.kind === 'timeout') return { status: 'timeout', endNanos: deadline, payload: NOTHING }
    }
  }

  async #run(request: EnvironmentRequest, deadline: bigint): Promise<Outcome> {
    this.#api.send({ ...request, deadlineMillis: Number(deadline / 1_000_000n) })
    let answered: Outcome | undefined
    for (;;) {
      const signal = await this.#take(deadline)
      // A runtime that reports a failure may end itself next.
      if (signal.kind === 'error' || signal.kind === 'rejected') this.#sampleMemory()
      if (signal.kind === 'response') {
        answered = { status: 'success', endNanos: signal.atNanos, responseNanos: signal.atNanos, payload: signal.body }
      } else if (signal.kind === 'error') {
        answered = { ...reportedOutcome(signal.error, signal.atNanos), responseNanos: signal.atNanos }
      } else if (signal.kind === 'rejected') {
        const payload = errorBody(signal.errorType, signal.message)
        const { atNanos, errorType } = signal
        answered = { status: 'error', endNanos: atNanos, responseNanos: atNanos, errorType, payload }
      } else if (signal.kind === 'next' && answered) {
        return await this.#finished({ ...answered, endNanos: signal.atNanos })
      } else if (signal.kind === 'exit') {
        await this.#endProcess()
        // A result that came before the end counts: it was handed over in the same turn, or just before.
        const late = this.#signals.find((other) => other.kind === 'response' || other.kind === 'error')
        if (!late)
          return await this.#finished(
            answered ? { ...answered, endNanos: signal.atNanos } : exitOutcome(signal, this.#requestId ?? ''),
          )
      } else if (signal.kind === 'timeout') {
        // Before the kill: of a process that has ended nothing can be read.
        this.#sampleMemory()
        await this.#endProcess()
        return await this.#finished(
          answered
            ? { ...answered, endNanos: signal.atNanos }
            : { status: 'timeout', endNanos: deadline, payload: NOTHING },
        )
      }
    }
  }

  async #finished(outcome: Outcome): Promise<Outcome> {
    if (this.#memoryMayHaveGrown(outcome)) this.#sampleMemory()
    await this.#drain()
    return outcome
  }

  async #spawn(): Promise<void> {
    const { spec, launch, host, guard } = this.#options
    this.#apiAddress ??= this.#api.listen()
    const runtimeApi = await this.#apiAddress
    this.#api.reset()
    this.#signals = []
    this.#started = true
    const variables = environmentVariables(spec, launch, { host, runtimeApi, logStream: this.logStream })
    const child: FunctionProcess = new FunctionProcess(launch, variables, {
      guard,
      events: {
        output: (chunk) => {
          this.#activity += 1
          this.#decoder.push(chunk)
        },
        exit: (status) => {
          if (this.#process === child) this.#process = undefined
          this.#push({ kind: 'exit', atNanos: this.#options.clock(), status })
        },
      },
    })
    this.#process = child
    if (this.#stopped) child.kill()
  }

  // Kills what is left of the group and waits until its end is known.
  async #endProcess(): Promise<void> {
    const child = this.#process
    if (child) {
      child.kill()
      while (this.#process === child) await this.#take(this.#options.clock() + EXIT_GRACE_NANOS)
    }
    await this.#drain()
    this.#decoder.flush(true)
  }

  #push(signal: Signal): void {
    this.#activity += 1
    this.#signals.push(signal)
    this.#wake?.()
  }

  async #take(deadline: bigint): Promise<Signal> {
    const { clock } = this.#options
    while (this.#signals.length === 0) {
      const left = Number((deadline - clock()) / 1000n) / 1000
      if (left <= 0) return { kind: 'timeout', atNanos: clock() }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(left))
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
    return this.#signals.shift()!
  }

  // What the process wrote before we heard of its answer is already in the stream: after one whole turn of the event
  // loop without a byte from it, everything has been read. The first turn may have begun before the call.
  async #drain(): Promise<void> {
    const limit = this.#options.clock() + DRAIN_LIMIT_NANOS
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    await turn()
    let seen: number
    do {
      seen = this.#activity
      await turn()
    } while (seen !== this.#activity && this.#options.clock() < limit)
    this.#decoder.flush()
  }

  // Asking the kernel costs as much as a whole warm call of a function that does little: such a call is taken to be as
  // large as the last one that was looked at, for a tenth of a second.
  #memoryMayHaveGrown({ endNanos }: Outcome): boolean {
    const tookNanos = endNanos - this.#invokeStartNanos
    return tookNanos > SHORT_CALL_NANOS || endNanos - this.#sampledNanos > MEMORY_FRESH_NANOS
  }

  #sampleMemory(): void {
    const pid = this.#process?.pid
    if (pid === undefined) return
    this.#sampledNanos = this.#options.clock()
    if (process.platform === 'linux') this.#peakKb = Math.max(this.#peakKb, peakMemoryKb(pid))
    else
      requestMemoryKb(pid, (kb) => {
        this.#peakKb = Math.max(this.#peakKb, kb)
      })
  }
}
