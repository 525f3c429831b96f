// Invocations as a function's log tells them: one for each REPORT, with what START and the lines between said.
import type { LogRecord } from '../span/log-record.ts'
import { parseLambdaLine, type LambdaReport } from './lambda-log.ts'

export interface LoggedInvocation {
  readonly functionName: string
  readonly requestId: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly report: LambdaReport
  readonly status: 'success' | 'timeout' | 'failure'
  /** 32 hex digits: that of the lines, when they name one. */
  readonly traceId?: string
}

/** Of the records of decodeLogEvents, in their order. An invocation is known when its REPORT is among them. */
export function invocationsOf(logs: readonly LogRecord[]): LoggedInvocation[] {
  const failed = new Map<string, 'timeout' | 'failure'>()
  const traces = new Map<string, string>()
  const found: LoggedInvocation[] = []
  for (const record of logs) {
    const { requestId, traceId } = record
    if (requestId !== undefined && traceId !== undefined) traces.set(requestId, traceId)
    const line = record.kind === 'platform' ? parseLambdaLine(record.body) : undefined
    if (line?.type === 'failed') failed.set(line.requestId, line.status)
    if (line?.type !== 'report') continue
    const said = line.trace?.traceId ?? traces.get(line.requestId)
    found.push({
      functionName: record.service,
      requestId: line.requestId,
      // The REPORT is written at the end; START's own time is that of the writing too, in some clouds.
      startNanos: record.timeNanos - BigInt(Math.round(line.durationMs * 1e6)),
      endNanos: record.timeNanos,
      report: line,
      status: failed.get(line.requestId) ?? statusOf(line.status),
      ...(said === undefined ? {} : { traceId: said }),
    })
  }
  return found
}

function statusOf(reported: string | undefined): LoggedInvocation['status'] {
  if (reported === undefined) return 'success'
  return reported === 'timeout' ? 'timeout' : 'failure'
}
