// What makes an X-Ray document unusable, and the words of the refusal (UnprocessedTraceSegments of PutTraceSegments).
// Only what the model cannot hold is refused: names of any length and sign are kept, wrongly typed extras are left out.
import { parseSpanId } from '../span/id.ts'
import type { TimeBounds } from '../span/time.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { microBoundsOf, secondsToMicros } from './xray-time.ts'

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

export interface CheckContext {
  /** What a refusal names: the id of the whole document. */
  readonly documentId: unknown
  readonly bounds: TimeBounds
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
export function refusalOf(entity: unknown, place: Place, options: CheckContext): Refusal | undefined {
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
    if (typeof traceId !== 'string' || !isXrayTraceId(traceId)) return no('InvalidTraceId')
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
  const { min, max } = microBoundsOf(bounds)
  const startMicros = start >= 0 && start < LATEST_SECONDS ? secondsToMicros(start) : -1
  if (startMicros < Math.max(0, min) || startMicros > max)
    return no('InvalidStartTime', outside('start_time', start, bounds))
  const end = entity['end_time']
  if (end == null) return entity['in_progress'] === true ? undefined : no('MissingEndTime')
  if (typeof end !== 'number') return no('InvalidEndTime')
  // An end before the start is clock skew, not nonsense: kept, as a duration of 0.
  if (!(end >= 0 && end < LATEST_SECONDS && secondsToMicros(end) <= max))
    return no('InvalidEndTime', outside('end_time', end, bounds))
  return undefined
}

function outside(field: string, seconds: number, bounds: TimeBounds): string {
  const from = new Date(Number(bounds.minNanos / 1_000_000n)).toISOString()
  const to = new Date(Number(bounds.maxNanos / 1_000_000n)).toISOString()
  return `${field} ${seconds} is outside of what is kept, ${from} to ${to}`
}

const ZERO = 48
const DASH = 45

function isDigit(code: number): boolean {
  return (code >= ZERO && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)
}

/** 16 hex digits of any case, not all zero. */
function isSpanId(text: string): boolean {
  if (text.length !== 16) return false
  let some = false
  for (let at = 0; at < 16; at++) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return false
    if (code !== ZERO) some = true
  }
  return some
}

/** `1-8hex-24hex`. */
function isXrayTraceId(text: string): boolean {
  if (text.length !== 35 || !text.startsWith('1-') || text.charCodeAt(10) !== DASH) return false
  for (let at = 2; at < 35; at++) if (at !== 10 && !isDigit(text.charCodeAt(at))) return false
  return true
}

/** Beyond this a nanosecond count no longer fits 64 bits. */
const LATEST_SECONDS = 9_223_372_036
const MAX_ECHOED_ID = 64
