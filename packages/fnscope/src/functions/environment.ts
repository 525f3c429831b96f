// One execution environment: its life, from the init to its end, one invocation at a time, and the record of each that all
// else is formatted from. How a phase goes is init-phase.ts and invoke-phase.ts, how processes end environment-end.ts; it
// formats nothing itself.
import { importsOf } from './anatomy/import-lines.ts'
import { endIdle, readToTheEnd, stopNow } from './environment-end.ts'
import type { EarlyAnswer, EnvironmentOptions, EnvironmentRequest } from './environment-options.ts'
import { assembleEnvironment, type EnvironmentParts } from './environment-parts.ts'
import type { FunctionSpec } from './function-spec.ts'
import { runInit } from './init-phase.ts'
import type { InitRecord, InvocationRecord } from './invocation-record.ts'
import { runInvocation } from './invoke-phase.ts'
import type { CollectedLines } from './line-collector.ts'
import type { Outcome } from './phase-outcome.ts'

/** What provisioned environments have for their init, or the function's timeout where that is longer. */
const PREPARE_SECONDS = 130

export class Environment {
  readonly #parts: EnvironmentParts
  /** Inits that no invocation has told of yet. */
  #prepared: InitRecord[] = []

  constructor(options: EnvironmentOptions) {
    this.#parts = assembleEnvironment(options)
  }

  get logStream(): string {
    return this.#parts.logStream
  }

  get spec(): FunctionSpec {
    return this.#parts.options.spec
  }

  /** What its AWS calls are signed with. */
  get accessKeyId(): string {
    return this.#parts.options.host.accessKeyId
  }

  get initializationType(): EnvironmentOptions['initializationType'] {
    return this.#parts.options.initializationType
  }

  /** Runs the init ahead of the first invocation. Never rejects: one that fails is run again inside of that. */
  async prepare(): Promise<void> {
    const limitNanos = BigInt(Math.max(PREPARE_SECONDS, this.spec.timeoutSeconds)) * 1_000_000_000n
    const deadline = this.#parts.options.clock() + limitNanos
    await runInit(this.#parts, 'init', this.#prepared, { deadline, answer: () => {} })
  }

  /**
   * Runs one invocation to its end, with the work of extensions after the answer. Must not be called again before that.
   * Never rejects for the function's faults. @param onAnswer called once, as soon as the caller's answer is known: the
   * runtime has not asked for work again then, and extensions may work on
   */
  async invoke(request: EnvironmentRequest, onAnswer: (answer: EarlyAnswer) => void): Promise<InvocationRecord> {
    const parts = this.#parts
    const { processes, journal, memory, now } = parts
    const { clock } = parts.options
    now.requestId = request.requestId
    now.extensionsDone = []
    processes.thaw()
    parts.signals.clear()
    const inits = this.#prepared.splice(0)
    const unwatch = memory.watch()
    try {
      if (!now.started) await runInit(parts, 'init', inits)
      const startNanos = clock()
      const deadline =
        startNanos + BigInt(Math.round((request.timeoutSeconds ?? this.spec.timeoutSeconds) * 1000)) * 1_000_000n
      let said: EarlyAnswer | undefined
      const answer = ({ payload, status }: Outcome): void => {
        if (said) return
        said = { payload, functionError: status === 'success' ? undefined : 'Unhandled' }
        onAnswer(said)
      }
      let outcome = processes.runtimeRuns ? undefined : await runInit(parts, 'invoke', inits, { deadline, answer })
      journal.start(request, inits.find(({ phase }) => phase === 'invoke')?.endNanos ?? startNanos)
      outcome ??= await runInvocation(parts, request, { startNanos, deadline, answer })
      memory.sampleAfter(startNanos, outcome.endNanos)
      await readToTheEnd(parts)
      answer(outcome)
      const record = this.#record(request, { inits, startNanos, outcome, said: said! })
      journal.report(record, request.tracing)
      return record
    } finally {
      unwatch()
      now.requestId = undefined
    }
  }

  /** Lines that no record has carried yet: written between invocations. */
  takeLines(): CollectedLines {
    return this.#parts.journal.takeLines()
  }

  /** What has been written so far, while an invocation runs. */
  async writtenLines(): Promise<CollectedLines> {
    await readToTheEnd(this.#parts)
    return this.takeLines()
  }

  /** Of its processes so far, MB. */
  get peakMb(): number {
    return this.#parts.memory.peakMb
  }

  /** The invocation that runs ends as a failure. */
  killProgram(): void {
    this.#parts.processes.killProgram()
  }

  /** No CPU until the next invocation, or the end. */
  freeze(): void {
    this.#parts.processes.freeze()
  }

  /** Ends an idle environment. Resolves when all processes have ended and nothing of it is left. */
  async end(): Promise<void> {
    this.#parts.now.stopped = true
    await endIdle(this.#parts)
  }

  /** Kills all processes and closes the API. An invocation that runs ends as a failure. Twice is fine. */
  stop(): void {
    this.#parts.now.stopped = true
    stopNow(this.#parts)
  }

  #record(
    { requestId }: EnvironmentRequest,
    ran: {
      readonly inits: readonly InitRecord[]
      readonly startNanos: bigint
      readonly outcome: Outcome
      readonly said: EarlyAnswer
    },
  ): InvocationRecord {
    const { options, logStream, memory, imports, now } = this.#parts
    const { responseBeganNanos, runtimeDoneNanos, streamedBytes, ...outcome } = ran.outcome
    return {
      requestId,
      inits: ran.inits,
      startNanos: ran.startNanos,
      ...(responseBeganNanos === undefined ? {} : { responseBeganNanos }),
      responseNanos: outcome.responseNanos,
      ...(runtimeDoneNanos === undefined ? {} : { runtimeDoneNanos }),
      extensions: now.extensionsDone,
      endNanos: outcome.endNanos,
      status: outcome.status,
      errorType: outcome.errorType,
      reason: outcome.reason,
      cause: outcome.cause,
      ...(streamedBytes === undefined ? {} : { streamedBytes }),
      payload: ran.said.payload,
      functionError: ran.said.functionError,
      maxMemoryMb: memory.peakMb,
      ...this.takeLines(),
      ...importsOf(imports?.take()),
      initializationType: options.initializationType,
      logStream,
    }
  }
}
