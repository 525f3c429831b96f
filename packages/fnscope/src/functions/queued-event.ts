// One asynchronous invocation as a job of the events queue: each attempt is a run of its own under one request id, and
// the service segment with `Dwell Time` and `Attempt #n` is written when the last attempt is over.
import { newSpanId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import type { Clock } from './clock.ts'
import type { Deployments } from './deployments.ts'
import type { EventJob } from './event-queue.ts'
import type { Call, FunctionRunner } from './function-runner.ts'
import { serviceSubsegment } from './system-trace.ts'
import type { TelemetryOutlet } from './telemetry-outlet.ts'

export interface QueuedEventOptions {
  readonly runner: FunctionRunner
  readonly deployments: Deployments
  readonly outlet: Pick<TelemetryOutlet, 'add'>
  readonly clock: Clock
}

export function queuedEvent(call: Call, options: QueuedEventOptions): EventJob {
  const { runner, deployments, outlet, clock } = options
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
  return {
    bytes: request.payload.byteLength,
    async attempt(number) {
      await deployments.launch(deployed)
      const spanId = newSpanId()
      const startNanos = clock()
      const run = await runner.run({ ...call, request }, spanId)
      if (parts.length === 0)
        part('Dwell Time', newSpanId(), { startNanos: acceptedNanos, endNanos: startNanos, failed: false })
      const failed = run.record.functionError !== undefined
      part(`Attempt #${number}`, spanId, { startNanos, endNanos: clock(), failed })
      outlet.add(run.telemetry)
      return !failed
    },
    async done() {
      // Function Compute writes a root of its own for each attempt.
      if (!trace.recorded || deployed.spec.fc !== undefined) return
      const spans = [runner.serviceSegment(call, 202), ...parts]
      outlet.add(() => ({ spans }))
    },
  }
}
