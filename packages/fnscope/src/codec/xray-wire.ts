// One X-Ray document from its bytes into columns, without objects: what xray-span.ts does of parsed ones, for documents that
// xray-scan.ts can read and that nothing is wrong with. Every other one is answered with undefined, and nothing added.
import type { Batch } from '../span/batch.ts'
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import type { TextColumn } from '../span/text-column.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import { peerOf, type Peer } from '../span/peer.ts'
import { SPAN_FLAG, type SpanBatch } from '../span/span-batch.ts'
import { formatLinks } from '../span/span-json.ts'
import type { TimeBounds } from '../span/time.ts'
import { BytesMemo } from './bytes-memo.ts'
import { isJsonObject, textOf, type JsonObject } from './json.ts'
import { MEMBER, XrayScan } from './xray-scan.ts'
import { endDocument, KIND, linksOf, messageOf, pushMicros, pushText, rankOf, resourceOf, STATUS } from './xray-span.ts'
import { microBoundsOf } from './xray-time.ts'
import { isHexIdAt, isTraceIdAt, isZeroIdAt, microsAt, pushIdAt } from './xray-wire-value.ts'
import { pushWire, pushWireAnnotations, WireAttributes } from './xray-wire-attributes.ts'
import { MAX_DOCUMENT_BYTES, type Place } from './xray-validate.ts'

const QUOTE = 34
const OPEN_BRACKET = 91
const OPEN_BRACE = 123

// One document at a time is decoded, and each to its end.
const SCAN = new XrayScan()

const RESOURCES = new BytesMemo<string>({ entries: 512, keyBytes: 64 * 1024 })

/** Adds the rows of the document and of all in it and the document itself. Answers its ids, in lower case. @param bytes the document alone */
export function pushWireDocument(
  bytes: Buffer,
  batch: Batch,
  options: { readonly receivedNanos: bigint; readonly bounds: TimeBounds },
): { readonly traceId: string; readonly spanId: string } | undefined {
  if (bytes.length > MAX_DOCUMENT_BYTES || !SCAN.scan(bytes)) return undefined
  RESOURCES.begin()
  const place = isDetached(bytes) ? 'detached' : 'segment'
  if (!isGoodDocument(bytes, place) || !areGoodEntities(bytes, options.bounds)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let entity = 0; entity < SCAN.entities; entity++) {
    const spans = isOpen(entity) ? batch.openSpans : batch.spans
    new WireRow(bytes, view, spans, entity, entity === 0 ? place : 'embedded').push()
  }
  const segment = place === 'segment'
  const traceAt = SCAN.start(0, MEMBER.trace_id)
  const traceId = (
    bytes.toString('latin1', traceAt + 3, traceAt + 11) + bytes.toString('latin1', traceAt + 12, traceAt + 36)
  ).toLowerCase()
  const context = {
    traceId,
    service: segment ? textAt(bytes, 0, MEMBER.name)! : '',
    receivedNanos: options.receivedNanos,
  }
  endDocument(batch.spans, context)
  endDocument(batch.openSpans, context)
  const { receivedNanos } = options
  const spanId = textAt(bytes, 0, MEMBER.id)!.toLowerCase()
  const startNanos = BigInt(STARTS[0]!) * 1000n
  const inProgress = isOpen(0)
  const parentId = hasParent(bytes) ? textAt(bytes, 0, MEMBER.parent_id)!.toLowerCase() : NO_SPAN_ID
  batch.documents.pushBytes({ traceId, spanId, parentId, startNanos, receivedNanos, inProgress, segment }, bytes)
  return { traceId, spanId }
}

/** What is between the quotes; undefined when it is no text, or an empty one. */
function textAt(bytes: Buffer, entity: number, member: number): string | undefined {
  const start = SCAN.start(entity, member)
  const end = SCAN.end(entity, member)
  return isTextAt(bytes, start, end) ? bytes.toString('latin1', start + 1, end - 1) : undefined
}

function isTextAt(bytes: Buffer, start: number, end: number): boolean {
  return start !== 0 && bytes[start] === QUOTE && end - start > 2
}

function equals(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}

function isMember(bytes: Buffer, entity: number, member: number, text: Buffer): boolean {
  return equals(bytes, SCAN.start(entity, member), SCAN.end(entity, member), text)
}

const SUBSEGMENT = Buffer.from('"subsegment"')

function isDetached(bytes: Buffer): boolean {
  return isMember(bytes, 0, MEMBER.type, SUBSEGMENT)
}

function isOpen(entity: number): boolean {
  return ENDS[entity] === -1
}

function hasParent(bytes: Buffer): boolean {
  const at = SCAN.start(0, MEMBER.parent_id)
  return at !== 0 && bytes[at] === QUOTE && !isZeroIdAt(bytes, at)
}

function isGoodDocument(bytes: Buffer, place: Place): boolean {
  if (!isTraceIdAt(bytes, SCAN.start(0, MEMBER.trace_id), SCAN.end(0, MEMBER.trace_id))) return false
  return SCAN.isMissing(bytes, 0, MEMBER.parent_id)
    ? place !== 'detached'
    : isHexIdAt(bytes, SCAN.start(0, MEMBER.parent_id), SCAN.end(0, MEMBER.parent_id))
}

function microsOf(bytes: Buffer, entity: number, member: number): number {
  return microsAt(bytes, SCAN.start(entity, member), SCAN.end(entity, member))
}

// By entity, as areGoodEntities found them; an end of -1 says that there is none.
const STARTS = new Float64Array(256)
const ENDS = new Float64Array(256)

/** Ids, names and times as refusalOf wants them. */
function areGoodEntities(bytes: Buffer, bounds: TimeBounds): boolean {
  const { min, max } = microBoundsOf(bounds)
  for (let entity = 0; entity < SCAN.entities; entity++) {
    const id = SCAN.start(entity, MEMBER.id)
    if (!isHexIdAt(bytes, id, SCAN.end(entity, MEMBER.id)) || isZeroIdAt(bytes, id)) return false
    if (!isTextAt(bytes, SCAN.start(entity, MEMBER.name), SCAN.end(entity, MEMBER.name))) return false
    if (SCAN.start(entity, MEMBER.start_time) === 0) return false
    const start = microsOf(bytes, entity, MEMBER.start_time)
    if (start < Math.max(0, min) || start > max) return false
    STARTS[entity] = start
    ENDS[entity] = -1
    if (SCAN.isMissing(bytes, entity, MEMBER.end_time)) {
      if (!SCAN.isTrue(bytes, entity, MEMBER.in_progress)) return false
      continue
    }
    const end = microsOf(bytes, entity, MEMBER.end_time)
    if (end < 0 || end > max) return false
    ENDS[entity] = end
  }
  return true
}

const AWS = Buffer.from('"aws"')
const REMOTE = Buffer.from('"remote"')
const INITIALIZATION = Buffer.from('"Initialization"')
const INIT = Buffer.from('"Init"')
const LAMBDA = Buffer.from('"AWS::Lambda')

/** One segment or subsegment while it is pushed. */
class WireRow {
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #spans: SpanBatch
  readonly #entity: number
  readonly #place: Place
  readonly #row: number

  constructor(bytes: Buffer, view: DataView, spans: SpanBatch, entity: number, place: Place) {
    this.#bytes = bytes
    this.#view = view
    this.#spans = spans
    this.#entity = entity
    this.#place = place
    this.#row = spans.spanId.rows
  }

  push(): void {
    const spans = this.#spans
    const bytes = this.#bytes
    const entity = this.#entity
    const start = STARTS[entity]!
    const end = ENDS[entity]!
    pushIdAt(spans.spanId, bytes, SCAN.start(entity, MEMBER.id))
    const parent = SCAN.parents[entity]!
    const under = parent !== -1 || hasParent(bytes)
    if (!under) spans.parentId.pushZero()
    else
      pushIdAt(spans.parentId, bytes, parent === -1 ? SCAN.start(0, MEMBER.parent_id) : SCAN.start(parent, MEMBER.id))
    pushMicros(spans.startNanos, start)
    pushMicros(spans.durationNanos, end > start ? end - start : 0)
    spans.rootRank.pushU8(rankOf(this.#place, under))
    this.#pushWord(spans.name, MEMBER.name)
    this.#pushWord(spans.origin, MEMBER.origin)
    this.#pushWord(spans.namespace, MEMBER.namespace)
    this.#pushWord(spans.resourceArn, MEMBER.resource_arn)
    this.#pushWord(spans.user, MEMBER.user)
    this.#pushPeer()
    this.#pushMetadata()
    this.#pushParsed()
    this.#pushAttributesAndFlags()
  }

  #pushWord(column: TextColumn | DictionaryColumn, member: number): void {
    const from = SCAN.start(this.#entity, member)
    const to = SCAN.end(this.#entity, member)
    if (!isTextAt(this.#bytes, from, to)) return
    column.padTo(this.#row)
    pushWire(column, this.#view, from + 1, to - 1)
  }

  #pushPeer(): void {
    const spans = this.#spans
    const peer = this.#place === 'segment' ? undefined : this.#peer()
    spans.kind.pushU8(this.#place === 'segment' ? KIND.server : peer === undefined ? KIND.internal : KIND.client)
    if (peer === undefined) return
    pushText(spans.peerName, this.#row, peer.name)
    pushText(spans.peerType, this.#row, peer.type)
  }

  #peer(): Peer | undefined {
    const bytes = this.#bytes
    const entity = this.#entity
    const hasSql = SCAN.begins(bytes, entity, MEMBER.sql, OPEN_BRACE)
    const isAws = isMember(bytes, entity, MEMBER.namespace, AWS)
    if (!hasSql && !isAws && !isMember(bytes, entity, MEMBER.namespace, REMOTE)) return undefined
    const aws = isAws ? this.#objectAt(MEMBER.aws) : undefined
    return peerOf({
      namespace: textAt(bytes, entity, MEMBER.namespace) ?? '',
      name: textAt(bytes, entity, MEMBER.name)!,
      hasSql,
      tableName: textOf(aws?.['table_name']),
      queueUrl: textOf(aws?.['queue_url']),
      bucketName: textOf(aws?.['bucket_name']),
      functionName: textOf(aws?.['function_name']),
    })
  }

  #parsed(member: number): unknown {
    const start = SCAN.start(this.#entity, member)
    return JSON.parse(this.#bytes.toString('latin1', start, SCAN.end(this.#entity, member))) as unknown
  }

  #objectAt(member: number): JsonObject | undefined {
    return SCAN.begins(this.#bytes, this.#entity, member, OPEN_BRACE) ? (this.#parsed(member) as JsonObject) : undefined
  }

  /** As it stands: whoever reads it parses it, and finds what was meant. */
  #pushMetadata(): void {
    const { metadata } = this.#spans
    if (!SCAN.begins(this.#bytes, this.#entity, MEMBER.metadata, OPEN_BRACE)) return
    metadata.padTo(this.#row)
    metadata.pushAscii(this.#view, SCAN.start(this.#entity, MEMBER.metadata), SCAN.end(this.#entity, MEMBER.metadata))
  }

  /** A process says the same of its service in each of its documents. */
  #resource(): string {
    const start = SCAN.start(this.#entity, MEMBER.service)
    const end = SCAN.end(this.#entity, MEMBER.service)
    const known = RESOURCES.find(this.#view, start, end)
    if (known !== undefined) return known
    const resource = resourceOf(this.#parsed(MEMBER.service))
    RESOURCES.add(this.#view, start, end, resource)
    return resource
  }

  /** What few have, or what is written anew whatever it looks like. */
  #pushParsed(): void {
    const spans = this.#spans
    const row = this.#row
    if (SCAN.begins(this.#bytes, this.#entity, MEMBER.service, OPEN_BRACE))
      pushText(spans.resource, row, this.#resource())
    if (SCAN.start(this.#entity, MEMBER.cause) !== 0) {
      const value = this.#parsed(MEMBER.cause)
      const cause = isJsonObject(value) ? value : textOf(value)
      if (cause !== undefined) pushText(spans.cause, row, JSON.stringify(cause))
      pushText(spans.statusMessage, row, messageOf(cause))
    }
    if (SCAN.begins(this.#bytes, this.#entity, MEMBER.links, OPEN_BRACKET))
      pushText(spans.links, row, formatLinks(linksOf(this.#parsed(MEMBER.links) as readonly unknown[])))
  }

  #pushAttributesAndFlags(): void {
    const spans = this.#spans
    const bytes = this.#bytes
    const entity = this.#entity
    const originAt = SCAN.start(entity, MEMBER.origin)
    const lambda = originAt !== 0 && equals(bytes, originAt, Math.min(originAt + LAMBDA.length, bytes.length), LAMBDA)
    const attributes = new WireAttributes(bytes, this.#view, spans, this.#row)
    const traced =
      SCAN.begins(bytes, entity, MEMBER.http, OPEN_BRACE) && attributes.pushHttp(SCAN.start(entity, MEMBER.http))
    if (!attributes.hasStatus) spans.httpStatus.pushU16(0)
    if (SCAN.begins(bytes, entity, MEMBER.aws, OPEN_BRACE)) attributes.pushAws(SCAN.start(entity, MEMBER.aws), lambda)
    if (SCAN.begins(bytes, entity, MEMBER.sql, OPEN_BRACE)) attributes.pushSql(SCAN.start(entity, MEMBER.sql))
    attributes.end()
    const annotated = SCAN.begins(bytes, entity, MEMBER.annotations, OPEN_BRACE)
    const cold = pushWireAnnotations(bytes, this.#view, spans, annotated ? SCAN.start(entity, MEMBER.annotations) : 0)
    const error = SCAN.isTrue(bytes, entity, MEMBER.error)
    const fault = SCAN.isTrue(bytes, entity, MEMBER.fault)
    spans.statusCode.pushU8(error || fault ? STATUS.error : STATUS.unset)
    spans.flags.pushU16(
      (error ? SPAN_FLAG.error : 0) |
        (fault ? SPAN_FLAG.fault : 0) |
        (SCAN.isTrue(bytes, entity, MEMBER.throttle) ? SPAN_FLAG.throttle : 0) |
        (cold || (lambda && this.#hasInit()) ? SPAN_FLAG.coldStart : 0) |
        (this.#place === 'segment' ? SPAN_FLAG.segment : 0) |
        (traced ? SPAN_FLAG.traced : 0),
    )
  }

  #hasInit(): boolean {
    for (let child = this.#entity + 1; child < SCAN.entities; child++) {
      if (SCAN.parents[child] !== this.#entity) continue
      if (isMember(this.#bytes, child, MEMBER.name, INITIALIZATION) || isMember(this.#bytes, child, MEMBER.name, INIT))
        return true
    }
    return false
  }
}
