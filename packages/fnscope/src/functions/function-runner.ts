// One run of a function in one environment, and the telemetry of it: log lines, metric points, spans.
// It decides nothing about sampling or retries; whoever asked completes it and hands it in.
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Span } from '../span/span.ts'
import { CallerKeys, type FunctionCaller } from './caller-keys.ts'
import { callerContext } from './client-context.ts'
import { datakitLogs, datakitMetrics, datakitOf } from './datakit-telemetry.ts'
import { fcArn } from './fc-arn.ts'
import { FcRequests } from './fc-requests.ts'
import { FcRunner, type FcLent } from './fc-runner.ts'
import { PLAIN } from './isolation/isolation.ts'
import type { WaitingShells } from './isolation/waiting-shell.ts'
import { invocationLog } from './invocation-log.ts'
import { billedMillis } from './platform-event.ts'
import { eventTracing } from './platform-log.ts'
import { invocationMetrics, throttleMetrics, type MetricSource } from './platform-metrics.ts'
import { functionSpans, serviceSegment, type TracedFunction } from './system-trace.ts'
import { runIds, xrayTraceId, type TraceContext } from './trace-context.ts'
import type { Clock } from './clock.ts'
import type { Deployed, Deployments } from './deployments.ts'
import type { Environment } from './environment.ts'
import type { EarlyAnswer, EnvironmentOptions } from './environment-options.ts'
import type { FcAnswer } from './fc-spec.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { InvokeRequest } from './invoke-request.ts'
import type { PlatformOptions } from './platform-options.ts'
import type { EventTracing } from './platform-event.ts'
import type { Launch } from './runtimes/launch.ts'
import type { Telemetry, TelemetryOutlet } from './telemetry-outlet.ts'

/** A request that was accepted: its function, its id and its place in a trace are known. */
export interface Call {
  readonly deployed: Deployed
  readonly request: InvokeRequest
  readonly requestId: string
  readonly trace: TraceContext
  readonly acceptedNanos: bigint
}

export interface Run {
  readonly record: InvocationRecord
  readonly logTail: string
  readonly logLines: readonly LogRecord[]
  readonly fc?: FcAnswer
  /** Made when it is asked for, so that no caller waits for it. */
  readonly telemetry: () => Telemetry
}

export interface FunctionRunnerOptions {
  readonly platform: PlatformOptions
  readonly deployments: Deployments
  readonly shells: WaitingShells
  readonly clock: Clock
  readonly outlet: Pick<TelemetryOutlet, 'add'>
}

export class FunctionRunner {
  readonly #options: FunctionRunnerOptions
  readonly #callers = new CallerKeys()
  readonly #fc: FcRunner
  readonly #fcRequests = new WeakMap<Environment, FcRequests>()

  constructor(options: FunctionRunnerOptions) {
    this.#options = options
    this.#fc = new FcRunner(options)
  }

  /**
   * Runs the function to its end. @param parentId the service segment, or an event's attempt
   * @param onAnswer called at most once, when the caller may have its answer before the run is over: extensions may still work then
   * @throws ThrottledError, FnscopeError before it began
   */
  async run(call: Call, parentId: string, onAnswer: (answer: EarlyAnswer) => void = () => {}): Promise<Run> {
    const { platform, deployments, clock } = this.#options
    const { deployed, trace } = call
    const { spec } = deployed
    const { concurrent, release } = deployments.admit(deployed)
    try {
      const launch = await (deployed.launch ?? deployments.launch(deployed))
      if (spec.fc !== undefined) return await this.#fc.run(call, this.#fcLent(call, launch, concurrent))
      const ids = runIds(trace)
      const xray = {
        traceId: xrayTraceId(trace),
        segmentId: ids.functionId,
        sampled: trace.sampled,
        header: ids.runtimeHeader,
      }
      const tracing = trace.announced ? eventTracing(xray) : undefined
      const record = await this.#invoke(call, { launch, tracing, traceHeader: ids.runtimeHeader, onAnswer })
      platform.counters.invocations.inc({ outcome: record.status })
      const receivedNanos = clock()
      const log = invocationLog({
        spec,
        record,
        runtimeVersion: launch.version,
        region: platform.region,
        billing: platform.billing ?? 'sum',
        traceId: trace.traceId,
        receivedNanos,
        readLine: platform.readLine,
        ...(trace.announced ? { xray } : {}),
      })
      const datakit = datakitOf(spec, { region: platform.region, accountId: platform.accountId }, launch.version)
      const telemetry = (): Telemetry => ({
        logs: datakit === undefined ? log.records : datakitLogs(datakit, log.records),
        metrics: [
          ...this.#metrics(call, record, { concurrent, timeNanos: receivedNanos }),
          ...(datakit === undefined
            ? []
            : datakitMetrics(datakit, record, {
                ...this.#metricSource(call, receivedNanos),
                billedMillis: billedMillis(record, platform.billing ?? 'sum'),
              })),
        ],
        spans: trace.recorded ? functionSpans(this.traced(spec), trace, { record, ids, parentId, receivedNanos }) : [],
      })
      return { record, logTail: log.tail, logLines: log.records, telemetry }
    } finally {
      release()
    }
  }

  /** Starts the environments that the function is to have ready. Resolves when they are, or have failed to be. */
  async provision(deployed: Deployed): Promise<void> {
    const { provisionedConcurrency = 0 } = deployed.spec
    if (provisionedConcurrency === 0) return
    const launch = await this.#options.deployments.launch(deployed)
    await deployed.pool.provision(provisionedConcurrency, this.#environmentOptions(deployed.spec, launch))
  }

  /** The AWS::Lambda segment of a call that ends now, or ended at `endNanos`, with the status that its caller got. */
  serviceSegment(call: Call, status: number, endNanos?: bigint): Span {
    const now = this.#options.clock()
    return serviceSegment(this.traced(call.deployed.spec), call.trace, {
      requestId: call.requestId,
      startNanos: call.acceptedNanos,
      endNanos: endNanos ?? now,
      status,
      receivedNanos: now,
      links: call.request.links ?? [],
    })
  }

  /** What a refused call leaves: a metric, and a segment where the trace is recorded. */
  throttled(call: Call): Telemetry {
    const { platform, clock } = this.#options
    platform.counters.invocations.inc({ outcome: 'throttled' })
    return {
      metrics: throttleMetrics(this.#metricSource(call, clock())),
      spans: call.trace.recorded ? [this.serviceSegment(call, 429)] : [],
    }
  }

  traced(spec: FunctionSpec): TracedFunction {
    return { spec, accountId: this.#options.platform.accountId, functionArn: this.functionArn(spec) }
  }

  /** The invocation that runs in the environment with this access key id. */
  callerOf(accessKeyId: string): FunctionCaller | undefined {
    return this.#callers.of(accessKeyId)
  }

  functionArn(spec: FunctionSpec): string {
    const { region, accountId } = this.#options.platform
    if (spec.fc !== undefined) return fcArn(spec, { region, accountId })
    return `arn:aws:lambda:${region}:${accountId}:function:${spec.name}`
  }

  async #invoke(
    call: Call,
    how: {
      readonly launch: Launch
      readonly traceHeader: string
      readonly tracing: EventTracing | undefined
      readonly onAnswer: (answer: EarlyAnswer) => void
    },
  ): Promise<InvocationRecord> {
    const { request, requestId, deployed } = call
    const { spec, pool } = deployed
    const environment = await this.#environment(deployed, how.launch)
    const unbind = this.#callers.bind(environment.accessKeyId, {
      functionName: spec.name,
      requestId,
      traceHeader: how.traceHeader,
      recorded: call.trace.recorded,
    })
    try {
      const qualifier = request.qualifier ? `:${request.qualifier}` : ''
      const asked = {
        requestId,
        functionArn: this.functionArn(spec) + qualifier,
        traceHeader: how.traceHeader,
        tracing: how.tracing,
        payload: request.payload.byteLength === 0 ? Buffer.from('{}') : request.payload,
        ...callerContext(request),
        ...(request.stream === undefined ? {} : { stream: request.stream }),
      }
      return await environment.invoke(asked, (answer) => {
        pool.settle(environment)
        how.onAnswer(answer)
      })
    } finally {
      unbind()
      pool.release(environment)
    }
  }

  #fcLent(call: Call, launch: Launch, concurrent: number): FcLent {
    const { deployed } = call
    const { spec, pool } = deployed
    return {
      launch,
      take: async () => {
        const own = new FcRequests()
        const options = (): EnvironmentOptions => ({ ...this.#environmentOptions(spec, launch), services: [own] })
        const environment = await this.#options.deployments.environment(deployed, options)
        const requests = this.#fcRequests.get(environment) ?? own
        this.#fcRequests.set(environment, requests)
        return { environment, requests, accessKeyId: this.#accessKeyId(), release: () => pool.release(environment) }
      },
      metricsOf: (record) => this.#metrics(call, record, { concurrent, timeNanos: this.#options.clock() }),
    }
  }

  // Twelve digits make it plain to SDKs that log it that this is no real account.
  #accessKeyId(): string {
    const { accessKeyId, accountId } = this.#options.platform
    return accessKeyId ?? `AKIA${accountId}LOCL`
  }

  #environment(deployed: Deployed, launch: Launch): Promise<Environment> {
    return this.#options.deployments.environment(deployed, () => this.#environmentOptions(deployed.spec, launch))
  }

  #environmentOptions(spec: FunctionSpec, launch: Launch): EnvironmentOptions {
    const { platform, clock, shells } = this.#options
    const { region, accountId, daemonAddress, divertLine, anatomy, billing = 'sum' } = platform
    const accessKeyId = this.#callers.issue(this.#accessKeyId())
    const host = { region, accountId, daemonAddress, endpointUrl: platform.endpointUrl?.(), accessKeyId }
    const isolation = platform.isolation ?? PLAIN
    const initializationType = 'on-demand'
    return { spec, launch, clock, shells, host, isolation, divertLine, anatomy, billing, initializationType }
  }

  #metricSource(call: Call, timeNanos: bigint): MetricSource {
    const { requestId, trace, deployed } = call
    const functionName = deployed.spec.name
    return { functionName, timeNanos, receivedNanos: timeNanos, requestId, traceId: trace.traceId }
  }

  #metrics(
    call: Call,
    record: InvocationRecord,
    at: { readonly concurrent: number; readonly timeNanos: bigint },
  ): MetricPoint[] {
    const points = invocationMetrics(this.#metricSource(call, at.timeNanos), record, {
      concurrent: at.concurrent,
      billing: this.#options.platform.billing ?? 'sum',
    })
    const { requestId, trace, deployed } = call
    for (const line of record.lines) {
      for (const point of this.#options.platform.metricsOfLine(line.text)) {
        points.push({
          ...point,
          service: point.service || deployed.spec.name,
          requestId: point.requestId ?? requestId,
          traceId: point.traceId ?? trace.traceId,
        })
      }
    }
    return points
  }
}
