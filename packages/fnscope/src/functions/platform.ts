// The local function platform: deploy() and invoke(), with sampling, the events queue and an orderly end. How one run
// goes is function-runner.ts, what is deployed is deployments.ts.
import { randomUUID } from 'node:crypto'
import { FnscopeError, messageOf } from '../errors.ts'
import { Reservoir } from '../sampling/reservoir.ts'
import type { FunctionCaller } from './caller-keys.ts'
import { createClock, type Clock } from './clock.ts'
import { datakitLogs, datakitOf } from './datakit-telemetry.ts'
import { CodeWatch } from './code-watch.ts'
import { Deployments, type Deployed } from './deployments.ts'
import { EventDelivery } from './event-delivery.ts'
import { EventQueue } from './event-queue.ts'
import { newFcRequestId } from './fc-id.ts'
import { FunctionRunner, type Call, type Run } from './function-runner.ts'
import { parseFunctionName } from './function-name.ts'
import { idleLog } from './invocation-log.ts'
import { PLAIN } from './isolation/isolation.ts'
import { WaitingShells } from './isolation/waiting-shell.ts'
import { ProcessGuard } from './process-guard.ts'
import { queuedEvent } from './queued-event.ts'
import { TelemetryOutlet } from './telemetry-outlet.ts'
import { ThrottledError } from './throttled-error.ts'
import { traceContext, type TraceContext } from './trace-context.ts'
import type { Environment } from './environment.ts'
import type { EarlyAnswer } from './environment-options.ts'
import { versionOf, type AppSpec, type FunctionSpec } from './function-spec.ts'
import type { FunctionLine } from './invocation-record.ts'
import type { InvokeAnswer, InvokeRequest } from './invoke-request.ts'
import type { PlatformOptions } from './platform-options.ts'

const DEFAULT_IDLE_MS = 5 * 60 * 1000
const DEFAULT_SETTLE_MS = 1000
const DEFAULT_CONCURRENCY = 1000
const STOP_GRACE_MS = 2000

export class Platform {
  readonly #options: PlatformOptions
  readonly #clock: Clock
  readonly #guard = new ProcessGuard()
  readonly #shells: WaitingShells
  readonly #deployments: Deployments
  readonly #runner: FunctionRunner
  readonly #outlet: TelemetryOutlet
  readonly #events: EventQueue
  readonly #delivery: EventDelivery
  readonly #watch: CodeWatch | undefined
  readonly #reservoirs = new Map<string, Reservoir>()
  readonly #working = new Set<Promise<unknown>>()
  /** Those of them whose callers have their answers. */
  readonly #trailing = new Set<Promise<unknown>>()
  #stopped = false

  constructor(options: PlatformOptions) {
    this.#options = options
    this.#clock = options.clock ?? createClock()
    this.#outlet = new TelemetryOutlet(options, this.#clock)
    this.#shells = new WaitingShells(options.isolation ?? PLAIN, this.#guard)
    this.#deployments = new Deployments({
      runtimes: {
        cacheDir: options.cacheDir,
        notify: (text) => options.notify?.(text),
        isolation: options.isolation ?? PLAIN,
        strict: options.strictRuntime,
      },
      maxConcurrency: options.maxConcurrency ?? DEFAULT_CONCURRENCY,
      idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_IDLE_MS,
      settleMs: options.settleMs ?? DEFAULT_SETTLE_MS,
      freeze: options.freeze ?? false,
      onLeftover: (environment, lines) => this.#keepLeftover(environment, lines),
    })
    this.#runner = new FunctionRunner({
      platform: options,
      deployments: this.#deployments,
      shells: this.#shells,
      clock: this.#clock,
      outlet: this.#outlet,
    })
    this.#events = new EventQueue({
      ...(options.retryDelaysMs ? { retryDelaysMs: options.retryDelaysMs } : {}),
      onError: (error) => options.log.warn({ reason: messageOf(error) }, 'event not delivered'),
    })
    this.#delivery = new EventDelivery({
      invoke: async (functionName, { body, traceHeader }) => {
        await this.invoke({ functionName, payload: Buffer.from(body), traceHeader, invocationType: 'Event' })
      },
      deliver: options.deliver,
      log: options.log,
    })
    this.#watch = options.watchCode === true ? new CodeWatch(() => this.#refresh()) : undefined
  }

  /**
   * Makes the app's functions callable at once; the same stack's earlier ones are replaced, unchanged ones keep their
   * environments. Resolves when interpreters and runtime clients are installed, so that a first call does not wait for
   * them; never rejects: what cannot be installed is told through `notify`, and by the calls that need it.
   */
  async deploy(app: AppSpec): Promise<void> {
    this.#deployments.replace(app.stack, app.functions)
    this.#watch?.watch(this.#deployments.codeDirs())
    await this.#deployments.prepare(app.functions)
    if (app.functions.length > 0) this.#shells.keepOne()
    await this.#provision(app.functions)
  }

  remove(stack: string): void {
    this.#deployments.replace(stack, [])
    this.#watch?.watch(this.#deployments.codeDirs())
  }

  functions(): FunctionSpec[] {
    return this.#deployments.all()
  }

  find(nameOrArnOrLogicalId: string): FunctionSpec | undefined {
    return this.#deployments.find(nameOrArnOrLogicalId)
  }

  /** The invocation whose environment has this access key id, while it runs. */
  callerOf(accessKeyId: string): FunctionCaller | undefined {
    return this.#runner.callerOf(accessKeyId)
  }

  functionArn(spec: FunctionSpec): string {
    return this.#runner.functionArn(spec)
  }

  /** Environments that exist now, of one function or of all. */
  environmentCount(functionName?: string): number {
    return this.#deployments.environmentCount(functionName)
  }

  /**
   * Runs a function and answers when it has ended; an Event is queued and answered at once.
   * @throws FnscopeError FNS_FUNCTION_NOT_FOUND, FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING, FNS_BUILD_FAILED, FNS_CODE_NOT_FOUND, FNS_EVENT_INVALID
   * @throws ThrottledError over a concurrency limit, or when the events queue is full
   */
  async invoke(request: InvokeRequest): Promise<InvokeAnswer> {
    const deployed = this.#deployed(request)
    if (!deployed || this.#stopped) {
      const known = this.functions().map((other) => other.name)
      throw new FnscopeError(
        'FNS_FUNCTION_NOT_FOUND',
        `There is no function "${request.functionName}". Deployed: ${known.join(', ') || 'none'}.`,
      )
    }
    const { fc } = deployed.spec
    const requestId = request.requestId ?? (fc === undefined ? randomUUID() : newFcRequestId(fc, this.#clock()))
    // What is installed first is no part of the request's time.
    if (request.invocationType === 'RequestResponse') await this.#deployments.launch(deployed)
    const acceptedNanos = this.#clock()
    const trace = this.#trace(deployed.spec, request.traceHeader, acceptedNanos)
    const call: Call = { deployed, request, requestId, trace, acceptedNanos }
    const answer = {
      requestId,
      traceHeader: trace.answerHeader,
      executedVersion: versionOf(deployed.spec),
      traceId: trace.traceId,
      sampled: trace.sampled,
    } as const
    if (request.invocationType === 'Event') {
      this.#enqueue(call)
      return { ...answer, status: 202, payload: new Uint8Array(0), logTail: '', logLines: [] }
    }
    const whole = (result: EarlyAnswer, ended: Pick<Run, 'logTail' | 'logLines' | 'fc'>): InvokeAnswer => {
      const failed = result.functionError === undefined ? {} : { functionError: result.functionError }
      const { logTail, logLines, fc: said } = ended
      return {
        ...answer,
        status: 200,
        payload: result.payload,
        ...failed,
        logTail,
        logLines,
        ...(said && { fc: said }),
      }
    }
    return await new Promise((resolve, reject) => {
      let trailing: Promise<unknown> = Promise.resolve()
      const early = (result: EarlyAnswer): void => {
        this.#trailing.add(trailing)
        resolve(whole(result, { logTail: '', logLines: [] }))
      }
      const run = this.#track(this.#invokeSync(call, request.withoutLog === true ? early : undefined))
      trailing = run.catch(() => {}).finally(() => this.#trailing.delete(trailing))
      // The log is built when it is read: who does not want it does not touch it.
      const without = ({ fc: said }: Run): Pick<Run, 'logTail' | 'logLines' | 'fc'> => ({
        logTail: '',
        logLines: [],
        ...(said && { fc: said }),
      })
      run.then((ended) => resolve(whole(ended.record, request.withoutLog === true ? without(ended) : ended)), reject)
    })
  }

  /** Resolves when ingest has what every invocation that was answered before the call left behind. */
  async flushed(): Promise<void> {
    await Promise.all(this.#trailing)
    await this.#outlet.flushed()
  }

  /** Resolves when every queued event has had its last attempt. */
  eventsIdle(): Promise<void> {
    return this.#events.idle()
  }

  /** Lets running invocations end for `graceMs`, then kills them. Nothing that was started is left. Twice is fine. */
  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopped = true
    this.#watch?.close()
    const ended = this.#events.stop()
    this.#deployments.retire()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, options.graceMs ?? STOP_GRACE_MS)
    })
    await Promise.race([this.#settled(), grace])
    clearTimeout(timer)
    await this.#deployments.kill()
    await ended
    await this.#settled()
    await this.#outlet.flushed()
    await this.#shells.stop()
    this.#guard.stop()
  }

  #deployed({ functionName, qualifier }: InvokeRequest): Deployed | undefined {
    const asked = qualifier ?? parseFunctionName(functionName).qualifier
    const latest = this.#deployments.deployed(functionName)
    if (latest === undefined || asked === undefined || asked === '$LATEST') return latest
    const version = /^\d+$/.test(asked) ? asked : this.#options.versionOfAlias?.(latest.spec.name, asked)
    return this.#deployments.deployed(functionName, version)
  }

  // An unchanged function has its environments already.
  async #provision(functions: readonly FunctionSpec[]): Promise<void> {
    for (const { name } of functions) {
      const deployed = this.#deployments.deployed(name)
      if (!deployed || deployed.pool.size > 0) continue
      try {
        await this.#runner.provision(deployed)
      } catch (error) {
        this.#options.notify?.(`${name} has no provisioned environments: ${messageOf(error)}`)
      }
    }
  }

  #refresh(): void {
    const changed = this.#deployments.refresh()
    if (changed.length === 0) return
    const names = changed.map(({ logicalId }) => logicalId).join(', ')
    this.#options.notify?.(`Code of ${names} has changed: the next invocation runs it.`)
    void this.#track(this.#provision(changed))
  }

  async #settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked: Promise<T> = work.finally(() => this.#working.delete(tracked))
    this.#working.add(tracked)
    return tracked
  }

  #trace(spec: FunctionSpec, header: string | undefined, nowNanos: bigint): TraceContext {
    let reservoir = this.#reservoirs.get(spec.name)
    if (!reservoir) {
      reservoir = new Reservoir({ nowNanos: this.#clock })
      this.#reservoirs.set(spec.name, reservoir)
    }
    const { sampling: mode, segmentStyle: style } = this.#options
    const trace = traceContext(spec, header, { nowNanos, style, sampling: { mode, take: () => reservoir.take() } })
    // Function Compute's switch is one for all: off, nothing is recorded, whoever called.
    if (spec.fc === undefined || spec.tracing === 'Active') return trace
    return { ...trace, sampled: false, recorded: false, announced: false }
  }

  async #invokeSync(call: Call, onAnswer: ((answer: EarlyAnswer) => void) | undefined): Promise<Run> {
    try {
      let answeredNanos: bigint | undefined
      const run = await this.#runner.run(call, call.trace.segmentId, (answer) => {
        if (!onAnswer) return
        answeredNanos = this.#clock()
        onAnswer(answer)
      })
      // Function Compute's root is among the run's own spans.
      const ownRoot = call.deployed.spec.fc !== undefined
      const service = call.trace.recorded && !ownRoot ? [this.#runner.serviceSegment(call, 200, answeredNanos)] : []
      this.#outlet.add(() => {
        const telemetry = run.telemetry()
        return { ...telemetry, spans: [...(telemetry.spans ?? []), ...service] }
      })
      return run
    } catch (error) {
      if (error instanceof ThrottledError) {
        const telemetry = this.#runner.throttled(call)
        this.#outlet.add(() => telemetry)
      }
      throw error
    }
  }

  #enqueue(call: Call): void {
    const job = queuedEvent(call, {
      runner: this.#runner,
      deployments: this.#deployments,
      outlet: this.#outlet,
      clock: this.#clock,
      onEnd: (event) => this.#delivery.deliver(call.deployed.spec, event, call.trace.answerHeader),
    })
    this.#events.add({
      ...job,
      attempt: (number) => this.#track(job.attempt(number)),
      done: (attempts, end) => this.#track(job.done(attempts, end)),
    })
  }

  #keepLeftover(environment: Environment, lines: readonly FunctionLine[]): void {
    const { readLine } = this.#options
    const logs = idleLog(environment.spec, environment.logStream, { lines, receivedNanos: this.#clock(), readLine })
    const datakit = datakitOf(environment.spec, this.#options)
    this.#outlet.add(() => ({ logs: datakit === undefined ? logs : datakitLogs(datakit, logs) }))
  }
}
