// The local function platform: deployed functions, and invoke() with reuse of environments, concurrency limits,
// sampling and the events queue. Everything that an invocation leaves behind goes to ingest as one batch.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { FnscopeError, messageOf } from '../errors.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import { Reservoir } from '../sampling/reservoir.ts'
import { newBatch, type Batch } from '../span/batch.ts'
import { newSpanId } from '../span/id.ts'
import { pushSpan } from '../span/push-span.ts'
import type { Counters } from '../counters.ts'
import type { Logger } from '../log.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Span } from '../span/span.ts'
import { createClock, type Clock } from './clock.ts'
import { codeFingerprint } from './code-fingerprint.ts'
import { EnvironmentPool } from './environment-pool.ts'
import { EventQueue } from './event-queue.ts'
import { FunctionRegistry } from './function-registry.ts'
import { idleLog, invocationLog } from './invocation-log.ts'
import { invocationMetrics, throttleMetrics, type MetricSource } from './platform-metrics.ts'
import { ProcessGuard } from './process-guard.ts'
import { launchPython, preparePython } from './runtimes/python.ts'
import { functionSpans, serviceSegment, serviceSubsegment, type TracedFunction } from './system-trace.ts'
import { ThrottledError } from './throttled-error.ts'
import { runIds, traceContext, xrayTraceId, type TraceContext } from './trace-context.ts'
import type { AppSpec, FunctionSpec, SegmentStyle } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { Launch } from './runtimes/launch.ts'

export { ThrottledError } from './throttled-error.ts'

export interface PlatformOptions {
  readonly ingest: Ingest
  readonly log: Logger
  readonly counters: Counters
  /** all: what nobody decided is recorded; cloud: Active 1/s + 5 %, PassThrough silent. */
  readonly sampling: 'all' | 'cloud'
  /** Overrides every function's own style. */
  readonly segmentStyle?: SegmentStyle | undefined
  readonly accountId: string
  readonly region: string
  /** host:port of the X-Ray daemon's door; undefined: it is closed. */
  readonly daemonAddress?: string | undefined
  /** AWS_ENDPOINT_URL for functions that set none, asked for at each start of an environment. */
  readonly endpointUrl?: (() => string | undefined) | undefined
  /** Where runtime clients and bytecode are kept between runs. */
  readonly cacheDir: string
  /** Metric points inside a function's own line (EMF). */
  readonly metricsOfLine: (line: string) => MetricPoint[]
  /** Progress and warnings for the user, a sentence each. */
  readonly notify?: ((text: string) => void) | undefined
  /** Default 5 minutes. */
  readonly idleTimeoutMs?: number
  /** The account's limit. Default 1000. */
  readonly maxConcurrency?: number
  /** Waits before the second and third attempt of an event. Default 1 s, 2 s. */
  readonly retryDelaysMs?: readonly number[]
  /** duration: bill as before August 2025, without the init. Default sum. */
  readonly billing?: 'sum' | 'duration'
  readonly clock?: Clock
}

export interface InvokeRequest {
  /** Name, ARN, partial ARN, `name:qualifier`, or logical id. */
  readonly functionName: string
  readonly payload: Uint8Array
  /** X-Amzn-Trace-Id. */
  readonly traceHeader?: string | undefined
  /** JSON text, already decoded from base64. Ignored for Event. */
  readonly clientContext?: string | undefined
  /** JSON `{"cognitoIdentityId", "cognitoIdentityPoolId"}`. */
  readonly cognitoIdentity?: string | undefined
  readonly qualifier?: string | undefined
  readonly invocationType: 'RequestResponse' | 'Event'
  /** A UUID; made when absent. */
  readonly requestId?: string | undefined
}

export interface InvokeAnswer {
  readonly requestId: string
  /** 200, or 202 for an event that was only queued. */
  readonly status: 200 | 202
  readonly payload: Uint8Array
  readonly functionError?: 'Unhandled'
  /** At most 4 KB: START … REPORT … XRAY. */
  readonly logTail: string
  readonly logLines: readonly LogRecord[]
  /** X-Amzn-Trace-Id of the answer. */
  readonly traceHeader: string
  readonly executedVersion: '$LATEST'
  /** 32 hex digits. */
  readonly traceId: string
  readonly sampled: boolean
}

/** One deployed function and what runs it. */
interface Deployed {
  readonly spec: FunctionSpec
  readonly fingerprint: string
  readonly pool: EnvironmentPool
  launch: Promise<Launch> | undefined
  running: number
}

interface Run {
  readonly record: InvocationRecord
  readonly logTail: string
  readonly logLines: readonly LogRecord[]
  readonly batch: Batch
}

const DEFAULT_IDLE_MS = 5 * 60 * 1000
const STOP_GRACE_MS = 2000
const WARN_EVERY_NANOS = 10_000_000_000n

export class Platform {
  readonly #options: PlatformOptions
  readonly #clock: Clock
  readonly #registry = new FunctionRegistry()
  readonly #deployed = new Map<string, Deployed>()
  readonly #guard = new ProcessGuard()
  readonly #reservoirs = new Map<string, Reservoir>()
  readonly #events: EventQueue
  readonly #working = new Set<Promise<unknown>>()
  /** Replaced or removed, with invocations that still run. */
  readonly #retired = new Set<EnvironmentPool>()
  #running = 0
  #stopped = false
  #warnedNanos: bigint | undefined

  constructor(options: PlatformOptions) {
    this.#options = options
    this.#clock = options.clock ?? createClock()
    this.#events = new EventQueue({
      ...(options.retryDelaysMs ? { retryDelaysMs: options.retryDelaysMs } : {}),
      onError: (error) => options.log.warn({ reason: messageOf(error) }, 'event not delivered'),
    })
  }

  /** Makes the app's functions callable; the same stack's earlier ones are replaced. Unchanged functions keep their environments. */
  deploy(app: AppSpec): void {
    const before = this.#registry.replace(app.stack, app.functions)
    const kept = new Set<string>()
    for (const spec of app.functions) {
      const fingerprint = codeFingerprint(spec)
      const old = this.#deployed.get(spec.name)
      kept.add(spec.name)
      if (old?.fingerprint === fingerprint) continue
      if (old) this.#retire(old.pool)
      this.#deployed.set(spec.name, { spec, fingerprint, pool: this.#newPool(), launch: undefined, running: 0 })
    }
    for (const spec of before) if (!kept.has(spec.name)) this.#drop(spec.name)
    void this.#prepare(app.functions)
  }

  remove(stack: string): void {
    for (const spec of this.#registry.replace(stack, [])) this.#drop(spec.name)
  }

  functions(): FunctionSpec[] {
    return this.#registry.all()
  }

  find(nameOrArnOrLogicalId: string): FunctionSpec | undefined {
    return this.#registry.find(nameOrArnOrLogicalId)
  }

  functionArn(spec: FunctionSpec): string {
    return `arn:aws:lambda:${this.#options.region}:${this.#options.accountId}:function:${spec.name}`
  }

  /** Environments that exist now, of one function or of all. */
  environmentCount(functionName?: string): number {
    let count = 0
    for (const [name, { pool }] of this.#deployed)
      if (functionName === undefined || functionName === name) count += pool.size
    return count
  }

  /**
   * Runs a function and answers when it has ended; an Event is queued and answered at once.
   * @throws FnscopeError FNS_FUNCTION_NOT_FOUND, FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING, FNS_BUILD_FAILED, FNS_CODE_NOT_FOUND, FNS_EVENT_INVALID
   * @throws ThrottledError over a concurrency limit, or when the events queue is full
   */
  async invoke(request: InvokeRequest): Promise<InvokeAnswer> {
    const spec = this.find(request.functionName)
    const deployed = spec && this.#deployed.get(spec.name)
    if (!deployed || this.#stopped) {
      const known = this.functions().map((other) => other.name)
      throw new FnscopeError(
        'FNS_FUNCTION_NOT_FOUND',
        `There is no function "${request.functionName}". Deployed: ${known.join(', ') || 'none'}.`,
      )
    }
    const requestId = request.requestId ?? randomUUID()
    // What is installed first is no part of the request's time.
    if (request.invocationType === 'RequestResponse') await this.#launch(deployed)
    const acceptedNanos = this.#clock()
    const trace = this.#trace(deployed.spec, request.traceHeader, acceptedNanos)
    const call: Call = { deployed, request, requestId, trace, acceptedNanos }
    const answer = {
      requestId,
      traceHeader: trace.answerHeader,
      executedVersion: '$LATEST',
      traceId: trace.traceId,
      sampled: trace.sampled,
    } as const
    if (request.invocationType === 'Event') {
      this.#enqueue(call)
      return { ...answer, status: 202, payload: new Uint8Array(0), logTail: '', logLines: [] }
    }
    const run = await this.#track(this.#invokeSync(call))
    const { payload, functionError } = run.record
    return {
      ...answer,
      status: 200,
      payload,
      ...(functionError === undefined ? {} : { functionError }),
      logTail: run.logTail,
      logLines: run.logLines,
    }
  }

  /** Resolves when every queued event has had its last attempt. */
  eventsIdle(): Promise<void> {
    return this.#events.idle()
  }

  /** Lets running invocations end for `graceMs`, then kills them. Nothing that was started is left. Twice is fine. */
  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopped = true
    const ended = this.#events.stop()
    for (const { pool } of this.#deployed.values()) pool.retire()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, options.graceMs ?? STOP_GRACE_MS)
    })
    await Promise.race([this.#settled(), grace])
    clearTimeout(timer)
    for (const { pool } of this.#deployed.values()) pool.kill()
    for (const pool of this.#retired) pool.kill()
    await ended
    await this.#settled()
    this.#guard.stop()
  }

  async #settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked: Promise<T> = work.finally(() => this.#working.delete(tracked))
    this.#working.add(tracked)
    return tracked
  }

  #newPool(): EnvironmentPool {
    return new EnvironmentPool({
      idleTimeoutMs: this.#options.idleTimeoutMs ?? DEFAULT_IDLE_MS,
      onLeftover: (environment, lines) => {
        const batch = newBatch()
        batch.logs.push(...idleLog(environment.spec, environment.logStream, { lines, receivedNanos: this.#clock() }))
        void this.#track(this.#accept(batch))
      },
    })
  }

  #drop(name: string): void {
    const deployed = this.#deployed.get(name)
    // Another stack may have a function of that name by now.
    if (!deployed || this.#registry.find(name)?.name === name) return
    this.#retire(deployed.pool)
    this.#deployed.delete(name)
  }

  #retire(pool: EnvironmentPool): void {
    for (const other of this.#retired) if (other.size === 0) this.#retired.delete(other)
    pool.retire()
    if (pool.size > 0) this.#retired.add(pool)
  }

  // Installs runtime clients ahead of the first call, which will report what goes wrong.
  async #prepare(functions: readonly FunctionSpec[]): Promise<void> {
    for (const runtime of new Set(functions.map((spec) => spec.runtime))) {
      try {
        await preparePython(runtime, this.#runtimeHost())
      } catch (error) {
        this.#options.log.debug({ runtime, reason: messageOf(error) }, 'runtime not ready')
      }
    }
  }

  #runtimeHost(): { readonly cacheDir: string; readonly notify: (text: string) => void } {
    return { cacheDir: this.#options.cacheDir, notify: (text) => this.#options.notify?.(text) }
  }

  #trace(spec: FunctionSpec, header: string | undefined, nowNanos: bigint): TraceContext {
    let reservoir = this.#reservoirs.get(spec.name)
    if (!reservoir) {
      reservoir = new Reservoir({ nowNanos: this.#clock })
      this.#reservoirs.set(spec.name, reservoir)
    }
    const { sampling: mode, segmentStyle: style } = this.#options
    return traceContext(spec, header, { nowNanos, style, sampling: { mode, take: () => reservoir.take() } })
  }

  #traced(spec: FunctionSpec): TracedFunction {
    return { spec, accountId: this.#options.accountId, functionArn: this.functionArn(spec) }
  }

  async #launch(deployed: Deployed): Promise<Launch> {
    const { spec } = deployed
    if (!existsSync(spec.codeDir)) {
      throw new FnscopeError(
        'FNS_CODE_NOT_FOUND',
        `The code of function ${spec.name} (${spec.logicalId}) is not at ${spec.codeDir}. Build or deploy the app again.`,
      )
    }
    const launch = (deployed.launch ??= launchPython(spec, this.#runtimeHost()))
    try {
      return await launch
    } catch (error) {
      // What was missing may be there at the next call.
      if (deployed.launch === launch) deployed.launch = undefined
      throw error
    }
  }

  #admit(deployed: Deployed): void {
    const reserved = deployed.spec.reservedConcurrency
    if (reserved !== undefined && deployed.running >= reserved)
      throw new ThrottledError('ReservedFunctionConcurrentInvocationLimitExceeded')
    if (this.#running >= (this.#options.maxConcurrency ?? 1000))
      throw new ThrottledError('ConcurrentInvocationLimitExceeded')
    deployed.running += 1
    this.#running += 1
  }

  async #invokeSync(call: Call): Promise<Run> {
    try {
      const run = await this.#run(call, call.trace.segmentId)
      if (call.trace.recorded) pushSpan(run.batch.spans, this.#service(call, 200, call.acceptedNanos))
      await this.#accept(run.batch)
      return run
    } catch (error) {
      if (error instanceof ThrottledError) await this.#recordThrottle(call)
      throw error
    }
  }

  // One run of the function with what it leaves in a batch, which the caller completes and hands in.
  async #run(call: Call, parentId: string): Promise<Run> {
    const { deployed, request, requestId, trace } = call
    const { spec, pool } = deployed
    this.#admit(deployed)
    const concurrent = deployed.running
    try {
      const launch = await this.#launch(deployed)
      const ids = runIds(trace)
      const environment = pool.take({
        spec,
        launch,
        clock: this.#clock,
        guard: this.#guard,
        host: {
          region: this.#options.region,
          accountId: this.#options.accountId,
          daemonAddress: this.#options.daemonAddress,
          endpointUrl: this.#options.endpointUrl?.(),
        },
      })
      let record: InvocationRecord
      try {
        const qualifier = request.qualifier ? `:${request.qualifier}` : ''
        record = await environment.invoke({
          requestId,
          functionArn: this.functionArn(spec) + qualifier,
          traceHeader: ids.runtimeHeader,
          payload: request.payload.byteLength === 0 ? Buffer.from('{}') : request.payload,
          ...clientContext(request),
          ...(request.cognitoIdentity === undefined ? {} : { cognitoIdentity: asciiJson(request.cognitoIdentity) }),
        })
      } finally {
        pool.release(environment)
      }
      this.#options.counters.invocations.inc({ outcome: record.status })
      const receivedNanos = this.#clock()
      const log = invocationLog({
        spec,
        record,
        runtimeVersion: launch.version,
        region: this.#options.region,
        billing: this.#options.billing ?? 'sum',
        traceId: trace.traceId,
        receivedNanos,
        ...(trace.announced
          ? {
              xray: {
                traceId: xrayTraceId(trace),
                segmentId: ids.functionId,
                sampled: trace.sampled,
                header: ids.runtimeHeader,
              },
            }
          : {}),
      })
      const batch = newBatch()
      batch.logs.push(...log.records)
      batch.metrics.push(...this.#metrics(call, record, concurrent))
      if (trace.recorded) {
        for (const span of functionSpans(this.#traced(spec), trace, { record, ids, parentId, receivedNanos }))
          pushSpan(batch.spans, span)
      }
      return { record, logTail: log.tail, logLines: log.records, batch }
    } finally {
      deployed.running -= 1
      this.#running -= 1
    }
  }

  #metricSource(call: Call): MetricSource {
    const timeNanos = this.#clock()
    const { requestId, trace } = call
    return {
      functionName: call.deployed.spec.name,
      timeNanos,
      receivedNanos: timeNanos,
      requestId,
      traceId: trace.traceId,
    }
  }

  #metrics(call: Call, record: InvocationRecord, concurrent: number): MetricPoint[] {
    const points = invocationMetrics(this.#metricSource(call), record, concurrent)
    const { requestId, trace, deployed } = call
    for (const line of record.lines) {
      for (const point of this.#options.metricsOfLine(line.text)) {
        const service = point.service || deployed.spec.name
        points.push({
          ...point,
          service,
          requestId: point.requestId ?? requestId,
          traceId: point.traceId ?? trace.traceId,
        })
      }
    }
    return points
  }

  #service(call: Call, status: number, startNanos: bigint): Span {
    const now = this.#clock()
    const of = this.#traced(call.deployed.spec)
    return serviceSegment(of, call.trace, {
      requestId: call.requestId,
      startNanos,
      endNanos: now,
      status,
      receivedNanos: now,
    })
  }

  async #recordThrottle(call: Call): Promise<void> {
    this.#options.counters.invocations.inc({ outcome: 'throttled' })
    const batch = newBatch()
    batch.metrics.push(...throttleMetrics(this.#metricSource(call)))
    if (call.trace.recorded) pushSpan(batch.spans, this.#service(call, 429, call.acceptedNanos))
    await this.#accept(batch)
  }

  #enqueue(call: Call): void {
    const { trace, requestId, acceptedNanos, deployed } = call
    const of = this.#traced(deployed.spec)
    const parts: Span[] = []
    let dwelled = false
    const part = (
      name: string,
      spanId: string,
      times: { readonly startNanos: bigint; readonly failed: boolean },
    ): void => {
      const now = this.#clock()
      parts.push(serviceSubsegment(of, trace, { name, spanId, requestId, endNanos: now, receivedNanos: now, ...times }))
    }
    this.#events.add({
      bytes: call.request.payload.byteLength,
      attempt: (number) =>
        this.#track(
          (async () => {
            await this.#launch(deployed)
            const spanId = newSpanId()
            const startNanos = this.#clock()
            const run = await this.#run({ ...call, request: { ...call.request, clientContext: undefined } }, spanId)
            if (!dwelled)
              parts.push(
                serviceSubsegment(of, trace, {
                  name: 'Dwell Time',
                  spanId: newSpanId(),
                  requestId,
                  startNanos: acceptedNanos,
                  endNanos: startNanos,
                  failed: false,
                  receivedNanos: startNanos,
                }),
              )
            dwelled = true
            const failed = run.record.functionError !== undefined
            part(`Attempt #${number}`, spanId, { startNanos, failed })
            await this.#accept(run.batch)
            return !failed
          })(),
        ),
      done: async () => {
        if (!trace.recorded) return
        const batch = newBatch()
        pushSpan(batch.spans, this.#service(call, 202, acceptedNanos))
        for (const span of parts) pushSpan(batch.spans, span)
        await this.#track(this.#accept(batch))
      },
    })
  }

  // A full log must not stop functions from running: what cannot be kept is counted, and said once in a while.
  async #accept(batch: Batch): Promise<void> {
    const items = batch.spans.rows + batch.logs.length + batch.metrics.length
    if (items === 0) return
    try {
      await this.#options.ingest.accept(batch)
    } catch (error) {
      const full = error instanceof IngestFullError
      this.#options.counters.dropped.inc({ door: 'functions', reason: full ? 'queue_full' : 'store_error' }, items)
      const now = this.#clock()
      if (this.#warnedNanos !== undefined && now - this.#warnedNanos < WARN_EVERY_NANOS) return
      this.#warnedNanos = now
      this.#options.log.warn({ items, reason: messageOf(error) }, 'telemetry of invocations dropped')
    }
  }
}

interface Call {
  readonly deployed: Deployed
  readonly request: InvokeRequest
  readonly requestId: string
  readonly trace: TraceContext
  readonly acceptedNanos: bigint
}

// Headers carry ASCII: all else is escaped, which JSON allows.
function asciiJson(text: string): string {
  return JSON.stringify(JSON.parse(text)).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function clientContext(request: InvokeRequest): { readonly clientContext?: string } {
  if (request.clientContext === undefined) return {}
  try {
    return { clientContext: asciiJson(request.clientContext) }
  } catch (error) {
    throw new FnscopeError(
      'FNS_EVENT_INVALID',
      'The client context is not JSON. Send a JSON object, encoded in base64.',
      { cause: error },
    )
  }
}
