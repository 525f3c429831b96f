// A function's AWS call that went through fnscope, as the client span of its invocation: what an instrumented SDK would
// have sent, with X-Ray's names.
import type { FunctionCaller } from '../functions/caller-keys.ts'
import { newSpanId } from '../span/id.ts'
import { peerOf } from '../span/peer.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { completeSpan, type Span } from '../span/span.ts'
import { parseTraceHeader, type TraceHeader } from '../span/trace-header.ts'
import type { AwsCall } from './aws-call.ts'
import { CLIENT } from '../span/span-kind.ts'

/** A call on its way. */
export interface OpenCall {
  readonly caller: FunctionCaller
  /** Of the span that will be. */
  readonly spanId: string
  /** What the call hangs under, and the trace. */
  readonly trace: TraceHeader
  /** X-Amzn-Trace-Id for who answers: its work hangs under the call, unless an SDK's span of the call stands between. */
  readonly onward: TraceHeader
  readonly startNanos: bigint
}

/** @param sent the request's own X-Amzn-Trace-Id. Undefined: nothing of this invocation is recorded. */
export function openCall(caller: FunctionCaller, sent: string | undefined, startNanos: bigint): OpenCall | undefined {
  const own = parseTraceHeader(caller.traceHeader)
  if (!caller.recorded || own.traceId === undefined) return undefined
  const given = parseTraceHeader(sent)
  const followed = given.traceId === own.traceId ? given : own
  const spanId = newSpanId()
  // A parent other than the invocation's is an SDK's own span, which knows its children.
  const bare = followed.parentId === undefined || followed.parentId === own.parentId
  return {
    caller,
    spanId,
    trace: { ...own, ...(followed.parentId === undefined ? {} : { parentId: followed.parentId }) },
    onward: bare ? { ...own, parentId: spanId } : followed,
    startNanos,
  }
}

export interface CallEnd {
  readonly call: AwsCall
  readonly region: string
  readonly accountId: string
  readonly method: string
  readonly url: string
  /** 0: no answer. */
  readonly status: number
  readonly requestId: string | undefined
  /** Tries before this one, as the SDK says. */
  readonly retries: number
  readonly endNanos: bigint
}

export function callSpan({ caller, spanId, trace, startNanos }: OpenCall, end: CallEnd): Span {
  const { call, status, endNanos } = end
  const { resource } = call
  const peer = peerOf({
    namespace: 'aws',
    name: call.service,
    tableName: resource['table_name'],
    queueUrl: resource['queue_url'],
    bucketName: resource['bucket_name'],
    functionName: resource['function_name'],
    topicName: resource['topic_arn'],
  })
  const failed = status === 0 || status >= 500
  return completeSpan({
    traceId: trace.traceId!,
    spanId,
    ...(trace.parentId === undefined ? {} : { parentId: trace.parentId }),
    startNanos,
    endNanos: endNanos < startNanos ? startNanos : endNanos,
    name: call.service,
    source: 'lambda',
    service: caller.functionName,
    kind: CLIENT,
    rootRank: ROOT_RANK.inner,
    namespace: 'aws',
    ...(peer === undefined ? {} : { peer }),
    error: status >= 400 && status < 500,
    fault: failed,
    throttle: status === 429,
    statusCode: failed || status >= 400 ? 2 : 0,
    requestId: caller.requestId,
    http: { method: end.method, url: end.url, ...(status === 0 ? {} : { status }) },
    attributes: {
      'aws.operation': call.operation,
      'aws.region': end.region,
      'aws.account_id': end.accountId,
      ...(end.requestId === undefined ? {} : { 'aws.request_id': end.requestId }),
      ...(end.retries === 0 ? {} : { 'aws.retries': end.retries }),
      ...Object.fromEntries(Object.entries(resource).map(([name, value]) => [`aws.${name}`, value])),
    },
    receivedNanos: endNanos,
  })
}

/** `amz-sdk-request: attempt=2; max=5` */
export function retriesOf(header: string | readonly string[] | undefined): number {
  const attempt = /attempt=(\d+)/.exec(String(header ?? ''))?.[1]
  return attempt === undefined ? 0 : Math.max(0, Number(attempt) - 1)
}
