// GetTraceSummaries and BatchGetTraces.
import type { RawDocument } from '../span/batch.ts'
import { formatXrayTraceId, parseTraceId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import type { Reader } from '../query/reader.ts'
import type { ParseOptions } from '../query/filter/filter.ts'
import { listTraceSummaries, type TraceCursor } from '../query/trace-list.ts'
import { assembleTraces } from '../query/trace.ts'
import { groupByTrace } from '../query/trace-index.ts'
import { nanosToSeconds } from '../span/time.ts'
import { filterMember } from './xray-filter.ts'
import { summaryShape } from './xray-summary.ts'
import {
  booleanMember,
  encodeToken,
  invalidToken,
  listMember,
  numberMember,
  objectMember,
  textMember,
  timeRangeOf,
  tokenMember,
  type XrayBody,
} from './xray-request.ts'
import { invalid } from './xray-error.ts'

/** codec/xray-assemble.ts assembleDocuments: the segments of one trace with their subsegments nested. */
export type AssembleDocuments = (
  traceId: string,
  documents: readonly RawDocument[],
  spans: readonly Span[],
) => readonly { readonly id: string; readonly document: object }[]

export interface TracesOptions extends ParseOptions {
  readonly reader: Reader
  readonly assemble: AssembleDocuments
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** Summaries a page (default: trace-list.ts), and bytes of JSON an answer (5 MB). */
  readonly pageSize?: number
  readonly maxBytes?: number
}

const MAX_BYTES = 5 * 1024 * 1024
/** AWS takes 5. */
const MAX_TRACE_IDS = 100
/** Read together: a read costs the store the same for one as for ten; a hundred large ones would be too much memory. */
const TRACES_A_READ = 10
const BY = { TraceId: 'start', Event: 'active', Service: 'end' } as const

export async function getTraceSummaries(body: XrayBody, options: TracesOptions): Promise<object> {
  const range = timeRangeOf(body, options.now())
  const type = textMember(body, 'TimeRangeType') ?? 'TraceId'
  if (!Object.hasOwn(BY, type)) throw invalid('TimeRangeType must be TraceId, Event or Service.')
  const { filter, digest } = filterMember(body, options)
  const fixedRate = fixedRateOf(body)
  const question = [questionOf(body, type, fixedRate), digest].join(' ')
  const cursor = cursorMember(body, question)
  const page = await listTraceSummaries(options.reader, {
    range,
    by: BY[type as keyof typeof BY],
    filter,
    ...(fixedRate === undefined ? {} : { fixedRate }),
    ...(cursor ? { cursor } : {}),
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
  })

  const summaries: object[] = []
  let next = page.next
  let oldestNanos = page.oldestNanos
  let bytes = 0
  for (const [i, summary] of page.summaries.entries()) {
    const shape = summaryShape(summary)
    bytes += JSON.stringify(shape).length
    if (i > 0 && bytes > (options.maxBytes ?? MAX_BYTES)) {
      next = page.cursors[i - 1]!
      oldestNanos = next.startNanos
      break
    }
    summaries.push(shape)
  }
  return {
    TraceSummaries: summaries,
    ApproximateTime: nanosToSeconds(oldestNanos ?? range.startNanos),
    TracesProcessedCount: page.processed,
    ...(next ? { NextToken: encodeToken([question, String(next.startNanos), next.traceId]) } : {}),
  }
}

/** A share of the traces is answered only where one is asked for: a partial scan would find them all here. */
function fixedRateOf(body: XrayBody): number | undefined {
  const sampling = booleanMember(body, 'Sampling')
  const strategy = objectMember(body, 'SamplingStrategy')
  const name = strategy && textMember(strategy, 'Name')
  const value = strategy && numberMember(strategy, 'Value')
  if (name !== undefined && name !== 'FixedRate' && name !== 'PartialScan') {
    throw invalid('SamplingStrategy.Name must be FixedRate or PartialScan.')
  }
  if (value !== undefined && (value < 0 || value > 1)) throw invalid('SamplingStrategy.Value must be from 0 to 1.')
  if (name !== 'FixedRate') return undefined
  if (value === undefined) throw invalid('SamplingStrategy.Value is missing: FixedRate needs the rate.')
  return sampling === false ? undefined : value
}

/** What a token belongs to: it continues only the question it came from. */
function questionOf(body: XrayBody, type: string, fixedRate: number | undefined): string {
  return [body['StartTime'], body['EndTime'], type, fixedRate ?? 'all'].join(' ')
}

function cursorMember(body: XrayBody, question: string): TraceCursor | undefined {
  const content = tokenMember(body, 3)
  if (!content) return undefined
  const [asked, start, id] = content as [string, string, string]
  const traceId = parseTraceId(id)
  if (asked !== question || !/^\d{1,19}$/.test(start) || traceId === undefined) throw invalidToken()
  return { startNanos: BigInt(start), traceId }
}

/** Ids as AWS spells them, or 32 hex digits; each once, in the order given. */
export function traceIdsMember(body: XrayBody): string[] {
  const ids = listMember(body, 'TraceIds')
  if (ids.length === 0) throw invalid('TraceIds must name at least one trace.')
  if (ids.length > MAX_TRACE_IDS) throw invalid(`TraceIds may name at most ${MAX_TRACE_IDS} traces.`)
  const found = ids.map((id) => {
    const traceId = typeof id === 'string' ? parseTraceId(id) : undefined
    if (traceId === undefined) throw invalid(`TraceIds: ${JSON.stringify(id)} is not a trace id.`)
    return traceId
  })
  return [...new Set(found)]
}

export async function batchGetTraces(body: XrayBody, options: TracesOptions): Promise<object> {
  const ids = traceIdsMember(body)
  const question = ids.join(' ')
  const token = tokenMember(body, 2)
  if (token && token[0] !== question) throw invalidToken()
  const from = token ? ids.indexOf(token[1]!) : 0
  if (from < 0) throw invalidToken()

  const traces: object[] = []
  const unknown: string[] = []
  let bytes = 0
  let read: Map<string, object> | undefined
  for (const [n, id] of ids.slice(from).entries()) {
    if (n % TRACES_A_READ === 0) read = await traceShapes(ids.slice(from + n, from + n + TRACES_A_READ), options)
    const shape = read?.get(id)
    if (!shape) {
      unknown.push(formatXrayTraceId(id))
      continue
    }
    bytes += JSON.stringify(shape).length
    if (traces.length > 0 && bytes > (options.maxBytes ?? MAX_BYTES)) {
      return { Traces: traces, UnprocessedTraceIds: unknown, NextToken: encodeToken([question, id]) }
    }
    traces.push(shape)
  }
  return { Traces: traces, UnprocessedTraceIds: unknown }
}

/** A trace as BatchGetTraces has it. */
export interface TraceShape {
  readonly Id: string
  readonly Duration: number
  readonly LimitExceeded: boolean
  readonly Segments: readonly { readonly Id: string; readonly Document: string }[]
}

/** By id, 32 hex digits; without those that are not there. */
export async function traceShapes(
  traceIds: readonly string[],
  options: Pick<TracesOptions, 'reader' | 'assemble'>,
): Promise<Map<string, TraceShape>> {
  const { reader, assemble } = options
  const [spans, documents] = await Promise.all([reader.readSpans(traceIds), reader.readDocuments(traceIds)])
  const documentsOf = Map.groupBy(documents, ({ traceId }) => traceId)
  const shapes = new Map<string, TraceShape>()
  for (const [traceId, own] of groupByTrace(spans)) {
    const [tree] = assembleTraces(own)
    shapes.set(traceId, {
      Id: formatXrayTraceId(traceId),
      Duration: nanosToSeconds(tree!.durationNanos),
      LimitExceeded: false,
      Segments: assemble(traceId, documentsOf.get(traceId) ?? [], own).map(({ id, document }) => ({
        Id: id,
        Document: JSON.stringify(document),
      })),
    })
  }
  return shapes
}
