// Jaeger's api_v3 over HTTP: the same questions as jaeger-query.ts, answered with spans as OTLP has them.
// Contract: jaegertracing/jaeger-idl, api_v3/query_service.proto, and its HTTP gateway.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { SPAN_KINDS } from '../codec/jaeger-json.ts'
import { encodeOtlpTrace, type OtlpTracesData } from '../codec/otlp-encode.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { RequestError } from '../http/request-error.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { JaegerQueryOptions } from './jaeger-query.ts'
import { allOf, refused, requiredText, textOf, traceIdOf, type JaegerQuery } from './jaeger-request.ts'
import { readSearch } from './jaeger-search.ts'

export const JAEGER_V3_PREFIX = '/api/v3/'

export function mountJaegerV3(server: FastifyInstance, options: JaegerQueryOptions): void {
  const { reader } = options
  const kept = () => {
    const { minNanos, maxNanos } = options.bounds()
    return { startNanos: minNanos, endNanos: maxNanos }
  }
  server.get('/api/v3/services', async (_, reply) => answer(reply, { services: await reader.services(kept()) }))
  server.get('/api/v3/operations', async (request, reply) => {
    const query = request.query as JaegerQuery
    const kind = textOf(query, 'span_kind')
    const found = await reader.operations(kept(), requiredText(query, 'service'))
    const operations = found.map(({ name, kind }) => ({ name, spanKind: SPAN_KINDS[kind] ?? '' }))
    return answer(reply, { operations: operations.filter(({ spanKind }) => kind === undefined || spanKind === kind) })
  })
  server.get('/api/v3/traces/:id', async (request, reply) => {
    const query = request.query as JaegerQuery
    for (const name of ['start_time', 'end_time']) timeOf(query, name)
    const spans = await readJoinedTrace(reader, traceIdOf((request.params as { readonly id: string }).id))
    return answerTraces(reply, spans.length === 0 ? [] : [encodeOtlpTrace(spans)])
  })
  server.get('/api/v3/traces', async (request, reply) => {
    const rows = await reader.listTraces(await readSearch(searchOf(request.query as JaegerQuery), options))
    const traces = groupByTrace(await reader.readListed(rows))
    return answerTraces(
      reply,
      rows.flatMap(({ traceId }) => {
        const spans = traces.get(traceId)
        return spans === undefined ? [] : [encodeOtlpTrace(spans)]
      }),
    )
  })
}

/** `{"error":{"httpCode","message"}}` */
export const jaegerV3ErrorFormat: ErrorFormat = ({ status, message }) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { httpCode: status, message } }),
})

function answer(reply: FastifyReply, data: object): FastifyReply {
  return reply.header('content-type', 'application/json').send(JSON.stringify(data))
}

/** All traces as one message, as Jaeger's gateway answers. */
function answerTraces(reply: FastifyReply, traces: readonly OtlpTracesData[]): FastifyReply {
  if (traces.length === 0) throw new RequestError(404, 'No traces found')
  return answer(reply, { result: { resourceSpans: traces.flatMap(({ resourceSpans }) => resourceSpans) } })
}

const PREFIX = 'query.'
/** Parameter → what jaeger-search.ts calls it. */
const NAMES: Readonly<Record<string, string>> = {
  service_name: 'service',
  operation_name: 'operation',
  num_traces: 'limit',
  search_depth: 'limit',
  duration_min: 'minDuration',
  duration_max: 'maxDuration',
  attributes: 'tags',
}
const TIMES: Readonly<Record<string, string>> = { start_time_min: 'start', start_time_max: 'end' }

/** @throws FnscopeError FNS_USAGE for parameters that are missing or unknown: none is passed over */
function searchOf(query: JaegerQuery): JaegerQuery {
  const search: Record<string, string | readonly string[]> = {}
  for (const [name, unit] of Object.entries(TIMES)) {
    const nanos = timeOf(query, PREFIX + name)
    if (nanos === undefined) throw refused(`parameter '${PREFIX}${name}' is required`)
    search[unit] = (nanos / 1000n).toString()
  }
  if (BigInt(search['start'] as string) > BigInt(search['end'] as string))
    throw refused(`'${PREFIX}start_time_max' lies before '${PREFIX}start_time_min'`)
  for (const name of Object.keys(query)) {
    const short = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : ''
    if (short in TIMES || name === 'query.raw_traces') continue
    if (!Object.hasOwn(NAMES, short))
      throw refused(`parameter '${name.slice(0, 100)}' is not known here: ${knownNames()}`)
    search[NAMES[short]!] = allOf(query, name)
  }
  return search
}

function knownNames(): string {
  return [...Object.keys(NAMES), ...Object.keys(TIMES)].map((name) => PREFIX + name).join(', ')
}

/** Nanoseconds of an RFC 3339 time; Grafana sends the plus of its zone as it is, which reads as a space. @throws FnscopeError FNS_USAGE */
function timeOf(query: JaegerQuery, name: string): bigint | undefined {
  const text = textOf(query, name)
  if (text === undefined) return undefined
  const match = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+ -]\d\d:\d\d)$/.exec(text)
  const millis = match === null ? Number.NaN : Date.parse(`${match[1]!}${match[3]!.replace(' ', '+')}`.toUpperCase())
  if (!(millis >= 0))
    throw refused(`unable to parse param '${name}': ${JSON.stringify(text.slice(0, 100))} is no RFC 3339 time`)
  return BigInt(millis) * 1_000_000n + BigInt((match![2] ?? '').padEnd(9, '0'))
}
