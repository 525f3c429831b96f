// Stage tracing: the segment that API Gateway writes for a request, and its subsegment for the call of the function.
import type { RestApiSpec } from '../../functions/trigger-spec.ts'
import { newSpanId } from '../../span/id.ts'
import { peerOf } from '../../span/peer.ts'
import { ROOT_RANK } from '../../span/span-batch.ts'
import { completeSpan, type Span } from '../../span/span.ts'
import { millisToNanos } from '../../span/time.ts'
import { CLIENT, SERVER } from '../../span/span-kind.ts'

export interface StageTraceOptions {
  readonly api: RestApiSpec
  readonly region: string
  readonly accountId: string
  readonly trace: { readonly traceId: string; readonly parentId?: string }
  readonly functionName: string
  readonly method: string
  readonly url: string
  readonly clientIp: string
  readonly userAgent: string | undefined
  readonly startMs: number
  readonly now: () => number
  readonly onSpan: (span: Span) => void
}

export interface StageTrace {
  /** Id of the subsegment: what the function's segment has as its parent. */
  readonly parentId: string
  startInvoke(): void
  /** The status that the function's service answered. */
  endInvoke(status: number): void
  /** Hands both spans over; the status is the client's. */
  end(status: number): void
}

function flagsOf(status: number): Pick<Span, 'error' | 'fault' | 'throttle' | 'statusCode'> {
  return {
    error: status >= 400 && status < 500,
    fault: status >= 500,
    throttle: status === 429,
    statusCode: status >= 400 ? 2 : 0,
  }
}

export function openStageTrace(options: StageTraceOptions): StageTrace {
  const { api, region, accountId, functionName, trace, onSpan } = options
  const segmentId = newSpanId()
  const callId = newSpanId()
  const service = `${api.name ?? api.stack}/${api.stage}`
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${functionName}`
  let callStartMs: number | undefined
  let call: { readonly status: number; readonly endMs: number } | undefined

  const callSpan = (receivedNanos: bigint): Span | undefined => {
    if (callStartMs === undefined) return undefined
    const { status, endMs } = call ?? { status: 500, endMs: options.now() }
    const peer = peerOf({ namespace: 'aws', name: 'Lambda', functionName })
    return completeSpan({
      traceId: trace.traceId,
      spanId: callId,
      parentId: segmentId,
      startNanos: millisToNanos(callStartMs),
      endNanos: millisToNanos(Math.max(endMs, callStartMs)),
      name: 'Lambda',
      source: 'lambda',
      service,
      kind: CLIENT,
      rootRank: ROOT_RANK.inner,
      namespace: 'aws',
      ...(peer === undefined ? {} : { peer }),
      ...flagsOf(status),
      http: {
        method: 'POST',
        url: `https://lambda.${region}.amazonaws.com/2015-03-31/functions/${arn}/invocations`,
        status,
      },
      attributes: { 'aws.operation': 'Invoke', 'aws.region': region, 'aws.function_name': functionName },
      receivedNanos,
    })
  }

  return {
    parentId: callId,
    startInvoke() {
      callStartMs = options.now()
    },
    endInvoke(status) {
      call = { status, endMs: options.now() }
    },
    end(status) {
      const endMs = Math.max(options.now(), options.startMs)
      const receivedNanos = millisToNanos(endMs)
      const child = callSpan(receivedNanos)
      onSpan(
        completeSpan({
          ...trace,
          spanId: segmentId,
          startNanos: millisToNanos(options.startMs),
          endNanos: millisToNanos(endMs),
          name: service,
          source: 'lambda',
          service,
          kind: SERVER,
          segment: true,
          rootRank: trace.parentId === undefined ? ROOT_RANK.root : ROOT_RANK.entry,
          origin: 'AWS::ApiGateway::Stage',
          accountId,
          resourceArn: `arn:aws:apigateway:${region}::/restapis/${api.apiId}/stages/${api.stage}`,
          ...flagsOf(status),
          http: {
            method: options.method,
            url: options.url,
            clientIp: options.clientIp,
            status,
            ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
          },
          receivedNanos,
        }),
      )
      if (child) onSpan(child)
    },
  }
}
