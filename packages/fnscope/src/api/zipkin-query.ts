// Zipkin's query API, version 2, over spans of any make: services, spans, traces, dependencies.
// https://zipkin.io/zipkin-api/#/default; where it differs: docs/parity/zipkin.md.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { encodeZipkinTrace, type ZipkinV2Span } from '../codec/zipkin-encode.ts'
import { RequestError } from '../http/request-error.ts'
import type { FacetName, Reader, SpanQuery, TimeRange, TraceListOptions } from '../query/reader.ts'
import { readDependencies, readPeers } from '../query/service-dependencies.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_DAY, type TimeBounds } from '../span/time.ts'
import { clampNanos, refused, requiredText, textOf, traceIdOf, wholeOf, type JaegerQuery } from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'

export interface ZipkinQueryOptions {
  readonly reader: Reader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** What is kept. */
  readonly bounds: () => TimeBounds
}

const DEFAULT_LIMIT = 10
const MAX_LIMIT = 1500
/** Traces by id in one request. */
const MAX_TRACE_IDS = 500
const MAX_VALUES = 100

/** What is offered for completion → where it is counted. Of these alone all values are known. */
const COMPLETED: Readonly<Record<string, FacetName>> = {
  'deployment.environment.name': 'environment',
  'service.version': 'version',
  'cloud.account.id': 'account',
  'cloud.region': 'region',
  'faas.name': 'function',
}

export function mountZipkinQuery(server: FastifyInstance, options: ZipkinQueryOptions): void {
  const { reader } = options
  const kept = (): TimeRange => {
    const { minNanos, maxNanos } = options.bounds()
    return { startNanos: minNanos, endNanos: maxNanos }
  }
  server.get('/api/v2/services', async (_, reply) => answer(reply, await reader.services(kept())))
  server.get('/api/v2/spans', async (request, reply) => {
    const found = await reader.operations(kept(), requiredText(request.query as JaegerQuery, 'serviceName'))
    return answer(reply, [...new Set(found.map(({ name }) => name))])
  })
  server.get('/api/v2/remoteServices', async (request, reply) => {
    const service = requiredText(request.query as JaegerQuery, 'serviceName')
    const endNanos = options.now()
    return answer(reply, await readPeers(reader, { startNanos: endNanos - NANOS_PER_DAY, endNanos }, service))
  })
  server.get('/api/v2/traces', async (request, reply) => {
    const rows = await reader.listTraces(await searchOf(request.query as JaegerQuery, options))
    return answer(reply, tracesOf(await reader.readListed(rows), rows))
  })
  server.get('/api/v2/trace/:id', async (request, reply) => {
    const { id } = request.params as { readonly id: string }
    const spans = await reader.readSpans([traceIdOf(id)])
    if (spans.length === 0) throw new RequestError(404, `There is no trace ${id} here.`)
    return answer(reply, encodeZipkinTrace(spans))
  })
  server.get('/api/v2/traceMany', async (request, reply) => {
    const texts = requiredText(request.query as JaegerQuery, 'traceIds').split(',')
    const ids = [...new Set(texts.map((text) => traceIdOf(text.trim())))]
    if (ids.length > MAX_TRACE_IDS) throw refused(`'traceIds' may name ${MAX_TRACE_IDS} traces, not ${ids.length}.`)
    const order = ids.map((traceId) => ({ traceId }))
    return answer(reply, tracesOf(await reader.readSpans(ids), order))
  })
  server.get('/api/v2/dependencies', async (request, reply) => {
    const query = request.query as JaegerQuery
    requiredText(query, 'endTs')
    const found = await readDependencies(reader, rangeOf(query, options.now()))
    return answer(
      reply,
      found.map(({ parent, child, callCount, errorCount }) =>
        errorCount === 0 ? { parent, child, callCount } : { parent, child, callCount, errorCount },
      ),
    )
  })
  server.get('/api/v2/autocompleteKeys', async (_, reply) => answer(reply, Object.keys(COMPLETED)))
  server.get('/api/v2/autocompleteValues', async (request, reply) => {
    const key = requiredText(request.query as JaegerQuery, 'key')
    const facet = Object.hasOwn(COMPLETED, key) ? COMPLETED[key] : undefined
    if (facet === undefined)
      throw refused(
        `Values of the tag ${key.slice(0, 100)} are not listed; of ${Object.keys(COMPLETED).join(', ')} they are.`,
      )
    const { facets } = await reader.countTraces({ range: kept(), limit: MAX_VALUES })
    return answer(
      reply,
      facets
        .get(facet)!
        .map(({ value }) => value)
        .sort(),
    )
  })
}

function answer(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.header('content-type', 'application/json').send(JSON.stringify(data))
}

function tracesOf(spans: readonly Span[], order: readonly { readonly traceId: string }[]): ZipkinV2Span[][] {
  const traces = groupByTrace(spans)
  return order.flatMap(({ traceId }) => {
    const trace = traces.get(traceId)
    return trace === undefined ? [] : [encodeZipkinTrace(trace)]
  })
}

/** `endTs` and `lookback` in milliseconds; without them now and a day. */
function rangeOf(query: JaegerQuery, now: bigint): TimeRange {
  const end = wholeOf(query, 'endTs')
  const lookback = wholeOf(query, 'lookback')
  if (end !== undefined && end <= 0n) throw refused("'endTs' wants epoch milliseconds above 0.")
  if (lookback !== undefined && lookback <= 0n) throw refused("'lookback' wants milliseconds above 0.")
  const endNanos = end === undefined ? now : clampNanos((end + 1n) * 1_000_000n)
  return {
    startNanos: clampNanos(endNanos - (lookback === undefined ? NANOS_PER_DAY : lookback * 1_000_000n)),
    endNanos,
  }
}

/** One span must meet all that is asked. @throws FnscopeError FNS_USAGE */
async function searchOf(query: JaegerQuery, { reader, now }: ZipkinQueryOptions): Promise<TraceListOptions> {
  const range = rangeOf(query, now())
  const limit = wholeOf(query, 'limit') ?? BigInt(DEFAULT_LIMIT)
  if (limit < 1n || limit > MAX_LIMIT) throw refused(`'limit' wants a number from 1 to ${MAX_LIMIT}, not ${limit}.`)
  const text = (name: string, field: 'service' | 'name' | 'peerName'): SpanQuery[] => {
    const value = textOf(query, name)
    // Zipkin's page says all for any.
    return value === undefined || (name === 'spanName' && value === 'all')
      ? []
      : [{ is: 'text', field, op: '=', value }]
  }
  const conditions: SpanQuery[] = [
    ...text('serviceName', 'service'),
    ...text('spanName', 'name'),
    ...text('remoteServiceName', 'peerName'),
    ...(await annotationsOf(query, reader, range)),
    ...durationsOf(query),
  ]
  const of = conditions.flatMap((one) => (one.is === 'and' ? one.of : [one]))
  const where = of.length === 0 ? {} : ({ where: { is: 'span', where: { is: 'and', of } } } as const)
  return { ...range, by: 'start', limit: Number(limit), ...where }
}

/** `http.path=/api and error and cache.miss`: tags with a value; alone, an annotation or a tag of any value. */
async function annotationsOf(query: JaegerQuery, reader: Reader, range: TimeRange): Promise<SpanQuery[]> {
  const text = textOf(query, 'annotationQuery')
  if (text === undefined) return []
  const resourceKeys = await reader.resourceKeys(range)
  return text.split(' and ').map((part): SpanQuery => {
    const [key = '', value] = part.trim().split(/=(.*)/s)
    if (key === '') throw refused(`'annotationQuery' wants tags joined by " and ", like http.method=GET and error.`)
    // The tag says what the error was.
    if (key === 'error' && value !== undefined && !/^(true|false)$/.test(value))
      return { is: 'text', field: 'statusMessage', op: '=', value }
    if (value !== undefined) return compileTag(key, value, resourceKeys)
    if (key === 'error') return compileTag(key, 'true', resourceKeys)
    return {
      is: 'or',
      of: [
        { is: 'event', key: 'event', value: key },
        { is: 'attribute', key, op: 'exists' },
      ],
    }
  })
}

/** Microseconds. */
function durationsOf(query: JaegerQuery): SpanQuery[] {
  const least = wholeOf(query, 'minDuration')
  const most = wholeOf(query, 'maxDuration')
  for (const one of [least, most])
    if (one !== undefined && one <= 0n) throw refused("'minDuration' and 'maxDuration' want microseconds above 0.")
  if (most !== undefined && least === undefined) throw refused("'maxDuration' is only valid with 'minDuration'.")
  if (least !== undefined && most !== undefined && least > most)
    throw refused("'maxDuration' should not be less than 'minDuration'.")
  const nanos = (micros: bigint): bigint => clampNanos(micros * 1000n)
  return [
    ...(least === undefined ? [] : [{ is: 'number', field: 'duration', op: '>=', value: nanos(least) } as const]),
    ...(most === undefined ? [] : [{ is: 'number', field: 'duration', op: '<=', value: nanos(most) } as const]),
  ]
}
