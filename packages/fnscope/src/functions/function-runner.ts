// One run of a function in one environment, and the telemetry of it as a batch: log lines, metric points, spans.
// It decides nothing about sampling or retries; whoever asked completes the batch and hands it in.
import { newBatch, type Batch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Span } from '../span/span.ts'
import { callerContext } from './client-context.ts'
import { invocationLog } from './invocation-log.ts'
import { invocationMetrics, throttleMetrics, type MetricSource } from './platform-metrics.ts'
import { functionSpans, serviceSegment, type TracedFunction } from './system-trace.ts'
import { runIds, xrayTraceId, type TraceContext } from './trace-context.ts'
import type { Clock } from './clock.ts'
import type { Deployed, Deployments } from './deployments.ts'
import type { Environment } from './environment.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { InvokeRequest } from './invoke-request.ts'
import type { PlatformOptions } from './platform-options.ts'
import type { ProcessGuard } from './process-guard.ts'
import type { Launch } from './runtimes/launch.ts'

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
  readonly batch: Batch
}

export interface FunctionRunnerOptions {
  readonly platform: PlatformOptions
  readonly deployments: Deployments
  readonly guard: ProcessGuard
  readonly clock: Clock
}

export class FunctionRunner {
  readonly #options: FunctionRunnerOptions

  constructor(options: FunctionRunnerOptions) {
    this.#options = options
  }

  /**
   * Runs the function to its end. @param parentId the service segment, or an event's attempt
   * @throws ThrottledError, FnscopeError before it began
   */
  async run(call: Call, parentId: string): Promise<Run> {
    const { platform, deployments, clock } = this.#options
    const { deployed, trace } = call
    const { spec } = deployed
    const { concurrent, release } = deployments.admit(deployed)
    try {
      const launch = await deployments.launch(deployed)
      const ids = runIds(trace)
      const record = await this.#invoke(call, launch, ids.runtimeHeader)
      platform.counters.invocations.inc({ outcome: record.status })
      const receivedNanos = clock()
      const xray = {
        traceId: xrayTraceId(trace),
        segmentId: ids.functionId,
        sampled: trace.sampled,
        header: ids.runtimeHeader,
      }
      const log = invocationLog({
        spec,
        record,
        runtimeVersion: launch.version,
        region: platform.region,
        billing: platform.billing ?? 'sum',
        traceId: trace.traceId,
        receivedNanos,
        ...(trace.announced ? { xray } : {}),
      })
      const batch = newBatch()
      batch.logs.push(...log.records)
      batch.metrics.push(...this.#metrics(call, record, concurrent))
      if (trace.recorded) {
        for (const span of functionSpans(this.traced(spec), trace, { record, ids, parentId, receivedNanos }))
          pushSpan(batch.spans, span)
      }
      return { record, logTail: log.tail, logLines: log.records, batch }
    } finally {
      release()
    }
  }

  /** The AWS::Lambda segment of a call that ends now, with the status that its caller got. */
  serviceSegment(call: Call, status: number): Span {
    const now = this.#options.clock()
    return serviceSegment(this.traced(call.deployed.spec), call.trace, {
      requestId: call.requestId,
      startNanos: call.acceptedNanos,
      endNanos: now,
      status,
      receivedNanos: now,
    })
  }

  /** What a refused call leaves: a metric, and a segment where the trace is recorded. */
  throttled(call: Call): Batch {
    this.#options.platform.counters.invocations.inc({ outcome: 'throttled' })
    const batch = newBatch()
    batch.metrics.push(...throttleMetrics(this.#metricSource(call)))
    if (call.trace.recorded) pushSpan(batch.spans, this.serviceSegment(call, 429))
    return batch
  }

  traced(spec: FunctionSpec): TracedFunction {
    return { spec, accountId: this.#options.platform.accountId, functionArn: this.functionArn(spec) }
  }

  functionArn(spec: FunctionSpec): string {
    const { region, accountId } = this.#options.platform
    return `arn:aws:lambda:${region}:${accountId}:function:${spec.name}`
  }

  async #invoke(call: Call, launch: Launch, traceHeader: string): Promise<InvocationRecord> {
    const { request, requestId, deployed } = call
    const { spec, pool } = deployed
    const environment = this.#environment(deployed, launch)
    try {
      const qualifier = request.qualifier ? `:${request.qualifier}` : ''
      return await environment.invoke({
        requestId,
        functionArn: this.functionArn(spec) + qualifier,
        traceHeader,
        payload: request.payload.byteLength === 0 ? Buffer.from('{}') : request.payload,
        ...callerContext(request),
      })
    } finally {
      pool.release(environment)
    }
  }

  #environment({ spec, pool }: Deployed, launch: Launch): Environment {
    const { platform, clock, guard } = this.#options
    const { region, accountId, daemonAddress } = platform
    const host = { region, accountId, daemonAddress, endpointUrl: platform.endpointUrl?.() }
    return pool.take({ spec, launch, clock, guard, host })
  }

  #metricSource(call: Call): MetricSource {
    const timeNanos = this.#options.clock()
    const { requestId, trace, deployed } = call
    const functionName = deployed.spec.name
    return { functionName, timeNanos, receivedNanos: timeNanos, requestId, traceId: trace.traceId }
  }

  #metrics(call: Call, record: InvocationRecord, concurrent: number): MetricPoint[] {
    const points = invocationMetrics(this.#metricSource(call), record, concurrent)
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
