// The trace of one invocation: whose it is, whether it is recorded, and the ids of the platform's own spans.
import { formatXrayTraceId, newSpanId, newTraceId } from '../span/id.ts'
import { formatTraceHeader, parseTraceHeader, type TraceHeader } from '../span/trace-header.ts'
import type { FunctionSpec, SegmentStyle } from './function-spec.ts'

/** The ids under which one run of the function is recorded: a retry of an asynchronous event gets new ones. */
export interface RunIds {
  /** The AWS::Lambda::Function segment: the XRAY line's SegmentId in either style. */
  readonly functionId: string
  /** Its Invocation subsegment; used in the old style. */
  readonly invocationId: string
  /** For the runtime: its Parent is what SDK subsegments hang under. */
  readonly runtimeHeader: string
}

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** The caller's span, if it named one. */
  readonly parentId: string | undefined
  readonly sampled: boolean
  /** Segments are written. Not so where PassThrough of the new style merely hands the context on. */
  readonly recorded: boolean
  /** The log has an XRAY line. */
  readonly announced: boolean
  readonly style: SegmentStyle
  /** The AWS::Lambda segment. */
  readonly segmentId: string
  /** For the caller: X-Amzn-Trace-Id of the answer. */
  readonly answerHeader: string
  readonly upstream: TraceHeader
}

export interface SamplingOptions {
  /** all: whatever nobody decided is recorded; cloud: as Lambda does. */
  readonly mode: 'all' | 'cloud'
  /** Asked in cloud mode for Active functions only. */
  readonly take: () => boolean
}

/** @param header X-Amzn-Trace-Id of the request: `Sampled=0` and `1` are obeyed in both modes. */
export function traceContext(
  spec: Pick<FunctionSpec, 'tracing' | 'segmentStyle'>,
  header: string | undefined,
  options: { readonly nowNanos: bigint; readonly sampling: SamplingOptions; readonly style?: SegmentStyle | undefined },
): TraceContext {
  const upstream = parseTraceHeader(header)
  const { mode, take } = options.sampling
  const active = spec.tracing === 'Active'
  const said = typeof upstream.sampled === 'boolean' ? upstream.sampled : undefined
  const sampled = said ?? (mode === 'all' || (active && take()))
  const style = options.style ?? spec.segmentStyle
  const traceId = upstream.traceId ?? newTraceId(Number(options.nowNanos / 1_000_000_000n))
  const segmentId = newSpanId()
  // The developer guide says that PassThrough merely propagates, older texts that it is traced when upstream was.
  const recorded = sampled && (active || mode === 'all' || style === 'old')
  return {
    traceId,
    parentId: upstream.traceId === undefined ? undefined : upstream.parentId,
    sampled,
    recorded,
    announced: sampled ? recorded : active || upstream.traceId !== undefined,
    style,
    segmentId,
    answerHeader: formatTraceHeader({ traceId, parentId: segmentId, sampled, rest: upstream.rest }),
    upstream,
  }
}

/** New ids for one run within the trace. */
export function runIds(trace: TraceContext): RunIds {
  const functionId = newSpanId()
  const invocationId = newSpanId()
  const own = trace.style === 'old' ? invocationId : functionId
  const parentId = trace.sampled && !trace.recorded ? (trace.parentId ?? own) : own
  const { traceId, sampled, upstream } = trace
  return {
    functionId,
    invocationId,
    runtimeHeader: formatTraceHeader({ traceId, parentId, sampled, rest: upstream.rest }),
  }
}

export function xrayTraceId(trace: TraceContext): string {
  return formatXrayTraceId(trace.traceId)
}
