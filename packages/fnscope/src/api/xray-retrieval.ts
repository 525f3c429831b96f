// StartTraceRetrieval, ListRetrievedTraces, GetRetrievedTracesGraph, CancelTraceRetrieval. In the cloud they bring traces
// back that were not indexed; here every trace is at hand, so that a retrieval is complete at once.
import { randomUUID } from 'node:crypto'
import { encodeAwsSpans } from '../codec/aws-span.ts'
import type { Span } from '../span/span.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { TimeRange } from '../query/reader.ts'
import { graphOfSpans } from '../query/service-graph.ts'
import { invalid, notFound } from './xray-error.ts'
import { servicesOf } from './xray-graph.ts'
import {
  encodeToken,
  invalidToken,
  nameMember,
  refuseToken,
  textMember,
  timeRangeOf,
  tokenMember,
  type XrayBody,
} from './xray-request.ts'
import { traceIdsMember, traceShapes, type TraceShape, type TracesOptions } from './xray-traces.ts'

export interface RetrievalOptions extends TracesOptions {
  readonly retrievals: TraceRetrievals
}

interface Retrieval {
  readonly traceIds: readonly string[]
  readonly range: TimeRange
  readonly startedNanos: bigint
  readonly cancelled: boolean
}

const KEPT_NANOS = 3_600_000_000_000n
const MAX_RETRIEVALS = 1000

/** Retrievals of the last hour, in memory: after a restart their tokens are unknown. */
export class TraceRetrievals {
  readonly #byToken = new Map<string, Retrieval>()

  start(retrieval: Omit<Retrieval, 'cancelled'>): string {
    for (const [token, { startedNanos }] of this.#byToken) {
      const isOld = startedNanos < retrieval.startedNanos - KEPT_NANOS
      if (!isOld && this.#byToken.size < MAX_RETRIEVALS) break
      this.#byToken.delete(token)
    }
    const token = randomUUID()
    this.#byToken.set(token, { ...retrieval, cancelled: false })
    return token
  }

  find(token: string, nowNanos: bigint): Retrieval | undefined {
    const retrieval = this.#byToken.get(token)
    return retrieval && retrieval.startedNanos >= nowNanos - KEPT_NANOS ? retrieval : undefined
  }

  cancel(token: string): void {
    const retrieval = this.#byToken.get(token)
    if (retrieval) this.#byToken.set(token, { ...retrieval, cancelled: true })
  }
}

export function startTraceRetrieval(body: XrayBody, { retrievals, now }: RetrievalOptions): object {
  const startedNanos = now()
  const range = timeRangeOf(body, startedNanos)
  return { RetrievalToken: retrievals.start({ traceIds: traceIdsMember(body), range, startedNanos }) }
}

export function cancelTraceRetrieval(body: XrayBody, options: RetrievalOptions): object {
  options.retrievals.cancel(retrievalMember(body, options).token)
  return {}
}

const TRACES_A_PAGE = 5
const SPANS_A_TRACE = 100

/** Segments, or spans, of a trace beyond the first hundred come on the next page, under the trace's id again. */
export async function listRetrievedTraces(body: XrayBody, options: RetrievalOptions): Promise<object> {
  const { token, retrieval } = retrievalMember(body, options)
  const format = textMember(body, 'TraceFormat') ?? 'XRAY'
  if (format !== 'XRAY' && format !== 'OTEL') throw invalid('TraceFormat must be XRAY or OTEL.')
  const content = tokenMember(body, 3)
  if (content && (content[0] !== token || !content.every((one, i) => i === 0 || /^\d{1,9}$/.test(one)))) {
    throw invalidToken()
  }
  if (retrieval.cancelled) return { RetrievalStatus: 'CANCELLED', TraceFormat: format, Traces: [] }

  const [from, skipped] = [Number(content?.[1] ?? 0), Number(content?.[2] ?? 0)]
  const ids = retrieval.traceIds.slice(from, from + TRACES_A_PAGE)
  const found = await retrievedSpans(ids, retrieval.range, options)
  const shapes = await traceShapes([...found.keys()], options)
  const traces: object[] = []
  for (const [i, id] of ids.entries()) {
    const shape = shapes.get(id)
    if (!shape) continue
    const start = i === 0 ? skipped : 0
    const spans = format === 'OTEL' ? otelSpans(found.get(id) ?? []) : shape.Segments
    traces.push({ Id: shape.Id, Duration: shape.Duration, Spans: spans.slice(start, start + SPANS_A_TRACE) })
    if (spans.length > start + SPANS_A_TRACE) {
      return answer(traces, encodeToken([token, String(from + i), String(start + SPANS_A_TRACE)]))
    }
  }
  const more = from + ids.length < retrieval.traceIds.length
  return answer(traces, more ? encodeToken([token, String(from + ids.length), '0']) : undefined)

  function answer(Traces: readonly object[], next: string | undefined): object {
    return {
      RetrievalStatus: 'COMPLETE',
      TraceFormat: format,
      Traces,
      ...(next === undefined ? {} : { NextToken: next }),
    }
  }
}

/** Subsegments are spans of their own. */
function otelSpans(spans: readonly Span[]): TraceShape['Segments'] {
  return encodeAwsSpans(spans).map(({ id, document }) => ({ Id: id, Document: document }))
}

export async function getRetrievedTracesGraph(body: XrayBody, options: RetrievalOptions): Promise<object> {
  const { retrieval } = retrievalMember(body, options)
  refuseToken(body)
  if (retrieval.cancelled) return { RetrievalStatus: 'CANCELLED', Services: [] }
  const found = await retrievedSpans(retrieval.traceIds, retrieval.range, options)
  const { nodes } = graphOfSpans([...found.values()].flat())
  return {
    RetrievalStatus: 'COMPLETE',
    Services: servicesOf(nodes).map((Service) => ({ Service, Links: [] })),
  }
}

/** Of the traces of which something ran in the range. */
async function retrievedSpans(
  ids: readonly string[],
  { startNanos, endNanos }: TimeRange,
  { reader }: TracesOptions,
): Promise<Map<string, Span[]>> {
  const traces = groupByTrace(await reader.readSpans(ids))
  const isIn = (span: Span): boolean =>
    span.startNanos < endNanos && (span.endNanos === undefined || span.endNanos >= startNanos)
  for (const [id, spans] of traces) if (!spans.some(isIn)) traces.delete(id)
  return traces
}

function retrievalMember(
  body: XrayBody,
  { retrievals, now }: RetrievalOptions,
): { readonly token: string; readonly retrieval: Retrieval } {
  const token = nameMember(body, 'RetrievalToken', 1020)
  const retrieval = retrievals.find(token, now())
  if (!retrieval) {
    throw notFound('There is no retrieval with this RetrievalToken: it is forgotten after an hour and at a restart.')
  }
  return { token, retrieval }
}
