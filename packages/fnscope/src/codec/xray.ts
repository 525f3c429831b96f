// X-Ray documents in: the text of one segment or stand-alone subsegment to rows, with every subsegment nested in it.
// Out is xray-encode.ts (one span) and xray-assemble.ts (a trace). Format: docs/protocols, and AWS's segment documents.
import type { Batch } from '../span/batch.ts'
import { NO_SPAN_ID, parseSpanId, parseTraceId } from '../span/id.ts'
import { pushSpan } from '../span/push-span.ts'
import type { Span } from '../span/span.ts'
import type { TimeBounds } from '../span/time.ts'
import { isDeeperThan, isJsonObject, textOf, type JsonObject } from './json.ts'
import { spanOf, type SpanContext } from './xray-span.ts'
import { MAX_DEPTH, MAX_DOCUMENT_BYTES, placeOf, refusalOf, refuse, type Refusal } from './xray-validate.ts'

export interface DecodeOptions {
  readonly receivedNanos: bigint
  /** Starts outside of it are refused, and ends after it. */
  readonly bounds: TimeBounds
}

/** Ids of the document itself: 32 and 16 lower-case hex digits. */
export type DecodeResult = { readonly ok: true; readonly traceId: string; readonly spanId: string } | Refusal

/**
 * Adds one document to `batch`: completed entities to spans, those in progress to openSpans (each for itself, nested
 * ones too), and its text to documents. All of it is checked first: a refused document adds nothing.
 *
 * Complete is what has an `end_time`, whatever `in_progress` says (Python sends false beside it); an end before the
 * start is stored as duration 0. Never throws, whatever the text.
 */
export function decodeDocument(text: string, batch: Batch, options: DecodeOptions): DecodeResult {
  const bytes = sizeOf(text)
  if (bytes > MAX_DOCUMENT_BYTES)
    return refuse('SegmentTooLarge', { cause: `${bytes} bytes, at most ${MAX_DOCUMENT_BYTES} are taken` })
  if (isDeeperThan(text, MAX_DEPTH))
    return refuse('ParseError', { cause: `nested deeper than ${MAX_DEPTH} arrays and objects` })
  const document = parse(text)
  if (document === undefined) return refuse('ParseError')

  const place = placeOf(document)
  const traceId = parseTraceId(textOf(document['trace_id']) ?? '') ?? ''
  const parentId = parentOf(document)
  const spans: Span[] = []
  const refusal = collect(document, spans, {
    place,
    traceId,
    parentId,
    service: place === 'segment' ? (textOf(document['name']) ?? '') : '',
    documentId: document['id'],
    ...options,
  })
  if (refusal !== undefined) return refusal

  for (const span of spans) pushSpan(span.inProgress ? batch.openSpans : batch.spans, span)
  const [top] = spans as [Span]
  batch.documents.push({
    traceId,
    spanId: top.spanId,
    ...(parentId === undefined ? {} : { parentId }),
    startNanos: top.startNanos,
    receivedNanos: options.receivedNanos,
    inProgress: top.inProgress,
    segment: top.segment,
    text,
  })
  return { ok: true, traceId, spanId: top.spanId }
}

/** Checks and maps an entity and all below it, parents first; the depth is bounded by MAX_DEPTH. */
function collect(
  entity: unknown,
  spans: Span[],
  context: SpanContext & DecodeOptions & { readonly documentId: unknown },
): Refusal | undefined {
  const refusal = refusalOf(entity, context.place, context)
  if (refusal !== undefined) return refusal
  const checked = entity as JsonObject
  const span = spanOf(checked, context)
  spans.push(span)
  const children = checked['subsegments']
  if (!Array.isArray(children) || children.length === 0) return undefined
  const below = { ...context, place: 'embedded' as const, parentId: span.spanId }
  for (const child of children) {
    const refused = collect(child, spans, below)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** Undefined for what is no JSON, and for JSON that is no container: an array reads as a document without members. */
function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) ? {} : isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** All zeros says "none", as in other formats. */
function parentOf(document: JsonObject): string | undefined {
  const parentId = parseSpanId(textOf(document['parent_id']) ?? '')
  return parentId === NO_SPAN_ID ? undefined : parentId
}

/** UTF-8 bytes; counted only where the number of characters leaves it open. */
function sizeOf(text: string): number {
  return text.length * 3 <= MAX_DOCUMENT_BYTES ? text.length : Buffer.byteLength(text)
}
