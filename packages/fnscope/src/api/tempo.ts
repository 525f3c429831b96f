// What Grafana's Tempo source asks, under /tempo: a trace by id, searches by tags or a little TraceQL, tags and values.
// https://grafana.com/docs/tempo/latest/api_docs/; what is not there: docs/parity/tempo.md.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { encodeOtlpTrace } from '../codec/otlp-encode.ts'
import { otlpTracesProtobuf } from '../codec/otlp-traces-json.ts'
import { ProtobufWriter } from '../codec/protobuf-writer.ts'
import { tempoTraceJson } from '../codec/tempo-json.ts'
import { RequestError } from '../http/request-error.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { FacetName, Reader, TimeRange, TraceListOptions, TraceQuery, TraceRow } from '../query/reader.ts'
import { NANOS_PER_SECOND, type TimeBounds } from '../span/time.ts'
import { VERSION } from '../version.ts'
import { clampNanos, durationOf, refused, textOf, traceIdOf, wholeOf, type JaegerQuery } from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'
import { parseLogfmt } from './logfmt.ts'
import { mountTempoMetrics } from './tempo-metrics.ts'
import { parseTraceQl } from './traceql.ts'

export const TEMPO_PREFIX = '/tempo/'

export interface TempoOptions {
  readonly reader: Reader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** What is kept. */
  readonly bounds: () => TimeBounds
}

/** What clients take this for: the version whose questions these are a part of. */
const SPOKEN_VERSION = '2.6.0'
const DEFAULT_LIMIT = 20
const MAX_LIMIT = 1500
const DEFAULT_RANGE_NANOS = 3600n * NANOS_PER_SECOND
const MAX_VALUES = 1000
const PROTOBUF = 'application/protobuf'

/** Intrinsics of TraceQL that can be asked for. */
const INTRINSICS = [
  'duration',
  'kind',
  'name',
  'rootName',
  'rootServiceName',
  'status',
  'statusMessage',
  'traceDuration',
]
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  status: ['error', 'ok', 'unset'],
  kind: ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'],
}
const COUNTED: Readonly<Record<string, FacetName>> = {
  'deployment.environment.name': 'environment',
  'service.version': 'version',
  'cloud.account.id': 'account',
  'cloud.region': 'region',
  'faas.name': 'function',
}

export function mountTempo(server: FastifyInstance, options: TempoOptions): void {
  const { reader } = options
  server.get('/tempo/api/echo', (_, reply) => reply.type('text/plain; charset=utf-8').send('echo'))
  server.get('/tempo/api/status/buildinfo', (_, reply) =>
    answer(reply, {
      version: SPOKEN_VERSION,
      revision: `fnscope ${VERSION}`,
      branch: 'fnscope',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  )
  mountTempoMetrics(server, options)
  server.get('/tempo/api/traces/:id', async (request, reply) => await answerTrace(request, reply, reader, 'bare'))
  server.get('/tempo/api/v2/traces/:id', async (request, reply) => await answerTrace(request, reply, reader, 'wrapped'))
  server.get('/tempo/api/search', async (request, reply) => {
    const rows = await reader.listTraces(await searchOf(request.query as JaegerQuery, options))
    return answer(reply, { traces: rows.map(rowShape), metrics: {} })
  })
  server.get('/tempo/api/search/tags', async (request, reply) => {
    const { resource, span } = await tagNames(request.query as JaegerQuery, options)
    return answer(reply, { tagNames: [...new Set([...resource, ...span, ...INTRINSICS])].sort() })
  })
  server.get('/tempo/api/v2/search/tags', async (request, reply) => {
    const query = request.query as JaegerQuery
    const names = await tagNames(query, options)
    const scopes = Object.entries({ ...names, intrinsic: INTRINSICS }).map(([name, tags]) => ({ name, tags }))
    const scope = textOf(query, 'scope')
    const known = ['all', 'none', ...scopes.map(({ name }) => name)]
    if (scope !== undefined && !known.includes(scope)) throw refused(`scope is one of ${known.join(', ')}.`)
    return answer(reply, { scopes: scopes.filter(({ name }) => [undefined, 'all', 'none', name].includes(scope)) })
  })
  server.get('/tempo/api/search/tag/:name/values', async (request, reply) => {
    const values = await valuesOf(request, options)
    return answer(reply, { tagValues: values })
  })
  server.get('/tempo/api/v2/search/tag/:name/values', async (request, reply) => {
    const { name } = request.params as { readonly name: string }
    const type = Object.hasOwn(CLOSED, name) ? 'keyword' : 'string'
    const values = await valuesOf(request, options)
    return answer(reply, { tagValues: values.map((value) => ({ type, value })) })
  })
}

function answer(reply: FastifyReply, data: object): FastifyReply {
  return reply.header('content-type', 'application/json').send(JSON.stringify(data))
}

/** In JSON, or in protobuf where it is wanted. */
async function answerTrace(
  request: FastifyRequest,
  reply: FastifyReply,
  reader: Reader,
  form: 'bare' | 'wrapped',
): Promise<FastifyReply> {
  const { id } = request.params as { readonly id: string }
  for (const name of ['start', 'end']) wholeOf(request.query as JaegerQuery, name)
  const spans = await readJoinedTrace(reader, traceIdOf(id))
  if (spans.length === 0) throw new RequestError(404, `trace not found: there is no trace ${id} here.`)
  const trace = encodeOtlpTrace(spans)
  if (!(request.headers.accept ?? '').includes(PROTOBUF))
    return reply.header('content-type', 'application/json').send(tempoTraceJson(trace, form))
  const bytes = otlpTracesProtobuf(Buffer.from(JSON.stringify(trace)))
  return reply.header('content-type', PROTOBUF).send(Buffer.from(form === 'bare' ? bytes : wrapped(bytes)))
}

/** As field 1 of a message. */
function wrapped(bytes: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter()
  writer.bytes(1, bytes)
  return writer.written()
}

function rowShape({ traceId, startNanos, firstNanos, endNanos, details }: TraceRow): object {
  return {
    traceID: traceId,
    rootServiceName: details?.root.service ?? '',
    rootTraceName: details?.root.name ?? '',
    startTimeUnixNano: startNanos.toString(),
    durationMs: Number((endNanos - firstNanos) / 1_000_000n),
  }
}

/** Of `start` and `end` in seconds; without them the last hour. */
function rangeOf(query: JaegerQuery, now: bigint): TimeRange {
  const start = wholeOf(query, 'start')
  const end = wholeOf(query, 'end')
  const endNanos = end === undefined ? now : clampNanos((end + 1n) * NANOS_PER_SECOND)
  const startNanos = start === undefined ? endNanos - DEFAULT_RANGE_NANOS : start * NANOS_PER_SECOND
  if (startNanos >= endNanos) throw refused(`'start' must lie before 'end'.`)
  return { startNanos: clampNanos(startNanos), endNanos }
}

/** @throws FnscopeError FNS_USAGE */
async function searchOf(query: JaegerQuery, { reader, now }: TempoOptions): Promise<TraceListOptions> {
  const range = rangeOf(query, now())
  const limit = wholeOf(query, 'limit') ?? BigInt(DEFAULT_LIMIT)
  if (limit < 1n || limit > MAX_LIMIT) throw refused(`'limit' wants a number from 1 to ${MAX_LIMIT}, not ${limit}.`)
  const resourceKeys = await reader.resourceKeys(range)
  const q = textOf(query, 'q')
  const tags = textOf(query, 'tags')
  if (q !== undefined && tags !== undefined) throw refused(`'q' and 'tags' cannot be asked together.`)
  const ofQl = q === undefined ? undefined : parseTraceQl(q, resourceKeys)
  const least = durationOf(query, 'minDuration')
  const most = durationOf(query, 'maxDuration')
  const of: TraceQuery[] = [
    ...(ofQl === undefined ? [] : ofQl.is === 'and' ? ofQl.of : [ofQl]),
    // Each may be met by another span.
    ...parseLogfmt(tags ?? '').map(([key, value]): TraceQuery => tagQuery(key, value, resourceKeys)),
    ...(least === undefined ? [] : [{ is: 'duration', op: '>=', nanos: least } as const]),
    ...(most === undefined ? [] : [{ is: 'duration', op: '<=', nanos: most } as const]),
  ]
  return {
    ...range,
    by: 'start',
    limit: Number(limit),
    details: true,
    ...(of.length > 0 && { where: { is: 'and', of } }),
  }
}

function tagQuery(key: string, value: string, resourceKeys: ReadonlySet<string>): TraceQuery {
  switch (key) {
    case 'service.name':
      return { is: 'span', where: { is: 'text', field: 'service', op: '=', value } }
    case 'name':
      return { is: 'span', where: { is: 'text', field: 'name', op: '=', value } }
    case 'root.service.name':
      return { is: 'root', where: { is: 'text', field: 'service', op: '=', value } }
    case 'root.name':
      return { is: 'root', where: { is: 'text', field: 'name', op: '=', value } }
    case 'status.code':
      return { is: 'span', where: compileTag('otel.status_code', value, resourceKeys) }
  }
  return { is: 'span', where: compileTag(key, value, resourceKeys) }
}

function keptOf(query: JaegerQuery, { now, bounds }: TempoOptions): TimeRange {
  if (query['start'] !== undefined || query['end'] !== undefined) return rangeOf(query, now())
  const { minNanos, maxNanos } = bounds()
  return { startNanos: minNanos, endNanos: maxNanos }
}

async function tagNames(
  query: JaegerQuery,
  options: TempoOptions,
): Promise<{ readonly resource: readonly string[]; readonly span: readonly string[] }> {
  const range = keptOf(query, options)
  const [resource, annotations] = await Promise.all([
    options.reader.resourceKeys(range),
    options.reader.annotationKeys(range, MAX_VALUES),
  ])
  return { resource: [...new Set([...resource, 'service.name'])].sort(), span: annotations }
}

/** @throws FnscopeError FNS_USAGE for tags whose values nobody keeps apart */
async function valuesOf(request: FastifyRequest, options: TempoOptions): Promise<readonly string[]> {
  const { reader } = options
  const { name } = request.params as { readonly name: string }
  const range = keptOf(request.query as JaegerQuery, options)
  if (Object.hasOwn(CLOSED, name)) return CLOSED[name]!
  const key = name.replace(/^(resource|span)?\./, '')
  if (key === 'service.name' || key === 'rootServiceName' || key === 'root.service.name')
    return await reader.services(range)
  if (key === 'name' || key === 'rootName' || key === 'root.name')
    return [...new Set((await reader.operations(range)).map((one) => one.name))].slice(0, MAX_VALUES)
  const facet = Object.hasOwn(COUNTED, key) ? COUNTED[key] : undefined
  if (facet !== undefined) {
    const { facets } = await reader.countTraces({ range, limit: MAX_VALUES })
    return facets
      .get(facet)!
      .map(({ value }) => value)
      .sort()
  }
  const found = await reader.annotationValues(range, key, MAX_VALUES)
  if (found.length > 0) return found
  throw refused(
    `Values of ${key.slice(0, 100)} are not listed: those of annotations are, of service.name, name, status, kind, ${Object.keys(COUNTED).join(', ')}.`,
  )
}
