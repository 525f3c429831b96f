// One asynchronous invocation as a job of the events queue: each attempt is a run of its own under one request id, and
// the service segment with `Dwell Time` and `Attempt #n` is written when the last attempt is over.
import { newSpanId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import type { Clock } from './clock.ts'
import type { Deployments } from './deployments.ts'
import type { EndedEvent } from './event-destination.ts'
import type { EventJob } from './event-queue.ts'
import type { Call, FunctionRunner } from './function-runner.ts'
import { serviceSubsegment } from './system-trace.ts'
import type { TelemetryOutlet } from './telemetry-outlet.ts'

export interface QueuedEventOptions {
  readonly runner: FunctionRunner
  readonly deployments: Deployments
  readonly outlet: Pick<TelemetryOutlet, 'add'>
  readonly clock: Clock
  /** Told when the event is over, for its destinations. */
  readonly onEnd: (event: EndedEvent) => Promise<void>
}

const DEFAULT_RETRIES = 2
/** Six hours. */
const DEFAULT_MAX_AGE_SECONDS = 21_600

export function queuedEvent(call: Call, options: QueuedEventOptions): EventJob {
  const { runner, deployments, outlet, clock, onEnd } = options
  const { trace, requestId, acceptedNanos, deployed } = call
  // The client context is a synchronous caller's alone.
  const request = { ...call.request, clientContext: undefined }
  const parts: Span[] = []
  const part = (
    name: string,
    spanId: string,
    times: { readonly startNanos: bigint; readonly endNanos: bigint; readonly failed: boolean },
  ): void => {
    const of = runner.traced(deployed.spec)
    parts.push(serviceSubsegment(of, trace, { name, spanId, requestId, receivedNanos: times.endNanos, ...times }))
  }
  const { maximumRetryAttempts = DEFAULT_RETRIES, maximumEventAgeSeconds = DEFAULT_MAX_AGE_SECONDS } =
    deployed.spec.asynchronous ?? {}
  let response: EndedEvent['response']
  return {
    functionName: deployed.spec.name,
    bytes: request.payload.byteLength,
    retries: maximumRetryAttempts,
    maxAgeMs: maximumEventAgeSeconds * 1000,
    async attempt(number) {
      await deployments.launch(deployed)
      const spanId = newSpanId()
      const startNanos = clock()
      const fc = deployed.spec.fc === undefined ? {} : { fc: { ...request.fc, retryCount: number - 1 } }
      const run = await runner.run({ ...call, request: { ...request, ...fc } }, spanId)
      if (parts.length === 0)
        part('Dwell Time', newSpanId(), { startNanos: acceptedNanos, endNanos: startNanos, failed: false })
      const failed = run.record.functionError !== undefined
      part(`Attempt #${number}`, spanId, { startNanos, endNanos: clock(), failed })
      outlet.add(run.telemetry)
      response = { payload: run.record.payload, functionError: run.record.functionError }
      return !failed
    },
    async done(attempts, end) {
      // Function Compute writes a root of its own for each attempt.
      if (trace.recorded && deployed.spec.fc === undefined) {
        const spans = [runner.serviceSegment(call, 202), ...parts]
        outlet.add(() => ({ spans }))
      }
      if (end === 'stopped') return
      await onEnd({
        end,
        requestId,
        functionArn: runner.functionArn(deployed.spec),
        timeMillis: Number(clock() / 1_000_000n),
        attempts,
        requestPayload: request.payload,
        ...(response ? { response } : {}),
      })
    },
  }
}
