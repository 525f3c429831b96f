// X-Ray documents in: the text of one segment or stand-alone subsegment to rows, with every subsegment nested in it.
// Out is xray-encode.ts (one span) and xray-assemble.ts (a trace). Format: docs/protocols, and AWS's segment documents.
import type { Batch } from '../span/batch.ts'
import { NO_SPAN_ID, parseSpanId } from '../span/id.ts'
import { secondsToNanos, type TimeBounds } from '../span/time.ts'
import { isDeeperThan, isJsonObject, textOf, type JsonObject } from './json.ts'
import { endDocument, pushEntity } from './xray-span.ts'
import {
  MAX_DEPTH,
  MAX_DOCUMENT_BYTES,
  placeOf,
  refusalOf,
  refuse,
  type CheckContext,
  type Place,
  type Refusal,
} from './xray-validate.ts'
import { pushWireDocument } from './xray-wire.ts'

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
  const refusal = refusalOfTree(document, place, { documentId: document['id'], bounds: options.bounds })
  if (refusal !== undefined) return refusal

  const { receivedNanos } = options
  const traceId = traceIdOf(document['trace_id'] as string)
  const spanId = (document['id'] as string).toLowerCase()
  const parentId = parentOf(document)
  const segment = place === 'segment'
  const context = { traceId, service: segment ? (document['name'] as string) : '', receivedNanos }
  pushTree(document, place, parentId, batch)
  endDocument(batch.spans, context)
  endDocument(batch.openSpans, context)
  batch.documents.push({
    traceId,
    spanId,
    ...(parentId === undefined ? undefined : { parentId }),
    startNanos: secondsToNanos(document['start_time'] as number),
    receivedNanos,
    inProgress: isOpen(document),
    segment,
    text,
  })
  return { ok: true, traceId, spanId }
}

/**
 * The same for a document's bytes, UTF-8: several times faster where it is as SDKs write them, in ASCII and without
 * escapes. A whole number as a key may stand elsewhere among its like then.
 */
export function decodeDocumentBytes(bytes: Buffer, batch: Batch, options: DecodeOptions): DecodeResult {
  const document = pushWireDocument(bytes, batch, options)
  if (document === undefined) return decodeDocument(bytes.toString(), batch, options)
  return { ok: true, traceId: document.traceId, spanId: document.spanId }
}

/** Why the entity or one below it cannot be stored, parents first; the depth is bounded by MAX_DEPTH. */
function refusalOfTree(entity: unknown, place: Place, context: CheckContext): Refusal | undefined {
  const refusal = refusalOf(entity, place, context)
  if (refusal !== undefined) return refusal
  for (const child of childrenOf(entity as JsonObject)) {
    const refused = refusalOfTree(child, 'embedded', context)
    if (refused !== undefined) return refused
  }
  return undefined
}

function pushTree(entity: JsonObject, place: Place, parentId: string | undefined, batch: Batch): void {
  pushEntity(isOpen(entity) ? batch.openSpans : batch.spans, entity, place, parentId)
  for (const child of childrenOf(entity)) pushTree(child as JsonObject, 'embedded', entity['id'] as string, batch)
}

const NO_CHILDREN: readonly unknown[] = []

function childrenOf({ subsegments }: JsonObject): readonly unknown[] {
  return Array.isArray(subsegments) ? (subsegments as readonly unknown[]) : NO_CHILDREN
}

function isOpen(entity: JsonObject): boolean {
  return typeof entity['end_time'] !== 'number'
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

/** Of `1-8hex-24hex`. */
function traceIdOf(text: string): string {
  return (text.slice(2, 10) + text.slice(11)).toLowerCase()
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
