// One request to a function of Function Compute: the initializer where its instance is new, then the handler, then the hook
// before it is frozen, which no caller waits for; and the telemetry of all that. Instances are environment.ts's.
import { newSpanId } from '../span/id.ts'
import { fcAnswerOf } from './fc-answer.ts'
import { encodeFcRequest, type FcRequestHead } from './fc-envelope.ts'
import { fcHeaders, type FcControl } from './fc-headers.ts'
import { fcFailure, fcRunMillis, fcSystemLines } from './fc-log.ts'
import { encodeBaggages, spanContextOf } from './fc-span-context.ts'
import { fcSpans } from './fc-trace.ts'
import { FcSharedInstances } from './fc-shared-instances.ts'
import { cutTail, idleLog, invocationLog, type InvocationLog } from './invocation-log.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import type { FcRequests } from './fc-requests.ts'
import type { FcAnswer, FcHook } from './fc-spec.ts'
import type { Call, Run } from './function-runner.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { FunctionLine, InvocationRecord } from './invocation-record.ts'
import type { PlatformOptions } from './platform-options.ts'
import type { Launch } from './runtimes/launch.ts'
import type { Telemetry, TelemetryOutlet } from './telemetry-outlet.ts'

export interface FcRunnerOptions {
  readonly platform: PlatformOptions
  readonly clock: Clock
  readonly outlet: Pick<TelemetryOutlet, 'add'>
}

/** What the runner of functions lends: an instance of its own, taken from the pool until `release`. */
export interface FcInstance {
  readonly environment: Environment
  /** Of one that serves several requests at once. */
  readonly requests: FcRequests
  readonly accessKeyId: string
  readonly release: () => void
}

export interface FcLent {
  readonly launch: Launch
  readonly take: () => Promise<FcInstance>
  readonly metricsOf: (record: InvocationRecord) => Telemetry['metrics']
}

/** One pass through an instance to come. */
interface Step {
  readonly control: FcControl
  readonly hook?: FcHook
  /** What the function is told that it runs under. */
  readonly spanId: string
  /** Nothing is to run: it is to be started. */
  readonly idle?: true
}

/** One pass through an instance, and what a log says of it. */
interface Pass {
  readonly control: FcControl
  readonly record: InvocationRecord
  readonly failure: string | undefined
}

export class FcRunner {
  readonly #options: FcRunnerOptions
  /** Instances whose process has run its initializer. */
  readonly #initialized = new WeakSet<Environment>()
  /** Those of them that serve several requests at once. */
  readonly #shared: FcSharedInstances

  constructor(options: FcRunnerOptions) {
    this.#options = options
    this.#shared = new FcSharedInstances(options.clock)
  }

  /** Never rejects for the function's faults. The instance is given back when the function is done with it. */
  async run(call: Call, lent: FcLent): Promise<Run> {
    const fc = call.deployed.spec.fc!
    if (fc.instanceConcurrency !== undefined) return await this.#runShared(call, lent)
    const instance = await lent.take()
    const invocationId = newSpanId()
    const initializerId = newSpanId()
    const passes: Pass[] = []
    let freezing: Promise<void> | undefined
    try {
      const { initializer } = fc
      if (initializer !== undefined && !this.#initialized.has(instance.environment)) {
        const pass = await this.#pass(call, instance, {
          control: 'initialize',
          hook: initializer,
          spanId: initializerId,
        })
        passes.push(pass)
        if (pass.record.status === 'success') this.#initialized.add(instance.environment)
      }
      if (succeeded(passes)) passes.push(await this.#pass(call, instance, { control: 'invoke', spanId: invocationId }))
      if (fc.preFreeze !== undefined && passes.every(({ record }) => record.status !== 'failure'))
        freezing = this.#freeze(call, lent, { instance, spanId: invocationId })
    } finally {
      if (freezing === undefined) instance.release()
      else void freezing.finally(instance.release)
    }
    return this.#finish(call, lent, { passes, invocationId, initializerId })
  }

  // Beside others in one instance, which the first of them starts and the last gives back.
  async #runShared(call: Call, lent: FcLent): Promise<Run> {
    const { requestId, deployed, request } = call
    const { initializer, preFreeze } = deployed.spec.fc!
    const { timeoutSeconds } = deployed.spec
    const [invocationId, initializerId] = [newSpanId(), newSpanId()]
    const passes: Pass[] = []
    const shared = await this.#shared.take(deployed, lent.take)
    const instance = shared.own
    const first: Step =
      initializer === undefined
        ? { control: 'invoke', spanId: invocationId, idle: true }
        : { control: 'initialize', hook: initializer, spanId: initializerId }
    try {
      await shared.start(async () => {
        if (this.#initialized.has(instance.environment)) return true
        passes.push(await this.#pass(call, instance, first))
        const started = succeeded(passes)
        if (started) this.#initialized.add(instance.environment)
        return started
      })
      if (succeeded(passes)) {
        const head = this.#head(call, instance, { control: 'invoke', spanId: invocationId })
        const ran = await shared.run({ requestId, head, body: request.payload, timeoutSeconds })
        if (shared.failed) this.#initialized.delete(instance.environment)
        const idle = first.idle === true ? passes.pop()?.record : undefined
        const { inits, lines } = idle ?? { inits: [], lines: [] }
        const record = { ...ran, inits, lines: [...lines, ...ran.lines] }
        passes.push({ control: 'invoke', record, failure: fcFailure(deployed.spec, record, 'invoke') })
      }
    } finally {
      const freeze = (): Promise<void> => this.#freeze(call, lent, { instance, spanId: invocationId })
      const lines = await this.#shared.leave(deployed, shared, preFreeze && freeze)
      if (lines.length > 0) this.#keep(deployed.spec, instance, lines)
    }
    return this.#finish(call, lent, { passes, invocationId, initializerId })
  }

  // What is written when nobody is being served.
  #keep(spec: FunctionSpec, { environment }: FcInstance, lines: readonly FunctionLine[]): void {
    const { platform, clock, outlet } = this.#options
    const said = { lines, receivedNanos: clock(), readLine: platform.readLine }
    outlet.add(() => ({ logs: idleLog(spec, environment.logStream, said) }))
  }

  #head(call: Call, { environment, accessKeyId }: FcInstance, { control, spanId, idle }: Step): FcRequestHead {
    const { platform } = this.#options
    const { deployed, trace, request, requestId } = call
    const { spec } = deployed
    const http = control === 'invoke' ? request.fc?.http : undefined
    const headers = fcHeaders(
      spec,
      {
        requestId,
        control,
        spanContext: spanContextOf(trace, spanId),
        baggages: trace.recorded ? encodeBaggages(request.fc?.baggages) : '',
        jaegerEndpoint: trace.recorded ? (platform.jaegerEndpoint?.() ?? '') : '',
        retryCount: request.fc?.retryCount ?? 0,
        http,
      },
      { region: platform.region, accountId: platform.accountId, accessKeyId, instanceId: environment.logStream },
    )
    return { headers, ...(http === undefined ? {} : { http }), ...(idle === undefined ? {} : { idle }) }
  }

  async #pass(call: Call, instance: FcInstance, how: Step): Promise<Pass> {
    const { trace, request, requestId } = call
    const { spec } = call.deployed
    const { environment } = instance
    const { control } = how
    const body = control === 'invoke' ? request.payload : new Uint8Array(0)
    const timeoutSeconds = how.hook?.timeoutSeconds ?? spec.timeoutSeconds
    const record = await environment.invoke(
      {
        requestId,
        functionArn: spec.name,
        traceHeader: trace.answerHeader,
        payload: encodeFcRequest(this.#head(call, instance, how), body),
        timeoutSeconds,
        // The caller of Function Compute waits for the whole run: there are no extensions after it.
      },
      () => {},
    )
    if (record.status === 'failure' || record.status === 'timeout') this.#initialized.delete(environment)
    return { control, record, failure: fcFailure(spec, record, control, timeoutSeconds) }
  }

  async #freeze(
    call: Call,
    { launch }: FcLent,
    on: { readonly instance: FcInstance; readonly spanId: string },
  ): Promise<void> {
    const hook = call.deployed.spec.fc?.preFreeze
    if (hook === undefined) return
    const pass = await this.#pass(call, on.instance, { control: 'pre-freeze', hook, spanId: on.spanId })
    this.#options.outlet.add(() => ({ logs: this.#log(call, launch, pass).records }))
  }

  #finish(
    call: Call,
    { launch, metricsOf }: FcLent,
    ran: { readonly passes: readonly Pass[]; readonly invocationId: string; readonly initializerId: string },
  ): Run {
    const { platform, clock } = this.#options
    const { trace, requestId, acceptedNanos, deployed } = call
    const { spec } = deployed
    const initialize = ran.passes.find(({ control }) => control === 'initialize')?.record
    const last = ran.passes.at(-1)!
    const answeredNanos = clock()
    const { payload, http, error } = fcAnswerOf(last.record, last.failure)
    const record = { ...last.record, inits: ran.passes.flatMap((pass) => pass.record.inits), payload }
    platform.counters.invocations.inc({ outcome: record.status })
    const logs = ran.passes.map((pass) => this.#log(call, launch, pass))
    const fc: FcAnswer = {
      ...(http === undefined ? {} : { http }),
      ...(error === undefined ? {} : { errorType: error.errorType }),
      durationMs: fcRunMillis(last.record),
      maxMemoryMb: last.record.maxMemoryMb,
      instanceId: last.record.logStream,
    }
    const records = logs.flatMap((log) => log.records)
    const asked = call.request.fc?.http
    return {
      record: error === undefined ? record : { ...record, functionError: 'Unhandled' },
      logTail: cutTail(logs.map((log) => log.tail)),
      logLines: records,
      fc,
      telemetry: () => ({
        logs: records,
        metrics: metricsOf(record) ?? [],
        spans: trace.recorded
          ? fcSpans(spec, trace, platform, {
              requestId,
              acceptedNanos,
              answeredNanos,
              initialize,
              invoke: last.control === 'invoke' ? last.record : undefined,
              ...ran,
              error,
              ...(asked === undefined
                ? {}
                : { http: { method: asked.method, url: urlOf(asked), status: http?.status ?? (error ? 502 : 200) } }),
            })
          : [],
      }),
    }
  }

  #log(call: Call, launch: Launch, { control, record, failure }: Pass): InvocationLog {
    const { platform, clock } = this.#options
    const { spec } = call.deployed
    return invocationLog({
      spec,
      record,
      runtimeVersion: launch.version,
      region: platform.region,
      billing: platform.billing ?? 'sum',
      traceId: call.trace.traceId,
      receivedNanos: clock(),
      readLine: platform.readLine,
      system: fcSystemLines(spec, record, control, failure),
    })
  }
}

const succeeded = (passes: readonly Pass[]): boolean => passes.every(({ record }) => record.status === 'success')

function urlOf({ path, query, headers }: NonNullable<NonNullable<Call['request']['fc']>['http']>): string {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost'
  return `http://${host}${path}${query === '' ? '' : `?${query}`}`
}
