// The spans that Lambda itself records of an invocation, made again from its REPORT line: for functions that another cloud
// runs here, whose SDKs send their subsegments to us while nobody sends the segments around them. Every id follows from the
// request id: the same line read twice makes the same spans.
import { createHash } from 'node:crypto'
import type { Span } from '../span/span.ts'
import type { InvocationRecord } from './invocation-record.ts'
import { functionSpans, serviceSegment, type TracedFunction } from './system-trace.ts'
import type { TraceContext } from './trace-context.ts'

export interface RebuiltInvocation {
  readonly functionName: string
  readonly requestId: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly initDurationMs?: number
  readonly status: 'success' | 'timeout' | 'failure'
  readonly errorType?: string
  /** 32 hex digits; absent: a trace of its own. */
  readonly traceId?: string
  /** The span under which the SDKs hang theirs; absent: not known. */
  readonly functionId?: string
}

export interface RebuiltIn {
  readonly region: string
  readonly accountId: string
  readonly receivedNanos: bigint
}

const NANOS_PER_MS = 1_000_000

/** The trace of an invocation that no SDK tells of: 8 digits of its second, then its request's. */
export function ownTraceId({ requestId, startNanos }: Pick<RebuiltInvocation, 'requestId' | 'startNanos'>): string {
  const seconds = (startNanos / 1_000_000_000n).toString(16).padStart(8, '0')
  return seconds + idOf(requestId, 'trace', 24)
}

export function rebuiltSpans(invocation: RebuiltInvocation, { region, accountId, receivedNanos }: RebuiltIn): Span[] {
  const { functionName, requestId, startNanos, endNanos, status } = invocation
  const of: TracedFunction = {
    spec: { name: functionName },
    accountId,
    functionArn: `arn:aws:lambda:${region}:${accountId}:function:${functionName}`,
  }
  const trace: Pick<TraceContext, 'traceId' | 'parentId' | 'segmentId' | 'style'> = {
    traceId: invocation.traceId ?? ownTraceId(invocation),
    parentId: undefined,
    segmentId: idOf(requestId, 'service', 16),
    style: 'new',
  }
  const initNanos = BigInt(Math.round((invocation.initDurationMs ?? 0) * NANOS_PER_MS))
  const record: InvocationRecord = {
    requestId,
    inits:
      initNanos === 0n
        ? []
        : [{ phase: 'init', startNanos: startNanos - initNanos, endNanos: startNanos, status: 'success' }],
    startNanos,
    responseNanos: undefined,
    endNanos,
    status,
    errorType: invocation.errorType,
    reason: undefined,
    cause: undefined,
    payload: new Uint8Array(),
    functionError: undefined,
    maxMemoryMb: 0,
    lines: [],
    droppedLines: 0,
    logStream: '',
  }
  const functionId = invocation.functionId ?? idOf(requestId, 'function', 16)
  const spans = [
    serviceSegment(of, trace, { requestId, startNanos: startNanos - initNanos, endNanos, status: 200, receivedNanos }),
    ...functionSpans(of, trace, {
      record,
      ids: { functionId, invocationId: functionId },
      parentId: trace.segmentId,
      receivedNanos,
      newId: (name) => idOf(requestId, name, 16),
    }),
  ]
  return spans.map((span) => ({ ...span, attributes: { ...span.attributes, 'fnscope.rebuilt_from': 'log' } }))
}

function idOf(requestId: string, what: string, digits: number): string {
  return createHash('sha256').update(`${what} ${requestId}`).digest('hex').slice(0, digits)
}
