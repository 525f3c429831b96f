// One Span object into a SpanBatch: the way in for spans that are made here a few at a time (the platform, X-Ray
// documents, tests). Codecs of the hot path fill the columns from the wire themselves.
import { attributeText, typeOf, type Attributes } from './attribute-value.ts'
import type { DictionaryColumn } from './dictionary-column.ts'
import type { FixedColumn } from './fixed-column.ts'
import type { MapColumn } from './nested-columns.ts'
import { formatDetails, formatEvents, formatLinks, formatResource, formatScope } from './span-json.ts'
import type { Span } from './span.ts'
import { SPAN_FLAG, type SpanBatch } from './span-batch.ts'

function pushId(column: FixedColumn, hex: string): void {
  if (!column.pushHex(hex)) throw new TypeError(`not an id of ${column.width} bytes: ${hex}`)
}

function pushAttributes(column: MapColumn, types: DictionaryColumn, attributes: Attributes): void {
  let letters = ''
  let plain = true
  for (const key in attributes) {
    const value = attributes[key]!
    column.keys.push(key)
    column.values.push(attributeText(value))
    const letter = typeOf(value)
    letters += letter
    if (letter !== 's') plain = false
  }
  column.endRow()
  types.push(plain ? '' : letters)
}

function flagsOf(span: Span): number {
  return (
    (span.error ? SPAN_FLAG.error : 0) |
    (span.fault ? SPAN_FLAG.fault : 0) |
    (span.throttle ? SPAN_FLAG.throttle : 0) |
    (span.coldStart ? SPAN_FLAG.coldStart : 0) |
    (span.segment ? SPAN_FLAG.segment : 0) |
    (span.unsampled === true ? SPAN_FLAG.unsampled : 0) |
    (span.http?.traced === true ? SPAN_FLAG.traced : 0)
  )
}

/** Appends `span` as one row. `span.endNanos` absent means duration 0: such a row belongs in a batch of open spans. */
export function pushSpan(batch: SpanBatch, span: Span): void {
  pushId(batch.traceId, span.traceId)
  pushId(batch.spanId, span.spanId)
  if (span.parentId === undefined) batch.parentId.pushZero()
  else pushId(batch.parentId, span.parentId)
  batch.startNanos.pushI64(span.startNanos)
  batch.durationNanos.pushI64(span.endNanos === undefined ? 0n : span.endNanos - span.startNanos)
  batch.kind.pushU8(span.kind)
  batch.rootRank.pushU8(span.rootRank)
  batch.flags.pushU16(flagsOf(span))
  batch.statusCode.pushU8(span.statusCode)
  batch.source.push(span.source)
  batch.service.push(span.service)
  batch.name.push(span.name)
  batch.origin.push(span.origin ?? '')
  batch.namespace.push(span.namespace ?? '')
  batch.accountId.push(span.accountId ?? '')
  batch.resourceArn.push(span.resourceArn ?? '')
  batch.statusMessage.push(span.statusMessage ?? '')
  batch.httpMethod.push(span.http?.method ?? '')
  batch.httpUrl.push(span.http?.url ?? '')
  batch.httpStatus.pushU16(span.http?.status ?? 0)
  batch.httpUserAgent.push(span.http?.userAgent ?? '')
  batch.httpClientIp.push(span.http?.clientIp ?? '')
  batch.user.push(span.user ?? '')
  batch.requestId.push(span.requestId ?? '')
  batch.peerName.push(span.peer?.name ?? '')
  batch.peerType.push(span.peer?.type ?? '')
  batch.resource.push(formatResource(span.resource))
  batch.scope.push(formatScope(span.scope))
  pushAttributes(batch.attributes, batch.attributeTypes, span.attributes)
  batch.details.push(formatDetails(span))
  pushAttributes(batch.annotations, batch.annotationTypes, span.annotations)
  batch.metadata.push(span.metadata === undefined ? '' : JSON.stringify(span.metadata))
  batch.cause.push(span.cause === undefined ? '' : JSON.stringify(span.cause))
  batch.events.push(formatEvents(span.events))
  batch.links.push(formatLinks(span.links))
  batch.receivedNanos.pushI64(span.receivedNanos)
}
