// One span's row from whatever a make's wire says, without a span object: the codecs of Datadog, Jaeger, Zipkin and
// DataWay write through this; OTLP, which came first, and X-Ray have their own. It knows no wire.
import { SpanBatch } from '../span/span-batch.ts'
import type { TextColumn } from '../span/text-column.ts'
import type { TimeBounds } from '../span/time.ts'
import { highOfMicros, lowOfMicros } from './micros.ts'
import { AttributeColumns, type AttributeKey, type KeyRules } from './otlp-attributes.ts'
import { TimeLimits } from './otlp-span.ts'
import { Refusals, type RefusalReason, type Taken } from './taken.ts'
import { indexOfText, type TextWriter } from './otlp-text.ts'
import { LETTER, newValue } from './otlp-value.ts'
import { newRowSource, type RowSource } from './row-source.ts'
import { RowText } from './row-text.ts'
import { SemanticSpan } from './semantic-span.ts'

export interface RowMake extends KeyRules {
  /** Of SpanBatch.source. */
  readonly source: string
}

export interface RowContext {
  readonly receivedNanos: bigint
  /** Spans that start outside are refused one by one. */
  readonly bounds: TimeBounds
}

const NO_BATCH = new SpanBatch()
const NO_VIEW = new DataView(new ArrayBuffer(0))
const NO_SOURCE = newRowSource({})
const KINDS = 5
const STATUSES = 2
const ID_WORDS = 8

/** Where the ids of a row stand in `SpanRowWriter.ids`. */
export const ROW_ID = { trace: 0, span: 16, parent: 24 } as const

/**
 * Begin a batch, then for every span begin a row, say what is known of it in any order, and end it; then end the batch:
 *
 *     writer.begin(batch, context)
 *     try {
 *       writer.beginRow(view)
 *       writer.ids.setBigUint64(ROW_ID.trace + 8, …)         // big-endian; also idBytes with writeHex, or copied
 *       writer.setStart(low, high); writer.setDuration(low, high)
 *       writer.setName(start, end); writer.kind = 2
 *       writer.string(writer.key(keyStart, keyEnd), start, end)
 *       writer.endRow(source)                                  // or writer.undoRow()
 *       return writer.end()
 *     } finally { writer.close() }
 *
 * Ranges are bytes of the row's view, UTF-8 as it stands on the wire (what is none becomes U+FFFD). Nothing is decoded
 * into JS strings but words that are new to the batch. Attributes go where their keys say: the user's own scalars into
 * `annotations`, all else into `attributes`; what the semantic conventions (or the make's KeyRules) give a meaning also
 * fills the model's columns: method, URL, status, peer, account, ARN, user, and the flags of HTTP statuses and errors.
 * Every attribute is kept under the key that it came with, in order, twice if it came twice.
 *
 * `ids` is zero when a row begins. A row with a zero trace or span id, or that starts out of bounds, is refused by
 * `endRow`, counted, and leaves nothing. A codec that throws leaves the batch in no state to be used.
 * One writer a codec, one batch at a time.
 */
export class SpanRowWriter {
  /** Trace id (16 bytes), span id (8), parent id (8; zero for none): ROW_ID. Written by the codec. */
  readonly idBytes = new Uint8Array(32)
  readonly ids = new DataView(this.idBytes.buffer)
  readonly #idWords = new Int32Array(this.idBytes.buffer)
  /** OpenTelemetry's SpanKind; anything out of range counts as unspecified. */
  kind = 0
  /** OpenTelemetry's status: 0 unset, 1 ok, 2 error. */
  statusCode = 0
  /** SPAN_FLAG bits that no attribute sets by itself. */
  flags = 0
  /** JSON of SpanBatch.details; '' for none. One of few words: it is looked up as a string. */
  details = ''
  /** Why the span is in the state that it is in. */
  readonly message = new RowText()
  /** The request id of the invocation, where the make's attributes do not say it by OpenTelemetry's names. */
  readonly requestId = new RowText()
  /** X-Ray's metadata as JSON. */
  readonly metadata = new RowText()
  readonly #source: string
  readonly #attributes: AttributeColumns
  readonly #semantic = new SemanticSpan()
  readonly #value = newValue()
  #batch = NO_BATCH
  // Another with every begin().
  #filling: object = {}
  #before = 0
  #receivedNanos = 0n
  #limits = new TimeLimits({ minNanos: 0n, maxNanos: 0n })
  #refusals = new Refusals()
  // Of the row before.
  #lastSource = NO_SOURCE
  #view: DataView = NO_VIEW
  #row = 0
  #name = 0
  #startLow = 0
  #startHigh = 0
  #durationLow = 0
  #durationHigh = 0

  constructor(make: RowMake) {
    this.#source = make.source
    this.#attributes = new AttributeColumns(make)
  }

  /** Rows are appended to `batch` from here on. */
  begin(batch: SpanBatch, { receivedNanos, bounds }: RowContext): void {
    this.#batch = batch
    this.#filling = {}
    this.#before = batch.rows
    this.#receivedNanos = receivedNanos
    this.#limits = new TimeLimits(bounds)
    this.#refusals = new Refusals()
    this.#lastSource = NO_SOURCE
    this.#attributes.beginBatch()
    this.#semantic.begin(batch)
  }

  /** Rows of the batch so far, complete ones alone. */
  get rows(): number {
    return this.#batch.traceId.rows
  }

  /** @param view where the ranges of this row are */
  beginRow(view: DataView): void {
    this.#view = view
    this.#row = this.#batch.traceId.rows
    for (let word = 0; word < ID_WORDS; word++) this.#idWords[word] = 0
    this.kind = this.statusCode = this.flags = this.#name = 0
    this.#startLow = this.#startHigh = this.#durationLow = this.#durationHigh = 0
    this.details = ''
    this.message.clear()
    this.requestId.clear()
    this.metadata.clear()
    this.#attributes.beginRow(this.#batch)
  }

  /** Nanoseconds since 1970 in signed halves of 32 bits. */
  setStart(low: number, high: number): void {
    this.#startLow = low
    this.#startHigh = high
  }

  /** Nanoseconds in signed halves of 32 bits; a negative duration stays one. */
  setDuration(low: number, high: number): void {
    this.#durationLow = low
    this.#durationHigh = high
  }

  /** Whole microseconds since 1970, exact up to 2^53. */
  setStartMicros(micros: number): void {
    this.#startLow = lowOfMicros(micros)
    this.#startHigh = highOfMicros(micros)
  }

  setDurationMicros(micros: number): void {
    this.#durationLow = lowOfMicros(micros)
    this.#durationHigh = highOfMicros(micros)
  }

  setName(start: number, end: number): void {
    this.#name = indexOfText(this.#batch.name, this.#view, start, end)
  }

  setNameText(name: string): void {
    this.#name = this.#batch.name.indexOf(name)
  }

  /** The key of the next attribute. Its `role` says whether it is one that the codec asked to be told of. */
  key(start: number, end: number): AttributeKey {
    return this.#attributes.key(this.#view, start, end)
  }

  /** A key that the make does not send, for any number of attributes; one of a few. */
  keyNamed(text: string): AttributeKey {
    return this.#attributes.keyNamed(text)
  }

  string(key: AttributeKey, start: number, end: number): void {
    this.#ranged(key, LETTER.string, start, end)
  }

  bytes(key: AttributeKey, start: number, end: number): void {
    this.#ranged(key, LETTER.bytes, start, end)
  }

  /** An array or map as attribute JSON (span/attribute-value.ts). */
  json(key: AttributeKey, start: number, end: number): void {
    this.#ranged(key, LETTER.json, start, end)
  }

  /** A string that stands in `text`. It fills no column, whatever its key means: columns are read from the row's view. */
  stringOf(key: AttributeKey, text: TextWriter): void {
    this.#written(key, LETTER.string, text)
  }

  jsonOf(key: AttributeKey, text: TextWriter): void {
    this.#written(key, LETTER.json, text)
  }

  /** An int64 in signed halves of 32 bits. */
  integer(key: AttributeKey, low: number, high: number): void {
    this.#numeric(key, LETTER.integer, low, high)
  }

  boolean(key: AttributeKey, value: boolean): void {
    this.#numeric(key, LETTER.boolean, value ? 1 : 0, 0)
  }

  double(key: AttributeKey, value: number): void {
    this.#value.real = value
    this.#numeric(key, LETTER.double, 0, 0)
  }

  /** An attribute without a value. */
  nothing(key: AttributeKey): void {
    this.#numeric(key, LETTER.none, 0, 0)
  }

  #ranged(key: AttributeKey, letter: number, start: number, end: number): void {
    const value = this.#value
    value.letter = letter
    value.start = start
    value.end = end
    value.low = value.high = 0
    this.#attributes.takeValue(this.#batch, this.#view, key, value, this.#semantic.slots)
  }

  #written(key: AttributeKey, letter: number, text: TextWriter): void {
    const value = this.#value
    value.letter = letter
    value.start = value.low = value.high = 0
    value.end = text.length
    this.#attributes.takeValue(this.#batch, text.view, key, value, undefined)
  }

  #numeric(key: AttributeKey, letter: number, low: number, high: number): void {
    const value = this.#value
    value.letter = letter
    value.start = value.end = 0
    value.low = low
    value.high = high
    this.#attributes.takeValue(this.#batch, this.#view, key, value, this.#semantic.slots)
  }

  /** Forgets the row that was begun, and counts it under `reason`, if one is given. */
  undoRow(reason?: RefusalReason): void {
    if (reason !== undefined) this.#refusals.add(reason)
    this.#attributes.undoRow(this.#batch)
    this.#semantic.slots.clear()
  }

  /**
   * Ends the row. @param events and @param links the JSON of SpanBatch.events and SpanBatch.links; empty or absent for none
   * @returns whether it is kept
   */
  endRow(source: RowSource, events?: TextWriter, links?: TextWriter): boolean {
    const { ids } = this
    const batch = this.#batch
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.undoRow(refusal)
      return false
    }
    if (source !== this.#lastSource) this.#changeSource(source)
    const row = this.#row
    const kind = this.kind > 0 && this.kind <= KINDS ? this.kind : 0
    const statusCode = this.statusCode > 0 && this.statusCode <= STATUSES ? this.statusCode : 0
    const isRoot = (ids.getInt32(ROW_ID.parent) | ids.getInt32(ROW_ID.parent + 4)) === 0
    batch.traceId.pushWire(ids, ROW_ID.trace)
    batch.spanId.pushWire(ids, ROW_ID.span)
    batch.parentId.pushWire(ids, ROW_ID.parent)
    batch.startNanos.pushHalves(this.#startLow, this.#startHigh)
    batch.durationNanos.pushHalves(this.#durationLow, this.#durationHigh)
    batch.kind.pushU8(kind)
    batch.statusCode.pushU8(statusCode)
    batch.name.pushIndex(this.#name)
    this.#attributes.endRow(batch)
    this.#semantic.slots.flags |= this.flags
    this.#semantic.put(batch, row, this.#view, kind, isRoot, statusCode, source)
    if (this.details !== '') {
      batch.details.padTo(row)
      batch.details.push(this.details)
    }
    this.message.put(batch.statusMessage, row, this.#view)
    this.requestId.put(batch.requestId, row, this.#view)
    this.metadata.put(batch.metadata, row, this.#view)
    if (events !== undefined) putWritten(batch.events, row, events)
    if (links !== undefined) putWritten(batch.links, row, links)
    return true
  }

  #refusal(): RefusalReason | undefined {
    const { ids } = this
    if ((ids.getInt32(0) | ids.getInt32(4) | ids.getInt32(8) | ids.getInt32(12)) === 0) return 'bad_trace_id'
    if ((ids.getInt32(ROW_ID.span) | ids.getInt32(ROW_ID.span + 4)) === 0) return 'bad_span_id'
    return this.#limits.refusal(this.#startLow, this.#startHigh)
  }

  #changeSource(source: RowSource): void {
    const batch = this.#batch
    this.#padSource(this.#row)
    this.#lastSource = source
    if (source.batch === this.#filling) return
    const { meaning } = source
    source.batch = this.#filling
    source.resource = batch.resource.indexOf(source.resourceJson)
    source.scope = batch.scope.indexOf(source.scopeJson)
    source.service = batch.service.indexOf(meaning.service)
    source.origin = batch.origin.indexOf(meaning.origin)
    source.accountId = batch.accountId.indexOf(meaning.accountId)
    source.arn = batch.resourceArn.indexOf(meaning.arn)
  }

  #padSource(rows: number): void {
    const source = this.#lastSource
    this.#batch.resource.padTo(rows, source.resource)
    this.#batch.scope.padTo(rows, source.scope)
    this.#semantic.padResource(this.#batch, rows, source)
  }

  /** Completes the batch's columns. */
  end(): Taken {
    const batch = this.#batch
    const { rows } = batch.traceId
    this.#padSource(rows)
    this.#semantic.padTo(batch, rows, this.#lastSource)
    batch.source.padTo(rows, batch.source.indexOf(this.#source))
    batch.details.padTo(rows)
    batch.statusMessage.padTo(rows)
    batch.events.padTo(rows)
    batch.links.padTo(rows)
    batch.metadata.padTo(rows)
    batch.cause.padTo(rows)
    batch.receivedNanos.pushI64Rows(this.#receivedNanos, rows - this.#before)
    return this.#refusals.taken(rows - this.#before)
  }

  /** Lets go of the batch and of the body. */
  close(): void {
    this.#batch = NO_BATCH
    this.#view = NO_VIEW
  }
}

function putWritten(column: TextColumn, row: number, { bytes, length }: TextWriter): void {
  if (length === 0) return
  column.padTo(row)
  column.pushBytes(bytes, 0, length)
}
