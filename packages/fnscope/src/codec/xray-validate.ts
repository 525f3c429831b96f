// What makes an X-Ray document unusable, and the words of the refusal (UnprocessedTraceSegments of PutTraceSegments).
// Only what the model cannot hold is refused: names of any length and sign are kept, wrongly typed extras are left out.
import { NO_SPAN_ID, parseSpanId, parseTraceId } from '../span/id.ts'
import { secondsToNanos, type TimeBounds } from '../span/time.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/** 64 kB, of the document's UTF-8 bytes; a datagram holds 65 507 at most. */
export const MAX_DOCUMENT_BYTES = 65_536
/** Arrays and objects in each other; two for each level of subsegments. */
export const MAX_DEPTH = 1000

export type RefusalCode =
  | 'ParseError'
  | 'SegmentTooLarge'
  | `Missing${'Id' | 'Name' | 'TraceId' | 'StartTime' | 'EndTime'}`
  | `Invalid${'Id' | 'Name' | 'TraceId' | 'ParentId' | 'StartTime' | 'EndTime'}`

export interface Refusal {
  readonly ok: false
  /** The document's id as it came; absent when none could be read. */
  readonly id?: string
  readonly code: RefusalCode
  readonly message: string
}

/** Where an entity stands: a document of its own (with or without `type: subsegment`), or nested in one. */
export type Place = 'segment' | 'detached' | 'embedded'

export function placeOf(document: JsonObject): Place {
  return document['type'] === 'subsegment' ? 'detached' : 'segment'
}

export function refuse(code: RefusalCode, options: { place?: Place; id?: unknown; cause?: string } = {}): Refusal {
  const word = (options.place ?? 'segment') === 'segment' ? 'segment' : 'subsegment'
  const cause = options.cause === undefined ? '' : `, Cause: ${options.cause}`
  return {
    ok: false,
    ...(typeof options.id === 'string' && options.id.length <= MAX_ECHOED_ID ? { id: options.id } : {}),
    code,
    message: `Invalid ${word}. ErrorCode: ${code}${cause}`,
  }
}

/**
 * Why this one segment or subsegment cannot be stored, or undefined. Its nested subsegments are not looked at.
 * `documentId` is what the refusal names: the document's own id, also when one nested in it is at fault.
 */
export function refusalOf(
  entity: unknown,
  place: Place,
  options: { readonly documentId: unknown; readonly bounds: TimeBounds },
): Refusal | undefined {
  const id = options.documentId
  const no = (code: RefusalCode, cause?: string): Refusal =>
    refuse(code, cause === undefined ? { place, id } : { place, id, cause })
  if (!isJsonObject(entity) || entity['id'] == null) return no('MissingId')
  const ownId = entity['id']
  if (typeof ownId !== 'string' || !isSpanId(ownId)) return no('InvalidId')
  if (entity['name'] == null) return no('MissingName')
  if (typeof entity['name'] !== 'string' || entity['name'] === '') return no('InvalidName', 'null')
  if (place !== 'embedded') {
    const traceId = entity['trace_id']
    if (traceId == null) return no('MissingTraceId')
    // The 32 digits without X-Ray's dashes are another format's: refused as X-Ray does.
    if (typeof traceId !== 'string' || traceId.length !== 35 || parseTraceId(traceId) === undefined)
      return no('InvalidTraceId')
    const parentId = entity['parent_id']
    if (parentId == null ? place === 'detached' : typeof parentId !== 'string' || parseSpanId(parentId) === undefined)
      return no('InvalidParentId')
  }
  return refusalOfTimes(entity, no, options.bounds)
}

function refusalOfTimes(
  entity: JsonObject,
  no: (code: RefusalCode, cause?: string) => Refusal,
  bounds: TimeBounds,
): Refusal | undefined {
  const start = entity['start_time']
  if (start == null) return no('MissingStartTime')
  if (typeof start !== 'number') return no('InvalidStartTime')
  const startNanos = nanosOf(start)
  if (startNanos === undefined || startNanos < bounds.minNanos || startNanos > bounds.maxNanos)
    return no('InvalidStartTime', outside('start_time', start, bounds))
  const end = entity['end_time']
  if (end == null) return entity['in_progress'] === true ? undefined : no('MissingEndTime')
  if (typeof end !== 'number') return no('InvalidEndTime')
  const endNanos = nanosOf(end)
  // An end before the start is clock skew, not nonsense: kept, as a duration of 0.
  if (endNanos === undefined || endNanos > bounds.maxNanos)
    return no('InvalidEndTime', outside('end_time', end, bounds))
  return undefined
}

function outside(field: string, seconds: number, bounds: TimeBounds): string {
  const from = new Date(Number(bounds.minNanos / 1_000_000n)).toISOString()
  const to = new Date(Number(bounds.maxNanos / 1_000_000n)).toISOString()
  return `${field} ${seconds} is outside of what is kept, ${from} to ${to}`
}

function nanosOf(seconds: number): bigint | undefined {
  return seconds >= 0 && seconds < LATEST_SECONDS ? secondsToNanos(seconds) : undefined
}

function isSpanId(text: string): boolean {
  return parseSpanId(text) !== undefined && text !== NO_SPAN_ID
}

/** Beyond this a nanosecond count no longer fits 64 bits. */
const LATEST_SECONDS = 9_223_372_036
const MAX_ECHOED_ID = 64
