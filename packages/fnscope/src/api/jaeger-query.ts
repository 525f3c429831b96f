// Jaeger's query API over HTTP, as its page and Grafana's Jaeger source ask: services, operations, traces, dependencies.
// Contract: jaegertracing 2, docs/protocols/jaeger-query.md. The search's parameters are jaeger-search.ts.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { encodeJaegerTrace, jaegerTraceId, SPAN_KINDS, type JaegerTrace } from '../codec/jaeger-json.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { Reader, TimeRange } from '../query/reader.ts'
import { readDependencies } from '../query/service-dependencies.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_DAY, type TimeBounds } from '../span/time.ts'
import {
  allOf,
  clampNanos,
  refused,
  requiredText,
  textOf,
  traceIdOf,
  wholeOf,
  type JaegerQuery,
} from './jaeger-request.ts'
import { mountJaegerMetrics } from './jaeger-metrics.ts'
import { readSearch } from './jaeger-search.ts'

export interface JaegerQueryOptions {
  readonly reader: Reader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** What is kept: services and operations are those of all of it. */
  readonly bounds: () => TimeBounds
}

interface JaegerError {
  readonly code?: number
  readonly msg: string
  readonly traceID?: string
}

/** Traces by id in one request. */
const MAX_TRACE_IDS = 500

export function mountJaegerQuery(server: FastifyInstance, options: JaegerQueryOptions): void {
  const { reader } = options
  server.get('/api/services', async (request, reply) => {
    const services = await reader.services(keptRange(options))
    return answer(request, reply, services, { total: services.length })
  })
  server.get('/api/services/:service/operations', async (request, reply) => {
    const { service } = request.params as { readonly service: string }
    const found = await reader.operations(keptRange(options), service)
    const names = [...new Set(found.map(({ name }) => name))]
    return answer(request, reply, names, { total: names.length })
  })
  server.get('/api/operations', async (request, reply) => {
    const query = request.query as JaegerQuery
    const kind = textOf(query, 'spanKind')
    const found = await reader.operations(keptRange(options), requiredText(query, 'service'))
    const shown = found.map(({ name, kind }) => ({ name, spanKind: SPAN_KINDS[kind] ?? '' }))
    const operations = shown.filter(({ spanKind }) => kind === undefined || spanKind === kind)
    return answer(request, reply, operations, { total: operations.length })
  })
  server.get('/api/traces', async (request, reply) => {
    const query = request.query as JaegerQuery
    const ids = allOf(query, 'traceID').map(traceIdOf)
    if (ids.length > 0) return await answerTraces(request, reply, { reader, ids })
    const rows = await reader.listTraces(await readSearch(query, options))
    return answer(request, reply, tracesOf(await reader.readListed(rows), rows))
  })
  server.get('/api/traces/:id', async (request, reply) => {
    const query = request.query as JaegerQuery
    for (const name of ['start', 'end']) wholeOf(query, name)
    const spans = await readJoinedTrace(reader, traceIdOf((request.params as { readonly id: string }).id))
    if (spans.length > 0) return answer(request, reply, [encodeJaegerTrace(spans)])
    return await reply
      .code(404)
      .header('content-type', JSON_TYPE)
      .send(envelope(null, { errors: [NOT_FOUND] }))
  })
  mountJaegerMetrics(server, options)
  server.get('/api/dependencies', async (request, reply) => {
    const found = await readDependencies(reader, dependencyRange(request.query as JaegerQuery, options.now()))
    const dependencies = found.map(({ parent, child, callCount }) => ({ parent, child, callCount }))
    return answer(request, reply, dependencies)
  })
}

const NOT_FOUND: JaegerError = { code: 404, msg: 'trace not found' }
const JSON_TYPE = 'application/json'

/** Errors in Jaeger's envelope. */
export const jaegerErrorFormat: ErrorFormat = ({ status, message }) => ({
  headers: { 'content-type': JSON_TYPE },
  body: envelope(null, { errors: [{ code: status, msg: message }] }),
})

function envelope(
  data: unknown,
  {
    total = 0,
    errors = null,
    indent,
  }: { total?: number; errors?: readonly JaegerError[] | null; indent?: number } = {},
): string {
  return JSON.stringify({ data, total, limit: 0, offset: 0, errors }, undefined, indent)
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  data: unknown,
  options: { readonly total?: number; readonly errors?: readonly JaegerError[] | null } = {},
): FastifyReply {
  const pretty = textOf(request.query as JaegerQuery, 'prettyPrint') === 'true' ? { indent: 4 } : {}
  return reply.header('content-type', JSON_TYPE).send(envelope(data, { ...options, ...pretty }))
}

/** All that can be stored now. */
function keptRange({ bounds }: JaegerQueryOptions): TimeRange {
  const { minNanos, maxNanos } = bounds()
  return { startNanos: minNanos, endNanos: maxNanos }
}

/** In the order in which they are asked for; what is not there is said beside the others. */
async function answerTraces(
  request: FastifyRequest,
  reply: FastifyReply,
  { reader, ids }: { readonly reader: Reader; readonly ids: readonly string[] },
): Promise<FastifyReply> {
  const wanted = [...new Set(ids)]
  if (wanted.length > MAX_TRACE_IDS)
    throw refused(`'traceID' may be given ${MAX_TRACE_IDS} times, not ${wanted.length}.`)
  const spans = await reader.readSpans(wanted)
  const traces = tracesOf(
    spans,
    wanted.map((traceId) => ({ traceId })),
  )
  const found = new Set(spans.map(({ traceId }) => traceId))
  const missing = wanted.filter((id) => !found.has(id))
  const errors = missing.map((id) => ({ msg: NOT_FOUND.msg, traceID: jaegerTraceId(id) }))
  return answer(request, reply, traces, { errors: errors.length === 0 ? null : errors })
}

function tracesOf(spans: readonly Span[], order: readonly { readonly traceId: string }[]): JaegerTrace[] {
  const traces = groupByTrace(spans)
  return order.flatMap(({ traceId }) => {
    const trace = traces.get(traceId)
    return trace === undefined ? [] : [encodeJaegerTrace(trace)]
  })
}

/** Of the `lookback` before `endTs`, milliseconds both. */
function dependencyRange(query: JaegerQuery, now: bigint): TimeRange {
  const endMillis = wholeOf(query, 'endTs')
  const lookback = wholeOf(query, 'lookback')
  const endNanos = endMillis === undefined ? now : clampNanos(endMillis * 1_000_000n)
  const startNanos = clampNanos(endNanos - (lookback === undefined ? NANOS_PER_DAY : lookback * 1_000_000n))
  return { startNanos, endNanos }
}
