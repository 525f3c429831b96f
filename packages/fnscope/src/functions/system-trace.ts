// The spans that Lambda itself records of an invocation: segments AWS::Lambda and AWS::Lambda::Function with their
// subsegments, in the old style (Initialization, Invocation, Overhead) and the new one (Init, Overhead; no Invocation).
// Only formats what the invocation record says.
import { newSpanId } from '../span/id.ts'
import { completeSpan, type Span, type SpanInput, type SpanLink } from '../span/span.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { initAnatomySpans, runImportSpans } from './anatomy/anatomy-spans.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { RunIds, TraceContext } from './trace-context.ts'

export interface TracedFunction {
  readonly spec: Pick<FunctionSpec, 'name'>
  readonly accountId: string
  readonly functionArn: string
}

/** What of an invocation's trace its spans need. */
type SpanTrace = Pick<TraceContext, 'traceId' | 'parentId' | 'segmentId' | 'style'>

const KIND = { internal: 1, server: 2 } as const

function base(
  of: TracedFunction,
  trace: SpanTrace,
  requestId: string,
): Pick<SpanInput, 'traceId' | 'name' | 'source' | 'service' | 'accountId' | 'resourceArn' | 'requestId'> {
  return {
    traceId: trace.traceId,
    name: of.spec.name,
    source: 'lambda',
    service: of.spec.name,
    accountId: of.accountId,
    resourceArn: of.functionArn,
    requestId,
  }
}

/** The service's own view of a request: status 200 for function errors too, 202 for events, 429 with `throttle`. */
export function serviceSegment(
  of: TracedFunction,
  trace: SpanTrace,
  call: {
    readonly requestId: string
    readonly startNanos: bigint
    readonly endNanos?: bigint
    readonly status: number
    readonly receivedNanos: bigint
    readonly links?: readonly SpanLink[]
  },
): Span {
  const throttle = call.status === 429
  return completeSpan({
    ...base(of, trace, call.requestId),
    spanId: trace.segmentId,
    ...(trace.parentId === undefined ? {} : { parentId: trace.parentId }),
    startNanos: call.startNanos,
    ...(call.endNanos === undefined ? {} : { endNanos: call.endNanos }),
    receivedNanos: call.receivedNanos,
    kind: KIND.server,
    segment: true,
    rootRank: trace.parentId === undefined ? ROOT_RANK.root : ROOT_RANK.entry,
    origin: 'AWS::Lambda',
    http: { status: call.status },
    throttle,
    error: throttle,
    attributes: { 'aws.request_id': call.requestId },
    ...(call.links === undefined || call.links.length === 0 ? {} : { links: call.links }),
  })
}

/** A part of the service segment of an asynchronous event: `Dwell Time`, `Attempt #1`. */
export function serviceSubsegment(
  of: TracedFunction,
  trace: SpanTrace,
  part: {
    readonly name: string
    readonly spanId: string
    readonly requestId: string
    readonly startNanos: bigint
    readonly endNanos: bigint
    readonly failed: boolean
    readonly receivedNanos: bigint
  },
): Span {
  return completeSpan({
    ...base(of, trace, part.requestId),
    name: part.name,
    spanId: part.spanId,
    parentId: trace.segmentId,
    startNanos: part.startNanos,
    endNanos: part.endNanos,
    receivedNanos: part.receivedNanos,
    kind: KIND.internal,
    fault: part.failed,
    statusCode: part.failed ? 2 : 0,
  })
}

/** The function segment with its subsegments. @param parentId the service segment, or an event's attempt */
export function functionSpans(
  of: TracedFunction,
  trace: SpanTrace,
  run: {
    readonly record: InvocationRecord
    readonly ids: Pick<RunIds, 'functionId' | 'invocationId'>
    readonly parentId: string
    readonly receivedNanos: bigint
    /** Of the parts that nobody refers to. Default: random. */
    readonly newId?: (name: string) => string
  },
): Span[] {
  const { record, ids, receivedNanos } = run
  const old = trace.style === 'old'
  const common = base(of, trace, record.requestId)
  const arn = { 'aws.function_arn': of.functionArn }
  // What the handler raised is the function's error; a process that ended or was stopped is a fault.
  const error = record.status === 'error' && record.responseNanos !== undefined
  const fault = record.status !== 'success' && !error
  const flags = {
    error,
    fault,
    statusCode: error || fault ? 2 : 0,
    ...(record.cause === undefined ? {} : { cause: record.cause }),
  }
  const spans: Span[] = [
    completeSpan({
      ...common,
      ...flags,
      spanId: ids.functionId,
      parentId: run.parentId,
      startNanos: record.startNanos,
      endNanos: record.endNanos,
      receivedNanos,
      kind: KIND.server,
      segment: true,
      rootRank: ROOT_RANK.entry,
      origin: 'AWS::Lambda::Function',
      coldStart:
        record.initializationType !== 'provisioned-concurrency' && record.inits.some((init) => init.phase === 'init'),
      attributes: { ...arn, 'aws.account_id': of.accountId, 'aws.resource_names': [of.spec.name] },
    }),
  ]
  const part = (name: string, startNanos: bigint, endNanos: bigint, more: Partial<Span>): string => {
    const spanId = run.newId?.(name) ?? newSpanId()
    const input = { ...common, name, spanId, parentId: ids.functionId, startNanos, endNanos, receivedNanos }
    spans.push(completeSpan({ ...input, kind: KIND.internal, attributes: arn, ...more }))
    return spanId
  }
  const below = { ...common, receivedNanos, attributes: arn }
  for (const init of record.inits) {
    const failed = init.status !== 'success'
    // May lie before its segment: the function segment is the invoke phase, as its Duration is.
    const outcome = { fault: failed, statusCode: failed ? 2 : 0 }
    const id = part(old ? 'Initialization' : 'Init', init.startNanos, init.endNanos, outcome)
    spans.push(...initAnatomySpans(init, below, id))
  }
  const { responseNanos } = record
  const reached = record.inits.every((init) => init.phase === 'init' || init.status === 'success')
  if (old && reached) {
    const begin = record.inits.find((init) => init.phase === 'invoke')?.endNanos ?? record.startNanos
    part('Invocation', begin, responseNanos ?? record.endNanos, { ...flags, spanId: ids.invocationId })
  }
  const within = { parentId: old && reached ? ids.invocationId : ids.functionId, startNanos: record.startNanos }
  spans.push(...runImportSpans(record, below, { ...within, endNanos: responseNanos ?? record.endNanos }))
  const runtimeDoneNanos = record.runtimeDoneNanos ?? record.endNanos
  if (responseNanos !== undefined) part('Overhead', responseNanos, runtimeDoneNanos, {})
  for (const { name, endNanos } of record.extensions ?? [])
    if (endNanos > runtimeDoneNanos) part(`Extension - ${name}`, runtimeDoneNanos, endNanos, {})
  return spans
}
