// PutTraceSegments and PutTelemetryRecords: what the X-Ray daemon and SDKs send over HTTP.
import { newBatch, type Batch } from '../span/batch.ts'
import type { TimeBounds } from '../span/time.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import { isObject, listMember, type XrayBody } from './xray-request.ts'
import { invalid, XrayError } from './xray-error.ts'

/** codec/xray.ts decodeDocument: adds one document to the batch, or says why it cannot. */
export type DecodeDocument = (
  text: string,
  batch: Batch,
  options: { readonly receivedNanos: bigint; readonly bounds: TimeBounds },
) =>
  | { readonly ok: true }
  | { readonly ok: false; readonly id?: string; readonly code: string; readonly message: string }

export interface PutOptions {
  readonly ingest: Pick<Ingest, 'accept'>
  readonly decode: DecodeDocument
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  /** The times of spans that are taken. */
  readonly bounds: () => TimeBounds
  /** For counters: documents taken, and those refused by code. */
  readonly onDocuments?: (taken: number, refused: readonly string[]) => void
  readonly onTelemetry?: (records: number) => void
}

interface Unprocessed {
  readonly Id?: string
  readonly ErrorCode: string
  readonly Message: string
}

/**
 * Every good document is accepted in one batch before the answer; bad ones never fail the call. When ingest is full
 * nothing was taken and the answer is 429 ThrottledException with Retry-After: SDKs and the daemon send again, as they
 * would not after most other codes.
 */
export async function putTraceSegments(body: XrayBody, options: PutOptions): Promise<object> {
  const texts = listMember(body, 'TraceSegmentDocuments')
  const batch = newBatch()
  const unprocessed: Unprocessed[] = []
  const limits = { receivedNanos: options.now(), bounds: options.bounds() }
  for (const text of texts) {
    if (typeof text !== 'string') {
      unprocessed.push({ ErrorCode: 'ParseError', Message: 'Invalid segment. ErrorCode: ParseError' })
      continue
    }
    const result = options.decode(text, batch, limits)
    if (result.ok) continue
    unprocessed.push({
      ...(result.id === undefined ? {} : { Id: result.id }),
      ErrorCode: result.code,
      Message: result.message,
    })
  }
  if (unprocessed.length < texts.length) await accept(batch, options.ingest)
  options.onDocuments?.(
    texts.length - unprocessed.length,
    unprocessed.map((one) => one.ErrorCode),
  )
  return { UnprocessedTraceSegments: unprocessed }
}

async function accept(batch: Batch, ingest: PutOptions['ingest']): Promise<void> {
  try {
    await ingest.accept(batch)
  } catch (error) {
    if (!(error instanceof IngestFullError)) throw error
    const { message, retryAfterSeconds } = error
    throw new XrayError('ThrottledException', message, { retryAfterSeconds, cause: error })
  }
}

/** The daemon's account of itself: checked and counted, nothing of it is kept. */
export function putTelemetryRecords(body: XrayBody, options: PutOptions): object {
  const records = listMember(body, 'TelemetryRecords')
  for (const [i, record] of records.entries()) {
    if (!isObject(record)) throw invalid(`TelemetryRecords[${i}] must be an object.`)
    if (typeof record['Timestamp'] !== 'number') throw invalid(`TelemetryRecords[${i}].Timestamp must be a number.`)
  }
  options.onTelemetry?.(records.length)
  return {}
}
