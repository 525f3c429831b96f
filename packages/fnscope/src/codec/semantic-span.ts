// From the attributes of OpenTelemetry's semantic conventions to the model's columns, as the OpenTelemetry collector's
// X-Ray exporter understands them (docs/protocols/otlp-mapping.md). The one mapping for protobuf and JSON. It reads
// attribute values where they stand on the wire; what it reads stays among the attributes too.
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import { ROOT_RANK, SPAN_FLAG, type SpanBatch } from '../span/span-batch.ts'
import { CALL, PeerFinder } from './semantic-call.ts'
import { MEANING, meanings } from './semantic-keys.ts'
import { putRequest, REQUEST } from './semantic-request.ts'
import { SemanticSlots } from './semantic-slots.ts'
import { CLIENT, CONSUMER, PRODUCER, SERVER } from '../span/span-kind.ts'

/** A resource's words as indexes in the columns of the batch that is being filled. */
export interface ResourceIndexes {
  readonly service: number
  readonly origin: number
  readonly accountId: number
  readonly arn: number
}

const STATUS_ERROR = 2
const ZERO = 48
const MAX_STATUS_DIGITS = 4

const HTTP = meanings(MEANING.method, MEANING.status)
const CLOUD = meanings(MEANING.origin, MEANING.localService, MEANING.arn, MEANING.accountId, MEANING.user)

export class SemanticSpan {
  readonly slots = new SemanticSlots()
  readonly #peers = new PeerFinder()
  #aws = 0
  #remote = 0

  /** A batch begins: indexes known in the one before say nothing any more. */
  begin(batch: SpanBatch): void {
    this.slots.clear()
    this.#peers.begin()
    this.#aws = batch.namespace.indexOf('aws')
    this.#remote = batch.namespace.indexOf('remote')
  }

  /**
   * Fills `row`, the batch's last, in the columns that the semantic conventions fill from what was noted in `slots`,
   * which is emptied. Columns that are the same for most rows stay behind until padTo.
   * @param kind OpenTelemetry's SpanKind @param statusCode OpenTelemetry's status
   */
  put(
    batch: SpanBatch,
    row: number,
    wire: DataView,
    kind: number,
    isRoot: boolean,
    statusCode: number,
    resource: ResourceIndexes,
  ): void {
    const { slots } = this
    const { present } = slots
    const segment = isRoot || kind === SERVER || kind === CONSUMER
    const isListed = segment && (slots.flags & SPAN_FLAG.unsampled) === 0
    batch.rootRank.pushU8(!isListed ? ROOT_RANK.inner : isRoot ? ROOT_RANK.root : ROOT_RANK.entry)

    let status = 0
    if ((present & HTTP) !== 0) {
      slots.putWord(batch.httpMethod, row, MEANING.method, wire)
      status = this.#status(wire)
    }
    batch.httpStatus.pushU16(status)
    let flags = slots.flags
    if (segment) flags |= SPAN_FLAG.segment
    if (status >= 400 && status < 500) flags |= status === 429 ? SPAN_FLAG.error | SPAN_FLAG.throttle : SPAN_FLAG.error
    else if (status >= 500 && status < 600) flags |= SPAN_FLAG.fault
    else if (statusCode === STATUS_ERROR) flags |= SPAN_FLAG.fault
    batch.flags.pushU16(flags)

    if ((present & CLOUD) !== 0) this.#putCloud(batch, row, wire, resource)
    if (segment) {
      if (!slots.hasText(MEANING.origin)) putIndex(batch.origin, row, resource.origin)
      if (!slots.hasText(MEANING.arn)) putIndex(batch.resourceArn, row, resource.arn)
      if ((present & REQUEST) !== 0) putRequest(batch, row, wire, slots)
    }

    let aws = false
    if ((present & CALL) !== 0 && (kind === CLIENT || kind === PRODUCER))
      aws = this.#peers.put(batch, row, wire, slots, kind)
    if (!segment && (aws || kind === CLIENT)) putIndex(batch.namespace, row, aws ? this.#aws : this.#remote)
    slots.clear()
  }

  /** Makes the columns that hold the resource's words where a span has none `rows` long: before the resource changes. */
  padResource(batch: SpanBatch, rows: number, resource: ResourceIndexes): void {
    batch.service.padTo(rows, resource.service)
    batch.accountId.padTo(rows, resource.accountId)
  }

  /** Makes all columns that `put` left behind `rows` long; `resource` is that of the last rows. */
  padTo(batch: SpanBatch, rows: number, resource: ResourceIndexes): void {
    this.padResource(batch, rows, resource)
    batch.origin.padTo(rows)
    batch.resourceArn.padTo(rows)
    batch.namespace.padTo(rows)
    batch.httpMethod.padTo(rows)
    batch.httpUrl.padTo(rows)
    batch.httpUserAgent.padTo(rows)
    batch.httpClientIp.padTo(rows)
    batch.peerName.padTo(rows)
    batch.peerType.padTo(rows)
    batch.requestId.padTo(rows)
    batch.user.padTo(rows)
  }

  /** 0 when there is none. */
  #status(wire: DataView): number {
    const { slots } = this
    const integer = slots.integer(MEANING.status)
    if (integer >= 0) return integer < 65_536 ? integer : 0
    if (!slots.hasText(MEANING.status)) return 0
    const start = slots.start(MEANING.status)
    const end = slots.end(MEANING.status)
    if (end - start > MAX_STATUS_DIGITS) return 0
    let status = 0
    for (let at = start; at < end; at++) {
      const digit = wire.getUint8(at) - ZERO
      if (digit < 0 || digit > 9) return 0
      status = status * 10 + digit
    }
    return status
  }

  /** service, accountId, origin, resourceArn, and user, where the span has its own. */
  #putCloud(batch: SpanBatch, row: number, wire: DataView, resource: ResourceIndexes): void {
    const { slots } = this
    slots.putWord(batch.service, row, MEANING.localService, wire, resource.service)
    slots.putWord(batch.accountId, row, MEANING.accountId, wire, resource.accountId)
    slots.putWord(batch.origin, row, MEANING.origin, wire)
    slots.putWord(batch.resourceArn, row, MEANING.arn, wire)
    slots.putText(batch.user, row, MEANING.user, wire)
  }
}

function putIndex(column: DictionaryColumn, row: number, index: number): void {
  column.padTo(row)
  column.pushIndex(index)
}
