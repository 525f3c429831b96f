// One trace for the console: GET /api/traces/{id}/columns, …/spans/{span}, …/search, …/raw. The id may be any that a
// person has at hand: X-Ray's, 32 hex digits, a Datadog id, a Lambda request's.
import type { FastifyInstance } from 'fastify'
import { encodeOtlpTrace } from '../codec/otlp-encode.ts'
import { withOwnIds } from '../codec/own-ids.ts'
import { assembleDocuments } from '../codec/xray-assemble.ts'
import { FnscopeError } from '../errors.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { Reader } from '../query/reader.ts'
import { indexTrace, type TraceIndex } from '../query/trace-index.ts'
import { formatXrayTraceId, parseTraceId } from '../span/id.ts'
import { queryOf, refused } from './console-query.ts'
import { hasText, spanDetail } from './console-span-detail.ts'
import type { ConsoleSpanDetail, ConsoleTraceColumns, ConsoleTraceSearch } from './console-trace-types.ts'
import { RecentTraces } from './recent-traces.ts'
import { services, traceColumns } from './trace-columns.ts'
import { traceShapes } from './xray-traces.ts'

export interface ConsoleTraceOptions {
  readonly reader: Reader
}

/** Rows of the waterfall at first, and each time that more is asked for. */
const ROWS = 5000
const MAX_NAMED = 500
/** See Reader.readSpans. */
const STORE_LIMIT = 100_000
const MAX_FOUND = 5000

type Of<Names extends string> = Readonly<Record<Names, string>>

export function mountConsoleTrace(server: FastifyInstance, options: ConsoleTraceOptions): void {
  const { reader } = options
  const read = async (id: string): Promise<TraceIndex> => {
    const index = indexTrace(withOwnIds(await readJoinedTrace(reader, id)))
    if (index.spans.length === 0) throw notFound(formatXrayTraceId(id))
    return index
  }
  const recent = new RecentTraces(read)

  server.get('/api/traces/:id/columns', async (request): Promise<ConsoleTraceColumns> => {
    const query = queryOf(request)
    const index = await recent.fresh(await resolveTraceId((request.params as Of<'id'>).id, options))
    const named = (name: string): string[] => (query[name] ?? '').split(',').filter(Boolean).slice(0, MAX_NAMED)
    return traceColumns(index, { limit: ROWS, open: named('open'), include: named('include'), storeLimit: STORE_LIMIT })
  })
  server.get('/api/traces/:id/spans/:span', async (request): Promise<ConsoleSpanDetail> => {
    const { id, span: spanId } = request.params as Of<'id' | 'span'>
    const index = await recent.recent(await resolveTraceId(id, options))
    const span = index.spans.find((one) => one.spanId === spanId.toLowerCase())
    if (span === undefined) throw notFound(`span ${spanId.slice(0, 100)} in trace ${id}`)
    return spanDetail(span, services(index)(span))
  })
  server.get('/api/traces/:id/search', async (request): Promise<ConsoleTraceSearch> => {
    const text = (queryOf(request)['q'] ?? '').trim().toLowerCase()
    if (text === '') throw refused('q wants a text to search for.')
    const index = await recent.recent(await resolveTraceId((request.params as Of<'id'>).id, options))
    const found = index.spans.filter((span) => hasText(span, text))
    return { ids: found.slice(0, MAX_FOUND).map(({ spanId }) => spanId), total: found.length }
  })
  server.get('/api/traces/:id/raw', async (request) => {
    const { format = 'xray' } = queryOf(request)
    const traceId = await resolveTraceId((request.params as Of<'id'>).id, options)
    if (format === 'otlp') return encodeOtlpTrace((await recent.recent(traceId)).spans)
    if (format !== 'xray') throw refused(`format wants xray or otlp, not "${format.slice(0, 100)}".`)
    const shape = (await traceShapes([traceId], { reader, assemble: assembleDocuments })).get(traceId)
    if (shape === undefined) throw notFound(formatXrayTraceId(traceId))
    const segments = shape.Segments.map(({ Document }) => JSON.parse(Document) as unknown)
    return { Id: shape.Id, Duration: shape.Duration, Segments: segments }
  })
}

/** 32 hex digits of whatever form. @throws FnscopeError FNS_USAGE, FNS_TRACE_NOT_FOUND */
async function resolveTraceId(text: string, { reader }: ConsoleTraceOptions): Promise<string> {
  const whole = parseTraceId(text)
  if (whole !== undefined) return whole
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    const [found] = await reader.tracesOfRequests([text.toLowerCase()], 1)
    if (found === undefined) throw notFound(`with Lambda request ${text}`)
    return found
  }
  const low = lowHalf(text)
  if (low === undefined)
    throw refused(
      `"${text.slice(0, 100)}" is no trace id: it looks like 1-63dd2166-434a12c22e1307ff2114f299, 32 or 16 hex digits, a decimal 64-bit number or a Lambda request id.`,
    )
  const [found] = await reader.tracesEndingIn(low, 1)
  if (found === undefined) throw notFound(`whose id ends in ${low}`)
  return found
}

/** 16 hex digits of a 64-bit id, hexadecimal or decimal. */
function lowHalf(text: string): string | undefined {
  if (/^[0-9a-f]{16}$/i.test(text)) return text.toLowerCase()
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) return undefined
  return BigInt(text).toString(16).padStart(16, '0')
}

function notFound(what: string): FnscopeError {
  return new FnscopeError(
    'FNS_TRACE_NOT_FOUND',
    `There is no trace ${what} here. It may be past retention, not sampled, or not stored yet.`,
  )
}
