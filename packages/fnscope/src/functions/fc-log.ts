// The lines that Function Compute writes around a function's own: `FC Invoke Start RequestId: …`, its End, and after an
// invocation what it cost. Only formats what the record says.
import type { FcControl } from './fc-headers.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { SystemLine, SystemLines } from './platform-log.ts'

const MARKS: Readonly<Record<FcControl, string>> = {
  initialize: 'Initialize',
  invoke: 'Invoke',
  'pre-freeze': 'PreFreeze',
  'pre-stop': 'PreStop',
}

const millis = (nanos: bigint): number => Number(nanos / 1000n) / 1000

/** When the function's own run began: a process that had to be started again inside the invocation is no part of it. */
export function runStartNanos(record: InvocationRecord): bigint {
  return record.inits.find((init) => init.phase === 'invoke')?.endNanos ?? record.startNanos
}

/** When it had answered, or ended otherwise. */
export function runEndNanos(record: InvocationRecord): bigint {
  return record.responseNanos ?? record.endNanos
}

export function fcRunMillis(record: InvocationRecord): number {
  return millis(runEndNanos(record) - runStartNanos(record))
}

/** What the caller and the log are told of a run that never answered; undefined: it did. */
export function fcFailure(
  spec: Pick<FunctionSpec, 'timeoutSeconds'>,
  record: InvocationRecord,
  control: FcControl,
  timeoutSeconds: number = spec.timeoutSeconds,
): string | undefined {
  const memory = `maxMemoryUsage: ${record.maxMemoryMb.toFixed(2)}MB`
  const what = control === 'initialize' ? 'Function initializer' : 'Function'
  if (record.status === 'timeout') return `${what} timed out after ${timeoutSeconds} seconds (${memory})`
  if (record.status !== 'failure') return undefined
  // `Runtime exited with error: exit status 1`: the status alone.
  const status = /: (.+)$/.exec(record.reason ?? '')?.[1]
  const reason = status === undefined ? '' : `, ${status}`
  const duration = Math.round(fcRunMillis(record))
  return `Process exited unexpectedly before completing request (duration: ${duration}ms, ${memory}${reason})`
}

export function fcSystemLines(
  spec: FunctionSpec,
  record: InvocationRecord,
  control: FcControl,
  failure: string | undefined,
): SystemLines {
  const line = (timeNanos: bigint, text: string, failed = false): SystemLine => ({ timeNanos, text, failed })
  const mark = `FC ${MARKS[control]}`
  const { requestId, endNanos } = record
  const duration = fcRunMillis(record)
  const cost =
    `Duration: ${duration.toFixed(2)} ms, Billed Duration: ${Math.max(1, Math.ceil(duration))} ms, ` +
    `Memory Size: ${spec.memoryMb} MB, Max Memory Used: ${record.maxMemoryMb.toFixed(2)} MB\n`
  return {
    beforeInit: [],
    betweenInits: [],
    beforeInvoke: [line(runStartNanos(record), `${mark} Start RequestId: ${requestId}\n`)],
    afterInvoke: [
      ...(failure === undefined ? [] : [line(endNanos, `${requestId} ERROR ${failure}\n`, true)]),
      line(endNanos, `${mark} End RequestId: ${requestId}\n`),
      ...(control === 'invoke' ? [line(endNanos, cost)] : []),
    ],
  }
}
