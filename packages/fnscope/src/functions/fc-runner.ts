// One request to a function of Function Compute: the initializer where its instance is new, then the handler, then the hook
// before it is frozen, which no caller waits for; and the telemetry of all that. Instances are environment.ts's.
import { newSpanId } from '../span/id.ts'
import { decodeFcAnswer, encodeFcRequest } from './fc-envelope.ts'
import { fcHeaders, type FcControl } from './fc-headers.ts'
import { fcFailure, fcRunMillis, fcSystemLines } from './fc-log.ts'
import { encodeBaggages, spanContextOf } from './fc-span-context.ts'
import { fcSpans } from './fc-trace.ts'
import { cutTail, invocationLog, type InvocationLog } from './invocation-log.ts'
import type { Cause } from '../span/span.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import type { FcAnswer, FcHook } from './fc-spec.ts'
import type { Call, Run } from './function-runner.ts'
import type { InvocationRecord } from './invocation-record.ts'
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
  readonly launch: Launch
  readonly accessKeyId: string
  readonly release: () => void
  readonly metricsOf: (record: InvocationRecord) => Telemetry['metrics']
}

/** One pass through an instance to come. */
interface Step {
  readonly control: FcControl
  readonly hook?: FcHook
  /** What the function is told that it runs under. */
  readonly spanId: string
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

  constructor(options: FcRunnerOptions) {
    this.#options = options
  }

  /** Never rejects for the function's faults. The instance is given back when the function is done with it. */
  async run(call: Call, instance: FcInstance): Promise<Run> {
    const fc = call.deployed.spec.fc!
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
      if (passes.every(({ record }) => record.status === 'success'))
        passes.push(await this.#pass(call, instance, { control: 'invoke', spanId: invocationId }))
      if (fc.preFreeze !== undefined && passes.every(({ record }) => record.status !== 'failure'))
        freezing = this.#freeze(call, instance, { control: 'pre-freeze', hook: fc.preFreeze, spanId: invocationId })
    } finally {
      if (freezing === undefined) instance.release()
      else void freezing.finally(instance.release)
    }
    return this.#finish(call, instance, { passes, invocationId, initializerId })
  }

  async #pass(call: Call, { environment, accessKeyId }: FcInstance, how: Step): Promise<Pass> {
    const { platform } = this.#options
    const { deployed, trace, request, requestId } = call
    const { spec } = deployed
    const { control } = how
    const http = control === 'invoke' ? request.fc?.http : undefined
    const headers = fcHeaders(
      spec,
      {
        requestId,
        control,
        spanContext: spanContextOf(trace, how.spanId),
        baggages: trace.recorded ? encodeBaggages(request.fc?.baggages) : '',
        jaegerEndpoint: trace.recorded ? (platform.jaegerEndpoint?.() ?? '') : '',
        http,
      },
      { region: platform.region, accountId: platform.accountId, accessKeyId, instanceId: environment.logStream },
    )
    const body = control === 'invoke' ? request.payload : new Uint8Array(0)
    const timeoutSeconds = how.hook?.timeoutSeconds ?? spec.timeoutSeconds
    const record = await environment.invoke(
      {
        requestId,
        functionArn: spec.name,
        traceHeader: trace.answerHeader,
        payload: encodeFcRequest({ headers, ...(http === undefined ? {} : { http }) }, body),
        timeoutSeconds,
        // The caller of Function Compute waits for the whole run: there are no extensions after it.
      },
      () => {},
    )
    if (record.status === 'failure' || record.status === 'timeout') this.#initialized.delete(environment)
    return { control, record, failure: fcFailure(spec, record, control, timeoutSeconds) }
  }

  async #freeze(call: Call, instance: FcInstance, how: Step): Promise<void> {
    const pass = await this.#pass(call, instance, how)
    this.#options.outlet.add(() => ({ logs: this.#log(call, instance.launch, pass).records }))
  }

  #finish(
    call: Call,
    instance: FcInstance,
    ran: { readonly passes: readonly Pass[]; readonly invocationId: string; readonly initializerId: string },
  ): Run {
    const { platform, clock } = this.#options
    const { trace, requestId, acceptedNanos, deployed } = call
    const { spec } = deployed
    const initialize = ran.passes.find(({ control }) => control === 'initialize')?.record
    const last = ran.passes.at(-1)!
    const answeredNanos = clock()
    const { payload, http, error } = answerOf(last)
    const record = { ...last.record, inits: ran.passes.flatMap((pass) => pass.record.inits), payload }
    platform.counters.invocations.inc({ outcome: record.status })
    const logs = ran.passes.map((pass) => this.#log(call, instance.launch, pass))
    const fc: FcAnswer = {
      ...(http === undefined ? {} : { http }),
      ...(error === undefined ? {} : { errorType: error.errorType }),
      durationMs: fcRunMillis(last.record),
      maxMemoryMb: last.record.maxMemoryMb,
      instanceId: instance.environment.logStream,
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
        metrics: instance.metricsOf(record) ?? [],
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

export interface FcError {
  readonly errorType: NonNullable<FcAnswer['errorType']>
  readonly message: string
  readonly cause: Cause
}

/** What the caller gets: the handler's bytes, or an error as Function Compute words it. */
function answerOf({ record, failure }: Pass): {
  readonly payload: Uint8Array
  readonly http?: FcAnswer['http']
  readonly error?: FcError
} {
  if (record.status === 'success') {
    const answer = decodeFcAnswer(record.payload)
    if (answer !== undefined) return { payload: answer.body, http: answer.head.http }
  }
  const said = failure === undefined ? record.payload : Buffer.from(JSON.stringify({ errorMessage: failure }))
  const handled = record.errorType === 'Function.HandledInvocationError'
  const { message, type } = errorIn(said)
  return {
    payload: said,
    error: {
      errorType: handled ? 'HandledInvocationError' : 'UnhandledInvocationError',
      message,
      cause: { exceptions: [{ message, ...(type === undefined ? {} : { type }) }] },
    },
  }
}

function errorIn(body: Uint8Array): { readonly message: string; readonly type: string | undefined } {
  try {
    const { errorMessage, errorType } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>
    return {
      message: typeof errorMessage === 'string' ? errorMessage : '',
      type: typeof errorType === 'string' ? errorType : undefined,
    }
  } catch {
    return { message: Buffer.from(body).toString('utf8'), type: undefined }
  }
}

function urlOf({ path, query, headers }: NonNullable<NonNullable<Call['request']['fc']>['http']>): string {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost'
  return `http://${host}${path}${query === '' ? '' : `?${query}`}`
}
